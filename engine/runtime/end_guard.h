// EndGuard: the end of a job comes, whatever its threads are stuck in. A thread of its own counts the time from the
// moment a stop begins (a signal, a failure, the end of the work) and, when the job has not ended by then, leaves the
// process: that is as safe as a kill, after which nothing is lost either. Entry point: EndGuard. Any thread. Tested in
// tests/unit/runtime/end_guard_test.cc and tests/cli/stops.py.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/runtime/activities.h"
#include "engine/runtime/background_thread.h"

namespace sr::runtime {

struct EndGuardOptions {
  Clock* clock = nullptr;
  bool graceful = true;
  std::int64_t timeout_ms = 30'000;  // of a graceful stop
  std::int64_t return_ms = 2'000;    // for threads to come back where nothing is to be finished any more
  // Ends the process with the exit code after telling the text; it waits for nobody. The guard's thread or the caller
  // of signalled().
  std::function<void(int code, const std::string& text)> leave;
};

class EndGuard {
 public:
  explicit EndGuard(EndGuardOptions options);
  ~EndGuard();
  EndGuard(const EndGuard&) = delete;
  EndGuard& operator=(const EndGuard&) = delete;

  // A signal that asks for the end; the `count`th. The second leaves at once.
  void signalled(int signal, int count);
  // The job's outcome is decided: it has to close what is open, no more. `error` is what a person must be told, be it
  // by the caller (see told) or by the guard.
  void ending(int code, const std::string& error);
  // The error was told.
  void told();

  Activities& activities() { return activities_; }

 private:
  void end_within(std::int64_t ms);
  void work();
  std::string text() const;

  EndGuardOptions options_;
  Activities activities_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::int64_t> deadline_us_;
  int code_ = 4;
  std::string error_;
  bool decided_ = false;
  bool over_ = false;
  BackgroundThread thread_;
};

}  // namespace sr::runtime
