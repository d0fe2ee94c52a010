// The end of a batch: breakers merge in topological order, sinks and watched ports get what was gathered; and the state
// between batches.
#include <algorithm>
#include <iterator>

#include "engine/runtime/breaker_emitter.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

BatchResult Executor::end_batch(bool last) {
  finish_sources();
  BatchResult result;
  result.tick = frame_.contexts.front().tick;
  result.tick.last = last;
  if (failed_) {
    result.failure = failed_->failure;
    return result;
  }
  watermarks_.advance(result.tick);
  for (std::uint32_t i = 0; i < graph_.nodes.size() && !result.failure; ++i) {
    if (wiring_.node(i).kind == NodeKind::breaker) end_breaker(i, result);
  }
  if (result.failure) return result;
  collect_sinks(result);
  collect_captured(result);
  result.counts = counts_;
  result.answers = answers_.take();
  return result;
}

void Executor::end_breaker(std::uint32_t node, BatchResult& result) {
  const NodeWiring& wiring = wiring_.node(node);
  std::vector<flow::PlacedPartial> partials;
  for (std::uint32_t lane = 0; lane < wiring.input_lanes; ++lane) {
    for (SlotContent& content : frame_.store.take(wiring.slot + lane)) {
      partials.push_back({wiring.input_of[lane], std::move(content.partial)});
    }
  }
  flow::Breaker& breaker = *std::get<std::unique_ptr<flow::Breaker>>(graph_.nodes[node].work);
  if (!partials.empty() || has_input_batch(node, result.tick.time_ms)) {
    flow::BatchContext& context = frame_.contexts[node];
    context.tick = result.tick;
    context.watermark = watermarks_.of(node);
    context.inputs_ended = watermarks_.ended(node);
    BreakerEmitter emitter(frame_, node, options_.pool);
    const Status status = breaker.end_batch(context, partials, emitter);
    emitter.finish();
    if (emitter.failure()) {
      result.failure = emitter.failure();
    } else if (!status.ok()) {
      result.failure = Failure{graph_.nodes[node].id, status.error().message, {}, status.error().code};
    }
    for (const auto& counts : emitter.counts()) add_counts(counts);
  }
  if (breaker.has_state()) {
    const NodeState& state = result.states.emplace_back(NodeState{node, breaker.state_keys(), breaker.state_bytes()});
    result.state_keys += state.keys;
    result.state_bytes += state.bytes;
  }
}

void Executor::collect_sinks(BatchResult& result) {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    const NodeWiring& wiring = wiring_.node(i);
    if (wiring.kind != NodeKind::sink) continue;
    SinkBatch batch;
    batch.node = i;
    for (std::uint32_t lane = 0; lane < wiring.input_lanes; ++lane) {
      for (SlotContent& content : frame_.store.take(wiring.slot + lane)) {
        std::move(content.pieces.begin(), content.pieces.end(), std::back_inserter(batch.pieces));
      }
    }
    batch.rows = counts_[i].rows_out;
    batch.digest = counts_[i].digest;
    batch.has_batch = !batch.pieces.empty() || has_input_batch(i, result.tick.time_ms);
    result.sinks.push_back(std::move(batch));
  }
}

void Executor::collect_captured(BatchResult& result) {
  for (const auto& [node, port] : watched_) {
    const NodeWiring& wiring = wiring_.node(node);
    const bool sink = wiring.kind == NodeKind::sink;
    const std::int64_t slot = sink ? wiring.handed_slot : wiring.ports[port].capture_slot;
    const std::uint32_t lanes = sink ? wiring.input_lanes : wiring.ports[port].lanes;
    Captured captured;
    captured.node = node;
    captured.port = port;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      for (SlotContent& content : frame_.store.take(static_cast<std::uint32_t>(slot) + lane)) {
        std::move(content.chunks.begin(), content.chunks.end(), std::back_inserter(captured.chunks));
      }
    }
    const bool timed =
        sink ? has_input_batch(node, result.tick.time_ms) : graph_.nodes[node].timing.has_batch(result.tick.time_ms);
    captured.has_batch = timed || !captured.chunks.empty();
    result.captured.push_back(std::move(captured));
  }
}

bool Executor::changes_with_time() const {
  return watermarks_.moved() || std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [](const flow::Node& node) {
           const auto* breaker = std::get_if<std::unique_ptr<flow::Breaker>>(&node.work);
           return breaker && !(*breaker)->settled();
         });
}

std::vector<std::pair<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>>> Executor::datasets() const {
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const flow::DatasetVersion>>> all;
  for (std::uint32_t i = 0; i < datasets_.size(); ++i) {
    if (datasets_[i]) all.emplace_back(i, datasets_[i]);
  }
  return all;
}

std::vector<SavedState> Executor::snapshot() const {
  std::vector<SavedState> states;
  each_state([&](SavedState state) { states.push_back(std::move(state)); });
  return states;
}

void Executor::each_state(const std::function<void(SavedState)>& take) const {
  SavedState watermarks;
  watermarks_.snapshot(watermarks.bytes);
  take(std::move(watermarks));
  for (const flow::Node& node : graph_.nodes) {
    const auto* breaker = std::get_if<std::unique_ptr<flow::Breaker>>(&node.work);
    if (!breaker || !(*breaker)->has_state()) continue;
    SavedState state{node.id, {}};
    (*breaker)->snapshot(state.bytes);
    take(std::move(state));
  }
}

Status Executor::restore(std::span<const SavedState> states) {
  for (const SavedState& state : states) {
    if (state.node.empty()) {
      SR_TRY(watermarks_.restore(state.bytes));
      continue;
    }
    const auto index = graph_.find(state.node);
    if (!index) continue;
    const auto* breaker = std::get_if<std::unique_ptr<flow::Breaker>>(&graph_.nodes[*index].work);
    if (breaker && (*breaker)->has_state()) SR_TRY((*breaker)->restore(state.bytes));
  }
  return {};
}

}  // namespace sr::runtime
