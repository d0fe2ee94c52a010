// Work that may end the process, done in a copy of it. Entry point: run_in_copy. Tested in tests/unit/base.
#pragma once

#include <functional>

#include "engine/base/result.h"

namespace sr {

// How the copy ended.
struct CopyEnd {
  bool finished = false;  // the work came to its end
  int signal = 0;         // else the signal that ended it; 0: it left by itself
};

// Forks the process, does `work` in the copy, leaves that without cleaning up, and waits for it. In the copy only this
// thread goes on: the work must not need another one, nor a lock that another one may hold. The system's memory killer
// takes the copy first. `wait` is called again and again meanwhile; when it gives false the copy is killed, and the
// result is an error of code "ECANCELED".
Result<CopyEnd> run_in_copy(const std::function<void()>& work, const std::function<bool()>& wait);

}  // namespace sr
