// The catalogue of every operator in the binary. Its body is generated from operators/operators.cmake.
#pragma once

#include "specs/registry.h"

namespace sr::operators {

// Registers every node type, in the order of operators.cmake.
void register_all(specs::Registry& registry);

}  // namespace sr::operators
