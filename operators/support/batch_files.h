// Files that are named after the time of their batch, as a start finds them: which of them belong to batches that the
// job's journal does not know. Entry points: times_behind, files_ahead. Knows nothing of formats. Tested in
// tests/unit/operators/file_sinks_test.cc and tests/cli/sinks.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/flow/sink.h"

namespace sr::operators {

// The times behind `after_ms` that stand in the names `<begin><time in ms><end>` of a folder, ascending. A missing
// folder has none.
Result<std::vector<std::int64_t>> times_behind(Fs& fs, const std::string& folder, std::string_view begin,
                                               std::string_view end, std::int64_t after_ms);

// True if a file is there and holds something: a batch without rows leaves an empty one.
bool holds_something(Fs& fs, const std::string& path);

// Refuses files of batches behind the newest one that the journal has planned; fine if there are none.
Status files_ahead(const std::vector<std::string>& paths, const Tick& planned);

// Renames files to `<path>.superseded`. A power cut may undo that: the next start then stops at them again. Gives a
// sentence about it; empty if there are none.
Result<std::string> set_files_aside(Fs& fs, const std::vector<std::string>& paths);

}  // namespace sr::operators
