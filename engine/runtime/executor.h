// Executor: runs a graph batch by batch. Rows are pushed to their terminals as soon as they are added; the end of the
// batch merges what was gathered and gives what each sink is to write. Results depend on the rows and their order only,
// never on workers or chunk sizes. Entry point: Executor. Thread: one caller at a time. Knows nothing of loops, ticks'
// timing or commits. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/flow/graph.h"
#include "engine/loop/worker_pool.h"
#include "engine/runtime/batch_answers.h"
#include "engine/runtime/batch_frame.h"
#include "engine/runtime/source_run.h"
#include "engine/runtime/watermarks.h"

namespace sr::runtime {

struct ExecutorOptions {
  WorkerPool* pool = nullptr;             // null: everything on the calling thread
  std::uint32_t chunk_rows = kChunkRows;  // rows that travel together; tests use small ones
  Environment* env = nullptr;             // for datasets
  flow::Services services = {};           // but `answers`, which are the executor's
  bool digests = false;                   // of what sinks are to write: for a log
};

// What one sink is to write of a batch, in order.
struct SinkBatch {
  std::uint32_t node = 0;
  bool has_batch = false;  // false: the sink does nothing at all in this batch
  std::vector<std::unique_ptr<flow::Encoded>> pieces;
  std::uint64_t rows = 0;
  std::uint64_t digest = 0;  // of the rows, see row_digest.h; 0 if it was not asked for
};

// What a watched port emitted, or a watched sink was handed. `has_batch` false: the node has no batch at this time.
struct Captured {
  std::uint32_t node = 0;
  flow::PortIndex port = flow::kMainPort;
  bool has_batch = false;
  std::vector<Chunk> chunks;
};

// What a node holds behind a batch.
struct NodeState {
  std::uint32_t node = 0;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
};

struct BatchResult {
  Tick tick;
  std::optional<Failure> failure;              // nothing of the batch may be committed; the executor is of no more use
  std::vector<SinkBatch> sinks;                // in the order of the graph
  std::vector<Captured> captured;              // in the order of watch()
  std::vector<NodeCounts> counts;              // per node
  std::map<std::string, std::string> answers;  // by node: what it was told from outside, not counting what was replayed
  std::uint64_t state_keys = 0;
  std::uint64_t state_bytes = 0;
  std::vector<NodeState> states;  // of the nodes that have one
};

// The saved state of one part of the executor: a node's id, or empty for the watermarks.
struct SavedState {
  std::string node;
  std::string bytes;
};

class Executor {
 public:
  Executor(flow::Graph& graph, const ExecutorOptions& options);
  ~Executor();

  // Keeps what a port emits (of a sink: what it is handed) in every BatchResult. Before the first batch.
  void watch(std::uint32_t node, flow::PortIndex port);

  // Begins a batch: loads datasets that changed, tells the operators. An error means that the job cannot go on.
  Status begin_batch(const Tick& tick);
  // Takes input of a source and executes what makes whole morsels.
  void add(std::uint32_t source, flow::SourceSlice slice);
  // Says that a source has ended; counts from the end of this batch on.
  void source_ended(std::uint32_t source) { watermarks_.source_ended(source); }
  // How far event time has come at a node; kEndOfTime: nothing can come any more.
  std::int64_t watermark(std::uint32_t node) const { return watermarks_.of(node); }
  // Executes the rest and ends the batch. `last`: nothing comes behind it.
  BatchResult end_batch(bool last = false);
  // True if the batch has already failed, so that its remaining input need not be added.
  bool has_failed() const { return failed_.has_value(); }

  // Rows that the sources gave in a batch, decoded or not.
  std::uint64_t records_in(const BatchResult& result) const;

  // True if a batch without rows may change something: what keeps state may count batches, or forget with time.
  bool changes_with_time() const;

  // The versions of datasets that the present batch sees, by node.
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>>> datasets() const;
  // Shows batches these versions instead of what the loaders would give, until they are taken back with an empty map.
  void pin_datasets(std::map<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>> versions) {
    pinned_ = std::move(versions);
  }

  // Gives the nodes of the next batch what they were told when it ran before, by node.
  void replay_answers(std::map<std::string, std::string> told) { answers_.replay(std::move(told)); }

  // Gives the state of all nodes between two batches, and takes it into a fresh executor. Unknown ids are ignored.
  std::vector<SavedState> snapshot() const;
  // Hands over the same one by one.
  void each_state(const std::function<void(SavedState)>& take) const;
  Status restore(std::span<const SavedState> states);

 private:
  struct SourceState;
  struct Failed {
    std::pair<std::uint32_t, std::uint64_t> place;  // source and morsel
    Failure failure;
  };

  SourceState& state_of(std::uint32_t source);
  bool inline_only() const { return !options_.pool || options_.pool->workers() == 1; }
  void feed_inline(SourceState& state, flow::InputPiece part);
  void close_inline(SourceState& state);
  void run_ready();
  void run_group(std::uint32_t source, std::span<const Morsel> morsels);
  bool pointless(std::uint32_t source, std::uint64_t morsel);
  void record_failure(std::uint32_t source, const Morsel& morsel, const Failure& failure);
  void settle(const SourceRun& source_run, PushRun& run, std::uint32_t source);
  void add_counts(const std::vector<NodeCounts>& counts);
  void finish_sources();
  void set_contexts(const Tick& tick);
  Status load_datasets(const Tick& tick);
  bool has_input_batch(std::uint32_t node, std::int64_t time_ms) const;
  void end_breaker(std::uint32_t node, BatchResult& result);
  void collect_sinks(BatchResult& result);
  void collect_captured(BatchResult& result);

  flow::Graph& graph_;
  ExecutorOptions options_;
  Wiring wiring_;
  BatchFrame frame_;
  Watermarks watermarks_;
  flow::BufferPool buffers_;
  BatchAnswers answers_;
  std::vector<std::unique_ptr<SourceState>> sources_;
  std::vector<std::shared_ptr<const flow::DatasetVersion>> datasets_;  // by node index
  std::map<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>> pinned_;
  std::vector<std::pair<std::uint32_t, flow::PortIndex>> watched_;
  std::size_t ready_ = 0;  // morsels that wait for a worker

  std::mutex mutex_;  // guards what follows while workers run
  std::optional<Failed> failed_;
  std::vector<NodeCounts> counts_;
};

}  // namespace sr::runtime
