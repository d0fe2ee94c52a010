// The interval join: rows of two streams match when their keys are equal and their event times at most `within` apart,
// whatever batch they came in. What can still match is kept; the watermark lets go of the rest, and then gives the rows
// of outer joins that found nobody. Tested in tests/jobs/join_within.yaml.
#pragma once

#include "operators/support/join_output.h"

namespace sr::operators {

// Checks that both sides are streams with event time and makes the node.
std::optional<specs::BoundNode> bind_interval_join(JoinOutput output, Duration within, specs::BindContext& context);

}  // namespace sr::operators
