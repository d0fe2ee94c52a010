// Kernels of arithmetic on decimals. Entry point: resolve_decimal_arithmetic. The computing is engine/expr/decimal.
// Tested in tests/unit/expr/decimal_test.cc.
#include "engine/expr/decimal.h"

#include "engine/expr/functions/arithmetic.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

constexpr const char* kOverflow = "decimal overflow";
constexpr const char* kZero = "division by zero";

const DecimalScales& scales_of(const CallContext& context) {
  return *static_cast<const DecimalScales*>(context.prepared);
}

std::shared_ptr<Column> add(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 b, Int128& out) {
    return decimal_add(a, b, scales, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> subtract(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 b, Int128& out) {
    return decimal_add(a, -b, scales, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> multiply(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 b, Int128& out) {
    return decimal_multiply(a, b, scales, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> divide(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 b, Int128& out) {
    if (b == 0) return kZero;
    return decimal_divide(a, b, scales, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> remainder(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 b, Int128& out) {
    if (b == 0) return kZero;
    return decimal_remainder(a, b, scales, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> pmod(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  const DecimalScales again{scales.result.scale, scales.b, scales.result};
  return map_checked<Int128, Int128, Int128>(context, args, [&](Int128 a, Int128 n, Int128& out) {
    if (n == 0) return kZero;
    if (!decimal_remainder(a, n, scales, &out)) return kOverflow;
    if (out >= 0) return static_cast<const char*>(nullptr);
    Int128 sum = 0;
    const DecimalScales wide{scales.result.scale, scales.b, {38, scales.result.scale}};
    if (!decimal_add(out, n, wide, &sum)) return kOverflow;
    return decimal_remainder(sum, n, again, &out) ? nullptr : kOverflow;
  });
}
std::shared_ptr<Column> div(const CallContext& context, Args args) {
  const DecimalScales& scales = scales_of(context);
  return map_checked<std::int64_t, Int128, Int128>(context, args, [&](Int128 a, Int128 b, std::int64_t& out) {
    if (b == 0) return kZero;
    return decimal_whole_quotient(a, b, scales, &out) ? nullptr : "bigint overflow";
  });
}

}  // namespace

bool resolve_decimal_arithmetic(ArithmeticOp op, const Type& a, const Type& b, ResolvedCall* call) {
  const auto decimal = [](const Type& type) {
    return type.id == TypeId::bigint ? DecimalType{20, 0} : DecimalType{type.precision, type.scale};
  };
  const DecimalType left = decimal(a), right = decimal(b);
  DecimalOp kind = DecimalOp::remainder;
  Kernel kernel = op == ArithmeticOp::pmod ? pmod : remainder;
  switch (op) {
    case ArithmeticOp::add:
      kind = DecimalOp::add, kernel = add;
      break;
    case ArithmeticOp::subtract:
      kind = DecimalOp::subtract, kernel = subtract;
      break;
    case ArithmeticOp::multiply:
      kind = DecimalOp::multiply, kernel = multiply;
      break;
    case ArithmeticOp::divide:
      kind = DecimalOp::divide, kernel = divide;
      break;
    case ArithmeticOp::div:
      kernel = div;
      break;
    default:
      break;
  }
  const DecimalType result = decimal_result(kind, left, right);
  call->params = {types::decimal(left.precision, left.scale), types::decimal(right.precision, right.scale)};
  const TypeRef type = op == ArithmeticOp::div ? types::bigint() : types::decimal(result.precision, result.scale);
  set_call(call, type, kernel, kFails);
  call->prepared = std::make_shared<const DecimalScales>(DecimalScales{left.scale, right.scale, result});
  return true;
}

}  // namespace sr::expr
