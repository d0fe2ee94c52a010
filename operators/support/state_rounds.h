// Updates keyed states row by row, each row seeing the state that the row before it of the same key left, and emits a
// row for each. Rows are evaluated in rounds: each key's first row of the batch, then each key's second, …, so that
// columns stay columns; what is emitted is evaluated for all rows at once behind the rounds where it cannot fail.
// Entry point: StateRounds::run. Tested in tests/jobs/map_with_state.yaml.
#pragma once

#include <span>
#include <vector>

#include "engine/flow/operator.h"
#include "engine/state/keyed_state.h"

namespace sr::operators {

struct RoundsPlan {
  struct Update {
    std::size_t column;  // of the state
    expr::BoundRef value;
  };
  SchemaRef input;
  std::vector<TypeRef> state;
  std::vector<Update> updates;       // over the input's columns, then the states
  std::vector<expr::BoundRef> emit;  // the same, with the new states
  SchemaRef schema;                  // of what is emitted
};

class StateRounds {
 public:
  explicit StateRounds(RoundsPlan plan);

  // The rows of a batch: a dense table, and the group of each row.
  struct Rows {
    const Chunk& table;
    std::span<const std::uint32_t> groups;
  };
  // Updates the states and emits in order of arrival the rows that are not NULL throughout. A row that fails leaves its
  // state as it is and goes to the node's on_error; false if that failed the batch.
  bool run(const Rows& rows, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out);

 private:
  // The batch at hand.
  struct Work {
    const Rows& rows;
    KeyedState& state;
    const flow::BatchContext& context;
    std::vector<StateColumn> after;     // emit at the end: by update, for each row the new value
    std::vector<Chunk> chunks;          // emit in rounds: what was emitted so far
    std::vector<std::uint32_t> places;  // and the row behind each row of it
    expr::RowErrors failed;
  };

  void order_rounds(std::span<const std::uint32_t> groups, std::uint32_t keys);
  void step(std::span<const std::uint32_t> rows, Work& work);
  void keep_emitted(Chunk result, std::span<const std::uint32_t> rows, Work& work) const;
  void emit_in_order(const Work& work, flow::Emitter& out) const;
  void emit_at_end(const Work& work, flow::Emitter& out) const;

  RoundsPlan plan_;
  bool at_end_ = true;                      // when the emitted columns are evaluated
  std::vector<std::uint32_t> step_reads_;   // columns that a round reads
  std::vector<std::uint32_t> emit_reads_;   // columns that `emit` reads
  Vec<std::uint32_t> seen_;                 // by key: rows of the batch at hand; 0 between batches
  std::vector<std::uint32_t> order_;        // the rows, round by round
  std::vector<std::uint32_t> round_begin_;  // of each round in order_, and the end
  std::vector<std::uint32_t> own_;          // of the step at hand: groups, rows in the step that are good, their groups
  std::vector<std::uint32_t> good_;
  std::vector<std::uint32_t> good_groups_;
};

}  // namespace sr::operators
