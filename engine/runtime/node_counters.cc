#include "engine/runtime/node_counters.h"

#include <algorithm>

namespace sr::runtime {

NodeCounters::NodeCounters(const flow::Graph& graph, Metrics& metrics) {
  for (const flow::Node& node : graph.nodes) {
    const MetricLabels labels = {{"node", node.id}, {"type", node.type}};
    nodes_.push_back(
        {&metrics.counter("streamrun_node_rows_total", "Rows that a node emitted; of a sink, took.", labels),
         &metrics.counter("streamrun_node_rows_failed_total",
                          "Rows that failed in a node and went where `on_error` sends them.", labels),
         &metrics.counter("streamrun_node_rows_late_total", "Rows that came too late for a window of event time.",
                          labels)});
  }
}

void NodeCounters::add(const std::vector<NodeCounts>& counts) {
  for (std::size_t i = 0; i < std::min(counts.size(), nodes_.size()); ++i) {
    if (counts[i].rows_out > 0) nodes_[i].rows->add(counts[i].rows_out);
    if (counts[i].rows_late > 0) nodes_[i].late->add(counts[i].rows_late);
    if (counts[i].rows_failed > 0) nodes_[i].failed->add(counts[i].rows_failed);
  }
}

}  // namespace sr::runtime
