// Formats such as `%s=%05d %.2f`, by the rules of Java's Formatter. Tested in tests/unit/expr/format_string_test.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/column.h"

namespace sr::expr {

class TextFormat {
 public:
  // Gives nullptr and fills *error if the format is malformed.
  static std::shared_ptr<const TextFormat> compile(std::string_view format, std::string* error);

  // Says what is wrong with arguments of these types: too few, or a conversion that does not take one. Empty: nothing.
  std::string check(const std::vector<TypeRef>& types) const;
  // Appends the text for one row; `args` are of types that check() took.
  void write(std::string& out, std::span<const ColumnRef> args, std::uint32_t row) const;

 private:
  struct Item {
    std::string literal = {};  // written before the conversion
    char conversion = '\0';    // 's', 'd', 'x', 'o', 'f', 'e', 'g', 'b', 'c'; '\0': none
    bool upper = false;
    bool left = false, plus = false, space = false, zero = false, comma = false, parenthesis = false, alternate = false;
    int width = -1;
    int precision = -1;
    std::size_t argument = 0;
  };
  class Compiler;

  static void write_value(std::string& out, const Item& item, const Column& column, std::uint32_t row);
  static std::string whole(const Item& item, const Column& column, std::uint32_t row);
  static std::string real(const Item& item, const Column& column, std::uint32_t row);
  static std::string general(const Item& item, const Column& column, std::uint32_t row);
  static std::string with_sign(const Item& item, bool negative, std::string digits);

  std::vector<Item> items_;
};

}  // namespace sr::expr
