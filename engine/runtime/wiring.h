// Wiring: who reads which port, and where the rows of each path end. Every path of rows through unions has a lane of
// its own, so that terminals can put rows back into order. Entry point: Wiring::of. Knows nothing of data. Tested in
// tests/unit/runtime.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/flow/graph.h"

namespace sr::runtime {

enum class NodeKind : std::uint8_t { source, union_of, stateless, breaker, sink, dataset };

NodeKind kind_of(const flow::Node& node);

// One reader of a port: rows of lane l arrive at the reader's lane `lane_offset + l`.
struct PortReader {
  std::uint32_t node = 0;
  std::uint32_t input = 0;
  std::uint32_t lane_offset = 0;
};

struct PortWiring {
  std::vector<PortReader> readers;
  std::uint32_t lanes = 0;
  std::int64_t capture_slot = -1;  // slot of lane 0 if somebody watches the port
  bool is_read() const { return !readers.empty() || capture_slot >= 0; }
};

struct NodeWiring {
  NodeKind kind = NodeKind::source;
  std::vector<PortWiring> ports;
  std::uint32_t input_lanes = 0;        // of all inputs together; input 0's first
  std::vector<std::uint32_t> input_of;  // breakers: input of each of these lanes
  std::uint32_t slot = 0;               // breakers and sinks: slot of input lane 0
  std::int64_t handed_slot = -1;        // sinks: slot that keeps what they are handed, if somebody watches
  std::vector<std::uint32_t> sources;   // the sources above, as node indexes, ascending
};

// A slot is one place where rows end: (terminal, input, lane). Slots of one terminal lie side by side in the order of
// the rows.
class Wiring {
 public:
  static Wiring of(const flow::Graph& graph);

  // Keeps what a port emits; for a sink what it is handed. Before the first batch.
  void watch(std::uint32_t node, flow::PortIndex port);

  const NodeWiring& node(std::uint32_t index) const { return nodes_[index]; }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint32_t slots() const { return slots_; }

 private:
  std::vector<NodeWiring> nodes_;
  std::uint32_t slots_ = 0;
};

}  // namespace sr::runtime
