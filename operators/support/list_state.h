// How operators list their state for a person (flow::Breaker::list_state): keyed states, groups of windows, kept rows.
// Tested in tests/cli/state.py.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/flow/operator.h"
#include "engine/state/keyed_state.h"
#include "operators/support/aggregation.h"

namespace sr::operators {

// The names and types under which a keyed state is shown; a type of the same width stands in for the one that is kept.
struct KeyedFields {
  std::span<const Field> key;
  std::span<const Field> columns;
};
// Lists a keyed state: the key, then the columns of the state; the time is that of the key's last row, where the state
// keeps it.
void list_keyed(const KeyedState& state, const KeyedFields& fields, const flow::StateReader& read);

// Lists groups as their node would emit them now: the key and the bounds of the window, then the results. A group whose
// results cannot be computed is listed with its key alone.
void list_groups(const Aggregation& aggregation, const EmittedGroups& groups, const Tick& tick,
                 const flow::StateReader& read);

// Lists rows that are kept as they came, in pieces of at most kChunkRows. Their time is their event time, else that of
// their batch.
void list_kept(Chunk rows, std::int64_t batch_ms, const flow::StateReader& read);
// Gives what is listed on to `read`, which must outlive it, with the key column `side`: "left" or "right".
flow::StateReader with_side(std::uint32_t side, const flow::StateReader& read);

}  // namespace sr::operators
