// TCP over libuv: a client that tries each address of a host in turn, and a listener. Entry points: UvLoop::connect,
// UvLoop::listen. Reconnecting is the caller's affair. Tested in tests/unit/loop.
#include <netdb.h>

#include <utility>
#include <vector>

#include "engine/loop/uv_loop.h"
#include "engine/loop/uv_stream.h"

namespace sr {

namespace {

constexpr unsigned kKeepAliveSeconds = 30;  // a peer that vanished without a word is found out

void tune(uv_tcp_t* tcp) {
  uv_tcp_nodelay(tcp, 1);
  uv_tcp_keepalive(tcp, 1, kKeepAliveSeconds);
}

addrinfo stream_hints() {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

class UvTcpClient final : public UvStream {
 public:
  UvTcpClient(UvLoop& loop, const ConnectOptions& options, StreamHandler& handler)
      : UvStream(nullptr),
        loop_(loop),
        options_(options),
        handler_(&handler),
        name_(options.host + ":" + std::to_string(options.port)),
        timeout_(loop.timer([this] { attempt_failed(UV_ETIMEDOUT); })) {
    const addrinfo hints = stream_hints();
    lookup_ = new Lookup{{}, this};
    lookup_->request.data = lookup_;
    const int failed = uv_getaddrinfo(loop.raw(), &lookup_->request, looked_up, options.host.c_str(),
                                      std::to_string(options.port).c_str(), &hints);
    if (failed == 0) return;
    delete std::exchange(lookup_, nullptr);
    // Told later: connect() promises to return first.
    last_failure_ = failed;
    later_ = loop.timer([this] { give_up(); });
    later_->arm(loop.clock().monotonic_us());
  }

  ~UvTcpClient() override {
    if (lookup_ == nullptr) return;
    lookup_->owner = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
  }

  void pause() override {
    paused_ = true;
    UvStream::pause();
  }
  void resume() override {
    paused_ = false;
    UvStream::resume();
  }
  std::string peer() const override { return body_ == nullptr || body_->name.empty() ? name_ : body_->name; }

 private:
  struct Lookup {
    uv_getaddrinfo_t request;
    UvTcpClient* owner;
  };
  struct Attempt {
    uv_connect_t request;
    UvStreamBody* body;
    UvTcpClient* owner;
  };

  static void looked_up(uv_getaddrinfo_t* request, int status, addrinfo* found) {
    auto* lookup = static_cast<Lookup*>(request->data);
    if (UvTcpClient* owner = lookup->owner) {
      owner->lookup_ = nullptr;
      for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        sockaddr_storage address{};
        std::copy_n(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen, reinterpret_cast<char*>(&address));
        owner->addresses_.push_back(address);
      }
      owner->last_failure_ = status;
      owner->try_next();
    }
    uv_freeaddrinfo(found);
    delete lookup;
  }

  void try_next() {
    while (next_ < addresses_.size()) {
      const auto* address = reinterpret_cast<const sockaddr*>(&addresses_[next_++]);
      body_ = new UvStreamBody;
      uv_tcp_init(loop_.raw(), &body_->handle.tcp);
      body_->handle.any.data = body_;
      attempt_ = new Attempt{{}, body_, this};
      attempt_->request.data = attempt_;
      last_failure_ = uv_tcp_connect(&attempt_->request, &body_->handle.tcp, address, connected);
      if (last_failure_ == 0) return timeout_->arm(loop_.clock().monotonic_us() + options_.timeout_ms * 1000);
      delete std::exchange(attempt_, nullptr);
      close_stream(std::exchange(body_, nullptr));
    }
    give_up();
  }

  // libuv calls this for every attempt, also for one whose stream was closed meanwhile: then its body is no longer
  // ours.
  static void connected(uv_connect_t* request, int status) {
    auto* attempt = static_cast<Attempt*>(request->data);
    UvTcpClient* owner = status == UV_ECANCELED ? nullptr : attempt->owner;
    delete attempt;
    if (owner == nullptr) return;
    owner->attempt_ = nullptr;
    if (status != 0) return owner->attempt_failed(status);
    owner->opened();
  }

  void attempt_failed(int why) {
    timeout_->cancel();
    last_failure_ = why;
    attempt_ = nullptr;
    if (body_ != nullptr) close_stream(std::exchange(body_, nullptr));
    try_next();
  }

  void opened() {
    timeout_->cancel();
    tune(&body_->handle.tcp);
    sockaddr_storage address{};
    int size = sizeof address;
    if (uv_tcp_getpeername(&body_->handle.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      body_->name = address_text(reinterpret_cast<sockaddr*>(&address));
    }
    UvStreamBody* body = body_;
    body->handler = handler_;
    body->open = true;
    body->paused = paused_;
    handler_->on_connected();
    if (body->handler != nullptr) body->start();  // the callback may have destroyed this client
  }

  void give_up() { handler_->on_error(uv_failure("cannot connect to " + name_, last_failure_)); }

  UvLoop& loop_;
  ConnectOptions options_;
  StreamHandler* handler_;
  std::string name_;
  std::unique_ptr<Timer> timeout_;
  std::unique_ptr<Timer> later_;
  Lookup* lookup_ = nullptr;
  Attempt* attempt_ = nullptr;
  std::vector<sockaddr_storage> addresses_;
  std::size_t next_ = 0;
  int last_failure_ = UV_EAI_NONAME;
  bool paused_ = false;
};

class UvListener final : public Listener {
 public:
  UvListener(UvLoop& loop, AcceptPeer accept) : body_(new Body{{}, std::move(accept)}) {
    uv_tcp_init(loop.raw(), &body_->handle);
    body_->handle.data = body_;
  }
  ~UvListener() override {
    body_->gone = true;
    close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle));
  }
  UvListener(const UvListener&) = delete;
  UvListener& operator=(const UvListener&) = delete;

  // Gives 0 or a libuv error.
  int open(const sockaddr* address) {
    if (const int failed = uv_tcp_bind(&body_->handle, address, 0)) return failed;
    return uv_listen(reinterpret_cast<uv_stream_t*>(&body_->handle), SOMAXCONN, peer_came);
  }

  std::uint16_t port() const override {
    sockaddr_storage address{};
    int size = sizeof address;
    uv_tcp_getsockname(&body_->handle, reinterpret_cast<sockaddr*>(&address), &size);
    const bool v6 = address.ss_family == AF_INET6;
    return ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                    : reinterpret_cast<sockaddr_in&>(address).sin_port);
  }

 private:
  struct Body {
    uv_tcp_t handle;
    AcceptPeer accept;
    bool gone = false;
  };

  static void peer_came(uv_stream_t* server, int status) {
    auto* listener = static_cast<Body*>(server->data);
    if (status != 0 || listener->gone) return;  // a peer that went away again before it was accepted
    auto* body = new UvStreamBody;
    uv_tcp_init(server->loop, &body->handle.tcp);
    body->handle.any.data = body;
    auto stream = std::make_unique<UvStream>(body);
    if (uv_accept(server, &body->handle.stream) != 0) return;
    tune(&body->handle.tcp);
    sockaddr_storage address{};
    int size = sizeof address;
    if (uv_tcp_getpeername(&body->handle.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      body->name = address_text(reinterpret_cast<sockaddr*>(&address));
    }
    StreamHandler* handler = listener->accept(std::move(stream));
    if (handler == nullptr || uv_is_closing(&body->handle.any) != 0) return;
    body->handler = handler;
    body->open = true;
    body->start();
  }

  Body* body_;
};

}  // namespace

std::unique_ptr<Stream> UvLoop::connect(const ConnectOptions& options, StreamHandler& handler) {
  return std::make_unique<UvTcpClient>(*this, options, handler);
}

Result<std::unique_ptr<Listener>> UvLoop::listen(const std::string& host, std::uint16_t port, AcceptPeer accept) {
  const std::string what = "cannot listen on " + host + ":" + std::to_string(port);
  addrinfo hints = stream_hints();
  hints.ai_flags = AI_PASSIVE;
  uv_getaddrinfo_t lookup;
  if (const int failed = uv_getaddrinfo(&loop_, &lookup, nullptr, host.c_str(), std::to_string(port).c_str(), &hints)) {
    return uv_failure(what, failed);
  }
  auto listener = std::make_unique<UvListener>(*this, std::move(accept));
  const int failed = listener->open(lookup.addrinfo->ai_addr);
  uv_freeaddrinfo(lookup.addrinfo);
  if (failed != 0) return uv_failure(what, failed);
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace sr
