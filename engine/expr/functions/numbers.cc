// Functions of one number that keep its type or give its sign: abs, negative, positive, sign, ceil, floor; isnan and
// nanvl. Entry point: register_numbers. Tested in tests/unit/expr/numbers_test.cc.
#include <cmath>

#include "engine/expr/decimal.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;
constexpr const char* kOverflow = "bigint overflow";

std::shared_ptr<Column> negative_int(const CallContext& context, Args args) {
  return map_checked<Int, Int>(
      context, args, [](Int a, Int& out) { return __builtin_sub_overflow(Int{0}, a, &out) ? kOverflow : nullptr; });
}
std::shared_ptr<Column> negative_double(const CallContext& context, Args args) {
  return map_dense<double, double>(context, args, [](double a) { return -a; });
}
std::shared_ptr<Column> negative_decimal(const CallContext& context, Args args) {
  return map_values<Int128, Int128>(context, args, [](Int128 a) { return -a; });
}
std::shared_ptr<Column> abs_int(const CallContext& context, Args args) {
  return map_checked<Int, Int>(context, args, [](Int a, Int& out) {
    out = a < 0 && a != INT64_MIN ? -a : a;
    return a == INT64_MIN ? kOverflow : nullptr;
  });
}
std::shared_ptr<Column> abs_double(const CallContext& context, Args args) {
  return map_dense<double, double>(context, args, [](double a) { return std::fabs(a); });
}
std::shared_ptr<Column> abs_decimal(const CallContext& context, Args args) {
  return map_values<Int128, Int128>(context, args, [](Int128 a) { return a < 0 ? -a : a; });
}
std::shared_ptr<Column> same(const CallContext&, Args args) {
  return std::make_shared<Column>(*args[0]);
}

std::shared_ptr<Column> sign_double(const CallContext& context, Args args) {
  return map_dense<double, double>(context, args, [](double a) {
    return a > 0 ? 1.0 : a < 0 ? -1.0 : a != a ? a : 0.0;
  });
}
std::shared_ptr<Column> sign_int(const CallContext& context, Args args) {
  return map_dense<double, Int>(context, args, [](Int a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0; });
}
std::shared_ptr<Column> sign_decimal(const CallContext& context, Args args) {
  return map_dense<double, Int128>(context, args, [](Int128 a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0; });
}

// To the nearest bigint; beyond 64 bits the farthest one, NaN gives 0.
Int saturated(double value) {
  if (value != value) return 0;
  if (value >= 9223372036854775808.0) return INT64_MAX;
  if (value <= -9223372036854775808.0) return INT64_MIN;
  return static_cast<Int>(value);
}
std::shared_ptr<Column> ceil_double(const CallContext& context, Args args) {
  return map_dense<Int, double>(context, args, [](double a) { return saturated(std::ceil(a)); });
}
std::shared_ptr<Column> floor_double(const CallContext& context, Args args) {
  return map_dense<Int, double>(context, args, [](double a) { return saturated(std::floor(a)); });
}

template <Rounding kRounding>
std::shared_ptr<Column> whole_decimal(const CallContext& context, Args args) {
  const int scale = args[0]->type->scale;
  return map_values<Int128, Int128>(context, args, [scale](Int128 a) {
    Int128 out = 0;
    rescale(a, scale, 0, kRounding, &out);
    return out;
  });
}

std::shared_ptr<Column> is_nan(const CallContext& context, Args args) {
  Output<std::uint8_t> out(context);
  const Reader<double> values(*args[0]);
  context.selection.for_each([&](std::uint32_t row) { out[row] = values.valid(row) && values[row] != values[row]; });
  return out.take();
}

// y where x is NaN: only then y must have a value.
std::shared_ptr<Column> nan_else(const CallContext& context, Args args) {
  Output<double> out(context);
  const Reader<double> x(*args[0]), y(*args[1]);
  context.selection.for_each([&](std::uint32_t row) {
    const bool other = x.valid(row) && x[row] != x[row];
    if (other ? y.valid(row) : x.valid(row)) {
      out[row] = other ? y[row] : x[row];
    } else {
      out.set_null(row);
    }
  });
  return out.take();
}

// The kernels of a function by its argument's type; `result` gives its type from the argument's (null: the same).
struct ByNumber {
  Kernel ints;
  Kernel doubles;
  Kernel decimals;
  bool ints_fail = false;
  TypeRef (*result)(const Type&) = nullptr;
};

TypeRef always_double(const Type&) {
  return types::float64();
}

TypeRef whole_type(const Type& type) {
  if (type.id != TypeId::decimal) return types::bigint();
  return types::decimal(std::min(type.precision - type.scale + 1, 38), 0);
}

Resolver by_number(ByNumber kernels) {
  return [kernels](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    TypeRef type = input.types[0];
    if (type->id == TypeId::null || type->id == TypeId::variant) type = types::float64();
    if (!type->is_number()) return refuse(error, 0, "expected a number, got " + type->name());
    call->params = {type};
    const TypeRef result = kernels.result ? kernels.result(*type) : type;
    const Kernel kernel = type->id == TypeId::bigint    ? kernels.ints
                          : type->id == TypeId::float64 ? kernels.doubles
                                                        : kernels.decimals;
    const bool fails = type->id == TypeId::bigint && kernels.ints_fail;
    const bool dense = !fails && (type->id != TypeId::decimal || kernel == sign_decimal);
    set_call(call, result, kernel, {.can_fail = fails, .any_bits = dense});
    return true;
  };
}

struct Row {
  const char* name;
  int arguments;
  const char* signature;
  const char* summary;
  const char* example;
  Resolver resolve;
};

}  // namespace

void register_numbers(FunctionRegistry& registry) {
  const TypeRef x = types::float64();
  const Row rows[] = {
      {"negative", 1, "negative(n)", "Gives the number with the other sign; also `-n`.", "negative(2) = -2",
       by_number({negative_int, negative_double, negative_decimal, true})},
      {"positive", 1, "positive(n)", "Gives the number; also `+n`.", "positive(2) = 2", by_number({same, same, same})},
      {"abs", 1, "abs(n)", "Gives the number without its sign.", "abs(-2) = 2",
       by_number({abs_int, abs_double, abs_decimal, true})},
      {"sign", 1, "sign(n)", "Gives -1.0, 0.0 or 1.0.", "sign(-3) = -1.0D",
       by_number({sign_int, sign_double, sign_decimal, false, always_double})},
      {"ceil", 1, "ceil(n)", "Rounds up to a whole number.", "ceil(1.2) = 2",
       by_number({same, ceil_double, whole_decimal<Rounding::ceiling>, false, whole_type})},
      {"floor", 1, "floor(n)", "Rounds down to a whole number.", "floor(-1.2) = -2",
       by_number({same, floor_double, whole_decimal<Rounding::floor>, false, whole_type})},
      {"isnan", 1, "isnan(x)", "Tells whether x is NaN; false for NULL.", "isnan(cast('NaN' as double))",
       fixed({x}, types::boolean(), is_nan, kHandlesNulls)},
      {"nanvl", 2, "nanvl(x, y)", "Gives y where x is NaN, else x.", "nanvl(cast('NaN' as double), 1D) = 1D",
       fixed({x, x}, x, nan_else, {.nulls = Nulls::handled, .turns_null = true})}};
  for (const Row& row : rows) {
    FunctionInfo info;
    info.name = row.name;
    info.family = "numbers";
    info.min_args = info.max_args = row.arguments;
    info.signature = row.signature;
    info.summary = row.summary;
    info.example = row.example;
    info.resolve = row.resolve;
    registry.add(std::move(info));
  }
  registry.alias("signum", "sign");
  registry.alias("ceiling", "ceil");
}

}  // namespace sr::expr
