// Finds the record of a batch that ends the process whenever the batch is executed. Entry point: find_poison. Tested in
// tests/unit/runtime/poison_test.cc and tests/cli/durable.py.
#pragma once

#include <functional>
#include <optional>

#include "engine/base/process_copy.h"
#include "engine/runtime/batch_input.h"

namespace sr::runtime {

// Executes an input in a copy of the process, or in its place.
using TryInput = std::function<Result<CopyEnd>(const BatchInput& input)>;

struct Poison {
  std::optional<ShownRecord> record;  // nothing: the batch ends the process even without input
  int signal = 0;                     // that ended the process; 0: it left by itself
};

// Tries the whole input, none of it, then beginnings of it: the shortest one that does not finish ends with the record.
// Nothing if the whole finishes. `input` was read. Tries log2(records) + 2 times at most.
Result<std::optional<Poison>> find_poison(const BatchInput& input, const TryInput& try_input);

}  // namespace sr::runtime
