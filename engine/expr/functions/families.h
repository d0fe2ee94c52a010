// The families of scalar functions, one file each in this folder. Called once, from register.cc.
#pragma once

#include "engine/expr/function.h"

namespace sr::expr {

void register_arithmetic(FunctionRegistry& registry);

}  // namespace sr::expr
