// JsonCursor: walks over the tokens of one JSON text and checks its grammar (RFC 8259) as it goes, also of what is only
// skipped. Tokens come from a JsonIndex. Knows nothing of columns. Tested in tests/unit/operators/json_format_test.cc.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sr::operators {

// Eight ASCII digits, the first in the lowest byte, as a number. Source: D. Lemire, "Quickly parsing eight digits".
inline std::uint64_t eight_digits(std::uint64_t text) {
  text -= 0x3030303030303030;
  text = text * 10 + (text >> 8);
  return (((text & 0x000000FF000000FF) * 0x000F424000000064) +
          (((text >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >>
         32;
}
inline bool all_digits(std::uint64_t text) {
  return ((text & 0xF0F0F0F0F0F0F0F0) | (((text + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) ==
         0x3333333333333333;
}

// What a cursor notes; kept outside of it, so that a cursor costs nothing to make.
struct JsonNotes {
  std::string error;    // the first one
  std::string scratch;  // of strings that are only checked
};

class JsonCursor {
 public:
  // Walks over text[begin, end) of an indexed text with 64 readable bytes behind it; `token` is the first index at or
  // behind `begin`. `escapes`: there may be backslashes. `notes` outlives the cursor.
  struct Place {
    std::size_t begin;
    std::size_t end;
    bool escapes;
  };
  JsonCursor(std::string_view text, const std::uint32_t* token, const Place& place, JsonNotes& notes)
      : base_(text.data()),
        token_(token),
        begin_(place.begin),
        end_(static_cast<std::uint32_t>(place.end)),
        escapes_(place.escapes),
        notes_(&notes) {}

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
  // Takes a string without escapes, the usual case. False: it is another one, or none, and is not taken.
  bool take_plain_string(std::string_view* raw) {
    const char* const from = here();
    const char* const to = base_ + (token_[1] < end_ ? token_[1] : end_) - 1;
    if (*token_ >= end_ || *from != '"' || *to != '"' || to == from) return false;
    *raw = {from + 1, static_cast<std::size_t>(to - from - 1)};
    if (escaped(*raw)) return false;
    ++token_;
    return true;
  }
  // Replaces the escapes of a raw string.
  bool unescape(std::string_view raw, std::string* out);
  // Takes a whole number within 64 bits. False without an error: the token is something else, and is not taken.
  bool take_integer(std::int64_t* out) {
    const char* const from = here();
    const bool negative = *from == '-';
    const char* const digits = from + (negative ? 1 : 0);
    const char* to = base_ + (token_[1] < end_ ? token_[1] : end_);
    const std::size_t size = static_cast<std::size_t>(to - digits);
    if (size - 1 < 8 && (*digits != '0' || size == 1) && *token_ < end_) {
      const std::uint64_t text = padded_digits(digits, size);
      if (all_digits(text)) {
        const std::int64_t value = static_cast<std::int64_t>(eight_digits(text));
        *out = negative ? -value : value;
        ++token_;
        return true;
      }
    }
    return take_long_integer(out);
  }
  // Takes the name that is expected, with its colon. `name` has the closing quote, and zeros behind it up to whole
  // words.
  template <class Name>
  bool take_name(const Name& name) {
    if (token_[1] >= end_ || base_[token_[1]] != ':' || base_[*token_] != '"' || !name.is_at(base_ + *token_ + 1))
      return false;
    token_ += 2;
    return true;
  }
  // Takes a number of any form and gives its text.
  bool number(std::string_view* text);
  // Takes `true`, `false` or `null`.
  bool literal(std::string_view word);
  // Takes a value of any kind, checking all of it, and gives its text.
  bool value(std::string_view* text, int depth = 0);
  // The same without its text.
  bool skip(int depth = 0) {
    std::int64_t number;
    std::string_view text;
    switch (peek()) {
      case '"':
        return raw_string(&text) && (!escaped(text) || unescape(text, &notes_->scratch));
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9':
        return take_integer(&number) || this->number(&text);
      default:
        return skip_other(depth);
    }
  }

  // Notes what is wrong at the token at hand; gives false. Only the first error counts.
  bool fail(const char* what);
  const std::string& error() const { return notes_->error; }

 private:
  // The digits with zeros before them, as text; size is 1 to 8.
  static std::uint64_t padded_digits(const char* digits, std::size_t size) {
    std::uint64_t text;
    std::memcpy(&text, digits, 8);
    const unsigned unused = static_cast<unsigned>(8 - size) * 8;
    return unused == 0 ? text : text << unused | 0x3030303030303030 >> (64 - unused);
  }
  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':';
  }
  bool take_long_integer(std::int64_t* out);
  const char* number_end(const char* p) const;
  bool skip_other(int depth);
  bool skip_object(int depth);
  bool skip_array(int depth);

  const char* base_;
  const std::uint32_t* token_;
  std::size_t begin_;
  std::uint32_t end_;
  bool escapes_;
  JsonNotes* notes_;
};

}  // namespace sr::operators
