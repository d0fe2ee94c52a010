// Files that are named after the time of their batch, as a start finds them: which of them belong to batches that the
// job's journal does not know. Entry points: files_behind, files_ahead. Knows nothing of formats. Tested in
// tests/unit/operators/file_sinks_test.cc and tests/cli/sinks.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/flow/sink.h"

namespace sr::operators {

// How a sink names what it writes of the batch of a time: an entry `<begin><time in ms><end>` of a folder, which is the
// file or leads to it.
struct BatchNames {
  std::string folder;
  std::string begin;
  std::string end;
  std::function<std::string(std::int64_t time_ms)> file;
};

// The files of batches behind `after_ms` that hold something, in the order of their times. A missing folder has none.
Result<std::vector<std::string>> files_behind(Fs& fs, const BatchNames& names, std::int64_t after_ms);

// True if a file is there and holds something: a batch without rows leaves an empty one.
bool holds_something(Fs& fs, const std::string& path);

// Refuses files of batches behind the newest one that the journal has planned; fine if there are none.
Status files_ahead(const std::vector<std::string>& paths, const Tick& planned);

// Renames files to `<path>.superseded`. A power cut may undo that: the next start then stops at them again. Gives a
// sentence about it; empty if there are none.
Result<std::string> set_files_aside(Fs& fs, const std::vector<std::string>& paths);

}  // namespace sr::operators
