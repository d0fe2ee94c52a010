// CommitThread: the thread on which batches go to the sinks, one at a time and in order, each when its plan is
// durable. Entry point: CommitThread. Tested in tests/unit/runtime/job_test.cc.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/runtime/batch_log.h"
#include "engine/runtime/engine_thread.h"
#include "engine/runtime/sink_commits.h"

namespace sr::runtime {

struct CommitCallbacks {
  // A batch is committed; `commit_us` says how long that took, `dropped` how many rows a sink gave up. Commit thread.
  std::function<void(const ExecutedBatch&, std::int64_t commit_us, std::uint64_t dropped)> committed;
  // The job cannot go on. Commit thread.
  std::function<void(Failure)> failed;
};

class CommitThread {
 public:
  CommitThread(flow::Graph& graph, BatchLog& batch_log, SinkCommits& sinks, Environment& env,
               CommitCallbacks callbacks);
  // Stops after the present attempt; what waits is dropped.
  ~CommitThread();

  // Hands a batch over; waits until the one before is committed. False: the thread has stopped.
  bool submit(ExecutedBatch batch);
  void stop();

 private:
  void work();
  std::optional<Failure> commit(const ExecutedBatch& batch, std::uint64_t& dropped);

  flow::Graph& graph_;
  BatchLog& batch_log_;
  SinkCommits& sinks_;
  Environment& env_;
  CommitCallbacks callbacks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<ExecutedBatch> batch_;  // in work
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sr::runtime
