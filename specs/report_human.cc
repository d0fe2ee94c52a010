// The format for people: what is wrong, where, the line with the culprit underlined, and how to mend it.
// Columns on the screen are not code points: tabs are widened, wide characters take two, long lines are cut around the
// culprit.
#include <fmt/format.h>

#include <algorithm>

#include "specs/report.h"
#include "specs/yaml_text.h"

namespace sr::specs {

namespace {

constexpr std::size_t kTabWidth = 4;
constexpr std::size_t kMaxLineWidth = 140;  // of the source text shown
constexpr std::size_t kLongLine = 4096;     // bytes; of a longer line only the part around the culprit is looked at
constexpr std::size_t kContextWidth = 60;   // kept before the culprit in a line that is cut

// Tells the characters that terminals draw two cells wide. Source: Unicode East Asian Width, W and F, in coarse ranges.
bool is_wide(std::uint32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF && code != 0x303F) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
         (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
         (code >= 0x20000 && code <= 0x3FFFD);
}

bool is_combining(std::uint32_t code) {
  return (code >= 0x300 && code <= 0x36F) || code == 0x200B || code == 0x200D || (code >= 0xFE00 && code <= 0xFE0F);
}

std::uint32_t decode(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return first;
  std::uint32_t code = first & (0x7Fu >> bytes.size());
  for (const char c : bytes.substr(1)) code = code << 6 | (c & 0x3F);
  return code;
}

// One source line as it is shown: its cells, and the cell where each code point begins.
struct ShownLine {
  std::vector<std::string> cells;   // a wide character is followed by an empty one
  std::vector<std::size_t> starts;  // by column from 0; one more for the end
};

ShownLine layout(std::string_view text) {
  ShownLine line;
  for (std::size_t at = 0; at < text.size();) {
    line.starts.push_back(line.cells.size());
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      line.cells.emplace_back("\xEF\xBF\xBD");
      ++at;
      continue;
    }
    const std::string_view bytes = text.substr(at, length);
    const std::uint32_t code = decode(bytes);
    at += length;
    if (code == '\t') {
      line.cells.insert(line.cells.end(), kTabWidth, " ");
    } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      line.cells.emplace_back("\xEF\xBF\xBD");
    } else if (is_combining(code) && !line.cells.empty()) {
      line.cells.back() += bytes;
    } else {
      line.cells.emplace_back(bytes);
      if (is_wide(code)) line.cells.emplace_back();
    }
  }
  line.starts.push_back(line.cells.size());
  return line;
}

// The columns (from 1, half-open) of a line that are underlined.
struct Underline {
  std::uint32_t line = 0, begin = 0, end = 0;
};

class HumanFinding {
 public:
  HumanFinding(const SourceMap& sources, const Diagnostic& finding, const ReportOptions& options)
      : sources_(sources), finding_(finding), colour_(options.colour), secrets_(options.secrets) {}

  std::string render() {
    const char* name = severity_name(finding_.severity);
    out_ += paint(tone(), finding_.code.empty() ? name : fmt::format("{}[{}]", name, finding_.code));
    out_ += paint("1", ": " + printable(finding_.message)) + "\n";
    const std::string_view path = finding_path(sources_, finding_);
    if (!path.empty()) {
      const std::vector<Underline> lines = underlines();
      gutter_ = std::to_string(lines.back().line).size();
      out_ += std::string(gutter_, ' ') + paint("34", "--> ") +
              fmt::format("{}:{}:{}\n", printable(path), finding_.span.line, finding_.span.column);
      excerpt(lines);
    } else if (!finding_.label.empty()) {
      note("note", finding_.label);
    }
    if (!finding_.help.empty()) note("help", finding_.help);
    return std::move(out_);
  }

 private:
  const char* tone() const {
    return finding_.severity == Severity::error ? "1;31" : finding_.severity == Severity::warning ? "1;33" : "1;36";
  }
  std::string paint(const char* tone, std::string_view text) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", tone, text) : std::string(text);
  }
  std::string margin(std::string_view number) const { return paint("34", fmt::format("{:>{}} |", number, gutter_)); }

  void note(std::string_view kind, std::string_view text) {
    out_ += std::string(gutter_ + 1, ' ') + paint("34", "= ");
    out_ += paint("1", fmt::format("{}: ", kind)) + printable(text) + "\n";
  }

  std::string_view source(std::uint32_t line) const { return sources_.line_text(finding_.span.file, line); }

  std::uint32_t last_column(std::uint32_t line) const {
    const std::string_view text = source(line);
    return 1 + static_cast<std::uint32_t>(
                   std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  }

  // A span of one line has one underline, a longer one has its first and its last line.
  std::vector<Underline> underlines() const {
    const Span& span = finding_.span;
    if (span.end_line <= span.line) return {{span.line, span.column, span.end_column}};
    std::vector<Underline> lines{{span.line, span.column, std::max(last_column(span.line), span.column + 1)}};
    const bool at_start = span.end_column <= 1;
    const std::uint32_t last = at_start ? span.end_line - 1 : span.end_line;
    if (last <= span.line) return lines;
    const std::string_view text = source(last);
    const auto indent = static_cast<std::uint32_t>(std::min(text.find_first_not_of(" \t"), text.size()));
    lines.push_back({last, indent + 1, at_start ? last_column(last) : span.end_column});
    return lines;
  }

  void excerpt(const std::vector<Underline>& lines) {
    out_ += margin("") + "\n";
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0 && lines[i].line > lines[i - 1].line + 1) out_ += paint("34", "...") + "\n";
      show(lines[i], i + 1 == lines.size());
    }
  }

  // Drops what a very long line has far before and after the culprit; gives how many columns went at its start.
  static std::uint32_t shorten(std::string_view& text, std::uint32_t column) {
    if (text.size() <= kLongLine) return 0;
    std::uint32_t skipped = 0;
    while (!text.empty() && skipped + 2 * kContextWidth < column) {
      text.remove_prefix(std::max<std::size_t>(1, utf8_length(text, 0)));
      ++skipped;
    }
    text = text.substr(0, kLongLine);
    return skipped;
  }

  void show(Underline under, bool labelled) {
    std::string_view whole = source(under.line);
    const std::uint32_t skipped = shorten(whole, under.begin);
    under.begin -= skipped;
    under.end -= std::min(skipped, under.end);
    const ShownLine line = layout(secrets_ ? secrets_->mask(whole) : std::string(whole));
    const auto cell = [&](std::uint32_t column) {
      return column > line.starts.size() ? line.cells.size() + (column - line.starts.size())
                                         : line.starts[column > 0 ? column - 1 : 0];
    };
    const std::size_t begin = cell(under.begin);
    const std::size_t end = std::max(cell(under.end), begin + 1);
    const bool cut = line.cells.size() > kMaxLineWidth;
    const std::size_t from = cut && begin > kContextWidth ? begin - kContextWidth : 0;
    const std::size_t to = std::min(line.cells.size(), from + kMaxLineWidth);
    std::string text = from > 0 ? "…" : "";
    for (std::size_t i = from; i < to; ++i) text += line.cells[i];
    while (text.ends_with(' ')) text.pop_back();
    if (to < line.cells.size()) text += "…";
    out_ += margin(std::to_string(under.line)) + (text.empty() ? "" : " " + text) + "\n";
    const std::size_t width = std::max<std::size_t>(1, std::min(end, std::max(to, begin + 1)) - begin);
    std::string carets = paint(tone(), std::string(width, '^'));
    if (labelled && !finding_.label.empty()) carets += " " + paint(tone(), printable(finding_.label));
    out_ += margin("") + std::string(1 + begin - from + (from > 0 ? 1 : 0), ' ') + carets + "\n";
  }

  const SourceMap& sources_;
  const Diagnostic& finding_;
  bool colour_;
  const Secrets* secrets_;
  std::size_t gutter_ = 1;
  std::string out_;
};

}  // namespace

std::string render_human(const SourceMap& sources, const Findings& findings, const ReportOptions& options) {
  std::string out;
  for (std::size_t i = 0; i < std::min(findings.size(), kMaxShownFindings); ++i) {
    if (i > 0) out += "\n";
    out += HumanFinding(sources, findings[i], options).render();
  }
  const std::size_t shown = std::min(findings.size(), kMaxShownFindings);
  const std::size_t more = findings.size() - shown + options.omitted;
  if (more > 0) out += fmt::format("\n… and {} more\n", more);
  return out;
}

}  // namespace sr::specs
