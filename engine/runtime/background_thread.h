// BackgroundThread: a thread of the engine beside its loop, as a value. Whoever owns it tells its work to end, then
// joins it. Tested through engine/runtime/durable_log.h.
#pragma once

#include <functional>
#include <thread>

namespace sr::runtime {

class BackgroundThread {
 public:
  void start(std::function<void()> work) { thread_ = std::thread(std::move(work)); }
  bool started() const { return thread_.joinable(); }
  // Waits for the end of the work, if there is any.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace sr::runtime
