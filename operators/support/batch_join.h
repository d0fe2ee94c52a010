// The join of what both sides hold at each tick: the rows of the batch, of a window of processing time, or of a
// dataset. Tested in tests/jobs/join.yaml, join_window.yaml, join_dataset.yaml.
#pragma once

#include <memory>
#include <optional>

#include "operators/support/join_output.h"

namespace sr::operators {

struct BatchJoinPlan {
  JoinOutput output;
  std::optional<specs::WindowPlan> windows[2];
  bool datasets[2] = {false, false};  // which sides are datasets
  flow::NodeTiming timing;            // of the node
};

std::unique_ptr<flow::Breaker> make_batch_join(BatchJoinPlan plan);

}  // namespace sr::operators
