// The join over windows of event time: the rows of a window are joined once, when it has closed; its bounds match like
// key columns and are the last columns of the result. Tested in tests/jobs/join_event_window.yaml.
#pragma once

#include "operators/support/event_sides.h"
#include "operators/support/join_output.h"

namespace sr::operators {

// Makes the node of a join whose output is `bounded`.
specs::BoundNode bound_event_join(JoinOutput output, const specs::WindowPlan& window);

}  // namespace sr::operators
