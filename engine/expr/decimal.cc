// Decimal arithmetic with 256-bit intermediates. Entry points: see decimal.h. Knows neither columns nor NULLs. Tested
// in tests/unit/expr/decimal_test.cc.
#include "engine/expr/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/data/codec.h"

namespace sr::expr {

namespace {

__extension__ typedef unsigned __int128 Uint128;

struct Uint256 {
  Uint128 high = 0;
  Uint128 low = 0;
};

constexpr std::array<Int128, 39> make_powers() {
  std::array<Int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Int128, 39> kPowers = make_powers();

Uint128 magnitude(Int128 value) {
  return value < 0 ? Uint128(0) - static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

Uint256 multiply(Uint128 a, Uint128 b) {
  const Uint128 mask = ~std::uint64_t{0};
  const Uint128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  const Uint128 low = a0 * b0;
  const Uint128 middle = a1 * b0 + (low >> 64);
  const Uint128 other = a0 * b1 + (middle & mask);
  return {a1 * b1 + (middle >> 64) + (other >> 64), (other << 64) | (low & mask)};
}

// Divides by a divisor of one word, limb by limb.
Uint256 divide_short(const Uint256& number, std::uint64_t divisor, Uint128* remainder) {
  const std::uint64_t limbs[4] = {static_cast<std::uint64_t>(number.high >> 64),
                                  static_cast<std::uint64_t>(number.high), static_cast<std::uint64_t>(number.low >> 64),
                                  static_cast<std::uint64_t>(number.low)};
  std::uint64_t quotient[4];
  Uint128 rest = 0;
  for (int i = 0; i < 4; ++i) {
    const Uint128 part = (rest << 64) | limbs[i];
    quotient[i] = static_cast<std::uint64_t>(part / divisor);
    rest = part % divisor;
  }
  *remainder = rest;
  return {(Uint128(quotient[0]) << 64) | quotient[1], (Uint128(quotient[2]) << 64) | quotient[3]};
}

// Divides by shifting; the divisor is below 2^127.
Uint256 divide(const Uint256& number, Uint128 divisor, Uint128* remainder) {
  if (number.high == 0) {
    *remainder = number.low % divisor;
    return {0, number.low / divisor};
  }
  if (divisor >> 64 == 0) return divide_short(number, static_cast<std::uint64_t>(divisor), remainder);
  Uint256 quotient;
  Uint128 rest = 0;
  for (int bit = 255; bit >= 0; --bit) {
    const Uint128 next = bit >= 128 ? (number.high >> (bit - 128)) & 1 : (number.low >> bit) & 1;
    rest = (rest << 1) | next;
    if (rest < divisor) continue;
    rest -= divisor;
    if (bit >= 128) {
      quotient.high |= Uint128(1) << (bit - 128);
    } else {
      quotient.low |= Uint128(1) << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

Uint256 add_one(Uint256 value) {
  if (++value.low == 0) ++value.high;
  return value;
}

Uint256 add(const Uint256& a, const Uint256& b) {
  Uint256 sum{a.high + b.high, a.low + b.low};
  if (sum.low < a.low) ++sum.high;
  return sum;
}

bool less(const Uint256& a, const Uint256& b) {
  return a.high != b.high ? a.high < b.high : a.low < b.low;
}

Uint256 subtract(const Uint256& a, const Uint256& b) {
  return {a.high - b.high - (a.low < b.low ? 1 : 0), a.low - b.low};
}

// left / right, truncated, bit by bit; both are below 2^254.
Uint256 divide_wide(const Uint256& left, const Uint256& right) {
  if (right.high == 0 && right.low >> 127 == 0) {
    Uint128 rest = 0;
    return divide(left, right.low, &rest);
  }
  Uint256 quotient, rest;
  for (int bit = 255; bit >= 0; --bit) {
    const Uint128 next = bit >= 128 ? (left.high >> (bit - 128)) & 1 : (left.low >> bit) & 1;
    rest = {(rest.high << 1) | (rest.low >> 127), (rest.low << 1) | next};
    quotient = {(quotient.high << 1) | (quotient.low >> 127), quotient.low << 1};
    if (less(rest, right)) continue;
    rest = subtract(rest, right);
    quotient.low |= 1;
  }
  return quotient;
}

// number / 10^digits rounded half up, with a sign; false beyond the precision.
bool settle(const Uint256& number, int digits, bool negative, int precision, Int128* out) {
  Uint256 value = number;
  if (digits > 0) {
    const Uint128 divisor = static_cast<Uint128>(kPowers[static_cast<std::size_t>(digits)]);
    Uint128 rest = 0;
    value = divide(number, divisor, &rest);
    if (rest >= divisor - rest) value = add_one(value);
  }
  if (value.high != 0 || value.low >= static_cast<Uint128>(kPowers[static_cast<std::size_t>(precision)])) return false;
  *out = negative ? -static_cast<Int128>(value.low) : static_cast<Int128>(value.low);
  return true;
}

bool add_wide(Int128 a, Int128 b, const DecimalScales& scales, Int128* out) {
  const int scale = std::max(scales.a, scales.b);
  const Uint256 left = multiply(magnitude(a), static_cast<Uint128>(power_of_ten(scale - scales.a)));
  const Uint256 right = multiply(magnitude(b), static_cast<Uint128>(power_of_ten(scale - scales.b)));
  const int cut = scale - scales.result.scale;
  if ((a < 0) == (b < 0)) return settle(add(left, right), cut, a < 0, scales.result.precision, out);
  const bool larger_right = less(left, right);
  const Uint256 difference = larger_right ? subtract(right, left) : subtract(left, right);
  return settle(difference, cut, larger_right ? b < 0 : a < 0, scales.result.precision, out);
}

}  // namespace

Int128 power_of_ten(int n) {
  return kPowers[static_cast<std::size_t>(n)];
}

DecimalType adjusted(int precision, int scale) {
  if (precision <= 38) return {std::max(precision, 1), scale};
  const int whole = precision - scale;
  return {38, std::max(38 - whole, std::min(scale, 6))};
}

DecimalType decimal_result(DecimalOp op, DecimalType a, DecimalType b) {
  const int whole_a = a.precision - a.scale, whole_b = b.precision - b.scale;
  const int scale = std::max(a.scale, b.scale);
  switch (op) {
    case DecimalOp::add:
    case DecimalOp::subtract:
      return adjusted(std::max(whole_a, whole_b) + scale + 1, scale);
    case DecimalOp::multiply:
      return adjusted(a.precision + b.precision + 1, a.scale + b.scale);
    case DecimalOp::divide: {
      const int quotient_scale = std::max(6, a.scale + b.precision + 1);
      return adjusted(whole_a + b.scale + quotient_scale, quotient_scale);
    }
    case DecimalOp::remainder:
      return adjusted(std::min(whole_a, whole_b) + scale, scale);
  }
  return a;
}

bool rescale(Int128 value, int from_scale, int to_scale, Rounding rounding, Int128* out) {
  if (to_scale >= from_scale) return !__builtin_mul_overflow(value, power_of_ten(to_scale - from_scale), out);
  const int digits = from_scale - to_scale;
  if (digits > 38) {
    const bool up = (rounding == Rounding::ceiling && value > 0), down = rounding == Rounding::floor && value < 0;
    *out = up ? 1 : down ? -1 : 0;
    return true;
  }
  const Int128 unit = power_of_ten(digits);
  Int128 quotient = value / unit;
  const Int128 rest = value % unit;
  const Uint128 size = magnitude(rest), half = static_cast<Uint128>(unit) / 2;
  bool away = false;
  switch (rounding) {
    case Rounding::half_up:
      away = size >= half;
      break;
    case Rounding::half_even:
      away = size > half || (size == half && quotient % 2 != 0);
      break;
    case Rounding::down:
      break;
    case Rounding::floor:
      away = rest < 0;
      break;
    case Rounding::ceiling:
      away = rest > 0;
      break;
  }
  if (away) quotient += value < 0 ? -1 : 1;
  *out = quotient;
  return true;
}

bool decimal_add(Int128 a, Int128 b, const DecimalScales& scales, Int128* out) {
  const int scale = std::max(scales.a, scales.b);
  if (scale == scales.result.scale) {
    Int128 left, right;
    const bool wide = __builtin_mul_overflow(a, power_of_ten(scale - scales.a), &left) ||
                      __builtin_mul_overflow(b, power_of_ten(scale - scales.b), &right) ||
                      __builtin_add_overflow(left, right, out);
    if (!wide) return fits_precision(*out, scales.result.precision);
  }
  return add_wide(a, b, scales, out);
}

bool decimal_multiply(Int128 a, Int128 b, const DecimalScales& scales, Int128* out) {
  const int cut = scales.a + scales.b - scales.result.scale;
  if (cut == 0 && !__builtin_mul_overflow(a, b, out)) return fits_precision(*out, scales.result.precision);
  return settle(multiply(magnitude(a), magnitude(b)), cut, (a < 0) != (b < 0), scales.result.precision, out);
}

bool decimal_divide(Int128 a, Int128 b, const DecimalScales& scales, Int128* out) {
  int digits = scales.result.scale + scales.b - scales.a;  // never negative: see decimal_result
  const Uint128 divisor = magnitude(b);
  const Uint128 limit = static_cast<Uint128>(power_of_ten(scales.result.precision));
  Uint128 rest = magnitude(a) % divisor;
  Uint256 quotient{0, magnitude(a) / divisor};
  while (digits > 0) {
    const int step = std::min(digits, 38);
    const Uint256 part = divide(multiply(rest, static_cast<Uint128>(power_of_ten(step))), divisor, &rest);
    if (quotient.high != 0) return false;
    quotient = add(multiply(quotient.low, static_cast<Uint128>(power_of_ten(step))), part);
    digits -= step;
  }
  if (rest >= divisor - rest) quotient = add_one(quotient);
  if (quotient.high != 0 || quotient.low >= limit) return false;
  *out = (a < 0) != (b < 0) ? -static_cast<Int128>(quotient.low) : static_cast<Int128>(quotient.low);
  return true;
}

bool decimal_remainder(Int128 a, Int128 b, const DecimalScales& scales, Int128* out) {
  const int scale = std::max(scales.a, scales.b);
  Int128 left, right;
  if (__builtin_mul_overflow(b, power_of_ten(scale - scales.b), &right)) {
    *out = a;  // the divisor is larger than any dividend of this scale
  } else if (!__builtin_mul_overflow(a, power_of_ten(scale - scales.a), &left)) {
    *out = right == -1 ? 0 : left % right;
  } else {
    Uint128 rest = 0;
    divide(multiply(magnitude(a), static_cast<Uint128>(power_of_ten(scale - scales.a))), magnitude(right), &rest);
    *out = a < 0 ? -static_cast<Int128>(rest) : static_cast<Int128>(rest);
  }
  if (scale != scales.result.scale && !rescale(*out, scale, scales.result.scale, Rounding::half_up, out)) return false;
  return fits_precision(*out, scales.result.precision);
}

bool decimal_whole_quotient(Int128 a, Int128 b, const DecimalScales& scales, std::int64_t* out) {
  const int scale = std::max(scales.a, scales.b);
  const Uint256 left = multiply(magnitude(a), static_cast<Uint128>(power_of_ten(scale - scales.a)));
  const Uint256 right = multiply(magnitude(b), static_cast<Uint128>(power_of_ten(scale - scales.b)));
  const Uint256 quotient = divide_wide(left, right);
  const bool negative = (a < 0) != (b < 0);
  if (quotient.high != 0 || quotient.low > static_cast<Uint128>(INT64_MAX) + (negative ? 1 : 0)) return false;
  *out = static_cast<std::int64_t>(negative ? -static_cast<Int128>(quotient.low) : static_cast<Int128>(quotient.low));
  return true;
}

double decimal_to_double(Int128 unscaled, int scale) {
  constexpr Int128 kExact = Int128{1} << 53;
  if (unscaled <= kExact && unscaled >= -kExact && scale <= 22) {
    return static_cast<double>(static_cast<std::int64_t>(unscaled)) / static_cast<double>(power_of_ten(scale));
  }
  TextBuffer text;
  write_decimal(text, unscaled, scale);
  double value = 0;
  std::from_chars(text.view().data(), text.view().data() + text.size(), value);
  return value;
}

}  // namespace sr::expr
