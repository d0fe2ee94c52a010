// A compiled pattern of `like`. Entry point: LikePattern::compile. Knows nothing of columns. Tested in
// tests/unit/expr/like_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sr::expr {

class LikePattern {
 public:
  // Reads a pattern; nothing if an escape stands before something else than %, _ or itself.
  static std::optional<LikePattern> compile(std::string_view pattern, char32_t escape, bool ignore_case);

  // Says whether the whole text matches.
  bool matches(std::string_view text) const;

 private:
  enum class Kind : char { byte, character, run };
  struct Element {
    Kind kind;
    char byte = 0;
  };
  enum class Shape : char { exact, prefix, suffix, inside, general };

  void classify();
  bool matches_general(std::string_view text) const;

  std::vector<Element> elements_;
  std::string literal_;  // of every shape but general
  Shape shape_ = Shape::general;
  bool ignore_case_ = false;
};

// The only character of a text, if it has just one.
std::optional<char32_t> single_character(std::string_view text);

}  // namespace sr::expr
