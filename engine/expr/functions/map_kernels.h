// The lookup of a map's value by key, shared with element_at. Tested in tests/unit/expr/maps_test.cc.
#pragma once

#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

// Resolves (map, key) to the value of the key, NULL if it is absent.
bool resolve_map_value(const ResolveInput& input, ResolvedCall* call, ResolveError* error);

}  // namespace sr::expr
