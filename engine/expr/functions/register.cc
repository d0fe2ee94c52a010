// The list of families: the one place that knows all scalar functions of this binary. Entry point: functions().
#include "engine/expr/functions/families.h"

namespace sr::expr {

namespace {

FunctionRegistry make_registry() {
  FunctionRegistry registry;
  register_arithmetic(registry);
  return registry;
}

}  // namespace

const FunctionRegistry& functions() {
  static const FunctionRegistry registry = make_registry();
  return registry;
}

}  // namespace sr::expr
