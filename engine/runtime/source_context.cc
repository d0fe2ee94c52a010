#include "engine/runtime/source_context.h"

namespace sr::runtime {

flow::SourceContext source_context(const flow::Node& node, Environment& env, Logger* log) {
  const auto& source = std::get<flow::SourceNode>(node.work);
  flow::SourceContext context;
  context.env = &env;
  context.log = log;
  context.id = node.id;
  context.was = node.was;
  context.framer = source.framer;
  context.max_record = source.max_record;
  context.wake = [] {};
  context.fail = [](const Error&) {};
  return context;
}

std::optional<flow::Position> stood_at(const std::map<std::string, flow::Position>& standings, const std::string& id) {
  const auto found = standings.find(id);
  return found == standings.end() ? std::nullopt : std::optional<flow::Position>(found->second);
}

}  // namespace sr::runtime
