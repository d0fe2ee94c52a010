#include "engine/loop/virtual_loop.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/loop/virtual_world.h"

namespace sr {

namespace {

class VirtualTimer final : public Timer {
 public:
  VirtualTimer(VirtualWorldPtr world, Task task)
      : world_(std::move(world)), task_(std::make_shared<Task>(std::move(task))) {}
  ~VirtualTimer() override { cancel(); }
  VirtualTimer(const VirtualTimer&) = delete;
  VirtualTimer& operator=(const VirtualTimer&) = delete;

  void arm(std::int64_t deadline_us) override {
    cancel();
    // The task lives on while it runs, even if it destroys the timer.
    key_ = world_->schedule(deadline_us, [task = task_] { (*task)(); });
  }
  void cancel() override { world_->unschedule(key_); }

 private:
  VirtualWorldPtr world_;
  std::shared_ptr<Task> task_;
  VirtualLoop::World::Key key_{0, 0};
};

class VirtualListener final : public Listener {
 public:
  VirtualListener(VirtualWorldPtr world, std::string address, std::uint16_t port)
      : world_(std::move(world)), address_(std::move(address)), port_(port) {}
  ~VirtualListener() override { world_->listeners.erase(address_); }
  VirtualListener(const VirtualListener&) = delete;
  VirtualListener& operator=(const VirtualListener&) = delete;
  std::uint16_t port() const override { return port_; }

 private:
  VirtualWorldPtr world_;
  std::string address_;
  std::uint16_t port_;
};

class VirtualReceiver final : public DatagramReceiver {
 public:
  VirtualReceiver(VirtualWorldPtr world, std::string address, std::uint16_t port)
      : world_(std::move(world)), address_(std::move(address)), port_(port) {}
  ~VirtualReceiver() override { world_->receivers.erase(address_); }
  VirtualReceiver(const VirtualReceiver&) = delete;
  VirtualReceiver& operator=(const VirtualReceiver&) = delete;
  std::uint16_t port() const override { return port_; }
  void pause() override {}  // a datagram that finds no room is lost, as on a network
  void resume() override {}

 private:
  VirtualWorldPtr world_;
  std::string address_;
  std::uint16_t port_;
};

class VirtualWatch final : public FileWatch {
 public:
  VirtualWatch(VirtualWorldPtr world, std::uint64_t number) : world_(std::move(world)), number_(number) {}
  ~VirtualWatch() override {
    std::erase_if(world_->watches, [this](const auto& watch) { return watch.second.first == number_; });
  }
  VirtualWatch(const VirtualWatch&) = delete;
  VirtualWatch& operator=(const VirtualWatch&) = delete;

 private:
  VirtualWorldPtr world_;
  std::uint64_t number_;
};

std::string address_of(const std::string& host, std::uint16_t port) {
  return host + ":" + std::to_string(port);
}

}  // namespace

VirtualLoop::VirtualLoop(VirtualClock& clock) : clock_(clock), world_(std::make_shared<World>(clock)) {}

VirtualLoop::~VirtualLoop() {
  world_->agenda.clear();
  world_->posted.clear();
}

void VirtualLoop::script_connection(const std::string& address, Script script) {
  world_->connections[address].push_back(std::move(script));
}

void VirtualLoop::script_stdin(Script script) {
  world_->stdin_scripts.push_back(std::move(script));
}

bool VirtualLoop::connect_peer(const std::string& address, Script script) {
  const auto listener = world_->listeners.find(address);
  if (listener == world_->listeners.end()) return false;
  auto stream = std::make_unique<ScriptedStream>(world_, address, std::move(script));
  ScriptedStream* raw = stream.get();
  if (StreamHandler* handler = listener->second(std::move(stream))) raw->begin(*handler, false);
  return true;
}

bool VirtualLoop::send_datagram(const std::string& address, std::string data) {
  const auto receiver = world_->receivers.find(address);
  if (receiver == world_->receivers.end()) return false;
  const WriteSpace room = receiver->second->on_alloc();
  const std::size_t size = std::min(room.size, data.size());
  if (room.size == 0) return true;
  std::memcpy(room.data, data.data(), size);
  receiver->second->on_datagram(size, "192.0.2.1:1", size < data.size());
  return true;
}

const std::string& VirtualLoop::written(const std::string& address) {
  return world_->written[address];
}

void VirtualLoop::raise(int signal) {
  if (signal_told_) signal_told_(signal, ++signals_);
}

void VirtualLoop::touch(const std::string& path) {
  const auto [from, to] = world_->watches.equal_range(path);
  for (auto at = from; at != to; ++at) post(at->second.second);
}

bool VirtualLoop::run_next(std::int64_t deadline_us) {
  Task task;
  {
    const std::lock_guard guard(world_->posted_mutex);
    if (!world_->posted.empty()) {
      task = std::move(world_->posted.front());
      world_->posted.pop_front();
    }
  }
  if (!task) {
    const auto next = world_->agenda.begin();
    if (next == world_->agenda.end() || next->first.first > deadline_us) return false;
    const std::int64_t ahead = next->first.first - clock_.monotonic_us();
    if (ahead > 0) clock_.advance_us(ahead);
    task = std::move(next->second);
    world_->agenda.erase(next);
  }
  task();
  return true;
}

void VirtualLoop::run() {
  while (!stopped_ && run_next(std::numeric_limits<std::int64_t>::max())) {
  }
  stopped_ = false;
}

void VirtualLoop::run_until(std::int64_t deadline_us) {
  while (!stopped_ && run_next(deadline_us)) {
  }
  const std::int64_t rest = deadline_us - clock_.monotonic_us();
  if (!stopped_ && rest > 0) clock_.advance_us(rest);
  stopped_ = false;
}

void VirtualLoop::post(Task task) {
  const std::lock_guard guard(world_->posted_mutex);
  world_->posted.push_back(std::move(task));
}

std::unique_ptr<Timer> VirtualLoop::timer(Task task) {
  return std::make_unique<VirtualTimer>(world_, std::move(task));
}

std::unique_ptr<Stream> VirtualLoop::connect(const ConnectOptions& options, StreamHandler& handler) {
  const std::string address = address_of(options.host, options.port);
  auto& scripts = world_->connections[address];
  if (scripts.empty()) {
    Script refused{
        {0, "", false, Error{"cannot connect to " + address + ": connection refused", true, "ECONNREFUSED"}}};
    auto stream = std::make_unique<ScriptedStream>(world_, address, std::move(refused));
    stream->begin(handler, false);
    return stream;
  }
  auto stream = std::make_unique<ScriptedStream>(world_, address, std::move(scripts.front()));
  scripts.pop_front();
  stream->begin(handler, true);
  return stream;
}

Result<std::unique_ptr<Listener>> VirtualLoop::listen(const std::string& host, std::uint16_t port, AcceptPeer accept) {
  const std::string address = address_of(host, port);
  if (!world_->listeners.emplace(address, std::move(accept)).second) {
    return Error{"cannot listen on " + address + ": address already in use", true, "EADDRINUSE"};
  }
  return std::unique_ptr<Listener>(std::make_unique<VirtualListener>(world_, address, port));
}

Result<std::unique_ptr<DatagramReceiver>> VirtualLoop::receive_datagrams(const std::string& host, std::uint16_t port,
                                                                         DatagramHandler& handler) {
  const std::string address = address_of(host, port);
  if (!world_->receivers.emplace(address, &handler).second) {
    return Error{"cannot listen on " + address + ": address already in use", true, "EADDRINUSE"};
  }
  return std::unique_ptr<DatagramReceiver>(std::make_unique<VirtualReceiver>(world_, address, port));
}

Result<std::unique_ptr<ReadStream>> VirtualLoop::read_stdin(StreamHandler& handler) {
  Script script{{0, "", true, {}}};
  if (!world_->stdin_scripts.empty()) {
    script = std::move(world_->stdin_scripts.front());
    world_->stdin_scripts.pop_front();
  }
  auto stream = std::make_unique<ScriptedStream>(world_, "stdin", std::move(script));
  stream->begin(handler, false);
  return std::unique_ptr<ReadStream>(std::move(stream));
}

Result<std::unique_ptr<FileWatch>> VirtualLoop::watch(const std::string& path, Task changed) {
  const std::uint64_t number = ++world_->last;
  world_->watches.emplace(path, std::make_pair(number, std::move(changed)));
  return std::unique_ptr<FileWatch>(std::make_unique<VirtualWatch>(world_, number));
}

Result<std::unique_ptr<ChildProcess>> VirtualLoop::spawn(const SpawnOptions&, ChildHandlers) {
  return Error{"programs cannot be started on a virtual clock", false, "ENOSYS"};
}

}  // namespace sr
