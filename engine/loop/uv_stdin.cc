// Standard input over libuv, whatever it is: pipes, sockets and terminals as streams, files through libuv's own
// threads. Entry point: UvLoop::read_stdin. Tested in tests/unit/loop.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/loop/uv_loop.h"
#include "engine/loop/uv_stream.h"

namespace sr {

namespace {

constexpr std::size_t kPiece = 512 * 1024;

// Reads a file piece by piece. A piece lands in our own memory first: a read under way cannot be called back when the
// handler goes.
class UvFileStream final : public ReadStream {
 public:
  UvFileStream(UvLoop& loop, int fd, StreamHandler& handler) : body_(new Body(loop.raw(), fd, handler)) {
    body_->read();
  }
  ~UvFileStream() override {
    body_->handler = nullptr;
    if (!body_->busy) delete body_;
  }
  UvFileStream(const UvFileStream&) = delete;
  UvFileStream& operator=(const UvFileStream&) = delete;

  void pause() override { body_->paused = true; }
  void resume() override {
    body_->paused = false;
    if (!body_->busy && !body_->ended) body_->read();
  }

 private:
  struct Body {
    Body(uv_loop_t* l, int f, StreamHandler& h) : loop(l), fd(f), handler(&h), piece(kPiece) { request.data = this; }

    // Asks for a piece. With a rest left to hand on it reads nothing, so that its callback still comes from the loop.
    void read() {
      busy = true;
      uv_buf_t buffer = uv_buf_init(piece.data(), begin < end ? 0 : static_cast<unsigned>(kPiece));
      uv_fs_read(loop, &request, fd, &buffer, 1, -1, was_read);
    }

    static void was_read(uv_fs_t* request) {
      auto* body = static_cast<Body*>(request->data);
      const ssize_t result = request->result;
      uv_fs_req_cleanup(request);
      if (body->handler != nullptr) body->came(result);
      body->busy = false;
      if (body->handler == nullptr) {
        delete body;
      } else if (!body->ended && !body->paused) {
        body->read();
      }
    }

    void came(ssize_t result) {
      const bool rest = begin < end;
      if (!rest && result <= 0) {
        ended = true;
        return result == 0 ? handler->on_end()
                           : handler->on_error(uv_failure("cannot read stdin", static_cast<int>(result)));
      }
      if (!rest) {
        begin = 0;
        end = static_cast<std::size_t>(result);
      }
      while (handler != nullptr && !paused && begin < end) {
        const WriteSpace room = handler->on_alloc();
        const std::size_t size = std::min(room.size, end - begin);
        if (size == 0) {
          paused = true;
          return;
        }
        std::memcpy(room.data, piece.data() + begin, size);
        begin += size;
        handler->on_data(size);
      }
    }

    uv_loop_t* loop;
    int fd;
    StreamHandler* handler;
    std::vector<char> piece;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool busy = false;
    bool paused = false;
    bool ended = false;
    uv_fs_t request{};
  };

  Body* body_;
};

// Gives a descriptor of our own for a pipe, so that making it non-blocking does not show in the programs that share it.
int own_pipe() {
  const int reopened = ::open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  return reopened >= 0 ? reopened : ::fcntl(0, F_DUPFD_CLOEXEC, 3);
}

// Initialises the stream's handle for what stdin is; 0 or a libuv error.
int open_stream(uv_loop_t* loop, uv_handle_type type, UvStreamBody& body) {
  if (type == UV_TTY) return uv_tty_init(loop, &body.handle.tty, 0, 0);
  if (type == UV_TCP) {
    const int failed = uv_tcp_init(loop, &body.handle.tcp);
    return failed != 0 ? failed : uv_tcp_open(&body.handle.tcp, ::fcntl(0, F_DUPFD_CLOEXEC, 3));
  }
  const int failed = uv_pipe_init(loop, &body.handle.pipe, 0);
  return failed != 0 ? failed : uv_pipe_open(&body.handle.pipe, own_pipe());
}

}  // namespace

Result<std::unique_ptr<ReadStream>> UvLoop::read_stdin(StreamHandler& handler) {
  const uv_handle_type type = uv_guess_handle(0);
  if (type == UV_FILE) return std::unique_ptr<ReadStream>(std::make_unique<UvFileStream>(*this, 0, handler));
  if (type != UV_TTY && type != UV_NAMED_PIPE && type != UV_TCP) {
    return Error{"cannot read stdin: it is closed or not readable", false, "EBADF"};
  }
  auto* body = new UvStreamBody;
  body->name = "stdin";
  if (const int failed = open_stream(&loop_, type, *body)) {
    if (body->handle.any.loop != nullptr && body->handle.any.type != UV_UNKNOWN_HANDLE) {
      body->handle.any.data = body;
      close_stream(body);
    } else {
      delete body;
    }
    return uv_failure("cannot read stdin", failed);
  }
  body->handle.any.data = body;
  body->handler = &handler;
  body->open = true;
  body->start();
  return std::unique_ptr<ReadStream>(std::make_unique<UvStream>(body));
}

}  // namespace sr
