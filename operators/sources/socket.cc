// socket: records over TCP, as a client that connects again for ever, or with `listen: true` as a server of several
// peers.
//
//   lines:
//     type: socket
//     host: 127.0.0.1
//     port: 9999
//     format: text
//
// What a connection sent before it broke is kept; an incomplete last record counts. Tested in
// tests/unit/operators/socket_test.cc.
#include <fmt/format.h>

#include "engine/loop/back_off.h"
#include "engine/observe/log.h"
#include "operators/support/record_stream.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct SocketConfig {
  std::string host;
  std::int64_t port = 0;
  bool listen = false;
};

class Socket;

// One connection; outlives its stream until its records are taken.
class Peer final : public StreamHandler {
 public:
  Peer(Socket& socket, const flow::SourceContext& context, flow::BufferPool& pool)
      : records(*context.framer, context.max_record, pool), socket_(socket) {}
  void on_connected() override;
  WriteSpace on_alloc() override { return records.room(); }
  void on_data(std::size_t size) override;
  void on_end() override;
  void on_error(const Error& error) override;

  RecordStream records;
  std::unique_ptr<Stream> stream;
  bool connected = false;

 private:
  Socket& socket_;
};

class Socket final : public flow::Source {
 public:
  explicit Socket(const SocketConfig& config) : config_(config) {}

  Status open(const flow::SourceContext& context, const std::optional<flow::Position>&) override;
  Result<flow::SourceSlice> poll(const flow::Budget& budget) override;
  bool ended() const override { return stopped_ && peers_.empty(); }
  std::int64_t queued_bytes() const override;
  void pause() override;
  void resume() override;
  void stop() override;
  void close() override;

  void connected(Peer& peer);
  void received(Peer& peer, std::size_t size);
  // The connection is over; `error` is null when the other side closed it.
  void lost(Peer& peer, const Error* error);

 private:
  void connect();
  Status listen();
  void connect_later(const std::string& why);
  std::string address() const { return fmt::format("{}:{}", config_.host, config_.port); }

  SocketConfig config_;
  flow::SourceContext context_;
  flow::BufferPool pool_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Timer> timer_;
  BackOff back_off_;
  bool paused_ = false;
  bool stopped_ = false;
};

void Peer::on_connected() {
  socket_.connected(*this);
}
void Peer::on_data(std::size_t size) {
  socket_.received(*this, size);
}
void Peer::on_end() {
  socket_.lost(*this, nullptr);
}
void Peer::on_error(const Error& error) {
  socket_.lost(*this, &error);
}

Status Socket::open(const flow::SourceContext& context, const std::optional<flow::Position>&) {
  context_ = context;
  if (config_.listen) return listen();
  timer_ = context_.loop->timer([this] { connect(); });
  connect();
  return {};
}

Status Socket::listen() {
  auto listener = context_.loop->listen(
      config_.host, static_cast<std::uint16_t>(config_.port), [this](std::unique_ptr<Stream> stream) {
        auto peer = std::make_unique<Peer>(*this, context_, pool_);
        peer->stream = std::move(stream);
        peer->connected = true;
        if (paused_) peer->stream->pause();
        if (context_.log) context_.log->debug("connected", {{"source", context_.id}, {"peer", peer->stream->peer()}});
        peers_.push_back(std::move(peer));
        return peers_.back().get();
      });
  if (!listener.ok()) return listener.error();
  listener_ = std::move(*listener);
  if (context_.log) context_.log->info("listening", {{"source", context_.id}, {"address", address()}});
  return {};
}

void Socket::connect() {
  if (stopped_) return;
  auto peer = std::make_unique<Peer>(*this, context_, pool_);
  ConnectOptions options;
  options.host = config_.host;
  options.port = static_cast<std::uint16_t>(config_.port);
  peers_.push_back(std::move(peer));
  Peer& added = *peers_.back();
  added.stream = context_.loop->connect(options, added);
  if (paused_) added.stream->pause();
}

void Socket::connected(Peer& peer) {
  peer.connected = true;
  back_off_.reset();
  if (context_.log) context_.log->info("connected", {{"source", context_.id}, {"address", address()}});
}

void Socket::received(Peer& peer, std::size_t size) {
  peer.records.filled(size, context_.env->clock->monotonic_us());
  context_.wake();
}

void Socket::lost(Peer& peer, const Error* error) {
  const bool was_connected = peer.connected;
  peer.records.end();
  peer.stream.reset();
  if (peer.records.exhausted()) {
    std::erase_if(peers_, [&](const auto& one) { return one.get() == &peer; });
  }
  if (!config_.listen && !stopped_) {
    if (context_.available_now && was_connected) {
      stopped_ = true;  // what the other side had to send is there
    } else {
      connect_later(error ? error->message : "the connection to " + address() + " was closed");
    }
  }
  context_.wake();
}

void Socket::connect_later(const std::string& why) {
  const std::int64_t wait_ms = back_off_.next_ms(*context_.env->random);
  if (context_.log) context_.log->warn(why, {{"source", context_.id}, {"next_attempt_ms", wait_ms}});
  timer_->arm(context_.env->clock->monotonic_us() + wait_ms * 1000);
}

Result<flow::SourceSlice> Socket::poll(const flow::Budget& budget) {
  flow::SourceSlice slice;
  flow::Budget left = budget;
  for (auto& peer : peers_) slice.more |= peer->records.take(left, slice);
  std::erase_if(peers_, [](const auto& peer) { return !peer->stream && peer->records.exhausted(); });
  return slice;
}

std::int64_t Socket::queued_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& peer : peers_) bytes += peer->records.queued_bytes();
  return bytes;
}

void Socket::pause() {
  paused_ = true;
  for (auto& peer : peers_) {
    if (peer->stream) peer->stream->pause();
  }
}

void Socket::resume() {
  paused_ = false;
  for (auto& peer : peers_) {
    if (peer->stream) peer->stream->resume();
  }
}

void Socket::stop() {
  stopped_ = true;
  listener_.reset();
  timer_.reset();
  for (auto& peer : peers_) {
    peer->stream.reset();
    peer->records.end();
  }
  std::erase_if(peers_, [](const auto& peer) { return peer->records.exhausted(); });
}

void Socket::close() {
  stop();
  peers_.clear();
}

std::optional<specs::BoundNode> bind_socket(const SocketConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.source_schema();
  if (config.port == 0 && !config.listen && context.has_option("port")) {
    context.error("SR2109", context.value_span("port"), "`0` is no port that a peer could listen on", "",
                  "a port is between 1 and 65535; 0 stands for a free one where `listen` is true");
  }
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  if (config.listen) bound.listens = {fmt::format("{}:{}", config.host, config.port)};
  bound.make = [config](const specs::MakeOptions&) {
    specs::Made made;
    made.source = std::make_unique<Socket>(config);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<SocketConfig>> socket_options() {
  auto table = std::make_shared<specs::OptionTable<SocketConfig>>();
  table->option("host", &SocketConfig::host)
      .required()
      .doc("The host to connect to, or the address to listen on.")
      .example("127.0.0.1");
  table->option("port", &SocketConfig::port).required().port().doc("The TCP port.").example("9999");
  table->option("listen", &SocketConfig::listen).doc("Waits for peers that connect, instead of connecting.");
  return table;
}

}  // namespace

void register_socket(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "socket";
  info.kind = specs::NodeKind::source;
  info.group = "sources";
  info.inputs = specs::Inputs::none;
  info.summary = "Reads records over TCP, as a client or as a server of several peers.";
  info.example = "lines:\n  type: socket\n  host: 127.0.0.1\n  port: 9999\n";
  info.takes_format = true;
  registry.add(specs::node<SocketConfig>(std::move(info), socket_options(), bind_socket));
}

}  // namespace sr::operators
