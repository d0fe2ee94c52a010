#include "specs/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/limits.h"

namespace sr::specs {

namespace {

constexpr std::size_t kBlock = 256;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool is_control(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == '\t' || c == '\n') return false;
  if (c == '\r') return at + 1 >= text.size() || text[at + 1] != '\n';
  if (c == 0xC2 && at + 1 < text.size()) return static_cast<unsigned char>(text[at + 1]) < 0xA0;
  return c < 0x20 || c == 0x7F;
}

Diagnostic control_character(std::string_view text, std::size_t at, Span span) {
  const auto c = static_cast<unsigned char>(text[at]);
  const unsigned code = c == 0xC2 ? static_cast<unsigned char>(text[at + 1]) : c;
  std::string name = code == 0      ? "a NUL byte"
                     : code == '\r' ? "a carriage return without a line feed"
                                    : fmt::format("the control character U+{:04X}", code);
  return {.code = "SR1003",
          .message = name + " in the file",
          .span = span,
          .label = "not allowed here",
          .help = "in a value, write it as an escape in double quotes, such as \"\\t\" or \"\\x01\""};
}

// Walks the raw text once with its line and column.
class ByteCheck {
 public:
  ByteCheck(std::string_view text, std::uint32_t file, Diagnostics& diagnostics)
      : text_(text), file_(file), diagnostics_(diagnostics) {}

  bool run() {
    std::size_t at = 0;
    while (at < text_.size() && errors_ < kMaxReadErrors) {
      const std::size_t length = utf8_length(text_, at);
      if (length == 0) {
        add({.code = "SR1002",
             .message = fmt::format("the file is not UTF-8: byte 0x{:02X}", static_cast<unsigned char>(text_[at])),
             .span = {},
             .label = "not part of a UTF-8 character",
             .help = "save the file as UTF-8"});
        return false;
      }
      if (is_control(text_, at)) add(control_character(text_, at, {}));
      if (!count_bracket(text_[at])) return false;
      if (text_[at] == '\n') {
        ++line_;
        column_ = 1;
      } else {
        ++column_;
      }
      at += length;
    }
    return errors_ == 0;
  }

 private:
  void add(Diagnostic diagnostic) {
    diagnostic.span = {file_, line_, column_, line_, column_ + 1};
    diagnostics_.add(std::move(diagnostic));
    ++errors_;
  }

  bool count_bracket(char c) {
    if (c == '[' || c == '{') ++open_;
    if ((c == ']' || c == '}') && open_ > 0) --open_;
    if (open_ <= kMaxOpenBrackets) return true;
    add({.code = "SR1018",
         .message = fmt::format("the file opens more than {} brackets inside each other", kMaxOpenBrackets),
         .span = {},
         .label = {},
         .help = fmt::format("lists and maps may be nested {} deep", kMaxSpecDepth)});
    return false;
  }

  std::string_view text_;
  std::uint32_t file_;
  Diagnostics& diagnostics_;
  std::uint32_t line_ = 1, column_ = 1;
  std::size_t open_ = 0, errors_ = 0;
};

}  // namespace

// Source: RFC 3629, section 4.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const unsigned first = byte(0);
  const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::optional<std::string> check_yaml_text(std::string_view raw, std::uint32_t file, Diagnostics& diagnostics) {
  if (raw.size() > kMaxSpecBytes) {
    diagnostics.add(
        {.code = "SR1001",
         .message = "the file is larger than 1 MiB",
         .span = {file, 1, 1, 1, 1},
         .label = {},
         .help = "a job file may have 1 MiB; data belongs into files of its own, repeated parts into an `include`"});
    return std::nullopt;
  }
  if (raw.starts_with("\xEF\xBB\xBF")) raw.remove_prefix(3);
  if (!ByteCheck(raw, file, diagnostics).run()) return std::nullopt;
  std::string text;
  text.reserve(raw.size());
  std::copy_if(raw.begin(), raw.end(), std::back_inserter(text), [](char c) { return c != '\r'; });
  return text;
}

TextIndex::TextIndex(std::string_view text, std::uint32_t file) : text_(text), file_(file) {
  starts_.push_back(0);
  std::uint32_t code_points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % kBlock == 0) code_points_.push_back(code_points);
    if (!is_continuation(text[i])) ++code_points;
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
  if (text.size() % kBlock == 0) code_points_.push_back(code_points);
  ascii_ = code_points == text.size();
}

std::size_t TextIndex::line_of(std::size_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin()) - 1;
}

std::size_t TextIndex::line_end(std::size_t line) const {
  return line + 1 < starts_.size() ? starts_[line + 1] - 1 : text_.size();
}

std::string_view TextIndex::line_text(std::size_t line) const {
  return text_.substr(starts_[line], line_end(line) - starts_[line]);
}

std::size_t TextIndex::code_points_before(std::size_t offset) const {
  std::size_t count = code_points_[offset / kBlock];
  for (std::size_t i = offset - offset % kBlock; i < offset; ++i) count += is_continuation(text_[i]) ? 0 : 1;
  return count;
}

SpecValue::Place TextIndex::place(std::size_t offset, std::size_t text_offset) const {
  offset = std::min(offset, text_.size());
  const std::size_t line = line_of(offset);
  const std::size_t start = starts_[line];
  const bool near = ascii_ || offset - start < kBlock;
  std::size_t column = 1 + (near ? offset - start : code_points_before(offset) - code_points_before(start));
  for (std::size_t i = start; near && !ascii_ && i < offset; ++i) column -= is_continuation(text_[i]) ? 1 : 0;
  return {static_cast<std::uint32_t>(text_offset), static_cast<std::uint32_t>(line + 1),
          static_cast<std::uint32_t>(column)};
}

Span TextIndex::span(std::size_t begin, std::size_t end) const {
  const SpecValue::Place from = place(begin);
  const SpecValue::Place to = end > begin ? place(end) : from;
  return {file_, from.line, from.column, to.line, to.column};
}

std::size_t TextIndex::skip_space(std::size_t offset) const {
  while (offset < text_.size()) {
    const char c = text_[offset];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++offset;
    } else if (c == '#' &&
               (offset == 0 || text_[offset - 1] == ' ' || text_[offset - 1] == '\t' || text_[offset - 1] == '\n')) {
      while (offset < text_.size() && text_[offset] != '\n') ++offset;
    } else {
      break;
    }
  }
  return offset;
}

}  // namespace sr::specs
