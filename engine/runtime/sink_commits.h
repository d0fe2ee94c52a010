// SinkCommits: gives a batch to all its sinks, side by side, each with the retries that it allows. Entry point:
// SinkCommits::commit. Knows nothing of logs. Tested in tests/unit/runtime/job_test.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "engine/base/env.h"
#include "engine/durability/records.h"
#include "engine/loop/worker_pool.h"
#include "engine/observe/log.h"
#include "engine/runtime/activities.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

struct SinkCommitsOptions {
  // Waits so many milliseconds; false: the job is to end.
  using Wait = std::function<bool(std::int64_t ms)>;

  bool threads = false;  // sinks commit side by side; otherwise one after the other, on the caller's thread
  bool resumes = false;  // a batch that is left open is finished by the next start
  Wait wait;             // waits for a next attempt; absent: the caller's thread sleeps until stop()
};

class SinkCommits {
 public:
  SinkCommits(flow::Graph& graph, Environment& env, Logger* log, SinkCommitsOptions options);

  // Tries until every sink has the batch, a sink's policy is exhausted, or stop() is called, which leaves the batch
  // open. Fills the tokens; `dropped`: rows that sinks have given up. One call at a time.
  std::optional<Failure> commit(const BatchResult& batch, durability::BatchCommit& done, std::uint64_t& dropped);
  // Each attempt is an activity from now on.
  void show(Activities& activities) { activities_ = &activities; }
  // Whether the last commit failed because a sink refuses the batch itself, which waiting does not change.
  bool refused_for_good() const { return refused_; }
  // Ends waits for a next attempt. Any thread.
  void stop();

 private:
  Result<std::string> attempt(const flow::Node& node, const SinkBatch& batch, const Tick& tick);
  Result<std::string> commit_with_retries(const flow::Node& node, const SinkBatch& batch, const Tick& tick);
  bool wait_ms(std::int64_t ms);
  bool sleep_ms(std::int64_t ms);

  flow::Graph& graph_;
  Environment& env_;
  Logger* log_;
  SinkCommitsOptions options_;
  Activities* activities_ = nullptr;
  bool refused_ = false;
  std::optional<WorkerPool> pool_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::atomic<bool> interrupted_ = false;  // a wait of this call of commit() was ended
};

// Checksums of what each sink is to write: of the number of its rows and their digest.
std::map<std::string, std::uint64_t> checksums_of(const flow::Graph& graph, const BatchResult& batch);

}  // namespace sr::runtime
