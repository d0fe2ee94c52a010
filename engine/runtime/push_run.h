// PushRun: carries chunks from where a pipeline starts depth first through stateless nodes to its terminals, on one
// thread, and keeps what reached them until it is handed to the batch's store. Entry points: PushRun::push,
// NodeEmitter. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/flow/operator.h"
#include "engine/runtime/batch_frame.h"
#include "engine/runtime/error_rows.h"

namespace sr::runtime {

// Where a chunk leaves a node.
struct PortPlace {
  std::uint32_t node = 0;
  flow::PortIndex port = flow::kMainPort;
  std::uint32_t lane = 0;
};

class PushRun {
 public:
  // `rehearsal`: everything that reaches a terminal is thrown away; used to find the first failing row.
  explicit PushRun(BatchFrame& frame, bool rehearsal = false);

  // Says that what is pushed from now on belongs to this morsel of the pipeline (ascending).
  void begin_morsel(std::uint64_t morsel);
  // Pushes a chunk to every reader of the port. False: the batch has failed.
  bool push(const PortPlace& from, const Chunk& chunk);
  // Applies a node's `on_error` to failed rows; `lane` is of its errors port. False: the batch has failed.
  bool reject(std::uint32_t node, std::uint32_t lane, std::vector<ErrorRow> rows);
  // Fails the batch; the first failure stays.
  void fail(std::uint32_t node, const Error& error);
  // Hands what was gathered to the store.
  void finish();

  BatchFrame& frame() { return frame_; }
  const std::optional<Failure>& failure() const { return failure_; }
  const std::vector<NodeCounts>& counts() const { return counts_; }
  NodeCounts& counts_of(std::uint32_t node) { return counts_[node]; }

 private:
  void count(const PortPlace& from, std::uint32_t rows);
  bool deliver(const PortReader& reader, std::uint32_t lane, const Chunk& chunk);
  bool pass_union(const PortReader& reader, std::uint32_t lane, const Chunk& chunk);
  bool process(std::uint32_t node, std::uint32_t lane, const Chunk& chunk);
  bool accumulate(std::uint32_t node, std::uint32_t lane, const Chunk& chunk);
  bool encode(std::uint32_t node, std::uint32_t lane, const Chunk& chunk);
  SlotContent& slot(std::uint32_t index);
  void keep(std::uint32_t index, const Chunk& chunk);
  void hand_over(std::size_t used_index);

  BatchFrame& frame_;
  bool rehearsal_;
  std::uint64_t morsel_ = 0;
  struct Held {
    SlotContent content;
    std::uint64_t first_morsel = 0;
    bool joins = true;  // stretches over several morsels
    bool used = false;
  };
  std::vector<Held> slots_;
  std::vector<std::uint32_t> used_;
  std::vector<NodeCounts> counts_;
  std::optional<Failure> failure_;
};

// The emitter of one call of one node.
class NodeEmitter final : public flow::Emitter {
 public:
  // `lane`: of what the node emits; `errors_lane`: of the rows that it rejects.
  NodeEmitter(PushRun& run, std::uint32_t node, std::uint32_t lane, std::uint32_t errors_lane)
      : run_(run), node_(node), lane_(lane), errors_lane_(errors_lane) {}
  void emit(Chunk chunk, flow::PortIndex port) override { run_.push({node_, port, lane_}, chunk); }
  bool drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) override;
  bool fail_row(std::string_view payload, std::string_view message) override;
  bool is_read(flow::PortIndex port) const override;

 private:
  PushRun& run_;
  std::uint32_t node_;
  std::uint32_t lane_;
  std::uint32_t errors_lane_;
};

// Splits failed rows from the others: fills `kept` with the live rows that did not fail and gives the failed ones.
std::vector<ErrorRow> split_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept);

}  // namespace sr::runtime
