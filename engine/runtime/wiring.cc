#include "engine/runtime/wiring.h"

#include <algorithm>

namespace sr::runtime {
namespace {

// Lanes of a node's outputs: rows keep the lane of their input; what a breaker emits begins a lane of its own, and rows
// that failed while it gathered them come before it.
std::uint32_t lanes_of_port(const flow::Node& node, const NodeWiring& wiring, flow::PortIndex port) {
  switch (wiring.kind) {
    case NodeKind::source:
      return 1;
    case NodeKind::breaker:
      return node.errors_port == port ? wiring.input_lanes + 1 : 1;
    case NodeKind::dataset:
    case NodeKind::sink:
      return 0;
    default:
      return wiring.input_lanes;
  }
}

void add_sources(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& from) {
  std::vector<std::uint32_t> both;
  std::set_union(to.begin(), to.end(), from.begin(), from.end(), std::back_inserter(both));
  to.swap(both);
}

}  // namespace

NodeKind kind_of(const flow::Node& node) {
  return static_cast<NodeKind>(node.work.index());
}

Wiring Wiring::of(const flow::Graph& graph) {
  Wiring wiring;
  wiring.nodes_.resize(graph.nodes.size());
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    const flow::Node& node = graph.nodes[i];
    NodeWiring& at = wiring.nodes_[i];
    at.kind = kind_of(node);
    if (at.kind == NodeKind::source) at.sources.push_back(i);
    for (std::uint32_t input = 0; input < node.inputs.size(); ++input) {
      const flow::Edge& edge = node.inputs[input];
      SR_CHECK(edge.node < i);
      NodeWiring& above = wiring.nodes_[edge.node];
      SR_CHECK(edge.port < above.ports.size());
      if (above.kind == NodeKind::dataset) continue;
      PortWiring& port = above.ports[edge.port];
      port.readers.push_back({i, input, at.input_lanes});
      at.input_lanes += port.lanes;
      at.input_of.resize(at.input_lanes, input);
      add_sources(at.sources, above.sources);
    }
    at.ports.resize(std::max<std::size_t>(1, node.ports.size()));
    for (flow::PortIndex port = 0; port < at.ports.size(); ++port) at.ports[port].lanes = lanes_of_port(node, at, port);
    if (at.kind == NodeKind::breaker || at.kind == NodeKind::sink) {
      at.slot = wiring.slots_;
      wiring.slots_ += at.input_lanes;
    }
  }
  return wiring;
}

void Wiring::watch(std::uint32_t node, flow::PortIndex port) {
  NodeWiring& at = nodes_[node];
  std::int64_t& slot = at.kind == NodeKind::sink ? at.handed_slot : at.ports[port].capture_slot;
  if (slot >= 0) return;
  slot = slots_;
  slots_ += at.kind == NodeKind::sink ? at.input_lanes : at.ports[port].lanes;
}

}  // namespace sr::runtime
