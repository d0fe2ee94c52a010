// `initial` of the stateful nodes: the states that a job begins with, a list of rows or a dataset. Tested in
// tests/jobs/stateful_options.yaml.
#pragma once

#include <optional>
#include <vector>

#include "operators/support/stateful.h"

namespace sr::operators {

struct InitialState {
  // Rows that name the same columns, and per key and state column its column in them; a state column that they leave
  // out takes `init`.
  struct Rows {
    std::vector<Chunk> chunks;
    std::vector<std::optional<std::uint32_t>> columns;
  };
  std::vector<Rows> rows;
  std::optional<std::uint32_t> input;  // the dataset that has the rows of rows[0]
};

// Checks and decodes the option. Reports rows without the key, of another type, or that are no rows. False on error.
bool bind_initial(const specs::RawOption& option, const StateShape& shape, specs::BindContext& context,
                  InitialState& initial);

// What is loaded, and the shape of the state that takes it.
struct InitialLoad {
  const InitialState& initial;
  const StateShape& shape;
};
// Puts the rows into an empty state; the single key of `key: []` is there from the start. False: the batch has failed.
bool load_initial(const InitialLoad& load, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out);

}  // namespace sr::operators
