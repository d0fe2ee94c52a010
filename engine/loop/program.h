// Programs that their caller waits for: what operators hand rows to and take rows from, within the batch. Entry points:
// Programs, make_real_programs. A real program runs in a process group of its own, so that a signal to the job's
// terminal does not end it before the job is done. Knows nothing of rows. Tested in tests/unit/loop/program_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/result.h"

namespace sr {

// Which answer is waited for.
struct ProgramCall {
  std::int64_t timeout_ms = 30'000;  // for the whole answer
  std::size_t most_bytes = std::size_t{1} << 30;
  // True: closes the program's input; the answer is all that it writes, and its exit status must be 0. Else the answer
  // ends with an empty line, which is not part of it.
  bool last = false;
};

// A running program. Destroying it kills it. Used by one thread at a time.
class Program {
 public:
  virtual ~Program() = default;
  // Writes the input while it reads the answer, and gives the answer whole. After an error the program is of no more
  // use. Codes: `ETIMEDOUT`, `EFBIG`, `ECHILD` if it ended before its answer did, `EPROTO` if
  // it wrote more than an answer, `ECANCELED` after Programs::stop.
  virtual Result<std::string> call(std::string_view input, const ProgramCall& how) = 0;
};

class Programs {
 public:
  virtual ~Programs() = default;
  // Starts a program, looked up in PATH; `told` gets each line of its standard error, within call().
  virtual Result<std::unique_ptr<Program>> start(const std::vector<std::string>& command,
                                                 std::function<void(std::string_view line)> told) = 0;
  // Waits; false after stop().
  virtual bool wait(std::int64_t ms) = 0;
  // Ends every call and wait, now and later. From any thread.
  virtual void stop() = 0;
};

// Makes the machine's programs. Null only if the system has no descriptors left.
std::unique_ptr<Programs> make_real_programs(Clock& clock);

}  // namespace sr
