// Makes one-row columns of literals and reads numbers as FUNCTIONS of the language write them. Entry points: literal_*,
// number_literal. Tested in tests/unit/expr.
#include "engine/expr/literal.h"

#include <algorithm>
#include <charconv>
#include <memory>

namespace sr::expr {

namespace {

std::shared_ptr<Column> one_row(TypeRef type) {
  auto column = std::make_shared<Column>(std::move(type), 1);
  column->constant = true;
  return column;
}

template <class T>
ColumnRef literal_of(TypeRef type, T value) {
  auto column = one_row(std::move(type));
  column->make_values<T>(1)[0] = value;
  return column;
}

bool ends_with_letter(std::string_view text, char lower) {
  return !text.empty() && (text.back() | 0x20) == lower;
}

// Digits with at most one point, e.g. `12`, `.50`: the unscaled value, Spark's precision and scale.
struct PlainNumber {
  Int128 unscaled = 0;
  int digits = 0;  // without leading zeros
  int scale = 0;
  bool has_point = false;
  bool ok = true;
};

PlainNumber read_plain(std::string_view text) {
  PlainNumber number;
  for (const char c : text) {
    if (c == '.' && !number.has_point) {
      number.has_point = true;
    } else if (c >= '0' && c <= '9') {
      if (number.digits >= 38) {
        number.ok = false;
        return number;
      }
      number.unscaled = number.unscaled * 10 + (c - '0');
      if (number.unscaled != 0) ++number.digits;
      if (number.has_point) ++number.scale;
    } else {
      number.ok = false;
      return number;
    }
  }
  number.ok = number.scale <= 38;
  return number;
}

ColumnRef read_double(std::string_view digits, std::string_view shown, bool negative, std::string* problem) {
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code == std::errc::result_out_of_range) {
    *problem = "the number `" + std::string(shown) + "` does not fit a double";
    return nullptr;
  }
  if (code != std::errc() || end != digits.data() + digits.size()) {
    *problem = "`" + std::string(shown) + "` is not a number";
    return nullptr;
  }
  return literal_double(negative ? -value : value);
}

}  // namespace

ColumnRef literal_null() {
  return one_row(types::null());
}
ColumnRef literal_bool(bool value) {
  return literal_of<std::uint8_t>(types::boolean(), value ? 1 : 0);
}
ColumnRef literal_int(TypeRef type, std::int64_t value) {
  return literal_of(std::move(type), value);
}
ColumnRef literal_double(double value) {
  return literal_of(types::float64(), value);
}
ColumnRef literal_decimal(Int128 unscaled, int precision, int scale) {
  return literal_of(types::decimal(precision, scale), unscaled);
}

ColumnRef literal_text(TypeRef type, std::string_view text) {
  auto column = one_row(std::move(type));
  auto bytes = std::make_shared<const std::string>(text);
  column->make_values<Str>(1)[0] = Str(*bytes);
  if (text.size() > Str::kInline) column->holders.push_back(bytes);
  return column;
}

ColumnRef spread(const ColumnRef& literal, std::uint32_t rows) {
  if (literal->size == rows && literal->constant) return literal;
  auto column = std::make_shared<Column>(*literal);
  column->constant = true;
  column->size = rows;
  return column;
}

ColumnRef number_literal(std::string_view text, std::string* problem) {
  const std::string_view shown = text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool is_long = ends_with_letter(text, 'l');
  const bool is_double = ends_with_letter(text, 'd') && !ends_with_letter(text.substr(0, text.size() - 1), 'b');
  const bool is_decimal = ends_with_letter(text, 'd') && !is_double;
  std::string_view digits = text.substr(0, text.size() - (is_decimal ? 2 : is_long || is_double ? 1 : 0));
  const bool has_exponent = digits.find_first_of("eE") != std::string_view::npos;
  if (is_double || (has_exponent && !is_long && !is_decimal)) return read_double(digits, shown, negative, problem);
  PlainNumber number = read_plain(digits);
  if (digits.find_first_not_of("0123456789.") != std::string_view::npos || (is_long && number.has_point)) {
    *problem = "`" + std::string(shown) + "` is not a number";
    return nullptr;
  }
  const Int128 value = negative ? -number.unscaled : number.unscaled;
  const bool fits = value <= Int128{INT64_MAX} && value >= Int128{INT64_MIN};
  if (!number.ok || (is_long && !fits)) {
    *problem = "the number `" + std::string(shown) + "` does not fit " + (is_long ? "a bigint" : "38 digits");
    return nullptr;
  }
  if (!number.has_point && !is_decimal && fits) return literal_int(types::bigint(), static_cast<std::int64_t>(value));
  const int precision = std::max({number.digits, number.scale, 1});
  return literal_decimal(value, precision, number.scale);
}

}  // namespace sr::expr
