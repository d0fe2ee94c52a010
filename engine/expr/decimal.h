// Arithmetic of decimals: unscaled 128-bit integers with precision and scale, Spark's result types, 256-bit
// intermediates. Entry points: decimal_add … decimal_divide, rescale, result types. Tested in
// tests/unit/expr/decimal_test.cc.
#pragma once

#include <cstdint>

#include "engine/data/column.h"

namespace sr::expr {

// 10^n for 0 <= n <= 38.
Int128 power_of_ten(int n);

// Says whether a value has at most `precision` digits.
inline bool fits_precision(Int128 value, int precision) {
  const Int128 limit = power_of_ten(precision);
  return value < limit && value > -limit;
}

struct DecimalType {
  int precision = 0;
  int scale = 0;
};
enum class DecimalOp : std::uint8_t { add, subtract, multiply, divide, remainder };

// The result type of an operator; above 38 digits the scale is cut to 38 less the integer digits, but not below
// min(scale, 6).
DecimalType decimal_result(DecimalOp op, DecimalType a, DecimalType b);
// precision and scale brought within 38 digits.
DecimalType adjusted(int precision, int scale);

enum class Rounding : std::uint8_t { half_up, half_even, down, floor, ceiling };

// Brings a value from one scale to another. False where it leaves 38 digits.
bool rescale(Int128 value, int from_scale, int to_scale, Rounding rounding, Int128* out);

// The operands' scales and the result's type, known per call.
struct DecimalScales {
  int a = 0;
  int b = 0;
  DecimalType result;
};
// Each gives false where the result does not fit its type. Results are rounded half up. b of divide and remainder is
// not 0.
bool decimal_add(Int128 a, Int128 b, const DecimalScales& scales, Int128* out);
bool decimal_multiply(Int128 a, Int128 b, const DecimalScales& scales, Int128* out);
bool decimal_divide(Int128 a, Int128 b, const DecimalScales& scales, Int128* out);
bool decimal_remainder(Int128 a, Int128 b, const DecimalScales& scales, Int128* out);
// a div b, truncated.
bool decimal_whole_quotient(Int128 a, Int128 b, const DecimalScales& scales, std::int64_t* out);

// The double nearest to unscaled / 10^scale.
double decimal_to_double(Int128 unscaled, int scale);

}  // namespace sr::expr
