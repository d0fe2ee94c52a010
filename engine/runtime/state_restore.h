// Takes saved state into a graph that may have been edited since: by node id (or the id under `was`) and by the shape
// of the state. Entry points: restore_state, compare_state. Knows nothing of files. Tested in
// tests/cli/durable.py.
#pragma once

#include <string>
#include <vector>

#include "engine/durability/records.h"
#include "engine/observe/log.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

enum class OnIncompatible : std::uint8_t { fail, reset_changed, reset_all };

// What becomes of one node's state.
struct StateMatch {
  enum class Kind : std::uint8_t {
    same,       // it fits
    migrated,   // state columns came or went
    fresh,      // the node has no saved state and begins empty
    different,  // it does not fit
    abandoned   // the node that it belonged to is not there any more
  };
  Kind kind = Kind::same;
  std::string node;
  std::string saved_as;    // the id in the snapshot
  std::string difference;  // for a person; empty if there is none
};

// Compares the saved state with what the graph's nodes need; changes nothing.
std::vector<StateMatch> compare_state(const flow::Graph& graph, const durability::Snapshot& snapshot);

// Restores one node of a fresh graph, which fits or can be migrated, for a look at its state.
Result<flow::Breaker*> restore_node(flow::Graph& graph, const StateMatch& match, const durability::Snapshot& snapshot);

// Restores what fits. State that does not fit is an error that says how it differs, or is dropped, as told.
Status restore_state(flow::Graph& graph, Executor& executor, const durability::Snapshot& snapshot,
                     OnIncompatible on_incompatible, Logger* log);

}  // namespace sr::runtime
