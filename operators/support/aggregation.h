// What aggregating nodes share: the bound form (keys, calls, results, output), adding rows to a partial, and emitting
// groups. Knows nothing of windows; see aggregation_batch, aggregation_window and aggregation_event for how groups
// live. Tested through tests/jobs/aggregates.yaml.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/operator.h"
#include "engine/state/grouped_states.h"
#include "specs/bind.h"

namespace sr::operators {

// A bound aggregating node.
struct Aggregation {
  SchemaRef input;
  std::vector<std::uint32_t> keys;                // input columns
  std::vector<std::vector<expr::BoundRef>> args;  // per call, over the input's columns
  std::vector<std::string> texts;                 // per call, canonical
  std::vector<expr::BoundRef> results;            // over the keys, then one column per call
  GroupingShape shape;                            // key types and calls
  SchemaRef key_schema;
  SchemaRef output;                // keys, results and, if windowed by event time, window_start and window_end
  bool zero_without_rows = false;  // gives a row although there were none (count)
};
using AggregationRef = std::shared_ptr<const Aggregation>;

// Start and end of the window that groups belong to, µs.
struct WindowBounds {
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
};

// Evaluates keys and arguments for the rows of a chunk. Failed rows follow on_error. False: the batch has failed.
class RowArguments {
 public:
  bool evaluate(const Aggregation& aggregation, const Chunk& chunk, const flow::BatchContext& context,
                flow::Emitter& errors);

  // Lets the chunk go.
  void release();

  std::vector<ColumnRef> keys;
  std::vector<std::vector<ColumnRef>> args;
  Selection selection;

 private:
  Vec<std::uint32_t> kept_;
};

// The rows of a morsel by key. Kept by its node between batches.
class GroupsPartial final : public flow::Partial {
 public:
  explicit GroupsPartial(const GroupingShape& shape) : groups(shape) {}
  GroupedStates groups;
  RowArguments rows;
};

// A chunk and the batch that it belongs to.
struct BatchRows {
  const Chunk& chunk;
  const flow::BatchContext& context;
};

// Adds the rows of a chunk to a partial; failed rows follow on_error.
void add_rows(const Aggregation& aggregation, GroupsPartial& partial, const BatchRows& rows, flow::Emitter& errors);

// Groups that are to be emitted: states of each call and where its groups stand in them.
struct EmittedGroups {
  const GroupTable* keys = nullptr;
  std::span<const std::uint32_t> key_groups;         // groups in `keys`, in the order of emission
  std::vector<const expr::AggregateStates*> states;  // per call
  std::span<const std::uint32_t> state_groups;       // groups in `states`, side by side with key_groups
  std::span<const WindowBounds> windows = {};        // of an event-time window: one for all groups, or one per group
};
// Finishes, evaluates and emits in chunks. False: the batch has failed.
bool emit_groups(const Aggregation& aggregation, const EmittedGroups& groups, const flow::BatchContext& context,
                 flow::Emitter& out);
// The same for all groups of one object.
bool emit_all(const Aggregation& aggregation, const GroupedStates& groups, const flow::BatchContext& context,
              flow::Emitter& out);
// Emits the one row of a node without keys that has seen none.
bool emit_nothing_seen(const Aggregation& aggregation, const flow::BatchContext& context, flow::Emitter& out);

// Merges partials in their order into the first, and gives it; null without groups. Works on partitions side by side
// when there is much to do.
GroupedStates* merge_partials(std::span<flow::PlacedPartial> partials);

// Partials that are kept between batches, so that tables and states keep their memory.
class PartialPool {
 public:
  explicit PartialPool(const GroupingShape& shape) : shape_(shape) {}
  std::unique_ptr<flow::Partial> take();
  void give_back(std::span<flow::PlacedPartial> partials);

 private:
  const GroupingShape& shape_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<GroupsPartial>> free_;
};

// Makes the operator for a bound node, with or without a window.
std::unique_ptr<flow::Breaker> make_aggregation(AggregationRef aggregation,
                                                const std::optional<specs::WindowPlan>& window);
std::unique_ptr<flow::Breaker> make_batch_aggregation(AggregationRef aggregation);
std::unique_ptr<flow::Breaker> make_window_aggregation(AggregationRef aggregation, const specs::WindowPlan& window);
std::unique_ptr<flow::Breaker> make_event_aggregation(AggregationRef aggregation, const specs::WindowPlan& window);
std::unique_ptr<flow::Breaker> make_session_aggregation(AggregationRef aggregation, const specs::WindowPlan& window);

}  // namespace sr::operators
