// The text of a YAML file before it is parsed: checks of its bytes, and the way from byte offsets to lines and columns.
// Entry points: check_yaml_text, TextIndex. Knows nothing of yaml-cpp or of the tree. Tested in tests/unit/specs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"
#include "specs/value.h"

namespace sr::specs {

// Checks size, encoding, control characters and a hostile number of open brackets; gives the text without byte order
// mark and with LF line ends (so that lines and columns stay those of the file), or nothing after it added errors.
std::optional<std::string> check_yaml_text(std::string_view raw, std::uint32_t file, Diagnostics& diagnostics);

// Gives the length of the well-formed UTF-8 character at a byte, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at);

// Finds the line and column (in code points, from 1) of any byte in constant time. Views a text that must outlive it.
class TextIndex {
 public:
  TextIndex(std::string_view text, std::uint32_t file);

  std::string_view text() const { return text_; }
  std::uint32_t file() const { return file_; }
  std::size_t line_count() const { return starts_.size(); }
  // Gives the index (from 0) of the line that holds a byte, and the first byte of a line.
  std::size_t line_of(std::size_t offset) const;
  std::size_t line_start(std::size_t line) const { return starts_[line]; }
  std::size_t line_end(std::size_t line) const;  // of its text, before the line break
  std::string_view line_text(std::size_t line) const;
  // Gives the place of a byte, with `text_offset` filled in for SpecValue::places.
  SpecValue::Place place(std::size_t offset, std::size_t text_offset = 0) const;
  // Gives the span of the bytes [begin, end).
  Span span(std::size_t begin, std::size_t end) const;
  // Gives the byte after blanks, line breaks and comments that begin at `offset`.
  std::size_t skip_space(std::size_t offset) const;

 private:
  std::size_t code_points_before(std::size_t offset) const;

  std::string_view text_;
  std::uint32_t file_;
  bool ascii_ = false;                      // no character has more than one byte
  std::vector<std::size_t> starts_;         // of each line
  std::vector<std::uint32_t> code_points_;  // before each block of kBlock bytes
};

}  // namespace sr::specs
