// NodeCounters: how many rows each node of a job has emitted, and how many it left out, as metrics. Entry point: add.
// Tested in tests/unit/runtime/node_counters_test.cc.
#pragma once

#include <vector>

#include "engine/flow/graph.h"
#include "engine/observe/metrics.h"
#include "engine/runtime/batch_frame.h"

namespace sr::runtime {

class NodeCounters {
 public:
  NodeCounters(const flow::Graph& graph, Metrics& metrics);
  // Adds those of a batch, per node. Any thread.
  void add(const std::vector<NodeCounts>& counts);

 private:
  struct Counters {
    Counter* rows;
    Counter* failed;
    Counter* late;
  };
  std::vector<Counters> nodes_;
};

}  // namespace sr::runtime
