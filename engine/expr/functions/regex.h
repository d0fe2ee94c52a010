// Regular expressions: compiled patterns and matchers with finite limits, so that a hostile pattern fails its row
// instead of hanging. The only files of the project that know PCRE2 are this and regex.cc. Tested in
// tests/unit/expr/regex_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/expr/resolve.h"

namespace sr::expr {

// A compiled pattern: `\d \w \s` are ASCII, `.` is no line end, texts are UTF-8. Immutable; any thread.
class Regex {
 public:
  // Gives nullptr and fills *error if the pattern is malformed.
  static std::shared_ptr<const Regex> compile(std::string_view pattern, std::string* error);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // The number of groups, without the whole match.
  std::uint32_t groups() const { return groups_; }
  // The number of a named group; -1 if there is none.
  int group_named(const std::string& name) const;
  // The text, if the pattern matches one text only.
  const std::optional<std::string>& literal() const { return literal_; }

  // The library's form; for Matcher alone.
  struct Code;
  const Code& code() const { return *code_; }

 private:
  Regex() = default;

  std::unique_ptr<Code> code_;
  std::uint32_t groups_ = 0;
  std::optional<std::string> literal_;
};

// Gives the text of a pattern that matches one text only: no operators, escapes of signs (`\.`) and classes of one
// character (`[.]`) resolved.
std::optional<std::string> literal_of_pattern(std::string_view pattern);

// Finds the matches of one pattern in texts. One thread at a time; cheap enough to make one per kernel call.
class Matcher {
 public:
  explicit Matcher(const Regex& regex);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // Finds the first match at or behind byte `from` (<= text.size()).
  bool find(std::string_view text, std::size_t from);
  // Says why the last find gave up (a limit), else nullptr. It is a row error.
  const char* error() const { return error_; }
  std::size_t begin() const;
  std::size_t end() const;
  // The text of a group of the last match; nothing if it took no part.
  std::optional<std::string_view> group(std::uint32_t index) const;

 private:
  struct Data;
  const Regex& regex_;
  std::unique_ptr<Data> data_;
  std::string_view text_;
  const char* error_ = nullptr;
};

// The next place to search behind a match, as in Java: behind its end, and one character further if it was empty.
std::size_t next_search(std::string_view text, std::size_t begin, std::size_t end);

// The patterns of one kernel call: the constant one that resolve() compiled, or those of a column, compiled once each.
class Patterns {
 public:
  // `prepared` may be null.
  Patterns(const Regex* prepared, const Column& column) : prepared_(prepared), column_(column) {}
  // Gives the matcher for a row, or nullptr and fills *error.
  Matcher* at(std::uint32_t row, std::string* error);
  const Regex& regex() const { return *regex_; }  // of the last row

 private:
  struct Entry {
    std::shared_ptr<const Regex> regex;
    std::unique_ptr<Matcher> matcher;
    std::string error;
  };
  const Regex* prepared_;
  const Column& column_;
  const Regex* regex_ = nullptr;
  std::unique_ptr<Matcher> matcher_;
  std::map<std::string, Entry, std::less<>> cache_;
};

// Compiles the argument into call->prepared if it is constant; false blames it.
bool prepare_pattern(const ResolveInput& input, std::size_t index, ResolvedCall* call, ResolveError* error);

}  // namespace sr::expr
