// What the process tells the service manager that has started it (systemd's notification protocol: a datagram to the
// socket that $NOTIFY_SOCKET names). Without a manager nothing is said. Tested in tests/cli.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sr {

class Supervisor {
 public:
  // Reads $NOTIFY_SOCKET and $WATCHDOG_USEC, and takes them out of the environment: they are not for programs that the
  // job starts.
  static Supervisor from_environment();

  bool present() const { return !socket_.empty(); }
  // How often alive() must be called at least, µs; 0: the manager does not watch.
  std::int64_t watchdog_us() const { return watchdog_us_; }

  void ready() const { say("READY=1"); }
  void stopping() const { say("STOPPING=1"); }
  void alive() const { say("WATCHDOG=1"); }

 private:
  void say(std::string_view state) const;

  std::string socket_;  // a path, or a name that begins with `@`
  std::int64_t watchdog_us_ = 0;
};

}  // namespace sr
