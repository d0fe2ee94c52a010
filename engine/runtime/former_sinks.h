// What is known of sinks that an edit of the job has renamed or removed: the mark of a renamed one goes to its new id,
// and what a removed one has left under way is closed. Entry point: settle_former_sinks. Tested in tests/cli/sinks.py.
#pragma once

#include <map>
#include <string>

#include "engine/flow/graph.h"
#include "engine/runtime/checkpoint.h"

namespace sr::runtime {

// `sinks`: the last commits by sink, brought up to date.
Status settle_former_sinks(const flow::Graph& graph, const Checkpoint& checkpoint, Environment* env, Logger* log,
                           std::map<std::string, durability::SinkMark>& sinks);

}  // namespace sr::runtime
