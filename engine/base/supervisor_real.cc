// The notification protocol on the system's sockets. Entry point: supervisor.h. sd_notify(3) describes it.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "engine/base/supervisor.h"

namespace sr {
namespace {

std::string take_variable(const char* name) {
  const char* found = std::getenv(name);
  std::string value = found != nullptr ? found : "";
  ::unsetenv(name);
  return value;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  Supervisor manager;
  manager.socket_ = take_variable("NOTIFY_SOCKET");
  const std::string watched = take_variable("WATCHDOG_PID");
  const std::int64_t every = number(take_variable("WATCHDOG_USEC"));
  if (watched.empty() || number(watched) == ::getpid()) manager.watchdog_us_ = every;
  return manager;
}

// A manager that does not listen is no reason to stop a job.
void Supervisor::say(std::string_view state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
}

}  // namespace sr
