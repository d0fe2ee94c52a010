#include "specs/yaml_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/yaml_scalar.h"

namespace sr::specs {

namespace {

bool ends_word(std::string_view text, std::size_t at) {
  return at >= text.size() || std::string_view(" \t\n,]}:").find(text[at]) != std::string_view::npos;
}

bool ends_property(char c) {
  return std::string_view(" \t\n,[]{}").find(c) != std::string_view::npos;
}

}  // namespace

void YamlEvents::document(std::size_t at) {
  if (!seen_document_) {
    seen_document_ = true;
    return;
  }
  if (done()) return;
  past_end_ = true;
  const std::size_t line = index_.line_of(at);
  if (line > 0 && index_.line_text(line - 1).starts_with('%')) {
    tree_.error({.code = "SR1012",
                 .message = "directives are not allowed",
                 .span = index_.span(index_.line_start(line - 1), index_.line_end(line - 1)),
                 .label = "a line that begins with `%` is a directive",
                 .help = "remove or quote it"});
    return;
  }
  const bool marker = index_.text().substr(at, 3) == "---";
  const std::size_t end = marker ? at + 3 : std::max(at + 1, index_.line_end(index_.line_of(at)));
  tree_.error({.code = "SR1013",
               .message = marker ? "a second document in one file" : "text after the end of the document",
               .span = index_.span(at, std::min(end, index_.text().size())),
               .label = marker ? "the second document begins here" : "this belongs to nothing",
               .help = "a file holds one job: move the rest to a file of its own"});
}

// Skips anchors, and reports tags, that stand before a node; gives the byte where the node itself begins.
std::size_t YamlEvents::skip_properties(std::size_t at) {
  const std::string_view text = index_.text();
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    std::size_t end = at + 1;
    if (text.substr(end, 1) == "<") end = std::min(text.find('>', end), text.size());
    while (end < text.size() && !ends_property(text[end])) ++end;
    if (text[at] == '!') {
      tree_.error({.code = "SR1011",
                   .message = fmt::format("tags such as `{}` are not allowed", text.substr(at, end - at)),
                   .span = index_.span(at, end),
                   .label = "remove the tag",
                   .help = "the option decides what a value is; quote a value that should be text"});
    }
    cursor_ = end;
    at = index_.skip_space(end);
  }
  return at;
}

// Gives the length of `null` or `~` at a byte, if it is a value of the entry whose `:` or `-` ends at
// `after_indicator`.
std::size_t YamlEvents::null_word(std::size_t at, std::size_t after_indicator) const {
  const std::string_view rest = index_.text().substr(std::min(at, index_.text().size()));
  for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (!rest.starts_with(word) || !ends_word(rest, word.size())) continue;
    const bool same_line = index_.line_of(at) == index_.line_of(after_indicator);
    const bool inside = !tree_.in_block() || same_line || index_.place(at).column > tree_.indent();
    return inside ? word.size() : 0;
  }
  return 0;
}

void YamlEvents::missing_colon() {
  if (tree_.key().empty()) return;  // a list or map where a key is due: reported already
  const std::size_t start = index_.line_start(index_.line_of(cursor_));
  const std::size_t merge = tree_.key().starts_with('\x01') ? 1 : 0;
  const std::size_t length = std::min<std::size_t>(cursor_ - start, tree_.key().size() - merge);
  tree_.error({.code = "SR1009",
               .message = fmt::format("missing `:` after `{}`", index_.text().substr(cursor_ - length, length)),
               .span = tree_.key_span(),
               .label = "a key needs a colon and a value",
               .help = "write `key: value`"});
}

void YamlEvents::missing_value(std::size_t at) {
  const bool key = tree_.expects_key();
  tree_.error({.code = key ? "SR1017" : "SR1005",
               .message = key ? "a key is missing" : "a value is missing between two commas",
               .span = index_.span(at, std::min(at + 1, index_.text().size())),
               .label = key ? "a key must stand before this" : "nothing stands before this comma",
               .help = {}});
}

// `{port:80}` is a key `port:80` without a value, never what was meant.
void YamlEvents::check_flow_key() {
  const std::string& key = tree_.key();
  const std::size_t colon = key.find(':');
  if (colon == std::string::npos || colon == 0) return;
  Span at = tree_.key_span();
  at.column += static_cast<std::uint32_t>(colon);
  at.end_column = at.column + 1;
  at.end_line = at.line;
  tree_.error({.code = "SR1009",
               .message = fmt::format("missing space after the colon in `{}`", key),
               .span = at,
               .label = "a space must follow",
               .help = fmt::format("write `{}: {}`", key.substr(0, colon), key.substr(colon + 1))});
}

void YamlEvents::null(std::size_t at, YamlTree::Anchor anchor) {
  if (done()) return;
  const std::string_view text = index_.text();
  const bool key = tree_.expects_key();
  const bool in_map = tree_.in_map();
  std::size_t place = cursor_;
  bool indicator = false;
  if (!key && (in_map || (tree_.in_list() && tree_.in_block()))) {
    const std::size_t next = index_.skip_space(cursor_);
    indicator = next < text.size() && text[next] == (in_map ? ':' : '-');
    if (indicator) place = next + 1;
    if (!indicator && in_map) tree_.in_block() ? missing_colon() : check_flow_key();
  }
  std::size_t begin = at;
  if (anchor != 0 || (at < text.size() && (text[at] == '&' || text[at] == '!'))) begin = skip_properties(at);
  const bool possible = begin >= place && (indicator || key || !in_map) && index_.skip_space(place) <= begin;
  const std::size_t word = possible ? null_word(begin, key ? begin : place) : 0;
  if (word == 0 && (key || (tree_.in_list() && !tree_.in_block()))) missing_value(at);
  SpecValue value;
  value.opaque = begin != at && text[at] == '!' && word == 0;
  value.text = std::string(text.substr(begin, word));
  value.span = word > 0 ? index_.span(begin, begin + word) : index_.span(place, place);
  if (word > 0) value.places.push_back(index_.place(begin));
  cursor_ = word > 0 ? begin + word : std::max(place, cursor_);
  if (key && word > 0) value.kind = SpecValue::Kind::scalar;
  tree_.scalar(std::move(value), anchor);
}

void YamlEvents::scalar(std::size_t at, bool tagged, YamlTree::Anchor anchor, std::string text) {
  if (done()) return;
  const std::size_t begin = tagged || anchor != 0 ? skip_properties(at) : at;
  LocatedScalar located = locate_scalar(index_, begin, std::move(text));
  if (!located.closed) {
    const std::size_t end = index_.line_end(index_.line_of(begin));
    tree_.error({.code = "SR1006",
                 .message = "a quote is never closed",
                 .span = index_.span(begin, std::max(begin + 1, end)),
                 .label = "it opens here",
                 .help = fmt::format("close it with {}", index_.text()[begin])});
    tree_.stop();
    return;
  }
  SpecValue value;
  value.kind = SpecValue::Kind::scalar;
  value.span = index_.span(begin, located.end);
  value.text = std::move(located.text);
  value.style = located.style;
  value.places = std::move(located.places);
  // `!ok` alone is a tag: what was meant is not known.
  value.opaque = tagged && value.text.empty() && value.style == SpecValue::Style::plain;
  if (value.style != SpecValue::Style::plain) text_ranges_.push_back({begin, located.end});
  cursor_ = located.end;
  tree_.scalar(std::move(value), anchor);
}

std::size_t YamlEvents::alias_end(std::size_t at) const {
  std::size_t end = at + 1;
  while (end < index_.text().size() && !ends_property(index_.text()[end])) ++end;
  return end;
}

void YamlEvents::lost_alias(std::size_t at) {
  if (done()) return;
  cursor_ = alias_end(at);
  SpecValue value;
  value.kind = SpecValue::Kind::scalar;
  value.opaque = true;
  value.span = index_.span(at, cursor_);
  tree_.scalar(std::move(value), 0);
}

void YamlEvents::alias(std::size_t at, YamlTree::Anchor anchor) {
  if (done()) return;
  const std::size_t end = cursor_ = alias_end(at);
  tree_.alias(anchor, std::string(index_.text().substr(at + 1, end - at - 1)), index_.span(at, end));
}

void YamlEvents::open(std::size_t at, const Collection& collection) {
  if (done()) return;
  const std::string_view text = index_.text();
  const std::size_t begin = collection.tagged || collection.anchor != 0 ? skip_properties(at) : at;
  const bool bracket = collection.flow && begin < text.size() && (text[begin] == '[' || text[begin] == '{');
  const std::uint32_t indent = collection.flow ? 0 : index_.place(begin).column;
  open_.push_back({begin, bracket});
  cursor_ = bracket ? begin + 1 : begin;
  tree_.open(collection.kind, index_.span(begin, begin), collection.anchor, indent);
}

void YamlEvents::close() {
  if (done() || open_.empty()) return;
  const Open open = open_.back();
  open_.pop_back();
  if (open.flow) {
    const std::string_view text = index_.text();
    std::size_t at = index_.skip_space(cursor_);
    while (at < text.size() && text[at] != ']' && text[at] != '}') at = index_.skip_space(at + 1);
    cursor_ = std::min(at + 1, text.size());
  }
  tree_.close(index_.span(cursor_, cursor_));
}

}  // namespace sr::specs
