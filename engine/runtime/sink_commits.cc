#include "engine/runtime/sink_commits.h"

#include <algorithm>
#include <chrono>

#include "engine/base/hash.h"
#include "engine/loop/back_off.h"
#include "engine/runtime/sink_commit.h"

namespace sr::runtime {

SinkCommits::SinkCommits(flow::Graph& graph, Environment& env, Logger* log, SinkCommitsOptions options)
    : graph_(graph), env_(env), log_(log), options_(std::move(options)) {
  const auto sinks = std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const flow::Node& node) {
    return std::holds_alternative<flow::SinkNode>(node.work);
  });
  if (options_.threads && sinks > 1) pool_.emplace(static_cast<unsigned>(sinks));
}

void SinkCommits::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
}

std::optional<Failure> SinkCommits::commit(const BatchResult& batch, durability::BatchCommit& done,
                                           std::uint64_t& dropped) {
  refused_ = false;
  interrupted_ = false;
  std::vector<const SinkBatch*> active;
  for (const SinkBatch& sink : batch.sinks) {
    if (sink.has_batch) active.push_back(&sink);
  }
  std::vector<std::optional<Result<std::string>>> tokens(active.size());
  auto commit_one = [&](std::size_t i) {
    tokens[i] = commit_with_retries(graph_.nodes[active[i]->node], *active[i], batch.tick);
  };
  if (pool_ && active.size() > 1) {
    pool_->parallel_for(active.size(), commit_one);
  } else {
    for (std::size_t i = 0; i < active.size(); ++i) commit_one(i);
  }
  for (std::size_t i = 0; i < active.size(); ++i) {
    const flow::Node& node = graph_.nodes[active[i]->node];
    if (tokens[i]->ok()) {
      done.tokens[node.id] = std::move(**tokens[i]);
      continue;
    }
    const Error& error = tokens[i]->error();
    const flow::ErrorAction then = node.on_error.retry ? node.on_error.retry->then : node.on_error.action;
    const bool left_open = interrupted_ && options_.resumes;
    refused_ = !error.retriable;
    if (then != flow::ErrorAction::skip || left_open || error.code == "EPIPE")
      return Failure{node.id, error.message, {}, error.code};
    dropped += active[i]->rows;
    if (log_)
      log_->error("a batch was given up: " + error.message,
                  {{"sink", node.id}, {"batch", batch.tick.time_ms}, {"rows", active[i]->rows}});
  }
  return std::nullopt;
}

Result<std::string> SinkCommits::attempt(const flow::Node& node, const SinkBatch& batch, const Tick& tick) {
  Activities::Mark mark;
  if (activities_ != nullptr)
    mark =
        activities_->begin("sink `" + node.id + "` takes batch " + std::to_string(tick.id), env_.clock->monotonic_us());
  return commit_to_sink(*std::get<flow::SinkNode>(node.work).sink, batch, tick);
}

Result<std::string> SinkCommits::commit_with_retries(const flow::Node& node, const SinkBatch& batch, const Tick& tick) {
  const auto& policy = node.on_error.retry;
  BackOff back_off(policy ? BackOffOptions{policy->initial_ms, policy->max_ms, policy->jitter} : BackOffOptions{});
  while (true) {
    Result<std::string> token = attempt(node, batch, tick);
    if (token.ok() || token.error().code == "EPIPE") return token;
    // Without a word about it in the job, what may heal by itself is waited for.
    if (!policy && !token.error().retriable) return token;
    if (policy && policy->attempts > 0 && back_off.failures() + 1 >= policy->attempts) return token;
    std::int64_t wait = 0;
    {
      const std::lock_guard lock(mutex_);  // the random source serves one thread at a time
      wait = back_off.next_ms(*env_.random);
    }
    if (log_) log_->warn(token.error().message, {{"sink", node.id}, {"next_attempt_ms", wait}});
    if (!wait_ms(wait)) return token;
  }
}

// Waits; false if the job is to stop.
bool SinkCommits::wait_ms(std::int64_t ms) {
  const bool waited = options_.wait ? options_.wait(ms) : sleep_ms(ms);
  if (!waited) interrupted_ = true;
  return waited;
}

// Waits on this thread; false if stop() was called.
bool SinkCommits::sleep_ms(std::int64_t ms) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return stopping_; });
}

std::map<std::string, std::uint64_t> checksums_of(const flow::Graph& graph, const BatchResult& batch) {
  std::map<std::string, std::uint64_t> sums;
  for (const SinkBatch& sink : batch.sinks) {
    if (sink.has_batch) sums[graph.nodes[sink.node].id] = combine(sink.rows, sink.digest);
  }
  return sums;
}

}  // namespace sr::runtime
