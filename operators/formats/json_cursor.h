// JsonCursor: walks over the tokens of one JSON text and checks its grammar (RFC 8259) as it goes, also of what is only
// skipped. Tokens come from a JsonIndex. Knows nothing of columns. Tested in tests/unit/operators/json_format_test.cc.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sr::operators {

class JsonCursor {
 public:
  // Walks over text[begin, end) of an indexed text; `token` is the first index at or behind `begin`. `escapes`: there
  // may be backslashes.
  JsonCursor(std::string_view text, const std::uint32_t* token, std::size_t begin, std::size_t end, bool escapes)
      : base_(text.data()), token_(token), begin_(begin), end_(static_cast<std::uint32_t>(end)), escapes_(escapes) {}

  // First byte of the token at hand; 0 at the end.
  char peek() const { return *token_ < end_ ? base_[*token_] : '\0'; }
  bool at_end() const { return *token_ >= end_; }
  const std::uint32_t* token() const { return token_; }
  const char* here() const { return base_ + (*token_ < end_ ? *token_ : end_); }
  // Takes a structural byte.
  bool take(char c) {
    if (peek() != c) return false;
    ++token_;
    return true;
  }

  // Takes a string and gives what stands between its quotes, as written.
  bool raw_string(std::string_view* raw) {
    const char* const from = here();
    if (*token_ >= end_ || *from != '"') return fail("expected a string");
    ++token_;
    const char* to = base_ + (*token_ < end_ ? *token_ : end_) - 1;
    while (to > from && (*to == ' ' || *to == '\t' || *to == '\r' || *to == '\n')) --to;
    if (to == from || *to != '"') return fail("a string is not closed");
    *raw = {from + 1, static_cast<std::size_t>(to - from - 1)};
    return true;
  }
  // Tells whether a raw string needs unescape().
  bool escaped(std::string_view raw) const { return escapes_ && std::memchr(raw.data(), '\\', raw.size()) != nullptr; }
  // Replaces the escapes of a raw string.
  bool unescape(std::string_view raw, std::string* out);
  // Takes a whole number within 64 bits. False without an error: the token is something else, and is not taken.
  bool take_integer(std::int64_t* out) {
    const char* p = here();
    const char* const end = base_ + end_;
    const bool negative = p < end && *p == '-';
    if (negative) ++p;
    const char* const digits = p;
    std::uint64_t value = 0;
    while (p < end && static_cast<unsigned char>(*p - '0') < 10)
      value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
    const std::ptrdiff_t count = p - digits;
    if (count == 0 || count > 18 || (*digits == '0' && count > 1) || !(p == end || ends_scalar(*p)))
      return take_long_integer(out);
    *out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    ++token_;
    return true;
  }
  // Takes a number of any form and gives its text.
  bool number(std::string_view* text);
  // Takes `true`, `false` or `null`.
  bool literal(std::string_view word);
  // Takes a value of any kind, checking all of it, and gives its text.
  bool value(std::string_view* text, int depth = 0);
  bool skip(int depth = 0);

  // Notes what is wrong at the token at hand; gives false. Only the first error counts.
  bool fail(const char* what);
  const std::string& error() const { return error_; }

 private:
  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':';
  }
  bool take_long_integer(std::int64_t* out);
  const char* number_end(const char* p) const;
  bool skip_object(int depth);
  bool skip_array(int depth);

  const char* base_;
  const std::uint32_t* token_;
  std::size_t begin_;
  std::uint32_t end_;
  bool escapes_;
  std::string error_;
  std::string scratch_;
};

}  // namespace sr::operators
