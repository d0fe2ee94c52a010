// sum and avg of decimals: added in 192 bits, so that only the result can overflow; sum(p+10,s), avg(p+4,s+4) rounded
// half up, both within 38 digits.
#include <algorithm>

#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr int kMaxDigits = 38;

// A 192-bit two's complement sum of unscaled values, and how many it has.
struct WideSum {
  std::uint64_t words[3];  // least significant first
  std::int64_t count;
};

void add_words(std::uint64_t (&to)[3], const std::uint64_t (&from)[3]) {
  Uint128 carry = 0;
  for (int i = 0; i < 3; ++i) {
    carry += static_cast<Uint128>(to[i]) + from[i];
    to[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

void negate_words(std::uint64_t (&words)[3]) {
  Uint128 carry = 1;
  for (std::uint64_t& word : words) {
    carry += static_cast<std::uint64_t>(~word);
    word = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

Int128 power_of_ten(int digits) {
  Int128 power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  return power;
}

bool fits(Int128 value, int precision) {
  const Int128 bound = power_of_ten(precision);
  return value < bound && value > -bound;
}

struct SumDecimal {
  using State = WideSum;
  using Value = Int128;
  using Result = Int128;

  int precision = kMaxDigits;  // of the result
  int extra_digits = 0;        // avg: scale of the result less that of the argument

  void add(State& state, Int128 value) const {
    const std::uint64_t words[3] = {static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64),
                                    value < 0 ? ~std::uint64_t{0} : 0};
    add_words(state.words, words);
    ++state.count;
  }
  void merge(State& state, const State& other) const {
    add_words(state.words, other.words);
    state.count += other.count;
  }
  void subtract(State& state, const State& other) const {
    State negative = other;
    negate_words(negative.words);
    add_words(state.words, negative.words);
    state.count -= other.count;
  }
  Finished finish(const State& state, Int128& result) const {
    if (state.count == 0) return Finished::null;
    const Int128 total = static_cast<Int128>((static_cast<Uint128>(state.words[1]) << 64) | state.words[0]);
    const std::uint64_t sign = total < 0 ? ~std::uint64_t{0} : 0;
    if (state.words[2] != sign || !fits(total, precision)) return Finished::overflow;
    result = total;
    return Finished::value;
  }
};

struct AverageDecimal : SumDecimal {
  // |sum| × 10^extra / count, half up, by long division over 64-bit words.
  Finished finish(const State& state, Int128& result) const {
    if (state.count == 0) return Finished::null;
    std::uint64_t words[3] = {state.words[0], state.words[1], state.words[2]};
    const bool negative = static_cast<std::int64_t>(words[2]) < 0;
    if (negative) negate_words(words);
    std::uint64_t scaled[4];
    Uint128 carry = 0;
    const auto factor = static_cast<std::uint64_t>(power_of_ten(extra_digits));
    for (int i = 0; i < 3; ++i) {
      carry += static_cast<Uint128>(words[i]) * factor;
      scaled[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    scaled[3] = static_cast<std::uint64_t>(carry);
    const auto divisor = static_cast<std::uint64_t>(state.count);
    Uint128 rest = 0;
    for (int i = 3; i >= 0; --i) {
      const Uint128 part = (rest << 64) | scaled[i];
      scaled[i] = static_cast<std::uint64_t>(part / divisor);
      rest = part % divisor;
    }
    const Uint128 quotient = ((static_cast<Uint128>(scaled[1]) << 64) | scaled[0]) + (rest * 2 >= divisor ? 1 : 0);
    if (scaled[3] != 0 || scaled[2] != 0 || quotient >= static_cast<Uint128>(power_of_ten(precision))) {
      return Finished::overflow;
    }
    result = negative ? -static_cast<Int128>(quotient) : static_cast<Int128>(quotient);
    return Finished::value;
  }
};

constexpr AggregateTraits kExactSum{.invertible = true, .order_free = true};

TypeRef same_decimal(const Type& type) {
  return types::decimal(type.precision, type.scale);
}

}  // namespace

bool resolve_decimal_sum(const Type& argument, ResolvedAggregate* out) {
  const int precision = std::min(kMaxDigits, argument.precision + 10);
  const TypeRef result = types::decimal(precision, argument.scale);
  SumDecimal rule;
  rule.precision = precision;
  return set_aggregate<FoldStates<SumDecimal>>(out, result, {same_decimal(argument)}, kExactSum, result, rule);
}

bool resolve_decimal_average(const Type& argument, ResolvedAggregate* out) {
  const int precision = std::min(kMaxDigits, argument.precision + 4);
  const int scale = std::min(precision, argument.scale + 4);
  const TypeRef result = types::decimal(precision, scale);
  AverageDecimal rule;
  rule.precision = precision;
  rule.extra_digits = scale - argument.scale;
  return set_aggregate<FoldStates<AverageDecimal>>(out, result, {same_decimal(argument)}, kExactSum, result, rule);
}

}  // namespace sr::expr
