// What every node of a kind must satisfy beside its own bind function. Private to the bind pass.
#pragma once

#include <string>
#include <vector>

#include "specs/bind_context.h"

namespace sr::specs {

struct InputGroup {
  const std::vector<InputInfo>& inputs;
  std::string type;  // of the reader
};

// Checks that the inputs of a union, join or cogroup have batches at the same times, and all or none an event time.
void check_inputs_agree(const InputGroup& group, BindContext& context);
// Binds `event_time` of a source.
void bind_source_facts(BoundEntry& entry, BindContext& context);
// Binds `key` and `where` of a dataset.
void bind_dataset_facts(BoundEntry& entry, BindContext& context);
// Checks `emit` against the window.
void check_window_options(BoundEntry& entry, BindContext& context);
BoundNode union_node(UnionColumns columns);

}  // namespace sr::specs
