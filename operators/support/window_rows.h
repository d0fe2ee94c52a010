// The operators behind `type: window`, which gives the rows of a window again: by processing time, by event time, and
// by sessions of the whole stream. Tested through tests/jobs/window.yaml.
#pragma once

#include <memory>

#include "engine/flow/operator.h"
#include "specs/bind.h"

namespace sr::operators {

// `output` is the input's schema, with window_start and window_end for event time and sessions.
std::unique_ptr<flow::Breaker> make_row_window(const SchemaRef& input, const SchemaRef& output,
                                               const specs::WindowPlan& window);
std::unique_ptr<flow::Breaker> make_event_row_window(const SchemaRef& input, const SchemaRef& output,
                                                     const specs::WindowPlan& window);

}  // namespace sr::operators
