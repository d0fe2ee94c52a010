// BatchLog: where a job writes down what it is about to do and what it has done, so that a restart goes on where it
// stopped. DurableLog writes it into a checkpoint folder; NoBatchLog is the form of `checkpoint: none`: state lives in
// memory only. Tested in tests/unit/runtime.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/durability/records.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

using durability::BatchCommit;
using durability::BatchPlan;

// A batch at its cut.
struct BatchCut {
  BatchPlan plan;
  bool has_input = false;
  // Where every source stands; with it the log takes a snapshot behind the batch.
  std::optional<std::map<std::string, flow::Position>> standings;
};

class BatchLog {
 public:
  virtual ~BatchLog() = default;
  // Loop thread, before a cut: true if the log wants to know where the sources stand.
  virtual bool wants_standings(bool has_input) = 0;
  // Loop thread, at the cut. May return before the plan is durable.
  virtual Status plan(BatchCut cut) = 0;
  // Engine thread, when the batch was executed and before the next one begins. A batch without input that changed
  // nothing is forgotten; a snapshot is taken if it was asked for. `work_us`: what executing has cost.
  virtual Status executed(const BatchResult& result, const Executor& executor, std::int64_t work_us) = 0;
  // Commit thread, before the first sink of the batch begins: waits until the plan is durable.
  virtual Status await_plan(const Tick& tick) = 0;
  // Commit thread, when every sink has the batch.
  virtual Status commit(const BatchCommit& commit) = 0;
};

class NoBatchLog final : public BatchLog {
 public:
  bool wants_standings(bool) override { return false; }
  Status plan(BatchCut) override { return {}; }
  Status executed(const BatchResult&, const Executor&, std::int64_t) override { return {}; }
  Status await_plan(const Tick&) override { return {}; }
  Status commit(const BatchCommit&) override { return {}; }
};

}  // namespace sr::runtime
