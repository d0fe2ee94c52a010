// The real loop's insides: what the files of engine/loop that wrap libuv share. Each file wraps one kind of handle. A
// handle's memory (its "body") outlives the object that the user holds, until libuv has called back that it is closed.
#pragma once

#include <uv.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/loop/event_loop.h"

namespace sr {

// Gives `<what>: <reason>` for a libuv error, with its name (`ECONNREFUSED`) as code; retriable unless it can never
// work.
Error uv_failure(const std::string& what, int number);

// Closes a libuv handle whose `data` points to a Body, and deletes the body when libuv is done with it.
template <class Body>
void close_body(Body* body, uv_handle_t* handle) {
  handle->data = body;
  uv_close(handle, [](uv_handle_t* closed) { delete static_cast<Body*>(closed->data); });
}

class UvLoop final : public EventLoop {
 public:
  // Gives null if libuv cannot open its descriptors.
  static std::unique_ptr<UvLoop> make(Clock& clock);
  ~UvLoop() override;
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;

  void run() override;
  void stop() override;
  void post(Task task) override;
  Clock& clock() override { return clock_; }
  std::unique_ptr<Timer> timer(Task task) override;
  void on_signal(std::function<void(int signal, int count)> told) override;
  std::unique_ptr<Stream> connect(const ConnectOptions& options, StreamHandler& handler) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port, AcceptPeer accept) override;
  Result<std::unique_ptr<DatagramReceiver>> receive_datagrams(const std::string& host, std::uint16_t port,
                                                              DatagramHandler& handler) override;
  Result<std::unique_ptr<ReadStream>> read_stdin(StreamHandler& handler) override;
  Result<std::unique_ptr<FileWatch>> watch(const std::string& path, Task changed) override;
  Result<std::unique_ptr<ChildProcess>> spawn(const SpawnOptions& options, ChildHandlers handlers) override;

  uv_loop_t* raw() { return &loop_; }

 private:
  explicit UvLoop(Clock& clock) : clock_(clock) {}

  void run_posted();
  static void signal_came(uv_signal_t* handle, int signal);

  Clock& clock_;
  uv_loop_t loop_{};
  uv_async_t wake_{};
  uv_signal_t interrupt_{};
  uv_signal_t terminate_{};
  std::function<void(int, int)> signal_told_;
  int signals_ = 0;
  bool ready_ = false;
  bool stopped_ = false;
  std::mutex posted_mutex_;
  std::vector<Task> posted_;
  std::vector<Task> running_;  // reused, so that a wake-up allocates nothing
};

}  // namespace sr
