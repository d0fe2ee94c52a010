// Reading numbers and booleans from text by Spark's cast rules. Dates and times are in codec_parse_time.cc.
// Entry points: parse_bigint, parse_double, parse_boolean, parse_decimal. Tested in
// tests/unit/data/codec_parse_test.cc.
#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/data/codec.h"
#include "engine/data/trim.h"

namespace sr {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != word[i]) return false;
  }
  return true;
}

// A number's text taken apart: digits (with at most one point among them), and the power of ten behind `e`.
struct Number {
  bool negative = false;
  std::string_view mantissa;  // digits and at most one point; at least one digit
  std::int64_t exponent = 0;  // of the text; clamped to ±10^9
};

bool take_apart(std::string_view text, Number* out) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    out->negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::size_t i = 0;
  int digits = 0;
  int points = 0;
  for (; i < text.size() && (is_digit(text[i]) || text[i] == '.'); ++i) text[i] == '.' ? ++points : ++digits;
  if (digits == 0 || points > 1) return false;
  out->mantissa = text.substr(0, i);
  if (i == text.size()) return true;
  if ((text[i] | 0x20) != 'e') return false;
  bool negative = false;
  if (++i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  if (i == text.size()) return false;
  for (; i < text.size(); ++i) {
    if (!is_digit(text[i])) return false;
    out->exponent = std::min<std::int64_t>(out->exponent * 10 + (text[i] - '0'), 1'000'000'000);
  }
  if (negative) out->exponent = -out->exponent;
  return true;
}

// The significant digits of a mantissa and how many of its digits stand behind the point.
struct Digits {
  std::string_view text;  // from the first digit that is not 0; may hold the point
  std::int64_t count = 0;
  std::int64_t behind_point = 0;
};

Digits significant(std::string_view mantissa) {
  Digits out;
  const std::size_t point = mantissa.find('.');
  if (point != std::string_view::npos) out.behind_point = static_cast<std::int64_t>(mantissa.size() - point - 1);
  std::size_t first = 0;
  while (first < mantissa.size() && (mantissa[first] == '0' || mantissa[first] == '.')) ++first;
  out.text = mantissa.substr(first);
  out.count = static_cast<std::int64_t>(out.text.size()) - (point != std::string_view::npos && point >= first ? 1 : 0);
  return out;
}

Int128 power_of_ten(int exponent) {
  Int128 value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

// Takes the first `keep` digits, rounds by the next one, and appends `zeros` zeros. keep + zeros <= 38.
Int128 scaled_value(std::string_view digits, std::int64_t keep, std::int64_t zeros) {
  Int128 value = 0;
  std::int64_t taken = 0;
  for (const char c : digits) {
    if (c == '.') continue;
    if (taken == keep) {
      if (c >= '5') ++value;
      break;
    }
    value = value * 10 + (c - '0');
    ++taken;
  }
  return value * power_of_ten(static_cast<int>(zeros));
}

}  // namespace

bool parse_bigint(std::string_view text, std::int64_t* out) {
  text = trim(text);
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool parse_double(std::string_view text, double* out) {
  text = trim(text);
  Number number;
  if (!take_apart(text, &number)) {
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
      negative = text[0] == '-';
      text.remove_prefix(1);
    }
    double value = 0;
    if (same_word(text, "nan"))
      value = std::numeric_limits<double>::quiet_NaN();
    else if (same_word(text, "inf") || same_word(text, "infinity"))
      value = std::numeric_limits<double>::infinity();
    else
      return false;
    *out = negative ? -value : value;
    return true;
  }
  if (text[0] == '+' || text[0] == '-') text.remove_prefix(1);
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc::result_out_of_range) {
    const Digits digits = significant(number.mantissa);
    const bool large = digits.count - digits.behind_point + number.exponent > 0;
    value = large ? std::numeric_limits<double>::infinity() : 0;
  }
  *out = number.negative ? -value : value;
  return true;
}

bool parse_boolean(std::string_view text, bool* out) {
  text = trim(text);
  for (const std::string_view word : {"t", "true", "y", "yes"}) {
    if (same_word(text, word)) return *out = true, true;
  }
  for (const std::string_view word : {"f", "false", "n", "no"}) {
    if (same_word(text, word)) return *out = false, true;
  }
  if (text != "1" && text != "0") return false;
  *out = text == "1";
  return true;
}

DecimalParse parse_decimal(std::string_view text, int precision, int scale, Int128* out) {
  Number number;
  if (!take_apart(trim(text), &number)) return DecimalParse::malformed;
  const Digits digits = significant(number.mantissa);
  *out = 0;
  if (digits.count == 0) return DecimalParse::ok;
  const std::int64_t shift = number.exponent - digits.behind_point + scale;
  const std::int64_t keep = std::min(digits.count, digits.count + shift);
  if (keep < 0) return DecimalParse::ok;
  const std::int64_t zeros = std::max<std::int64_t>(shift, 0);
  if (keep + zeros > 38) return DecimalParse::overflow;
  const Int128 value = scaled_value(digits.text, keep, zeros);
  if (value >= power_of_ten(precision)) return DecimalParse::overflow;
  *out = number.negative ? -value : value;
  return DecimalParse::ok;
}

}  // namespace sr
