// Rows that came after their windows closed: kept by partials until the batch ends, then emitted on port `late`, where
// they are counted. Tested in tests/jobs/event_windows.yaml.
#pragma once

#include <utility>
#include <vector>

#include "engine/flow/operator.h"

namespace sr::operators {

// The port `late` of nodes with event-time windows, behind the node itself.
inline constexpr flow::PortIndex kLatePort = 1;

class LateRows {
 public:
  // Keeps the listed rows of a chunk, which stays in memory until they are emitted.
  void add(const Chunk& chunk, Vec<std::uint32_t> rows) {
    if (rows.empty()) return;
    Chunk late = chunk;
    late.selected = std::make_shared<const Vec<std::uint32_t>>(std::move(rows));
    chunks_.push_back(std::move(late));
  }
  void emit(flow::Emitter& out) {
    for (Chunk& chunk : chunks_) out.emit(std::move(chunk), kLatePort);
    chunks_.clear();
  }

 private:
  std::vector<Chunk> chunks_;
};

}  // namespace sr::operators
