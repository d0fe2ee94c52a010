// The socket source over real loopback TCP: partial lines, lost connections, several peers, long lines, a sender that
// is too fast.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "live_job.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

// A blocking server on a port of its own.
class Server {
 public:
  Server() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(socket_, 4) == 0);
    socklen_t size = sizeof(address);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Server() { ::close(socket_); }
  int accept() const { return ::accept(socket_, nullptr, nullptr); }
  int port = 0;

 private:
  int socket_;
};

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

int connect_to(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  for (int i = 0; i < 100; ++i) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return client;
    ::close(client);
    usleep(20'000);
  }
  return -1;
}

std::string job(int port, const std::string& more = {}, const std::string& rest = {}) {
  return "version: 1\nname: live\nbatch: {interval: 20ms}\nsources:\n  lines:\n    type: socket\n    host: 127.0.0.1\n "
         "   port: " +
         std::to_string(port) + "\n    format: text\n" + more +
         "sinks:\n  out: {type: print, input: lines, limit: 100000}\n" + rest;
}

}  // namespace

TEST_CASE("lines arrive whole however they are cut, also over a connection that was lost and found again") {
  Server server;
  LiveJob live;
  std::thread sender([&] {
    int peer = server.accept();
    send_all(peer, "one\ntw");
    LiveJob::await([&] { return live.printed("one"); });
    send_all(peer, "o\nthree\nunfin");
    ::close(peer);
    peer = server.accept();
    send_all(peer, "four\n");
    LiveJob::await([&] { return live.printed("four"); });
    raise(SIGTERM);
    ::close(peer);
  });
  const JobOutcome outcome = live.run(job(server.port));
  sender.join();
  CHECK(outcome.exit_code == 0);
  CHECK(printed_rows(live.out.text()) == std::vector<std::string>{"one", "two", "three", "unfin", "four"});
  CHECK(live.log_lines().find("was closed") != std::string::npos);
}

TEST_CASE("what was received and is not committed is measured, as a crash would lose it") {
  Server server;
  LiveJob live;
  Gauge& exposed = live.metrics.gauge("streamrun_source_exposed_bytes", "", {{"source", "lines"}});
  int peer = -1;
  std::thread sender([&] {
    peer = server.accept();
    send_all(peer, "committed\nnot yet");
  });
  double most = 0;
  live.drain_when([&] {
    most = std::max(most, exposed.value());
    return exposed.value() == 7 && live.printed("committed");
  });
  const JobOutcome outcome = live.run(job(server.port));
  sender.join();
  ::close(peer);
  CHECK(outcome.exit_code == 0);
  CHECK(most >= 7);
}

TEST_CASE("a port that cannot be reached is tried again until it can") {
  int port = 0;
  {
    port = Server().port;
  }  // free again
  LiveJob live;
  live.drain_when([&] { return live.log_lines().find("next_attempt_ms") != std::string::npos; });
  const JobOutcome outcome = live.run(job(port));
  CHECK(outcome.exit_code == 0);
  CHECK(live.log_lines().find("next_attempt_ms") != std::string::npos);
}

TEST_CASE("a server takes several peers, each with its own lines") {
  int port = 0;
  {
    port = Server().port;
  }
  LiveJob live;
  std::thread senders([&] {
    const int first = connect_to(port);
    const int second = connect_to(port);
    send_all(first, "fir");
    send_all(second, "second\n");
    LiveJob::await([&] { return live.printed("second"); });
    send_all(first, "st\n");
    LiveJob::await([&] { return live.printed("first"); });
    ::close(first);
    ::close(second);
    raise(SIGTERM);
  });
  const JobOutcome outcome = live.run(job(port, "    listen: true\n"));
  senders.join();
  CHECK(outcome.exit_code == 0);
  CHECK(printed_rows(live.out.text()) == std::vector<std::string>{"second", "first"});
}

TEST_CASE("a line longer than max_record is a bad record with a cut payload") {
  Server server;
  LiveJob live;
  std::thread sender([&] {
    const int peer = server.accept();
    send_all(peer, "short\n" + std::string(3'000'000, 'x') + "\nend\n");
    LiveJob::await([&] { return live.printed("end"); });
    raise(SIGTERM);
    ::close(peer);
  });
  const JobOutcome outcome =
      live.run(job(server.port, "    max_record: 1KiB\n    on_error: route\n",
                   "  bad: {type: print, input: bad_sizes}\ntransforms:\n  bad_sizes: {type: map, input: lines.errors, "
                   "select: {size: length(payload)}}\n"));
  sender.join();
  CHECK(outcome.exit_code == 0);
  const auto rows = printed_rows(live.out.text());
  CHECK(std::count(rows.begin(), rows.end(), "1024") == 1);
  CHECK(std::count(rows.begin(), rows.end(), "short") == 1);
  CHECK(std::count(rows.begin(), rows.end(), "end") == 1);
}

TEST_CASE("every line of a fast sender is counted once") {
  Server server;
  LiveJob live;
  constexpr int kLines = 300'000;
  const auto counted = [&] {
    long total = 0;
    for (const std::string& row : printed_rows(live.out.text())) total += std::stol(row);
    return total;
  };
  std::thread sender([&] {
    const int peer = server.accept();
    std::string text;
    for (int i = 0; i < kLines; ++i) text += "line number " + std::to_string(i) + " with some words behind it\n";
    send_all(peer, text);
    LiveJob::await([&] { return counted() >= kLines; });
    raise(SIGTERM);
    ::close(peer);
  });
  const JobOutcome outcome = live.run(
      "version: 1\nname: live\nbatch: {interval: 50ms}\nsources:\n  lines: {type: socket, host: 127.0.0.1, port: " +
          std::to_string(server.port) +
          ", format: text}\ntransforms:\n  n: {type: count, input: lines}\nsinks:\n  out: {type: print, input: n}\n",
      2);
  sender.join();
  CHECK(outcome.exit_code == 0);
  CHECK(counted() == kLines);
}
