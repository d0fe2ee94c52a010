// The operators of arithmetic, shared by its files. Private to engine/expr/functions.
#pragma once

#include "engine/expr/resolve.h"

namespace sr::expr {

enum class ArithmeticOp : std::uint8_t { add, subtract, multiply, divide, div, remainder, pmod };

// The call over two numbers of which at least one is a decimal and none a double; a bigint counts as decimal(20,0).
bool resolve_decimal_arithmetic(ArithmeticOp op, const Type& a, const Type& b, ResolvedCall* call);

}  // namespace sr::expr
