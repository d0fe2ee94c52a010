// What a job file says of its checkpoint folder and log, as the engine takes it; for the verbs `run` and `state`.
// Tested in tests/cli.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/session.h"
#include "engine/runtime/checkpoint.h"

namespace sr::cli {

// Null if the job keeps its state in memory only. The session and the job must outlive what it gives.
std::optional<runtime::CheckpointOptions> checkpoint_options(Session& session, const specs::CompiledJob& job);

// The job's text as the journal keeps it, a variable in the place of each value that shows a secret.
std::string journal_text(const specs::CompiledJob& job);

// What a graph of a former text is for: to run, or just to read a state, which needs no secrets.
enum class FormerUse : std::uint8_t { run, look };
// Makes the graph of a text that journal_text() gave. A secret is what the present job has in its place; to run, none
// may be missing.
Result<flow::Graph> former_graph(const specs::Registry& registry, const specs::CompiledJob& present,
                                 const std::string& text, FormerUse use);

// What a sink wants to know of the folder, for a verb that opens it without running the job, as start `epoch`.
flow::SinkContext sink_context(const flow::Graph& graph, const std::string& sink, const durability::Recovered& found,
                               std::int64_t epoch);

}  // namespace sr::cli
