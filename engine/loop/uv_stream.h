// A libuv stream (TCP, pipe, terminal) behind the Stream contract: reads into the handler's memory, pauses, counts what
// is unsent. Used by the TCP, stdin and child-process files. Tested in tests/unit/loop.
#pragma once

#include <uv.h>

#include <memory>
#include <string>

#include "engine/loop/event_loop.h"
#include "engine/loop/uv_loop.h"

namespace sr {

// The memory of one stream handle. `handler` is null once the owner is gone: then nobody is called any more.
struct UvStreamBody {
  union Handle {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_tty_t tty;
  };
  Handle handle{};
  StreamHandler* handler = nullptr;
  std::string name;  // for errors: `127.0.0.1:9999`
  std::size_t unsent = 0;
  bool open = false;  // connected, and neither ended nor broken
  bool paused = false;
  bool reading = false;
  bool reports_writes = true;  // tells the handler when a write fails

  // Starts reading unless paused.
  void start();
  void stop();
  void write(std::string data);
  void end_writing();
  // Tells the handler, once, that the stream is broken.
  void fail(const Error& error);
};

// Detaches the body from its handler and closes its handle.
void close_stream(UvStreamBody* body);

// A stream that is open from the start, over a body whose handle is initialised.
class UvStream : public Stream {
 public:
  explicit UvStream(UvStreamBody* body) : body_(body) {}
  ~UvStream() override {
    if (body_ != nullptr) close_stream(body_);
  }
  UvStream(const UvStream&) = delete;
  UvStream& operator=(const UvStream&) = delete;

  void pause() override;
  void resume() override;
  void write(std::string data) override;
  std::size_t unsent() const override { return body_ == nullptr ? 0 : body_->unsent; }
  void end_writing() override;
  std::string peer() const override { return body_ == nullptr ? "" : body_->name; }

 protected:
  UvStreamBody* body_;  // null while a client is between two attempts
};

// Writes an address as `127.0.0.1:80` or `[::1]:80`.
std::string address_text(const sockaddr* address);

}  // namespace sr
