#include "engine/runtime/breaker_emitter.h"

#include <algorithm>

#include "engine/runtime/morsel.h"
#include "engine/runtime/source_run.h"

namespace sr::runtime {

BreakerEmitter::BreakerEmitter(BatchFrame& frame, std::uint32_t node, WorkerPool* pool)
    : frame_(frame),
      node_(node),
      pool_(pool && pool->workers() > 1 ? pool : nullptr),
      pipelines_(frame.wiring->node(node).ports.size()) {}

PushRun& BreakerEmitter::run_of(flow::PortIndex port) {
  Pipeline& pipeline = pipelines_[port];
  if (!pipeline.run) pipeline.run = std::make_unique<PushRun>(frame_);
  return *pipeline.run;
}

bool BreakerEmitter::push(PushRun& run, flow::PortIndex port, const Chunk& chunk, std::optional<Failure>& failure) {
  if (run.push({node_, port, 0}, chunk)) return true;
  const auto first = first_failing_row(frame_, {node_, port, 0}, chunk);
  failure = first ? first : run.failure();
  return false;
}

void BreakerEmitter::emit(Chunk chunk, flow::PortIndex port) {
  Pipeline& pipeline = pipelines_[port];
  const std::uint32_t rows = chunk.live_rows();
  std::uint32_t at = 0;
  while (at < rows && !failure_) {
    const auto to_bound = static_cast<std::uint32_t>(kMorselRows - pipeline.rows % kMorselRows);
    const std::uint32_t count = std::min({frame_.chunk_rows, to_bound, rows - at});
    const auto morsel = static_cast<std::uint64_t>(pipeline.rows / kMorselRows);
    const bool begins = pipeline.rows % kMorselRows == 0;
    Chunk part = slice_live(chunk, at, count);
    at += count;
    pipeline.rows += count;
    if (pool_) {
      if (begins && pipeline.waiting.size() >= 2 * pool_->workers()) run_waiting(port);
      if (begins) pipeline.waiting.push_back({morsel, {}});
      pipeline.waiting.back().chunks.push_back(std::move(part));
    } else {
      PushRun& run = run_of(port);
      if (begins) run.begin_morsel(morsel);
      push(run, port, part, failure_);
    }
  }
}

// Carries the waiting morsels on, each on one worker.
void BreakerEmitter::run_waiting(flow::PortIndex port) {
  std::vector<EmittedMorsel> morsels;
  morsels.swap(pipelines_[port].waiting);
  std::vector<std::optional<Failure>> failures(morsels.size());
  std::vector<std::vector<NodeCounts>> counts(morsels.size());
  pool_->parallel_for(morsels.size(), [&](std::size_t i) {
    PushRun run(frame_);
    run.begin_morsel(morsels[i].index);
    for (const Chunk& chunk : morsels[i].chunks) {
      if (!push(run, port, chunk, failures[i])) break;
    }
    run.finish();
    counts[i] = run.counts();
  });
  for (std::size_t i = 0; i < morsels.size(); ++i) {
    if (!failure_) failure_ = failures[i];
    counts_.push_back(std::move(counts[i]));
  }
}

bool BreakerEmitter::reject(std::vector<ErrorRow> rows) {
  if (failure_) return false;
  const auto port = frame_.graph->nodes[node_].errors_port;
  PushRun& run = run_of(port ? *port : flow::kMainPort);
  if (!run.reject(node_, frame_.wiring->node(node_).input_lanes, std::move(rows))) failure_ = run.failure();
  return !failure_;
}

bool BreakerEmitter::drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) {
  return reject(split_failed(chunk, errors, kept));
}

bool BreakerEmitter::fail_row(std::string_view payload, std::string_view message) {
  return reject({{std::string(message), std::string(payload)}});
}

bool BreakerEmitter::is_read(flow::PortIndex port) const {
  return frame_.wiring->node(node_).ports[port].is_read();
}

void BreakerEmitter::finish() {
  for (flow::PortIndex port = 0; port < pipelines_.size(); ++port) {
    if (!pipelines_[port].waiting.empty() && !failure_) run_waiting(port);
    Pipeline& pipeline = pipelines_[port];
    if (!pipeline.run) continue;
    pipeline.run->finish();
    counts_.push_back(pipeline.run->counts());
  }
}

}  // namespace sr::runtime
