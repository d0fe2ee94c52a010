// What a job file says of its checkpoint folder and log, as the engine takes it; for the verbs `run` and `state`.
// Tested in tests/cli.
#pragma once

#include <optional>
#include <string>

#include "cli/session.h"
#include "engine/runtime/checkpoint.h"

namespace sr::cli {

// Null if the job keeps its state in memory only. The session must outlive what it gives.
std::optional<runtime::CheckpointOptions> checkpoint_options(Session& session, const specs::CompiledJob& job);

// The job's text as the journal keeps it, secrets blanked.
std::string journal_text(const specs::CompiledJob& job);

// What a sink wants to know of the folder, for a verb that opens it without running the job.
flow::SinkContext sink_context(const flow::Graph& graph, const std::string& sink, const durability::Recovered& found);

}  // namespace sr::cli
