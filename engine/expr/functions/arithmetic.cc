// Binary arithmetic: + - * / div % and pmod, their try_ forms, date ± days. Entry point: register_arithmetic. Decimals
// are computed by engine/expr/decimal, intervals by interval.cc. Tested in tests/unit/expr/arithmetic_test.cc.
#include "engine/expr/functions/arithmetic.h"

#include <cmath>

#include "engine/expr/bind.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

constexpr const char* kOverflow = "bigint overflow";
constexpr const char* kZero = "division by zero";

using Int = std::int64_t;

std::shared_ptr<Column> add_ints(const CallContext& context, Args args) {
  return map_dense_checked<Int, Int, Int>(context, args, kOverflow,
                                          [](Int a, Int b, Int& out) { return __builtin_add_overflow(a, b, &out); });
}
std::shared_ptr<Column> subtract_ints(const CallContext& context, Args args) {
  return map_dense_checked<Int, Int, Int>(context, args, kOverflow,
                                          [](Int a, Int b, Int& out) { return __builtin_sub_overflow(a, b, &out); });
}
std::shared_ptr<Column> multiply_ints(const CallContext& context, Args args) {
  return map_dense_checked<Int, Int, Int>(context, args, kOverflow,
                                          [](Int a, Int b, Int& out) { return __builtin_mul_overflow(a, b, &out); });
}
std::shared_ptr<Column> div_ints(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int a, Int b, Int& out) {
    if (b == 0) return kZero;
    if (b == -1) return __builtin_sub_overflow(Int{0}, a, &out) ? kOverflow : nullptr;
    out = a / b;
    return static_cast<const char*>(nullptr);
  });
}
std::shared_ptr<Column> remainder_ints(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int a, Int b, Int& out) {
    out = b == 0 || b == -1 ? 0 : a % b;
    return b == 0 ? kZero : nullptr;
  });
}
// r = a % n; if r < 0 then (r + n) % n, else r.
std::shared_ptr<Column> pmod_ints(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int a, Int n, Int& out) {
    if (n == 0) return kZero;
    const Int r = n == -1 ? 0 : a % n;
    out = r < 0 ? (r + n) % n : r;
    return static_cast<const char*>(nullptr);
  });
}

std::shared_ptr<Column> add_doubles(const CallContext& context, Args args) {
  return map_dense<double, double, double>(context, args, [](double a, double b) { return a + b; });
}
std::shared_ptr<Column> subtract_doubles(const CallContext& context, Args args) {
  return map_dense<double, double, double>(context, args, [](double a, double b) { return a - b; });
}
std::shared_ptr<Column> multiply_doubles(const CallContext& context, Args args) {
  return map_dense<double, double, double>(context, args, [](double a, double b) { return a * b; });
}
std::shared_ptr<Column> divide_doubles(const CallContext& context, Args args) {
  return map_dense_checked<double, double, double>(context, args, kZero, [](double a, double b, double& out) {
    out = a / b;
    return b == 0;
  });
}
std::shared_ptr<Column> div_doubles(const CallContext& context, Args args) {
  return map_checked<Int, double, double>(context, args, [](double a, double b, Int& out) {
    if (b == 0) return kZero;
    const double quotient = std::trunc(a / b);
    if (!(quotient >= -9223372036854775808.0 && quotient < 9223372036854775808.0)) return kOverflow;
    out = static_cast<Int>(quotient);
    return static_cast<const char*>(nullptr);
  });
}
std::shared_ptr<Column> remainder_doubles(const CallContext& context, Args args) {
  return map_checked<double, double, double>(context, args, [](double a, double b, double& out) {
    out = std::fmod(a, b);
    return b == 0 ? kZero : nullptr;
  });
}
std::shared_ptr<Column> pmod_doubles(const CallContext& context, Args args) {
  return map_checked<double, double, double>(context, args, [](double a, double n, double& out) {
    const double r = std::fmod(a, n);
    out = r < 0 ? std::fmod(r + n, n) : r;
    return n == 0 ? kZero : nullptr;
  });
}

// Date plus or minus a number of days.
template <int kSign>
std::shared_ptr<Column> shift_days(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int date, Int days, Int& out) {
    const bool overflow =
        kSign > 0 ? __builtin_add_overflow(date, days, &out) : __builtin_sub_overflow(date, days, &out);
    constexpr Int kFarthest = 365000000;  // a million years
    return overflow || out > kFarthest || out < -kFarthest ? "date overflow" : nullptr;
  });
}

struct Kernels {
  Kernel ints;
  Kernel doubles;
  CallTraits int_traits;
  CallTraits double_traits;
};

constexpr CallTraits kDenseFails{.can_fail = true, .any_bits = true};

Kernels kernels_of(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::add:
      return {add_ints, add_doubles, kDenseFails, kAnyBits};
    case ArithmeticOp::subtract:
      return {subtract_ints, subtract_doubles, kDenseFails, kAnyBits};
    case ArithmeticOp::multiply:
      return {multiply_ints, multiply_doubles, kDenseFails, kAnyBits};
    case ArithmeticOp::divide:
      return {divide_doubles, divide_doubles, kDenseFails, kDenseFails};
    case ArithmeticOp::div:
      return {div_ints, div_doubles, kFails, kFails};
    case ArithmeticOp::remainder:
      return {remainder_ints, remainder_doubles, kFails, kFails};
    case ArithmeticOp::pmod:
      return {pmod_ints, pmod_doubles, kFails, kFails};
  }
  return {};
}

bool resolve_days(ArithmeticOp op, const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const bool date_left = input.types[0]->id == TypeId::date;
  const std::size_t other = date_left ? 1 : 0;
  const TypeRef& days = input.types[other];
  const bool swapped = !date_left && op == ArithmeticOp::add;
  if (op != ArithmeticOp::add && op != ArithmeticOp::subtract)
    return refuse(error, 1 - other, "expected a number, got date");
  if (days->id == TypeId::date && op == ArithmeticOp::subtract) {
    return refuse(error, 1, "a date minus a date is no number here: write datediff(end, start)");
  }
  if ((!date_left && !swapped) || !converts(days, types::bigint()) || days->id == TypeId::variant) {
    return refuse(error, other, "expected a number of days (bigint), got " + days->name());
  }
  call->params = {date_left ? types::date() : types::bigint(), date_left ? types::bigint() : types::date()};
  if (swapped) {
    set_call(
        call, types::date(),
        [](const CallContext& context, Args args) {
          const ColumnRef turned[] = {args[1], args[0]};
          return shift_days<1>(context, turned);
        },
        kFails);
  } else {
    set_call(call, types::date(), op == ArithmeticOp::add ? shift_days<1> : shift_days<-1>, kFails);
  }
  return true;
}

// What operands count as: NULL as the other one, a variant as the other one's type.
bool number_types(const ResolveInput& input, TypeRef* a, TypeRef* b, ResolveError* error) {
  *a = input.types[0];
  *b = input.types[1];
  if ((*a)->id == TypeId::variant && (*b)->id == TypeId::variant)
    return refuse(error, 0, "a variant needs a cast here");
  if ((*a)->id == TypeId::variant || (*a)->id == TypeId::null) *a = *b;
  if ((*b)->id == TypeId::variant || (*b)->id == TypeId::null) *b = *a;
  if ((*a)->id == TypeId::null) *a = *b = types::bigint();
  if ((*a)->id == TypeId::variant) *a = *b = types::float64();
  if (!(*a)->is_number())
    return refuse(error, input.types[0]->is_number() ? 1 : 0, "expected a number, got " + (*a)->name());
  if (!(*b)->is_number()) return refuse(error, 1, "expected a number, got " + (*b)->name());
  return true;
}

bool resolve_arithmetic(ArithmeticOp op, const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types[0]->id == TypeId::date || input.types[1]->id == TypeId::date)
    return resolve_days(op, input, call, error);
  TypeRef a, b;
  if (!number_types(input, &a, &b, error)) return false;
  const bool doubles = a->id == TypeId::float64 || b->id == TypeId::float64;
  const bool decimals = a->id == TypeId::decimal || b->id == TypeId::decimal;
  if (!doubles && decimals) return resolve_decimal_arithmetic(op, *a, *b, call);
  const Kernels kernels = kernels_of(op);
  const TypeRef operand = doubles || op == ArithmeticOp::divide ? types::float64() : types::bigint();
  call->params = {operand, operand};
  const bool whole = op == ArithmeticOp::div;
  set_call(call, whole ? types::bigint() : operand, doubles ? kernels.doubles : kernels.ints,
           doubles ? kernels.double_traits : kernels.int_traits);
  return true;
}

// The call inside a try_ function.
struct TriedCall {
  ResolvedCall inner;
};

std::shared_ptr<Column> try_kernel(const CallContext& context, Args args) {
  const auto& tried = *static_cast<const TriedCall*>(context.prepared);
  RowErrors failed;
  CallContext inner = context;
  inner.errors = &failed;
  inner.prepared = tried.inner.prepared.get();
  std::shared_ptr<Column> result = tried.inner.kernel(inner, args);
  for (const RowErrors::Item& item : failed.sorted()) result->set_null(item.row);
  return result;
}

Resolver resolver(ArithmeticOp op) {
  return [op](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    return resolve_arithmetic(op, input, call, error);
  };
}

Resolver try_resolver(ArithmeticOp op) {
  return [op](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    auto tried = std::make_shared<TriedCall>();
    if (!resolve_arithmetic(op, input, &tried->inner, error)) return false;
    call->params = tried->inner.params;
    set_call(call, tried->inner.result, try_kernel, {.turns_null = true});
    call->prepared = std::move(tried);
    return true;
  };
}

struct Row {
  const char* name;
  const char* signature;
  const char* summary;
  const char* example;
  Resolver resolve;
};

void add_row(FunctionRegistry& registry, Row row, bool is_operator) {
  FunctionInfo info;
  info.name = row.name;
  info.family = is_operator ? "operators" : "numbers";
  info.min_args = info.max_args = 2;
  info.signature = row.signature;
  info.summary = row.summary;
  info.example = row.example;
  info.resolve = std::move(row.resolve);
  info.is_operator = is_operator;
  info.literal_digits = true;
  registry.add(std::move(info));
}

}  // namespace

void register_arithmetic(FunctionRegistry& registry) {
  using Op = ArithmeticOp;
  add_row(registry, {"+", "a + b", "Adds numbers, or days to a date.", "1 + 2 = 3", resolver(Op::add)}, true);
  add_row(registry, {"-", "a - b", "Subtracts numbers, or days from a date.", "3 - 2 = 1", resolver(Op::subtract)},
          true);
  add_row(registry, {"*", "a * b", "Multiplies numbers.", "3 * 2 = 6", resolver(Op::multiply)}, true);
  add_row(registry, {"/", "a / b", "Divides numbers; of integers a double.", "3 / 2 = 1.5D", resolver(Op::divide)},
          true);
  add_row(registry,
          {"div", "a div b", "Divides and truncates toward zero to a bigint.", "-7 div 2 = -3", resolver(Op::div)},
          true);
  add_row(registry, {"%", "a % b", "Gives the remainder with the sign of a.", "-7 % 2 = -1", resolver(Op::remainder)},
          true);
  add_row(registry,
          {"mod", "mod(a, b)", "Gives the remainder with the sign of a.", "mod(7, 2) = 1", resolver(Op::remainder)},
          false);
  add_row(registry,
          {"pmod", "pmod(a, n)", "Gives the remainder, not negative for n > 0.", "pmod(-7, 2) = 1", resolver(Op::pmod)},
          false);
  add_row(registry,
          {"try_add", "try_add(a, b)", "Adds, NULL where that fails.", "try_add(1, 2) = 3", try_resolver(Op::add)},
          false);
  add_row(registry,
          {"try_subtract", "try_subtract(a, b)", "Subtracts, NULL where that fails.", "try_subtract(3, 2) = 1",
           try_resolver(Op::subtract)},
          false);
  add_row(registry,
          {"try_multiply", "try_multiply(a, b)", "Multiplies, NULL where that fails.",
           "try_multiply(9223372036854775807, 2) is null", try_resolver(Op::multiply)},
          false);
  add_row(registry,
          {"try_divide", "try_divide(a, b)", "Divides, NULL where that fails.", "try_divide(1, 0) is null",
           try_resolver(Op::divide)},
          false);
  add_row(registry,
          {"try_mod", "try_mod(a, b)", "Gives the remainder, NULL where that fails.", "try_mod(1, 0) is null",
           try_resolver(Op::remainder)},
          false);
}

}  // namespace sr::expr
