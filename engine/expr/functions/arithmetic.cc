// Arithmetic operators on numbers and dates: + - * / div % and the unary signs. Entry point: register_arithmetic.
// Decimals are computed by engine/expr/decimal. Tested in tests/unit/expr.
#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

std::shared_ptr<Column> negative_bigint(const CallContext& context, Args args) {
  return map_checked<std::int64_t, std::int64_t>(context, args, [](std::int64_t a, std::int64_t& out) {
    return __builtin_sub_overflow(std::int64_t{0}, a, &out) ? "bigint overflow" : nullptr;
  });
}

}  // namespace

void register_arithmetic(FunctionRegistry& registry) {
  registry.add({.name = "negative",
                .family = "numbers",
                .min_args = 1,
                .max_args = 1,
                .signature = "negative(n)",
                .summary = "Gives the number with the other sign.",
                .example = "negative(2) = -2",
                .resolve = fixed({types::bigint()}, types::bigint(), negative_bigint, kFails)});
}

}  // namespace sr::expr
