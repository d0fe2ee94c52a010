// An event loop for tests: time passes only when nothing is left to do, and what sockets and standard input bring is
// written down beforehand. Deterministic with one worker. Child processes do not exist here. Tested in tests/unit/loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/loop/event_loop.h"

namespace sr {

// What a scripted peer does: after a pause it sends bytes, then perhaps ends or breaks the stream.
struct ScriptStep {
  std::int64_t after_us = 0;  // since the step before, or since the stream opened
  std::string data = {};
  bool end = false;
  std::optional<Error> error = {};
};
using Script = std::vector<ScriptStep>;

class VirtualLoop final : public EventLoop {
 public:
  // `clock` is moved by run() and must outlive the loop.
  explicit VirtualLoop(VirtualClock& clock);
  ~VirtualLoop() override;

  // Adds what the next connection to `address` (`host:port`) gets. Without a script left a connection is refused.
  void script_connection(const std::string& address, Script script);
  void script_stdin(Script script);
  // Lets a peer connect to a listener at `address`; false if nobody listens there.
  bool connect_peer(const std::string& address, Script script);
  // Hands one datagram to the receiver at `address`; false if there is none.
  bool send_datagram(const std::string& address, std::string data);
  // Gives all that the job wrote to connections of `address`.
  const std::string& written(const std::string& address);
  // Acts as a signal, or as a change of a watched path.
  void raise(int signal);
  void touch(const std::string& path);

  // Serves callbacks and lets time pass to the next of them, until stop() or until nothing is left that could happen.
  void run() override;
  // Does the same, but lets time pass to `deadline_us` at most, and exactly there unless stopped.
  void run_until(std::int64_t deadline_us);

  void stop() override { stopped_ = true; }
  void post(Task task) override;
  Clock& clock() override { return clock_; }
  std::unique_ptr<Timer> timer(Task task) override;
  void on_signal(std::function<void(int signal, int count)> told) override { signal_told_ = std::move(told); }
  std::unique_ptr<Stream> connect(const ConnectOptions& options, StreamHandler& handler) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port, AcceptPeer accept) override;
  Result<std::unique_ptr<DatagramReceiver>> receive_datagrams(const std::string& host, std::uint16_t port,
                                                              DatagramHandler& handler) override;
  Result<std::unique_ptr<ReadStream>> read_stdin(StreamHandler& handler) override;
  Result<std::unique_ptr<FileWatch>> watch(const std::string& path, Task changed) override;
  Result<std::unique_ptr<ChildProcess>> spawn(const SpawnOptions& options, ChildHandlers handlers) override;

  struct World;  // defined in virtual_world.h

 private:
  bool run_next(std::int64_t deadline_us);

  VirtualClock& clock_;
  std::shared_ptr<World> world_;  // shared with the objects that the loop gives
  std::function<void(int, int)> signal_told_;
  int signals_ = 0;
  bool stopped_ = false;
};

}  // namespace sr
