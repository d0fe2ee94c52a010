// Str: a 16-byte view of a string. Up to 12 bytes stand in the view itself; longer ones keep a 4-byte prefix and a pointer into a
// buffer that the column's holders keep alive. Unused inline bytes are zero, so equal short strings are equal as 16 bytes.
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
      std::memcpy(all, text, length);
      std::memcpy(prefix, all, 4);
      std::memcpy(rest, all + 4, 8);
    } else {
      std::memcpy(prefix, text, 4);
      pointer = text;
    }
  }

  // The same for a text with kInline readable bytes at and behind its begin, whatever its length: no copy by length.
  static Str padded(const char* text, std::uint32_t length) {
    Str out;
    std::uint64_t first;
    std::memcpy(&first, text, 8);
    std::uint32_t last;
    std::memcpy(&last, text + 8, 4);
    out.size = length;
    if (length > kInline) {
      std::memcpy(out.prefix, text, 4);
      out.pointer = text;
      return out;
    }
    if (length <= 8) {
      last = 0;
      first = length == 0 ? 0 : first & (~std::uint64_t{0} >> (64 - 8 * length));
    } else {
      last &= ~std::uint32_t{0} >> (32 - 8 * (length - 8));
    }
    char all[12];
    std::memcpy(all, &first, 8);
    std::memcpy(all + 8, &last, 4);
    std::memcpy(out.prefix, all, 4);
    std::memcpy(out.rest, all + 4, 8);
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
