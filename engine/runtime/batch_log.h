// BatchLog: where a job writes down what it is about to do and what it has done, so that a restart goes on where it
// stopped. The durability layer implements it; NoBatchLog is the form of `checkpoint: none`: state lives in memory
// only. Tested in tests/unit/runtime.
#pragma once

#include "engine/base/result.h"
#include "engine/durability/records.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

using durability::BatchCommit;
using durability::BatchPlan;

class BatchLog {
 public:
  virtual ~BatchLog() = default;
  // Loop thread, at the cut. May return before the plan is durable.
  virtual Status plan(const BatchPlan& plan) = 0;
  // Commit thread, before the first sink of the batch begins: waits until the plan is durable.
  virtual Status await_plan(const Tick& tick) = 0;
  // Commit thread.
  virtual Status commit(const BatchCommit& commit) = 0;
  // Engine thread, between two batches: takes a snapshot if one is due.
  virtual Status between_batches(const Tick& done, const Executor& executor) = 0;
};

class NoBatchLog final : public BatchLog {
 public:
  Status plan(const BatchPlan&) override { return {}; }
  Status await_plan(const Tick&) override { return {}; }
  Status commit(const BatchCommit&) override { return {}; }
  Status between_batches(const Tick&, const Executor&) override { return {}; }
};

}  // namespace sr::runtime
