// One sink's part of one batch: begin, write, commit, and what is undone when that fails. Entry point: commit_to_sink.
// Knows nothing of threads or retries. Tested in tests/unit/runtime.
#pragma once

#include <string>

#include "engine/flow/sink.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

// Writes a batch and makes it visible; gives the sink's token. After an error the sink has forgotten the batch, and the
// call may be repeated.
Result<std::string> commit_to_sink(flow::Sink& sink, const SinkBatch& batch, const Tick& tick);

// Closes all sinks of a graph, and gives the first error.
Status close_sinks(flow::Graph& graph);

}  // namespace sr::runtime
