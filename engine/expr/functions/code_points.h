// Walking UTF-8 by characters, for kernels over strings; bytes that are no UTF-8 count as characters of their own.
// Knows nothing of columns. Tested in tests/unit/expr/strings_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/text.h"

namespace sr::expr {

inline bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Gives the number of bytes of the character that begins at `at`.
inline std::size_t character_size(std::string_view text, std::size_t at) {
  const unsigned char first = static_cast<unsigned char>(text[at]);
  const std::size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return size <= text.size() - at ? size : text.size() - at;
}

// Decodes the character that begins at *at and moves behind it.
inline char32_t next_character(std::string_view text, std::size_t* at) {
  const unsigned char first = static_cast<unsigned char>(text[*at]);
  const std::size_t size = character_size(text, *at);
  char32_t c = size == 1 ? first : first & (0xFF >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) c = c << 6 | (static_cast<unsigned char>(text[*at + i]) & 0x3F);
  *at += size;
  return c;
}

inline void append_character(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  const int size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  constexpr unsigned char kFirst[] = {0, 0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(kFirst[size] | (c >> (6 * (size - 1)))));
  for (int i = size - 2; i >= 0; --i) out.push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F)));
}

// The characters [begin, end) of a text, clamped to it; a view.
inline std::string_view character_range(std::string_view text, std::int64_t begin, std::int64_t end) {
  const std::int64_t bytes = static_cast<std::int64_t>(text.size());
  if (begin < 0) begin = 0;
  if (end <= begin || begin >= bytes) return {};
  const std::size_t from = code_point_offset(text, static_cast<std::size_t>(begin));
  const std::string_view rest = text.substr(from);
  if (end - begin >= static_cast<std::int64_t>(rest.size())) return rest;
  return rest.substr(0, code_point_offset(rest, static_cast<std::size_t>(end - begin)));
}

}  // namespace sr::expr
