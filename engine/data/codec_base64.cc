// Base64 (RFC 4648, standard alphabet). Line breaks and missing padding are accepted when reading. Tested in
// tests/unit/data/codec_json_test.cc.
#include <array>

#include "engine/data/codec.h"

namespace sr {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();

}  // namespace

bool decode_base64(std::string_view text, std::string* out) {
  out->clear();
  out->reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;    // characters of the group so far
  int padding = 0;  // '=' seen
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      if (++padding > 2) return false;
      continue;
    }
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++count == 4) {
      out->push_back(static_cast<char>(bits >> 16));
      out->push_back(static_cast<char>(bits >> 8));
      out->push_back(static_cast<char>(bits));
      bits = 0;
      count = 0;
    }
  }
  if (padding && count + padding != 4) return false;
  if (count == 1) return false;
  if (count == 2) out->push_back(static_cast<char>(bits >> 4));
  if (count == 3) {
    out->push_back(static_cast<char>(bits >> 10));
    out->push_back(static_cast<char>(bits >> 2));
  }
  return true;
}

void encode_base64(TextBuffer& out, std::string_view bytes) {
  char* const begin = out.reserve((bytes.size() + 2) / 3 * 4);
  char* to = begin;
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) *to++ = kAlphabet[bits >> shift & 63];
  }
  if (const std::size_t rest = bytes.size() - i) {
    const std::uint32_t bits = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
    *to++ = kAlphabet[bits >> 18 & 63];
    *to++ = kAlphabet[bits >> 12 & 63];
    *to++ = rest == 2 ? kAlphabet[bits >> 6 & 63] : '=';
    *to++ = '=';
  }
  out.commit(static_cast<std::size_t>(to - begin));
}

}  // namespace sr
