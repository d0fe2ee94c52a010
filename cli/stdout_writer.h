// The process's standard output as sinks see it. Tested in tests/cli (a closed pipe ends a job quietly).
#pragma once

#include "engine/flow/sink.h"

namespace sr::cli {

class FileStdout final : public flow::StdoutWriter {
 public:
  // Writes all of it; a closed pipe is an Error with code EPIPE.
  Status write(std::string_view text) override;
};

}  // namespace sr::cli
