#include "engine/runtime/breaker_emitter.h"

#include <algorithm>

#include "engine/runtime/morsel.h"
#include "engine/runtime/source_run.h"

namespace sr::runtime {

BreakerEmitter::BreakerEmitter(BatchFrame& frame, std::uint32_t node)
    : frame_(frame), node_(node), pipelines_(frame.wiring->node(node).ports.size()) {}

PushRun& BreakerEmitter::run_of(flow::PortIndex port) {
  Pipeline& pipeline = pipelines_[port];
  if (!pipeline.run) pipeline.run = std::make_unique<PushRun>(frame_);
  return *pipeline.run;
}

void BreakerEmitter::emit(Chunk chunk, flow::PortIndex port) {
  PushRun& run = run_of(port);
  std::int64_t& emitted = pipelines_[port].rows;
  const std::uint32_t rows = chunk.live_rows();
  std::uint32_t at = 0;
  while (at < rows && !failure_) {
    const auto to_bound = static_cast<std::uint32_t>(kMorselRows - emitted % kMorselRows);
    const std::uint32_t count = std::min({frame_.chunk_rows, to_bound, rows - at});
    const Chunk part = slice_live(chunk, at, count);
    if (emitted % kMorselRows == 0) run.begin_morsel(static_cast<std::uint64_t>(emitted / kMorselRows));
    if (!run.push({node_, port, 0}, part)) {
      const auto first = first_failing_row(frame_, {node_, port, 0}, part);
      failure_ = first ? first : run.failure();
    }
    at += count;
    emitted += count;
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
  for (Pipeline& pipeline : pipelines_) {
    if (!pipeline.run) continue;
    pipeline.run->finish();
    counts_.push_back(pipeline.run->counts());
  }
}

}  // namespace sr::runtime
