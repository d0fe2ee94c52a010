// SignalWatch: hears SIGINT and SIGTERM on a thread of its own, for what must be done when the loop is stuck in a call
// that blocks. The loop hears them too (EventLoop::on_signal). Entry point: make_signal_watch. Tested in
// tests/unit/loop/signal_watch_test.cc.
#pragma once

#include <functional>
#include <memory>

namespace sr {

// Hears signals while it lives.
class SignalWatch {
 public:
  virtual ~SignalWatch() = default;
};

// `told` gets each signal with its number and how many have come so far (1, 2, …), on the watch's thread. Null only if
// the system has no descriptors or threads left.
std::unique_ptr<SignalWatch> make_signal_watch(std::function<void(int signal, int count)> told);

}  // namespace sr
