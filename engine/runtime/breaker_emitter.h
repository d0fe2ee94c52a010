// BreakerEmitter: what a breaker emits at the end of a batch begins new pipelines, one for each port, with morsels of a
// fixed number of rows. Entry point: BreakerEmitter. Tested in tests/unit/runtime.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/loop/worker_pool.h"
#include "engine/runtime/push_run.h"

namespace sr::runtime {

class BreakerEmitter final : public flow::Emitter {
 public:
  // With a pool of several workers whole morsels are carried on in parallel; null: at once, on the calling thread.
  BreakerEmitter(BatchFrame& frame, std::uint32_t node, WorkerPool* pool);

  void emit(Chunk chunk, flow::PortIndex port) override;
  bool drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) override;
  bool fail_row(std::string_view payload, std::string_view message) override;
  bool is_read(flow::PortIndex port) const override;

  // Hands everything to the store.
  void finish();
  const std::optional<Failure>& failure() const { return failure_; }
  // Counts of each port's pipeline, after finish().
  const std::vector<std::vector<NodeCounts>>& counts() const { return counts_; }

 private:
  struct EmittedMorsel {
    std::uint64_t index = 0;
    std::vector<Chunk> chunks;
  };
  struct Pipeline {
    std::unique_ptr<PushRun> run;
    std::int64_t rows = 0;
    std::vector<EmittedMorsel> waiting;  // for workers; the last one may be open
  };
  bool push(PushRun& run, flow::PortIndex port, const Chunk& chunk, std::optional<Failure>& failure);
  void run_waiting(flow::PortIndex port);
  PushRun& run_of(flow::PortIndex port);
  bool reject(std::vector<ErrorRow> rows);

  BatchFrame& frame_;
  std::uint32_t node_;
  WorkerPool* pool_;
  std::vector<Pipeline> pipelines_;  // per port
  std::optional<Failure> failure_;
  std::vector<std::vector<NodeCounts>> counts_;
};

}  // namespace sr::runtime
