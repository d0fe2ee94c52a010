// JsonCursor: the parts that are not on the shortest path. Tested in tests/unit/operators/json_format_test.cc.
#include "operators/formats/json_cursor.h"

#include <charconv>

namespace sr::operators {
namespace {

constexpr int kMaxDepth = 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads the four digits behind `\u` at `at`; -1 if they are not there.
int code_unit(std::string_view raw, std::size_t at) {
  if (at + 4 > raw.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(raw[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string* out, std::uint32_t code) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
    return;
  }
  if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
  } else {
    if (code < 0x10000) {
      out->push_back(static_cast<char>(0xE0 | code >> 12));
    } else {
      out->push_back(static_cast<char>(0xF0 | code >> 18));
      out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    }
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
  }
  out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
}

// Reads a `\uXXXX` whose `u` stands at *at, with the second half of a surrogate pair. Moves *at to the last byte read.
bool unicode_escape(std::string_view raw, std::size_t* at, std::string* out) {
  const int unit = code_unit(raw, *at + 1);
  if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return false;
  *at += 4;
  std::uint32_t code = static_cast<std::uint32_t>(unit);
  if (unit >= 0xD800 && unit < 0xDC00) {
    if (raw.substr(*at + 1, 2) != "\\u") return false;
    const int low = code_unit(raw, *at + 3);
    if (low < 0xDC00 || low >= 0xE000) return false;
    code = 0x10000 + ((code - 0xD800) << 10) + static_cast<std::uint32_t>(low - 0xDC00);
    *at += 6;
  }
  append_utf8(out, code);
  return true;
}

}  // namespace

bool JsonCursor::fail(const char* what) {
  if (notes_->error.empty()) {
    const std::size_t offset = (*token_ < end_ ? *token_ : end_) - begin_;
    notes_->error = std::string("invalid JSON: ") + what + " at byte " + std::to_string(offset + 1);
  }
  return false;
}

bool JsonCursor::unescape(std::string_view raw, std::string* out) {
  out->clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out->push_back(raw[i]);
      continue;
    }
    const char c = ++i < raw.size() ? raw[i] : '\0';
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out->push_back(c);
        break;
      case 'b':
        out->push_back('\b');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'u':
        if (!unicode_escape(raw, &i, out)) return fail("a wrong \\u escape before this place");
        break;
      default:
        return fail("a wrong escape before this place");
    }
  }
  return true;
}

// Gives the end of the number at p, or null: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
const char* JsonCursor::number_end(const char* p) const {
  const char* const end = base_ + end_;
  const auto digits = [&] {
    const char* const from = p;
    while (p < end && *p >= '0' && *p <= '9') ++p;
    return p != from;
  };
  if (p < end && *p == '-') ++p;
  const bool zero = p < end && *p == '0';
  const char* const whole = p;
  if (!digits() || (zero && p - whole > 1)) return nullptr;
  if (p < end && *p == '.') {
    ++p;
    if (!digits()) return nullptr;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return nullptr;
  }
  return p == end || ends_scalar(*p) ? p : nullptr;
}

bool JsonCursor::take_long_integer(std::int64_t* out) {
  const char* const from = here();
  const char* const end = number_end(from);
  if (!end) return false;
  const auto [last, error] = std::from_chars(from, end, *out);
  if (error != std::errc() || last != end) return false;
  ++token_;
  return true;
}

bool JsonCursor::number(std::string_view* text) {
  const char* const from = here();
  const char* const end = number_end(from);
  if (!end) return fail("a wrong number");
  *text = {from, static_cast<std::size_t>(end - from)};
  ++token_;
  return true;
}

bool JsonCursor::literal(std::string_view word) {
  const char* const from = here();
  const char* const end = base_ + end_;
  if (static_cast<std::size_t>(end - from) < word.size() || std::memcmp(from, word.data(), word.size()) != 0 ||
      !(from + word.size() == end || ends_scalar(from[word.size()]))) {
    return fail("expected a value");
  }
  ++token_;
  return true;
}

bool JsonCursor::value(std::string_view* text, int depth) {
  const char* const from = here();
  if (!skip(depth)) return false;
  const char* to = here();
  while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r' || to[-1] == '\n')) --to;
  *text = {from, static_cast<std::size_t>(to - from)};
  return true;
}

bool JsonCursor::skip_other(int depth) {
  std::string_view text;
  switch (peek()) {
    case '{':
      return depth < kMaxDepth ? skip_object(depth + 1) : fail("nested too deeply");
    case '[':
      return depth < kMaxDepth ? skip_array(depth + 1) : fail("nested too deeply");
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    case '\0':
      return fail("expected a value");
    default:
      return number(&text);
  }
}

bool JsonCursor::skip_object(int depth) {
  take('{');
  if (take('}')) return true;
  std::string_view key;
  do {
    if (!raw_string(&key) || (escaped(key) && !unescape(key, &notes_->scratch))) return false;
    if (!take(':')) return fail("expected `:`");
    if (!skip(depth)) return false;
  } while (take(','));
  return take('}') || fail("expected `,` or `}`");
}

bool JsonCursor::skip_array(int depth) {
  take('[');
  if (take(']')) return true;
  do {
    if (!skip(depth)) return false;
  } while (take(','));
  return take(']') || fail("expected `,` or `]`");
}

}  // namespace sr::operators
