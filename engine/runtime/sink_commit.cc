#include "engine/runtime/sink_commit.h"

namespace sr::runtime {

Result<std::string> commit_to_sink(flow::Sink& sink, const SinkBatch& batch, const Tick& tick) {
  Status status = sink.begin(tick);
  for (const auto& piece : batch.pieces) {
    if (!status.ok()) break;
    status = sink.write(*piece);
  }
  if (status.ok()) {
    Result<std::string> token = sink.commit(tick);
    if (token.ok()) return token;
    status = token.error();
  }
  sink.abort(tick);
  return status.error();
}

Status close_sinks(flow::Graph& graph) {
  Status closed;
  for (flow::Node& node : graph.nodes) {
    auto* sink = std::get_if<flow::SinkNode>(&node.work);
    if (sink == nullptr) continue;
    Status one = sink->sink->close();
    if (closed.ok()) closed = std::move(one);
  }
  return closed;
}

}  // namespace sr::runtime
