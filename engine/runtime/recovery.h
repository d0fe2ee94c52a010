// Recovery: brings a fresh graph to where the run before has stopped. State comes from the newest snapshot; the batches
// behind it are executed again from their logged input; the last one, if it was not committed, is finished. Entry
// point: Recovery. Thread: one, before the job's others begin. Tested in tests/unit/runtime/durable_simulation_test.cc,
// in tests/cli/durable.py and by every job test that is killed.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/base/process_copy.h"
#include "engine/runtime/batch_input.h"
#include "engine/runtime/checkpoint.h"
#include "engine/runtime/sink_commits.h"

namespace sr::runtime {

struct RecoveryOptions {
  Environment* env = nullptr;
  Logger* log = nullptr;
  ExecutorOptions executor;  // for the graphs of former texts
  // Opens a sink of a former text of the job, to finish a batch.
  std::function<Status(flow::Node&)> open_sink;
  // Waits for a sink's next attempt, and is called with 0 before each batch; false: the job is to end, and recovery
  // ends with an error of code "ECANCELED". May be null.
  SinkCommitsOptions::Wait wait;
  // Does work in a copy of the process: a batch that was not finished in several starts is tried there first. Null: it
  // is not.
  std::function<Result<CopyEnd>(const std::function<void()>& work)> in_copy;
};

// What a recovery has come to.
struct Resumed {
  Tick last;  // the last batch; id 0: there was none
  std::map<std::string, durability::SinkMark> sinks;
  // Of the batches behind the newest snapshot; under the snapshot's own batch, where its sources stood.
  std::map<std::int64_t, std::map<std::string, flow::Position>> positions;
  bool ran = false;  // there were batches behind the snapshot
};

class Recovery {
 public:
  Recovery(Checkpoint& checkpoint, RecoveryOptions options);

  // Restores the executor of the present graph. Batches that a former text of the job has planned are executed on its
  // own graph first. Fills `standings`: where the sources are to be opened.
  Status restore(flow::Graph& graph, Executor& executor, std::map<std::string, flow::Position>& standings);
  // Executes the batches that are left, with the sources open, and finishes the last one. An error's code is "batch"
  // if a batch cannot be executed: Failure tells then.
  Result<Resumed> replay(flow::Graph& graph, Executor& executor, SinkCommits& sinks);

  // Why a batch could not be executed.
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  Status run_former(const std::string& fingerprint);
  bool carry_over(const flow::Graph& graph);
  void warn_of_dropped(const flow::Graph& graph);
  void warn_of_unknown_names(const flow::Graph& graph) const;
  Status open_sources(flow::Graph& graph, const std::map<std::string, flow::Position>& standings);
  bool former_lies_ahead() const;
  Status replay_segment(flow::Graph& graph, Executor& executor, SinkCommits* sinks, const std::string& fingerprint);
  Status repeat(flow::Graph& graph, Executor& executor, const durability::LoggedBatch& batch);
  Status prepare(const flow::Graph& graph, durability::LoggedBatch& batch);
  Status empty(durability::LoggedBatch& batch);
  Status commit(flow::Graph& graph, SinkCommits& sinks, const BatchResult& result, durability::LoggedBatch& batch);
  std::map<std::string, flow::Position> standings_of(const flow::Graph& graph) const;
  Status finish(flow::Graph& graph, Executor& executor, SinkCommits& sinks, durability::LoggedBatch& batch);
  Status finish_former(flow::Graph& graph, Executor& executor, durability::LoggedBatch& batch);
  void give_up(durability::Snapshot before);
  Result<bool> drop_refused(flow::Graph& graph, const BatchResult& result);
  Result<BatchResult> execute(flow::Graph& graph, Executor& executor, const durability::LoggedBatch& batch);
  Result<BatchResult> run(const flow::Graph& graph, Executor& executor, const durability::LoggedBatch& batch,
                          BatchInput input);
  Result<BatchInput> input_of(flow::Graph& graph, const durability::LoggedBatch& batch);
  Status look_for_poison(flow::Graph& graph, const Executor& executor, const durability::LoggedBatch& batch,
                         BatchInput& input);
  Status pin_datasets(const flow::Graph& graph, Executor& executor, const BatchPlan& plan);
  bool input_is_logged(const flow::Graph& graph, const BatchPlan& plan) const;
  durability::Snapshot snapshot_of(const flow::Graph& graph, const Executor& executor) const;

  Checkpoint& checkpoint_;
  RecoveryOptions options_;
  durability::Snapshot base_;  // where the next segment begins
  std::size_t next_ = 0;       // among the logged batches
  Tick last_;
  std::map<std::string, durability::SinkMark>& sinks_;  // the checkpoint's, from which sinks are opened
  std::map<std::int64_t, std::map<std::string, flow::Position>> positions_;
  bool ran_ = false;
  std::optional<Failure> failure_;
  std::optional<durability::Snapshot> given_up_;  // the state before a former batch that was given up
};

}  // namespace sr::runtime
