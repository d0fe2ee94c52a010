// UTF-8: validity and lengths in code points, fast where the text is ASCII; case of ASCII letters. Knows nothing of
// columns. Tested in tests/unit/base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sr {

// Gives the number of leading ASCII bytes.
inline std::size_t ascii_prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t at = 0;
  for (; at + 32 <= text.size(); at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, text.data() + at, 32);
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

// Tells whether every byte is ASCII.
inline bool is_ascii(std::string_view text) {
  return ascii_prefix(text) == text.size();
}

// Gives the lower case of an ASCII letter, any other byte as it is; and of each byte of a text.
inline char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
inline std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

// Gives the length in bytes of the well-formed code point at the front of `text`, 0 if there is none (overlong forms,
// surrogates and values above U+10FFFF are not well-formed; Unicode 15, table 3-7).
inline std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !tail(1)) return 0;
  if (first < 0xE0) return 2;
  const unsigned char second = byte(1);
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return tail(2) ? 3 : 0;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return tail(2) && tail(3) ? 4 : 0;
}

// Gives the offset of the first byte that is not well-formed UTF-8; text.size() if all is.
inline std::size_t utf8_valid_prefix(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    at += ascii_prefix(text.substr(at));
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
      const std::size_t size = utf8_sequence(text.substr(at));
      if (size == 0) return at;
      at += size;
    }
    if (at == text.size()) return at;
  }
}

// Tells whether `text` is well-formed UTF-8.
inline bool is_utf8(std::string_view text) {
  return utf8_valid_prefix(text) == text.size();
}

// Gives the number of code points of well-formed UTF-8: of the bytes that do not continue one.
inline std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

// Gives the byte offset of code point `index`; text.size() beyond the end.
inline std::size_t code_point_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (index == 0) return at;
    --index;
  }
  return at;
}

}  // namespace sr
