// Paths into JSON text such as `$.a.b[0]`, `$['a b']`, `$.list[*].name`. Tested in tests/unit/expr/json_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sr::expr {

class JsonReader;

class JsonPath {
 public:
  // Gives nullptr if the text is no path.
  static std::shared_ptr<const JsonPath> compile(std::string_view text);

  // Appends what the path leads to: the characters of a text, other values as compact JSON. False for nothing, a JSON
  // null or text that is no JSON.
  bool find(std::string_view json, std::string& out) const;

 private:
  struct Step {
    enum class Kind : unsigned char { member, any_member, element, any_element };
    Kind kind = Kind::member;
    std::string name;
    std::size_t index = 0;
  };
  // How values are written: a text bare, or everything as JSON.
  enum class Style : unsigned char { bare, json };
  enum class Found : unsigned char { yes, no, broken };

  Found follow(JsonReader& reader, std::size_t step, Style style, std::string& out) const;
  Found members(JsonReader& reader, std::size_t step, Style style, std::string& out) const;
  Found element(JsonReader& reader, std::size_t step, Style style, std::string& out) const;
  Found all_elements(JsonReader& reader, std::size_t step, std::string& out) const;
  static Found take(JsonReader& reader, Style style, std::string& out);

  std::vector<Step> steps_;
};

}  // namespace sr::expr
