// Str: a 16-byte view of a string. Up to 12 bytes stand in the view itself; longer ones keep a 4-byte prefix and a
// pointer into a buffer that the column's holders keep alive. Unused inline bytes are zero, so equal short strings are
// equal as 16 bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sr {

struct Str {
  static constexpr std::uint32_t kInline = 12;

  std::uint32_t size;
  char prefix[4];
  union {
    char rest[8];
    const char* pointer;
  };

  Str() = default;
  // Makes a view; a text longer than kInline must outlive it.
  explicit Str(std::string_view text) : Str(text.data(), static_cast<std::uint32_t>(text.size())) {}
  Str(const char* text, std::uint32_t length) : size(length) {
    if (length <= kInline) {
      char all[12] = {};
      if (length != 0) std::memcpy(all, text, length);  // the text of an empty view may be null
      std::memcpy(prefix, all, 4);
      std::memcpy(rest, all + 4, 8);
    } else {
      std::memcpy(prefix, text, 4);
      pointer = text;
    }
  }

  // The same for a text with kInline readable bytes at and behind its begin, whatever its length: no copy by length.
  static Str padded(const char* text, std::uint32_t length) {
    std::uint64_t words[2];
    std::memcpy(&words[0], text, 8);
    if (length > kInline) {
      words[0] = words[0] << 32 | length;
      words[1] = reinterpret_cast<std::uintptr_t>(text);
    } else {
      std::uint64_t last;
      std::memcpy(&last, text + 4, 8);  // bytes 4 to 11
      const std::uint64_t keep_first = length >= 4 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * length)) - 1;
      const std::uint64_t keep_last =
          length >= kInline ? ~std::uint64_t{0} : (std::uint64_t{1} << (length <= 4 ? 0 : 8 * (length - 4))) - 1;
      words[0] = (words[0] & keep_first) << 32 | length;
      words[1] = last & keep_last;
    }
    Str out;
    std::memcpy(static_cast<void*>(&out), words, sizeof(out));
    return out;
  }

  const char* data() const { return size <= kInline ? prefix : pointer; }
  std::string_view view() const { return {data(), size}; }
  bool is_inline() const { return size <= kInline; }

  bool operator==(const Str& other) const {
    std::uint64_t a, b;
    std::memcpy(&a, this, 8);
    std::memcpy(&b, &other, 8);
    if (a != b) return false;
    if (size <= kInline) return std::memcmp(rest, other.rest, 8) == 0;
    return pointer == other.pointer || std::memcmp(pointer, other.pointer, size) == 0;
  }
  // Compares by bytes.
  int compare(const Str& other) const { return view().compare(other.view()); }
};
static_assert(sizeof(Str) == 16);

}  // namespace sr
