// Harness: runs a graph on a virtual clock, in a virtual file system, with given rows, and keeps everything that comes
// out. The `test` verb and the conformance suite stand on it. Entry point: run_harness. Knows nothing of YAML or
// expectations. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/executor.h"

namespace sr::runtime {

struct HarnessOptions {
  // Makes the graph, anew for each restart.
  std::function<Result<flow::Graph>()> make_graph;
  // Rows of sources, by id: chunks of the source's schema for each batch. A source that is not named brings nothing,
  // unless it is in `live`.
  std::map<std::string, std::vector<std::vector<Chunk>>> given;
  // Sources that need nothing of the outside (inline, generate): they run as themselves.
  std::set<std::string> live;
  // Rows of nodes that run programs, by id, instead of what these would answer.
  std::map<std::string, std::vector<std::vector<Chunk>>> answers;
  // Rows of datasets, by id, instead of what their loaders would give.
  std::map<std::string, std::shared_ptr<const flow::DatasetVersion>> datasets;
  std::int64_t batches = 1;
  std::set<std::int64_t> restart_after;  // batch numbers from 1: killed and recovered after each of these
  std::vector<std::pair<std::string, flow::PortIndex>>
      watch;  // nodes and ports whose rows are kept; of a sink what it is handed
  unsigned workers = 1;
  std::uint32_t chunk_rows = kChunkRows;
};

struct HarnessBatch {
  Tick tick;
  std::vector<Captured> captured;  // in the order of HarnessOptions::watch
};

struct HarnessResult {
  std::vector<HarnessBatch> batches;         // those that succeeded
  std::optional<Failure> failure;            // what ended the run early
  std::map<std::string, std::string> texts;  // by sink: what went to standard output
  std::map<std::string, std::string> files;  // by path: the files in the virtual file system at the end
};

// Runs the batches at interval, 2 × interval, … and closes the sinks.
HarnessResult run_harness(const HarnessOptions& options);

}  // namespace sr::runtime
