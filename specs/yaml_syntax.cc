#include "specs/yaml_syntax.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/limits.h"
#include "specs/yaml_outline.h"

namespace sr::specs {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != kNone;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == kNone) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Gives the length of a word such as a key's at the start of the text.
std::size_t word_length(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[n])) || text[n] == '_' || text[n] == '-' || text[n] == '.'))
    ++n;
  return n;
}

// Tells whether a line reads `key:` or `key: value`, after dashes.
bool looks_like_key(std::string_view line) {
  line = trim(line);
  while (line.starts_with("- ")) line = trim(line.substr(2));
  const std::size_t n = word_length(line);
  return n > 0 && n < line.size() && line[n] == ':' && (n + 1 == line.size() || line[n + 1] == ' ');
}

Diagnostic tab_error(const TextIndex& index, std::size_t tab) {
  return {.code = "SR1004",
          .message = "a tab in the indentation",
          .span = index.span(tab, tab + 1),
          .label = "indent with spaces",
          .help = "YAML knows no tabs in indentation: replace each by spaces, two per level as a rule"};
}

// Gives the byte of a tab in the indentation of a line that holds more than a comment, or kNone.
std::size_t indentation_tab(const TextIndex& index, std::size_t line) {
  const std::string_view text = index.line_text(line);
  const std::size_t content = text.find_first_not_of(" \t");
  if (content == kNone || text[content] == '#') return kNone;
  const std::size_t tab = text.substr(0, content).find('\t');
  return tab == kNone ? kNone : index.line_start(line) + tab;
}

// One complaint with what the text around it looks like; each rule gives a finding or nothing, the first one wins.
class Explainer {
 public:
  Explainer(const TextIndex& index, const ParserComplaint& complaint)
      : index_(index),
        text_(index.text()),
        message_(complaint.message),
        at_(std::min(complaint.at, text_.size())),
        line_(index.line_of(at_)),
        outline_(outline_yaml(index, at_)) {}

  Diagnostic run() {
    using Rule = std::optional<Diagnostic> (Explainer::*)();
    for (const Rule rule :
         {&Explainer::tab, &Explainer::directive, &Explainer::quote, &Explainer::anchor, &Explainer::escape,
          &Explainer::tag, &Explainer::variable, &Explainer::bracket, &Explainer::reserved, &Explainer::colon,
          &Explainer::list_item, &Explainer::after_quote, &Explainer::indentation}) {
      if (auto found = (this->*rule)()) return *found;
    }
    return error("SR1005", at_, at_ + 1)
        .with(fmt::format("this is not valid YAML: {}", message_), "the parser gave up here",
              "check the indentation, quotes and brackets of this line and the one before");
  }

 private:
  struct Draft {
    Diagnostic diagnostic;
    Diagnostic with(std::string message, std::string label, std::string help) {
      diagnostic.message = std::move(message);
      diagnostic.label = std::move(label);
      diagnostic.help = std::move(help);
      return std::move(diagnostic);
    }
  };
  Draft error(const char* code, std::size_t begin, std::size_t end) const {
    begin = std::min(begin, text_.size());
    if (begin > 0 && begin == text_.size()) begin = std::min(begin, index_.line_end(index_.line_of(begin)));
    Diagnostic d;
    d.code = code;
    d.span = index_.span(begin, std::clamp(end, begin, text_.size()));
    return {std::move(d)};
  }

  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string_view line_text(std::size_t line) const { return index_.line_text(line); }
  std::size_t indent_of(std::size_t line) const {
    return std::min(line_text(line).find_first_not_of(' '), line_text(line).size());
  }

  // Gives the nearest line above that holds more than a comment, or kNone.
  std::size_t line_above(std::size_t line) const {
    while (line-- > 0) {
      const std::string_view content = trim(line_text(line));
      if (!content.empty() && content[0] != '#') return line;
    }
    return kNone;
  }

  std::optional<Diagnostic> tab() {
    for (std::size_t line = 0; line <= line_; ++line) {
      const std::size_t tab = indentation_tab(index_, line);
      if (tab == kNone) continue;
      const auto inside = [&](const YamlOutline::Quote& q) { return q.begin < tab && tab < q.end; };
      const bool text = std::any_of(outline_.quotes.begin(), outline_.quotes.end(), inside) ||
                        std::any_of(outline_.blocks.begin(), outline_.blocks.end(), inside);
      if (!text || contains(message_, "illegal tab")) return tab_error(index_, tab);
    }
    return std::nullopt;
  }

  std::optional<Diagnostic> directive() {
    if (auto found = find_directive(index_)) return found;
    if (!line_text(line_).starts_with('%')) return std::nullopt;
    return error("SR1012", index_.line_start(line_), index_.line_end(line_))
        .with("directives are not allowed", "remove this line", "a job file is YAML 1.2 without `%YAML` and `%TAG`");
  }

  // A quote that was forgotten swallows lines up to the next one, so a quoted text that holds what looks like a key is
  // the culprit.
  std::optional<Diagnostic> quote() {
    const YamlOutline::Quote* culprit = nullptr;
    for (const YamlOutline::Quote& q : outline_.quotes) {
      const std::size_t first = index_.line_of(q.begin);
      const std::size_t last = index_.line_of(q.end > 0 ? q.end - 1 : 0);
      bool swallows = !q.closed;
      for (std::size_t line = first + 1; line <= last && !swallows; ++line) swallows = looks_like_key(line_text(line));
      if (swallows) {
        culprit = &q;
        break;
      }
    }
    if (culprit == nullptr && contains(message_, "illegal EOF") && !outline_.quotes.empty())
      culprit = &outline_.quotes.back();
    if (culprit == nullptr) return std::nullopt;
    const std::size_t line = index_.line_of(culprit->begin);
    return error("SR1006", culprit->begin, index_.line_end(line))
        .with("a quote is never closed", "it opens here",
              fmt::format("close it with {} on the same line", text_[culprit->begin]));
  }

  std::optional<Diagnostic> anchor() {
    const bool alias = here() == '*';
    std::size_t end = at_ + 1;
    while (end < text_.size() && !contains(" \t\n,[]{}", text_.substr(end, 1))) ++end;
    if (contains(message_, "anchor is not defined")) {
      const std::string name(text_.substr(at_ + 1, end - at_ - 1));
      Diagnostic d = error("SR1014", at_, end).with(fmt::format("unknown anchor `{}`", name), {}, {});
      d.suggestion = nearest(name, outline_.anchors);
      d.label =
          d.suggestion.empty() ? "no `&" + name + "` stands above" : fmt::format("did you mean `{}`?", d.suggestion);
      d.help =
          "an anchor `&name` must stand in this file, above its first `*name`; a text that begins with `*` must be "
          "quoted";
      return d;
    }
    if (!contains(message_, "while scanning a") && !contains(message_, "not found after") &&
        !contains(message_, "multiple anchors"))
      return std::nullopt;
    return error("SR1005", at_, at_ + 1)
        .with("a malformed anchor or alias", alias ? "a name must follow `*`" : "expected a name of letters and digits",
              "a value that begins with `&` or `*` must be quoted");
  }

  std::optional<Diagnostic> escape() {
    if (!contains(message_, "unknown escape") && !contains(message_, "hex number") &&
        !contains(message_, "invalid unicode"))
      return std::nullopt;
    std::size_t begin = std::min(at_, text_.size() - 1);
    while (begin > index_.line_start(line_) && text_[begin] != '\\') --begin;
    return error("SR1022", begin, std::max(at_, begin + 2))
        .with(
            fmt::format("unknown escape `{}` in double quotes", text_.substr(begin, std::max(at_, begin + 2) - begin)),
            "double quotes take a backslash for an escape",
            "use single quotes, in which a backslash is just a character");
  }

  std::optional<Diagnostic> tag() {
    const std::string_view line = line_text(line_);
    const std::size_t bang = line.find('!');
    if (!contains(message_, "tag") || bang == kNone) return std::nullopt;
    const std::size_t begin = index_.line_start(line_) + bang;
    return error("SR1011", begin, begin + std::min(line.find_first_of(" \t", bang), line.size()) - bang)
        .with("tags are not allowed", "remove the tag", "a value that begins with `!` must be quoted");
  }

  std::optional<Diagnostic> variable() {
    if (outline_.open.empty() && here() != '{' && here() != '}') return std::nullopt;
    const std::string_view line = line_text(line_);
    const std::size_t dollar = line.substr(0, std::min(at_ - index_.line_start(line_) + 1, line.size())).rfind("${");
    if (dollar == kNone) return std::nullopt;
    const std::size_t begin = index_.line_start(line_) + dollar;
    const std::size_t end = std::min(text_.find('}', begin), index_.line_end(line_) - 1) + 1;
    const auto quoted = [&](const YamlOutline::Quote& q) { return q.begin < begin && begin < q.end; };
    if (std::any_of(outline_.quotes.begin(), outline_.quotes.end(), quoted)) return std::nullopt;
    return error("SR1023", begin, end)
        .with("`${…}` inside brackets must be quoted", "its `{` and `}` are brackets of YAML here",
              fmt::format("write \"{}\"", text_.substr(begin, end - begin)));
  }

  std::optional<Diagnostic> bracket() {
    if (contains(message_, "illegal flow end")) {
      if (outline_.open.empty()) {
        return error("SR1007", at_, at_ + 1)
            .with(fmt::format("`{}` closes nothing", here()), "no bracket is open here",
                  "remove it, or quote the value");
      }
      const auto open = outline_.open.back();
      const char wanted = open.open == '[' ? ']' : '}';
      return error("SR1007", at_, at_ + 1)
          .with(fmt::format("`{}` where `{}` is due", here(), wanted), fmt::format("expected `{}`", wanted),
                fmt::format("`{}` opens on line {}", open.open, index_.line_of(open.at) + 1));
    }
    if (outline_.open.empty() && contains(message_, "flow not found")) outline_ = outline_yaml(index_, text_.size());
    if (outline_.open.empty()) return std::nullopt;
    const auto open = outline_.open.back();
    const char close = open.open == '[' ? ']' : '}';
    if (const auto before = unfinished_flow(open)) return before;
    return error("SR1007", open.at, open.at + 1)
        .with(fmt::format("`{}` is never closed", open.open), fmt::format("no `{}` follows", close),
              fmt::format("close it with `{}`; values with brackets, commas or braces must be quoted", close));
  }

  // Tells a forgotten comma (the bracket closes later on the same line) from a forgotten bracket.
  std::optional<Diagnostic> unfinished_flow(const YamlOutline::Bracket& open) {
    if (index_.line_of(open.at) != line_ || at_ >= text_.size() || here() == '\n') return std::nullopt;
    const YamlOutline whole = outline_yaml(index_, index_.line_end(line_));
    const auto still = [&](const YamlOutline::Bracket& b) { return b.at == open.at; };
    if (std::any_of(whole.open.begin(), whole.open.end(), still)) return std::nullopt;
    if (here() == ':') {
      return error("SR1024", at_, at_ + 1)
          .with("a second `: ` in one entry", "a comma is missing before this key, or the value must be quoted",
                "separate entries by commas, and quote a value that holds a colon and a space");
    }
    if (contains(message_, "unknown token") && contains("@`%|>", text_.substr(at_, 1))) return reserved();
    return error("SR1005", at_, at_ + 1)
        .with("this is not valid YAML inside brackets", "expected `,` or the closing bracket",
              "separate entries by commas, and quote values that hold any of [ ] { } , or `: `");
  }

  std::optional<Diagnostic> reserved() {
    if (contains(message_, "block scalar") && at_ > 0) {
      std::size_t begin = at_ - 1;
      while (begin > index_.line_start(line_) && text_[begin] != '|' && text_[begin] != '>') --begin;
      return error("SR1021", begin, begin + 1)
          .with(fmt::format("a value cannot begin with `{}`", text_.substr(begin, 1)),
                "this begins a text on the lines below", "quote the value");
    }
    if (!contains(message_, "unknown token")) return std::nullopt;
    return error("SR1021", at_, at_ + 1)
        .with(fmt::format("a value cannot begin with `{}`", here()), "reserved by YAML", "quote the value");
  }

  std::optional<Diagnostic> colon() {
    if (!contains(message_, "illegal map value") && !contains(message_, "flow not found") &&
        !contains(message_, "illegal map key"))
      return std::nullopt;
    const std::string_view line = line_text(line_);
    const std::size_t before = std::min(at_ - index_.line_start(line_), line.size());
    const std::string_view head = line.substr(0, before);
    if (contains(head, ": ") || (head.ends_with(':') && trim(head).size() > 1)) {
      return error("SR1024", at_, at_ + 1)
          .with("a second `: ` on one line", "a value that holds a colon and a space must be quoted",
                "quote the whole value, or give the nested key a line of its own");
    }
    const std::size_t above = line_above(line_);
    if (above == kNone) return std::nullopt;
    if (auto found = missing_colon(above)) return found;
    if (indent_of(line_) > indent_of(above)) return nested_below_value(above);
    return std::nullopt;
  }

  // The line above has no `: ` at all: it is the one that the parser took for the beginning of this key.
  std::optional<Diagnostic> missing_colon(std::size_t above) {
    std::string_view entry = trim(line_text(above).substr(0, line_text(above).find(" #")));
    while (entry.starts_with("- ")) entry = trim(entry.substr(2));
    if (contains(entry, ": ") || entry.ends_with(':') || entry.empty()) return std::nullopt;
    const std::size_t begin =
        index_.line_start(above) + static_cast<std::size_t>(entry.data() - line_text(above).data());
    const std::size_t word = entry.starts_with("<<") ? 2 : word_length(entry);
    if (word > 0 && word < entry.size() && entry[word] == ':') {
      return error("SR1009", begin + word, begin + word + 1)
          .with(fmt::format("missing space after the colon of `{}`", entry.substr(0, word)), "a space must follow",
                fmt::format("write `{}: {}`", entry.substr(0, word), entry.substr(word + 1)));
    }
    if (word == 0) return std::nullopt;
    return error("SR1009", begin, begin + word)
        .with(fmt::format("missing `:` after `{}`", entry.substr(0, word)), "a key needs a colon and a space",
              "write `key: value`");
  }

  // Two neighbours differ; the one that the line after them agrees with is right.
  std::optional<Diagnostic> nested_below_value(std::size_t above) {
    std::size_t below = line_ + 1;
    while (below < index_.line_count() && trim(line_text(below)).empty()) ++below;
    const std::size_t before = line_above(above);
    const bool first = before != kNone && indent_of(before) < indent_of(above);
    const bool outvoted = first && below < index_.line_count() && indent_of(below) == indent_of(line_);
    const std::size_t culprit = outvoted ? above : line_;
    const std::size_t begin = index_.line_start(culprit) + indent_of(culprit);
    const std::size_t word = std::max<std::size_t>(1, word_length(text_.substr(begin)));
    if (outvoted) {
      return error("SR1008", begin, begin + word)
          .with("wrong indentation",
                fmt::format("indented by {}, the lines below by {}", indent_of(above), indent_of(line_)),
                "keys of one map stand in the same column");
    }
    return error("SR1008", begin, begin + word)
        .with("wrong indentation: this line stands below a key that already has a value", "indented too deep",
              fmt::format("align it with line {}, or move the value of that line", above + 1));
  }

  std::optional<Diagnostic> list_item() {
    if (contains(message_, "illegal block entry")) {
      return error("SR1008", at_, at_ + 1)
          .with("a list item must begin on a line of its own", "this `-` stands behind something else",
                "put it on the next line, or write the list in brackets: `[a, b]`; a text that begins with `- ` must "
                "be quoted");
    }
    if (!contains(message_, "end of map not found") || here() != '-') return std::nullopt;
    return error("SR1008", at_, at_ + 1)
        .with("wrong indentation: a list item stands where a key is due", "expected a key",
              "indent the list below the key that it belongs to");
  }

  std::optional<Diagnostic> after_quote() {
    for (const YamlOutline::Quote& q : outline_.quotes) {
      if (q.end > at_ || index_.line_of(q.end - 1) != line_ || !trim(text_.substr(q.end, at_ - q.end)).empty())
        continue;
      return error("SR1005", at_, index_.line_end(line_))
          .with("text after a quoted value", "this stands outside the quotes",
                fmt::format("quote the whole value; a quote inside is written {}",
                            text_[q.begin] == '"' ? "\\\"" : "''"));
    }
    return std::nullopt;
  }

  bool in_block_text(std::size_t line) const {
    const std::size_t start = index_.line_start(line);
    return std::any_of(outline_.blocks.begin(), outline_.blocks.end(),
                       [&](const YamlOutline::Quote& q) { return q.begin < start && start < q.end; });
  }

  std::optional<Diagnostic> indentation() {
    if (!contains(message_, "end of map") && !contains(message_, "end of seq") && !contains(message_, "illegal map"))
      return std::nullopt;
    const std::size_t above = line_above(line_);
    const bool sibling = above != kNone && indent_of(above) == indent_of(line_);
    if (sibling && line_text(above)[indent_of(above)] != '-' && !in_block_text(above)) {
      if (auto found = missing_colon(above)) return found;
    }
    const std::size_t begin = index_.line_start(line_) + indent_of(line_);
    std::string columns;
    std::size_t depth = indent_of(line_) + kMaxSpecBytes;
    for (std::size_t line = line_above(line_); line != kNone && depth > 0; line = line_above(line)) {
      if (indent_of(line) >= depth) continue;
      depth = indent_of(line);
      columns = columns.empty() ? std::to_string(depth) : fmt::format("{} or {}", depth, columns);
    }
    return error("SR1008", begin, std::max(begin + 1, index_.line_end(line_)))
        .with("wrong indentation", fmt::format("indented by {}, the lines above by {}", indent_of(line_), columns),
              contains(message_, "end of seq") ? "the items of one list begin with `- ` in the same column"
                                               : "keys of one map stand in the same column");
  }

  const TextIndex& index_;
  std::string_view text_;
  std::string message_;
  std::size_t at_;
  std::size_t line_;
  YamlOutline outline_;
};

}  // namespace

Diagnostic explain_syntax_error(const TextIndex& index, const ParserComplaint& complaint) {
  return Explainer(index, complaint).run();
}

std::vector<Diagnostic> find_tabs(const TextIndex& index, const std::vector<YamlEvents::Range>& text_ranges) {
  std::vector<Diagnostic> found;
  auto range = text_ranges.begin();
  for (std::size_t line = 0; line < index.line_count() && found.size() < kMaxReadErrors; ++line) {
    const std::size_t tab = indentation_tab(index, line);
    if (tab == kNone) continue;
    while (range != text_ranges.end() && range->end <= tab) ++range;
    if (range != text_ranges.end() && range->begin < tab) continue;
    found.push_back(tab_error(index, tab));
  }
  return found;
}

std::optional<Diagnostic> find_directive(const TextIndex& index) {
  const std::size_t at = index.skip_space(0);
  if (at >= index.text().size() || index.text()[at] != '%' || index.place(at).column != 1) return std::nullopt;
  return Diagnostic{.code = "SR1012",
                    .message = "directives are not allowed",
                    .span = index.span(at, index.line_end(index.line_of(at))),
                    .label = "remove this line",
                    .help = "a job file is YAML 1.2 without `%YAML` and `%TAG`"};
}

}  // namespace sr::specs
