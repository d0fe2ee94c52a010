// StateCopy: the state of an executor as it is between two batches, encoded in a copy of the process while the batches
// go on here. Entry point: StateCopy::start. Thread: start on the one that executes, receive on another one. Tested in
// tests/unit/runtime.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/process_copy.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

class StateCopy {
 public:
  // Holds up the caller for about 20 ms per GB of memory; afterwards each page that is written is copied first, until
  // the copy has sent all. An error: the system has no room for another process.
  static Result<StateCopy> start(const Executor& executor);

  // Gives what Executor::snapshot would have given at the start. Once. Errors: code "ECANCELED" if `go_on` gave false,
  // "ended" if something has ended the copy.
  Result<std::vector<SavedState>> receive(const GoOn& go_on);

 private:
  explicit StateCopy(std::unique_ptr<ProcessCopy> copy) : copy_(std::move(copy)) {}

  std::unique_ptr<ProcessCopy> copy_;
};

}  // namespace sr::runtime
