// RolledMark: what the token of a commit says of a rolled file, and the closing of one whose sink goes on otherwise or
// not at all. Entry points: parse_rolled_mark, close_rolled_file. Tested in tests/unit/operators/file_sinks_test.cc and
// tests/cli/sinks.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/flow/sink.h"

namespace sr::operators {

// `<open|full> <bytes> <time of its first batch> <hash of its header> <path>`
struct RolledMark {
  bool full = false;
  std::int64_t size = 0;  // committed bytes
  std::int64_t first_ms = 0;
  std::string header;
  std::string path;  // the name that it gets when it is closed
  std::string text() const;
};

// Null: the token is not one of a rolled file.
std::optional<RolledMark> parse_rolled_mark(std::string_view token);

// Gives the hidden file that the context's token names its name, cut to what was committed. Gives the name; empty if
// the token names no such file, or it is not there any more.
Result<std::string> close_rolled_file(const flow::SinkContext& context);

// What becomes of a sink's last commit when the job has no sink of this id any more, or one of another type. Gives a
// sentence about what was done; empty: nothing.
Result<std::string> close_former_sink(const flow::SinkContext& context, std::string_view present_type);

}  // namespace sr::operators
