// Handlers that write down what they hear, for the loop's tests.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/loop/event_loop.h"

namespace sr {

class Recorder final : public StreamHandler {
 public:
  std::string bytes;
  std::string failure;
  bool retriable = false;
  bool connected = false;
  bool ended = false;
  int drained = 0;
  int reads = 0;
  std::size_t room = 256 * 1024;
  std::size_t limit = static_cast<std::size_t>(-1);  // of all bytes; then there is no room
  std::function<void()> when_connected, when_data, when_ended, when_failed;

  void on_connected() override {
    connected = true;
    if (when_connected) when_connected();
  }
  WriteSpace on_alloc() override {
    const std::size_t size = std::min(room, limit - std::min(limit, bytes.size()));
    space_.resize(size);
    return {space_.data(), size};
  }
  void on_data(std::size_t size) override {
    bytes.append(space_.data(), size);
    ++reads;
    if (when_data) when_data();
  }
  void on_end() override {
    ended = true;
    if (when_ended) when_ended();
  }
  void on_error(const Error& error) override {
    failure = error.message;
    retriable = error.retriable;
    if (when_failed) when_failed();
  }
  void on_drained() override { ++drained; }

 private:
  std::string space_;
};

class DatagramRecorder final : public DatagramHandler {
 public:
  std::vector<std::string> datagrams;
  std::function<void()> when_count;

  WriteSpace on_alloc() override {
    space_.resize(65'536);
    return {space_.data(), space_.size()};
  }
  void on_datagram(std::size_t size, std::string_view, bool) override {
    datagrams.emplace_back(space_.data(), size);
    if (when_count) when_count();
  }
  void on_error(const Error&) override {}

 private:
  std::string space_;
};

// Sends one datagram to a port of this machine.
inline void send_datagram(std::uint16_t port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  ::close(fd);
}

}  // namespace sr
