// What a source is opened with where nothing wakes it: to replay, or to be polled by hand.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/flow/graph.h"

namespace sr::runtime {

// A context without a loop; the node must be a source. `log` may be null.
flow::SourceContext source_context(const flow::Node& node, Environment& env, Logger* log);

// Where a source is to begin; nothing: at its beginning.
std::optional<flow::Position> stood_at(const std::map<std::string, flow::Position>& standings, const std::string& id);

}  // namespace sr::runtime
