// Prints rows of state: `streamrun state show JOB NODE` as a table, and as JSON lines for `state export`. Tested in
// tests/cli/state.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/saved_states.h"

namespace sr::cli {

struct RowsWanted {
  std::string node;                    // empty: every node that has a state
  bool json = false;                   // else a table
  std::optional<std::uint64_t> limit;  // rows of a node
};

// Writes to standard output as it goes. An error says why a state cannot be read; a closed pipe is none.
Status print_state_rows(SavedStates& states, const RowsWanted& wanted);

}  // namespace sr::cli
