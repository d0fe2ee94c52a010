// The families of scalar functions, one file each in this folder. Called once, from register.cc.
#pragma once

#include "engine/expr/function.h"

namespace sr::expr {

void register_arithmetic(FunctionRegistry& registry);
void register_comparison(FunctionRegistry& registry);
void register_logic(FunctionRegistry& registry);
void register_access(FunctionRegistry& registry);
void register_conditionals(FunctionRegistry& registry);
void register_numbers(FunctionRegistry& registry);
void register_rounding(FunctionRegistry& registry);
void register_math(FunctionRegistry& registry);
void register_like(FunctionRegistry& registry);
void register_string_case(FunctionRegistry& registry);
void register_string_trim(FunctionRegistry& registry);
void register_string_cut(FunctionRegistry& registry);
void register_string_search(FunctionRegistry& registry);
void register_string_build(FunctionRegistry& registry);
void register_string_fill(FunctionRegistry& registry);
void register_string_split(FunctionRegistry& registry);
void register_regexp(FunctionRegistry& registry);
void register_array_access(FunctionRegistry& registry);
void register_array_sets(FunctionRegistry& registry);
void register_array_shape(FunctionRegistry& registry);
void register_array_make(FunctionRegistry& registry);
void register_maps(FunctionRegistry& registry);
void register_map_text(FunctionRegistry& registry);
void register_structs(FunctionRegistry& registry);
void register_date_fields(FunctionRegistry& registry);
void register_date_arithmetic(FunctionRegistry& registry);
void register_date_convert(FunctionRegistry& registry);
void register_digests(FunctionRegistry& registry);
void register_hashes(FunctionRegistry& registry);
void register_json(FunctionRegistry& registry);
void register_format_string(FunctionRegistry& registry);

}  // namespace sr::expr
