// What a by-key stateful node gathers from a morsel, and the batch's groups put together from all morsels in order.
// Tested in tests/jobs/update_state.yaml.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/operator.h"
#include "engine/state/group_table.h"

namespace sr::operators {

// True if morsels may share a partial: every aggregate gives the same bytes however its rows are cut.
bool joins_exactly(const std::vector<expr::AggregateCall>& calls);

// What is aggregated by which key columns.
struct KeyedCalls {
  const std::vector<std::uint32_t>& key;
  const std::vector<expr::AggregateCall>& calls;
};

// Keys and aggregate states of one morsel.
class KeyedPartial final : public flow::Partial {
 public:
  KeyedPartial(std::vector<TypeRef> keys, const std::vector<expr::AggregateCall>& calls);

  // Adds a chunk's rows; rows whose arguments fail follow on_error. False: the batch has failed.
  bool add(const KeyedCalls& what, const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& errors);

  GroupTable table;
  std::vector<std::unique_ptr<expr::AggregateStates>> states;  // one per call

 private:
  std::vector<std::uint32_t> groups_;
};

// The groups of a batch, in a table of all known keys, with the aggregates of their rows. What it costs depends on the
// keys that the batch touches, not on those that are known.
class BatchGroups {
 public:
  // `places` is memory that outlives the batch, by known group; nothing but kNoGroup before and after.
  BatchGroups(const std::vector<expr::AggregateCall>& calls, GroupTable& known, Vec<std::uint32_t>& places);
  ~BatchGroups();
  BatchGroups(const BatchGroups&) = delete;
  BatchGroups& operator=(const BatchGroups&) = delete;

  // Takes a morsel's groups behind those taken before; new keys come into the known table.
  void merge(KeyedPartial& partial);
  // Groups of the known table that have rows in the batch, by first row.
  std::span<const std::uint32_t> touched() const { return touched_; }
  std::vector<std::uint32_t> touched_in_order() const;
  // One column per call: the aggregates of the listed groups; those without rows have the value for no rows.
  std::vector<ColumnRef> finish(std::span<const std::uint32_t> groups, expr::RowErrors& errors);

 private:
  GroupTable& known_;
  std::vector<std::unique_ptr<expr::AggregateStates>> states_;  // by place in touched_, then one empty group
  std::vector<std::uint32_t> touched_;
  Vec<std::uint32_t>& place_;  // by known group: its place in touched_, or kNoGroup
};

}  // namespace sr::operators
