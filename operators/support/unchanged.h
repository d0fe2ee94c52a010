// Tells whether `update` leaves a key's state as it is in a batch without rows of the key, so that such keys need no
// visit. Tested in tests/unit/operators/unchanged_test.cc and tests/jobs/update_state.yaml.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/expr/bind.h"

namespace sr::operators {

// `update` over: `before_calls` columns (keys, states), then one column per aggregate call. True if, with every
// aggregate at its value for no rows, it is the column `state` by simplification alone (x + 0, coalesce(NULL, x),
// concat(x, []), greatest(x, NULL), if(false, y, x), …).
bool is_unchanged_without_rows(const expr::BoundRef& update, std::uint32_t before_calls,
                               const std::vector<expr::AggregateCall>& calls, std::uint32_t state);

}  // namespace sr::operators
