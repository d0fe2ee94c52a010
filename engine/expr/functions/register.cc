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
  register_string_case(registry);
  register_string_trim(registry);
  register_string_cut(registry);
  register_string_search(registry);
  register_string_build(registry);
  register_string_fill(registry);
  register_string_split(registry);
  register_regexp(registry);
  register_array_access(registry);
  register_array_sets(registry);
  register_array_shape(registry);
  register_array_make(registry);
  register_maps(registry);
  register_map_text(registry);
  register_structs(registry);
  register_date_fields(registry);
  register_date_arithmetic(registry);
  register_date_convert(registry);
  register_digests(registry);
  register_hashes(registry);
  register_json(registry);
  register_format_string(registry);
  return registry;
}

}  // namespace

const FunctionRegistry& functions() {
  static const FunctionRegistry registry = make_registry();
  return registry;
}

}  // namespace sr::expr
