// The event loop's seam: timers, wake-ups, signals, sockets, standard input, file watches and child processes, all on
// one thread. Entry points: make_real_loop() over libuv, VirtualLoop (virtual_loop.h) for tests. Every object that the
// loop gives must die before the loop and on its thread; destroying it closes it, and no callback of it comes after. A
// callback may destroy it. Knows nothing of records, sources or batches. Tested in tests/unit/loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/result.h"

namespace sr {

using Task = std::function<void()>;

// A one-shot timer.
class Timer {
 public:
  virtual ~Timer() = default;
  // Fires once when the monotonic clock has reached `deadline_us`, never before; replaces an earlier deadline.
  virtual void arm(std::int64_t deadline_us) = 0;
  virtual void cancel() = 0;
};

// Where the next bytes go.
struct WriteSpace {
  char* data = nullptr;
  std::size_t size = 0;
};

// Hears what happens to a stream. The loop reads straight into the handler's memory.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_connected() {}
  // Gives room for the next read (256 KiB to 1 MiB is best), valid until the next on_data, on_end or on_error. No room
  // pauses the stream until resume().
  virtual WriteSpace on_alloc() = 0;
  // Says that the first `size` > 0 bytes of the room are filled.
  virtual void on_data(std::size_t size) = 0;
  // The other side has sent all. Nothing more is read.
  virtual void on_end() = 0;
  // The stream is broken, or could not be connected. Nothing follows.
  virtual void on_error(const Error& error) = 0;
  // All that was written has left.
  virtual void on_drained() {}
};

// A stream that is read. Reading begins by itself.
class ReadStream {
 public:
  virtual ~ReadStream() = default;
  // Stops reading, so that the sender is pushed back; no on_data comes until resume().
  virtual void pause() = 0;
  virtual void resume() = 0;
};

// A stream of both directions.
class Stream : public ReadStream {
 public:
  // Queues bytes to send; a failure is told to on_error.
  virtual void write(std::string data) = 0;
  // Gives the bytes that are queued and not sent.
  virtual std::size_t unsent() const = 0;
  // Tells the other side that nothing more comes, after what is queued.
  virtual void end_writing() = 0;
  // Names the other side: `127.0.0.1:4711`.
  virtual std::string peer() const = 0;
};

struct ConnectOptions {
  std::string host;
  std::uint16_t port = 0;
  std::int64_t timeout_ms = 10'000;  // for each address of the host
};

// Waits for peers.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual std::uint16_t port() const = 0;  // the one that was found if 0 was asked
};

// Decides about a new peer: keeps the stream and gives its handler, or gives null to refuse (and drops the stream).
using AcceptPeer = std::function<StreamHandler*(std::unique_ptr<Stream>)>;

// Hears datagrams; rooms as in StreamHandler, one datagram each, at most 64 KiB.
class DatagramHandler {
 public:
  virtual ~DatagramHandler() = default;
  virtual WriteSpace on_alloc() = 0;
  virtual void on_datagram(std::size_t size, std::string_view peer, bool truncated) = 0;
  virtual void on_error(const Error& error) = 0;
};

class DatagramReceiver : public ReadStream {
 public:
  virtual std::uint16_t port() const = 0;
};

// Watches a file or folder while it lives.
class FileWatch {
 public:
  virtual ~FileWatch() = default;
};

struct SpawnOptions {
  std::vector<std::string> command;      // looked up in PATH
  std::vector<std::string> environment;  // `NAME=value`, added to ours
  std::string directory;                 // empty: ours
};

struct ChildHandlers {
  StreamHandler* output = nullptr;                               // required; on_drained speaks of the child's input
  StreamHandler* errors = nullptr;                               // required
  std::function<void(std::int64_t status, int signal)> on_exit;  // may come before the last output
};

// A running program. Destroying it kills it.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  virtual int pid() const = 0;
  virtual void write(std::string data) = 0;  // to its standard input; what it does not want any more is dropped
  virtual std::size_t unsent() const = 0;
  virtual void end_input() = 0;
  virtual void pause_output() = 0;
  virtual void resume_output() = 0;
  virtual void kill(int signal) = 0;
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;

  // Serves callbacks until stop().
  virtual void run() = 0;
  // Lets run() return after the present callback. Loop thread only; another thread posts it.
  virtual void stop() = 0;
  // Runs `task` on the loop's thread soon, in the order of posting. From any thread; tasks left at the loop's end are
  // dropped.
  virtual void post(Task task) = 0;
  virtual Clock& clock() = 0;

  // Makes a timer that runs `task` when it fires.
  virtual std::unique_ptr<Timer> timer(Task task) = 0;
  // Tells of each SIGINT and SIGTERM with its number and how many have come so far (1, 2, …). One listener; replaces
  // the last.
  virtual void on_signal(std::function<void(int signal, int count)> told) = 0;

  // Begins to connect; what comes of it is told to `handler`, never before this call returns.
  virtual std::unique_ptr<Stream> connect(const ConnectOptions& options, StreamHandler& handler) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(const std::string& host, std::uint16_t port, AcceptPeer accept) = 0;
  virtual Result<std::unique_ptr<DatagramReceiver>> receive_datagrams(const std::string& host, std::uint16_t port,
                                                                      DatagramHandler& handler) = 0;
  // Reads standard input, be it a pipe, a socket, a terminal or a file.
  virtual Result<std::unique_ptr<ReadStream>> read_stdin(StreamHandler& handler) = 0;
  // Calls `changed` after changes of a file or of the names in a folder; several changes may be one call. A missing
  // path is fine.
  virtual Result<std::unique_ptr<FileWatch>> watch(const std::string& path, Task changed) = 0;
  virtual Result<std::unique_ptr<ChildProcess>> spawn(const SpawnOptions& options, ChildHandlers handlers) = 0;
};

// Makes a loop over libuv. From then on the process ignores SIGPIPE. Null only if the system has no descriptors left.
std::unique_ptr<EventLoop> make_real_loop(Clock& clock);

}  // namespace sr
