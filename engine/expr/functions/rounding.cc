// round and bround: half away from zero and half to even; a double is rounded by its shortest decimal form. Entry
// point: register_rounding. Tested in tests/unit/expr/numbers_test.cc.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "engine/expr/decimal.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

struct Places {
  int scale = 0;
  Rounding rounding = Rounding::half_up;
};

constexpr int kFarthestScale = 400;  // beyond any double's digits

// Whether digits[0..keep) must grow by one unit, given those behind.
bool rounds_away(const char* digits, int count, int keep, Rounding rounding) {
  if (digits[keep] != '5') return digits[keep] > '5';
  if (rounding == Rounding::half_up) return true;
  const bool exact_half = std::all_of(digits + keep + 1, digits + count, [](char c) { return c == '0'; });
  return !exact_half || (keep > 0 && (digits[keep - 1] - '0') % 2 != 0);
}

double round_double(double value, const Places& places) {
  if (!std::isfinite(value) || value == 0) return value == 0 ? 0.0 : value;
  char text[40];
  const char* const end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const char* const mark = std::find(text, const_cast<char*>(end), 'e');
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  char digits[24];
  int count = 0;
  for (const char* c = text; c != mark; ++c) {
    if (*c != '.') digits[count++] = *c;
  }
  const int keep = exponent + 1 + places.scale;
  if (keep >= count) return value;
  if (keep < 0) return 0.0;
  bool carry = rounds_away(digits, count, keep, places.rounding);
  for (int i = keep - 1; carry && i >= 0; --i) {
    carry = digits[i] == '9';
    digits[i] = carry ? '0' : static_cast<char>(digits[i] + 1);
  }
  char out[48];
  char* to = out;
  if (carry) *to++ = '1';
  std::memcpy(to, digits, static_cast<std::size_t>(keep));
  to += keep;
  if (to == out) return 0.0;
  *to++ = 'e';
  to = std::to_chars(to, out + sizeof out, -places.scale).ptr;
  double result = 0;
  std::from_chars(out, to, result);
  return value < 0 && result != 0 ? -result : result;
}

const Places& places_of(const CallContext& context) {
  return *static_cast<const Places*>(context.prepared);
}

std::shared_ptr<Column> round_doubles(const CallContext& context, Args args) {
  const Places& places = places_of(context);
  return map_values<double, double>(context, args, [&](double value) { return round_double(value, places); });
}

std::shared_ptr<Column> round_ints(const CallContext& context, Args args) {
  const Places& places = places_of(context);
  if (places.scale >= 0) return std::make_shared<Column>(*args[0]);
  return map_checked<std::int64_t, std::int64_t>(context, args, [&](std::int64_t value, std::int64_t& out) {
    Int128 rounded = 0;
    const int digits = std::min(-places.scale, 30);
    rescale(value, digits, 0, places.rounding, &rounded);
    rounded *= digits > 19 ? 1 : power_of_ten(digits);
    out = static_cast<std::int64_t>(rounded);
    return rounded > INT64_MAX || rounded < INT64_MIN ? "bigint overflow" : nullptr;
  });
}

std::shared_ptr<Column> round_decimals(const CallContext& context, Args args) {
  const Places& places = places_of(context);
  const int scale = args[0]->type->scale, to_scale = context.result->scale, precision = context.result->precision;
  return map_checked<Int128, Int128>(context, args, [&](Int128 value, Int128& out) {
    if (places.scale >= 0) {
      const bool fits = rescale(value, scale, to_scale, places.rounding, &out) && fits_precision(out, precision);
      return fits ? nullptr : "decimal overflow";
    }
    const int tens = std::min(-places.scale, 38);
    rescale(value, scale + tens, 0, places.rounding, &out);
    const bool overflow = __builtin_mul_overflow(out, power_of_ten(tens), &out);
    return !overflow && fits_precision(out, precision) ? nullptr : "decimal overflow";
  });
}

// One more digit may be needed before the point: round(9.9) is 10.
TypeRef rounded_decimal(const Type& type, int scale) {
  const int whole = type.precision - type.scale + 1;
  if (scale < 0) return types::decimal(std::min(std::max(whole, -scale + 1), 38), 0);
  const int kept = std::min<int>(type.scale, scale);
  return types::decimal(std::min(whole + kept, 38), kept);
}

bool resolve_round(Rounding rounding, const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  TypeRef type = input.types[0];
  if (type->id == TypeId::null || type->id == TypeId::variant) type = types::float64();
  if (!type->is_number()) return refuse(error, 0, "expected a number, got " + type->name());
  std::int64_t scale = 0;
  if (input.types.size() == 2) {
    const std::optional<std::int64_t> constant = constant_int(input, 1);
    if (!constant && input.types[1]->id != TypeId::null) return refuse(error, 1, "expected a constant bigint");
    scale = constant.value_or(0);
  }
  scale = std::clamp<std::int64_t>(scale, -kFarthestScale, kFarthestScale);
  call->params.assign(input.types.size(), nullptr);
  call->params[0] = type;
  if (type->id == TypeId::float64) {
    set_call(call, type, round_doubles);
  } else if (type->id == TypeId::bigint) {
    set_call(call, type, round_ints, {.can_fail = scale < 0});
  } else {
    set_call(call, rounded_decimal(*type, static_cast<int>(scale)), round_decimals, kFails);
  }
  call->prepared = std::make_shared<const Places>(Places{static_cast<int>(scale), rounding});
  return true;
}

std::shared_ptr<Column> rint_double(const CallContext& context, Args args) {
  return map_dense<double, double>(context, args, [](double a) { return std::nearbyint(a); });
}

void add_round(FunctionRegistry& registry, Rounding rounding, const char* name, const char* summary,
               const char* example) {
  FunctionInfo info;
  info.name = name;
  info.family = "numbers";
  info.min_args = 1;
  info.max_args = 2;
  info.signature = std::string(name) + "(n [, places])";
  info.summary = summary;
  info.example = example;
  info.resolve = [rounding](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    return resolve_round(rounding, input, call, error);
  };
  registry.add(std::move(info));
}

}  // namespace

void register_rounding(FunctionRegistry& registry) {
  add_round(registry, Rounding::half_up, "round",
            "Rounds half away from zero to that many places (0); negative ones are tens, hundreds, ….",
            "round(1.005D, 2) = 1.01D");
  add_round(registry, Rounding::half_even, "bround", "Rounds half to even to that many places (0).", "bround(2.5) = 2");
  FunctionInfo info;
  info.name = "rint";
  info.family = "numbers";
  info.min_args = info.max_args = 1;
  info.signature = "rint(x)";
  info.summary = "Rounds to a whole double, half to even.";
  info.example = "rint(2.5D) = 2D";
  info.resolve = fixed({types::float64()}, types::float64(), rint_double, kAnyBits);
  registry.add(std::move(info));
}

}  // namespace sr::expr
