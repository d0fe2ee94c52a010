// Work done in a copy of the process: what may end it, and what must not hold it up. Entry points: ProcessCopy for work
// that goes on beside this process and sends what it makes, run_in_copy for work that is waited for. Tested in
// tests/unit/base.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "engine/base/result.h"

namespace sr {

// How the copy ended.
struct CopyEnd {
  bool finished = false;  // the work came to its end
  int signal = 0;         // else the signal that ended it; 0: it left by itself
};

// Called now and then while a copy is waited for; false: it is killed.
using GoOn = std::function<bool()>;

// A copy of the process, made by fork(2): it sees memory as it was at its start and shares what neither side has
// written since. In it only one thread goes on: the work must not need another one, nor a lock that another one may
// hold. It has no open files of ours but those it is given with `keep_files`, ignores the signals that ask a process to
// end, is the first one that the system's memory killer takes, and does not outlive the thread that started it. Thread:
// one at a time.
class ProcessCopy {
 public:
  // Sends bytes to the original; false: nobody reads them any more, and the work may as well end.
  using Send = std::function<bool(std::string_view)>;

  // Does `work` in a copy and leaves that without cleaning up. Takes about 20 ms per GB of memory. An error: the system
  // has no room for another process.
  static Result<std::unique_ptr<ProcessCopy>> start(const std::function<void(const Send&)>& work,
                                                    bool keep_files = false);

  // Kills the copy if it has not ended.
  virtual ~ProcessCopy() = default;

  // Fills `to` with the next `size` bytes that the copy sends. Errors: code "ECANCELED" if `go_on` gave false, "ended"
  // if the copy ended before it had sent as many.
  virtual Status receive(char* to, std::size_t size, const GoOn& go_on) = 0;
  // Waits for the copy's end; what it sends meanwhile is dropped. An error of code "ECANCELED": `go_on` gave false.
  virtual Result<CopyEnd> wait(const GoOn& go_on) = 0;
};

// Does `work` in a copy that has the files of the process, and waits for its end. Errors as those of ProcessCopy.
Result<CopyEnd> run_in_copy(const std::function<void()>& work, const GoOn& go_on);

}  // namespace sr
