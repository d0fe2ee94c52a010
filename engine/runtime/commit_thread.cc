#include "engine/runtime/commit_thread.h"

namespace sr::runtime {

CommitThread::CommitThread(flow::Graph& graph, BatchLog& batch_log, SinkCommits& sinks, Environment& env,
                           CommitCallbacks callbacks)
    : graph_(graph), batch_log_(batch_log), sinks_(sinks), env_(env), callbacks_(std::move(callbacks)), thread_([this] {
        work();
      }) {}

CommitThread::~CommitThread() {
  stop();
}

void CommitThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  sinks_.stop();
  if (thread_.joinable()) thread_.join();
}

bool CommitThread::submit(ExecutedBatch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || !batch_; });
  if (stopping_) return false;
  batch_ = std::move(batch);
  changed_.notify_all();
  return true;
}

void CommitThread::work() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || batch_; });
      if (!batch_) return;  // what was handed over before the stop has its attempt
    }
    const std::int64_t start = env_.clock->monotonic_us();
    std::uint64_t dropped = 0;
    const auto failure = commit(*batch_, dropped);
    if (failure) {
      callbacks_.failed(*failure);
    } else {
      callbacks_.committed(*batch_, env_.clock->monotonic_us() - start, dropped);
    }
    const std::lock_guard lock(mutex_);
    batch_.reset();
    changed_.notify_all();
    if (failure) stopping_ = true;
  }
}

std::optional<Failure> CommitThread::commit(const ExecutedBatch& batch, std::uint64_t& dropped) {
  const Tick& tick = batch.result.tick;
  const auto failed = [](const Error& error) { return Failure{{}, error.message, {}, error.code}; };
  BatchCommit done{tick, {}, checksums_of(graph_, batch.result)};
  if (const Status planned = batch_log_.await_plan(tick); !planned.ok()) return failed(planned.error());
  if (auto failure = sinks_.commit(batch.result, done, dropped)) return failure;
  if (const Status logged = batch_log_.commit(done); !logged.ok()) return failed(logged.error());
  return std::nullopt;
}

}  // namespace sr::runtime
