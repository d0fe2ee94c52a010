// Cutting texts at separators, the hot path of word counts: parts are views, found 16 bytes at a time. Entry point:
// Splitter. Knows nothing of calls and resolving. Tested in tests/unit/expr/split_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/data/column.h"
#include "engine/expr/functions/regex.h"

namespace sr::expr {

// The parts of many texts, one behind the other.
class Parts {
 public:
  // Makes room for about `count` parts.
  explicit Parts(std::size_t count) { views_.reserve(count * sizeof(Str)); }

  std::uint32_t size() const { return static_cast<std::uint32_t>(views_.size() / sizeof(Str)); }
  void push(Str view) {
    reserve(1);
    *next() = view;
    commit(1);
  }
  // Where the next parts go, behind reserve(count) and before commit(count).
  Str* next() { return reinterpret_cast<Str*>(views_.data() + views_.size()); }
  void reserve(std::size_t count) { views_.reserve(views_.size() + count * sizeof(Str)); }
  void commit(std::size_t count) { views_.resize(views_.size() + count * sizeof(Str)); }
  Vec<std::byte> take() { return std::move(views_); }

 private:
  Vec<std::byte> views_;
};

// A separator: a compiled pattern, or better what it comes to.
class Splitter {
 public:
  // Takes a regular expression; gives nullptr and fills *error if it is malformed.
  static std::shared_ptr<const Splitter> compile(std::string_view pattern, std::string* error);

  // Tells whether no text can fail.
  bool is_literal() const { return regex_ == nullptr; }
  // Appends the parts of a text by Java's rules, empty ones included; at most `limit` (all if it is <= 0), of which the
  // last has the rest. Gives nullptr or the message of a row error. `matcher` is the caller's slot for a matcher.
  const char* split(const Str& text, std::int64_t limit, Parts& parts, std::unique_ptr<Matcher>& matcher) const;

 private:
  const char* split_by_regex(std::string_view text, std::int64_t limit, Parts& parts,
                             std::unique_ptr<Matcher>& matcher) const;
  void split_by_literal(std::string_view text, std::int64_t limit, Parts& parts) const;

  std::string literal_;      // not empty: cut there
  bool characters_ = false;  // the empty pattern: every character is a part
  std::shared_ptr<const Regex> regex_;
};

}  // namespace sr::expr
