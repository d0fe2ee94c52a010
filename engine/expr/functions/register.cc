// The list of families: the one place that knows all scalar functions of this binary. Entry point: functions().
#include "engine/expr/functions/families.h"

namespace sr::expr {

namespace {

FunctionRegistry make_registry() {
  FunctionRegistry registry;
  register_arithmetic(registry);
  register_comparison(registry);
  register_logic(registry);
  register_access(registry);
  register_conditionals(registry);
  register_numbers(registry);
  register_rounding(registry);
  register_math(registry);
  register_like(registry);
  return registry;
}

}  // namespace

const FunctionRegistry& functions() {
  static const FunctionRegistry registry = make_registry();
  return registry;
}

}  // namespace sr::expr
