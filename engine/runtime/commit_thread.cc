#include "engine/runtime/commit_thread.h"

#include <chrono>

#include "engine/loop/back_off.h"
#include "engine/runtime/sink_commit.h"

namespace sr::runtime {

CommitThread::CommitThread(flow::Graph& graph, BatchLog& batch_log, Environment& env, Logger* log,
                           CommitCallbacks callbacks)
    : graph_(graph), batch_log_(batch_log), env_(env), log_(log), callbacks_(std::move(callbacks)), thread_([this] {
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
      if (stopping_) return;
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
  const auto failed = [](const Error& error, const std::string& node = {}) {
    return Failure{node, error.message, {}, error.code};
  };
  if (const Status planned = batch_log_.await_plan(tick); !planned.ok()) return failed(planned.error());
  BatchCommit done{tick, {}};
  for (const SinkBatch& sink : batch.result.sinks) {
    if (!sink.has_batch) continue;
    const flow::Node& node = graph_.nodes[sink.node];
    Result<std::string> token = commit_with_retries(node, sink, tick);
    if (token.ok()) {
      if (!token->empty()) done.tokens[node.id] = std::move(*token);
      continue;
    }
    const auto& policy = node.on_error;
    const flow::ErrorAction then = policy.retry ? policy.retry->then : policy.action;
    if (then != flow::ErrorAction::skip || token.error().code == "EPIPE") return failed(token.error(), node.id);
    dropped += sink.rows;
    if (log_)
      log_->error("a batch was given up: " + token.error().message,
                  {{"sink", node.id}, {"batch", tick.time_ms}, {"rows", sink.rows}});
  }
  if (const Status logged = batch_log_.commit(done); !logged.ok()) return failed(logged.error());
  return std::nullopt;
}

Result<std::string> CommitThread::commit_with_retries(const flow::Node& node, const SinkBatch& batch,
                                                      const Tick& tick) {
  flow::Sink& sink = *std::get<flow::SinkNode>(node.work).sink;
  const auto& policy = node.on_error.retry;
  BackOff back_off(policy ? BackOffOptions{policy->initial_ms, policy->max_ms, policy->jitter} : BackOffOptions{});
  while (true) {
    Result<std::string> token = commit_to_sink(sink, batch, tick);
    if (token.ok() || !policy || token.error().code == "EPIPE") return token;
    if (policy->attempts > 0 && back_off.failures() + 1 >= policy->attempts) return token;
    const std::int64_t wait = back_off.next_ms(*env_.random);
    if (log_) log_->warn(token.error().message, {{"sink", node.id}, {"next_attempt_ms", wait}});
    if (!wait_ms(wait)) return token;
  }
}

// Waits; false if the thread is to stop.
bool CommitThread::wait_ms(std::int64_t ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return stopping_; });
}

}  // namespace sr::runtime
