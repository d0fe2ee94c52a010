// What the workers of one batch share: the graph, the nodes' contexts, and the store in which they leave what reached a
// terminal. Entry points: BatchFrame, BatchStore. Knows nothing of sources or threads. Tested in tests/unit/runtime.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/flow/graph.h"
#include "engine/runtime/wiring.h"

namespace sr::runtime {

// Why a batch failed. `payload` is the raw record or the row as JSON; empty if no single row is to blame.
struct Failure {
  std::string node;
  std::string message;
  std::string payload;
  std::string code;

  // The sentence for a person: names the node, what happened and the row.
  std::string to_text() const;
};

// What reached one slot from one stretch of input. Exactly one member is used.
struct SlotContent {
  std::unique_ptr<flow::Partial> partial;
  std::vector<std::unique_ptr<flow::Encoded>> pieces;
  std::vector<Chunk> chunks;
  bool empty() const { return !partial && pieces.empty() && chunks.empty(); }
};

// Gathers slot contents from all workers and gives them back in the order of their morsels.
class BatchStore {
 public:
  void reset(std::uint32_t slots) {
    slots_.clear();
    slots_.resize(slots);
  }
  // Any worker.
  void add(std::uint32_t slot, std::uint64_t morsel, SlotContent content) {
    const std::lock_guard lock(mutex_);
    slots_[slot].push_back({morsel, std::move(content)});
  }
  bool has(std::uint32_t slot) const { return !slots_[slot].empty(); }
  // Takes a slot's contents in order. Only when no worker runs.
  std::vector<SlotContent> take(std::uint32_t slot) {
    std::vector<Placed> placed;
    placed.swap(slots_[slot]);
    std::stable_sort(placed.begin(), placed.end(),
                     [](const Placed& a, const Placed& b) { return a.morsel < b.morsel; });
    std::vector<SlotContent> contents;
    contents.reserve(placed.size());
    for (Placed& one : placed) contents.push_back(std::move(one.content));
    return contents;
  }

 private:
  struct Placed {
    std::uint64_t morsel;
    SlotContent content;
  };
  std::mutex mutex_;
  std::vector<std::vector<Placed>> slots_;
};

// Counts of one node in one batch.
struct NodeCounts {
  std::uint64_t rows_out = 0;     // on all ports but `errors` and `late`; sinks: rows taken
  std::uint64_t rows_late = 0;    // on the port `late`, read or not
  std::uint64_t rows_failed = 0;  // skipped or routed
  std::uint64_t bytes_in = 0;     // sources: raw input decoded
  std::uint64_t digest = 0;       // sinks: of the rows taken (see row_digest.h), if the frame asks for it
};

struct BatchFrame {
  const flow::Graph* graph = nullptr;
  const Wiring* wiring = nullptr;
  std::vector<flow::BatchContext> contexts;  // per node
  std::uint32_t chunk_rows = kChunkRows;     // rows that travel together
  bool digests = false;                      // sinks' rows are hashed
  BatchStore store;
};

// Gives the live rows [from, from + count) of a chunk.
Chunk slice_live(const Chunk& chunk, std::uint32_t from, std::uint32_t count);

}  // namespace sr::runtime
