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

}  // namespace sr::expr
