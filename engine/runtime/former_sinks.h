// What sinks that an edit of the job has removed have left under way is closed. Marks of renamed ones are carried over
// by renames.h before. Entry point: settle_former_sinks. Tested in tests/cli/sinks.py.
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
