// UDP receiving over libuv. Entry point: UvLoop::receive_datagrams. Tested in tests/unit/loop.
#include <netdb.h>

#include "engine/loop/uv_loop.h"
#include "engine/loop/uv_stream.h"

namespace sr {

namespace {

class UvDatagrams final : public DatagramReceiver {
 public:
  UvDatagrams(UvLoop& loop, DatagramHandler& handler, std::string name)
      : body_(new Body{{}, &handler, std::move(name)}) {
    uv_udp_init(loop.raw(), &body_->handle);
    body_->handle.data = body_;
  }
  ~UvDatagrams() override {
    body_->handler = nullptr;
    close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle));
  }
  UvDatagrams(const UvDatagrams&) = delete;
  UvDatagrams& operator=(const UvDatagrams&) = delete;

  // Gives 0 or a libuv error.
  int open(const sockaddr* address) {
    if (const int failed = uv_udp_bind(&body_->handle, address, 0)) return failed;
    int size = 4 << 20;  // as much as the system allows: what does not fit is lost
    uv_recv_buffer_size(reinterpret_cast<uv_handle_t*>(&body_->handle), &size);
    return start();
  }
  void pause() override { uv_udp_recv_stop(&body_->handle); }
  void resume() override { start(); }

  std::uint16_t port() const override {
    sockaddr_storage address{};
    int size = sizeof address;
    uv_udp_getsockname(&body_->handle, reinterpret_cast<sockaddr*>(&address), &size);
    const bool v6 = address.ss_family == AF_INET6;
    return ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                    : reinterpret_cast<sockaddr_in&>(address).sin_port);
  }

 private:
  struct Body {
    uv_udp_t handle;
    DatagramHandler* handler;
    std::string name;
  };

  int start() {
    const int failed = uv_udp_recv_start(&body_->handle, allocate, received);
    return failed == UV_EALREADY ? 0 : failed;
  }

  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto* body = static_cast<Body*>(handle->data);
    const WriteSpace room = body->handler == nullptr ? WriteSpace{} : body->handler->on_alloc();
    *buffer = uv_buf_init(room.data, static_cast<unsigned>(room.size));
  }

  static void received(uv_udp_t* handle, ssize_t size, const uv_buf_t*, const sockaddr* from, unsigned flags) {
    auto* body = static_cast<Body*>(handle->data);
    if (body->handler == nullptr) return;
    if (size == UV_ENOBUFS) {
      uv_udp_recv_stop(handle);
      return;
    }
    if (size < 0) return body->handler->on_error(uv_failure("cannot receive on " + body->name, static_cast<int>(size)));
    if (from == nullptr) return;  // nothing more to read now
    body->handler->on_datagram(static_cast<std::size_t>(size), address_text(from), (flags & UV_UDP_PARTIAL) != 0);
  }

  Body* body_;
};

}  // namespace

Result<std::unique_ptr<DatagramReceiver>> UvLoop::receive_datagrams(const std::string& host, std::uint16_t port,
                                                                    DatagramHandler& handler) {
  const std::string name = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE;
  uv_getaddrinfo_t lookup;
  if (const int failed = uv_getaddrinfo(&loop_, &lookup, nullptr, host.c_str(), std::to_string(port).c_str(), &hints)) {
    return uv_failure("cannot listen on " + name, failed);
  }
  auto receiver = std::make_unique<UvDatagrams>(*this, handler, name);
  const int failed = receiver->open(lookup.addrinfo->ai_addr);
  uv_freeaddrinfo(lookup.addrinfo);
  if (failed != 0) return uv_failure("cannot listen on " + name, failed);
  return std::unique_ptr<DatagramReceiver>(std::move(receiver));
}

}  // namespace sr
