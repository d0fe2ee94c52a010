#include "engine/runtime/former_sinks.h"

#include "engine/observe/log.h"

namespace sr::runtime {

Status settle_former_sinks(const flow::Graph& graph, const Checkpoint& checkpoint, Environment* env, Logger* log,
                           std::map<std::string, durability::SinkMark>& sinks) {
  const auto& close = checkpoint.options().close_former;
  if (!close) return {};
  for (auto sink = sinks.begin(); sink != sinks.end();) {
    const auto node = graph.find(sink->first);
    flow::SinkContext context;
    context.env = env;
    context.log = log;
    context.job = graph.job;
    context.id = sink->first;
    context.last_batch = sink->second.batch;
    context.last_token = sink->second.token;
    context.durable = true;
    const auto done = close(context, node ? graph.nodes[*node].type : "");
    if (!done.ok()) return Error{"sink `" + sink->first + "`: " + done.error().message, false, done.error().code};
    if (!done->empty() && log) log->info(*done, {});
    // A removed sink that has nothing under way is remembered: a table is still told by it that it went back.
    sink = done->empty() ? std::next(sink) : sinks.erase(sink);
  }
  return {};
}

}  // namespace sr::runtime
