// The virtual loop: time passes only when nothing is left to do.
#include "engine/loop/virtual_loop.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/loop/recorder.h"

using namespace sr;

TEST_CASE("virtual timers fire in the order of their deadlines and move the clock") {
  VirtualClock clock(1000);
  VirtualLoop loop(clock);
  std::vector<std::pair<int, std::int64_t>> fired;
  auto late = loop.timer([&] { fired.emplace_back(2, clock.monotonic_us()); });
  auto early = loop.timer([&] { fired.emplace_back(1, clock.monotonic_us()); });
  auto never = loop.timer([&] { fired.emplace_back(3, 0); });
  late->arm(2'000'000);
  early->arm(500'000);
  never->arm(1'000'000);
  never->cancel();
  loop.run();
  CHECK(fired == std::vector<std::pair<int, std::int64_t>>{{1, 500'000}, {2, 2'000'000}});
  CHECK(clock.wall_ms() == 3000);
}

TEST_CASE("running to a time stops exactly there") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = loop.timer([&] {
    ++fired;
    timer->arm(clock.monotonic_us() + 1000);
  });
  timer->arm(1000);
  loop.run_until(5500);
  CHECK(fired == 5);
  CHECK(clock.monotonic_us() == 5500);
}

TEST_CASE("posted tasks run before time passes, and stop ends the run") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  std::string order;
  auto timer = loop.timer([&] { order += "t"; });
  timer->arm(10);
  loop.post([&] {
    order += "a";
    loop.post([&] { order += "b"; });
  });
  loop.post([&] { order += "c"; });
  loop.run();
  CHECK(order == "acbt");
  timer->arm(20);
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(order == "acbt");
}

TEST_CASE("a scripted connection sends, pauses without room and ends") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  loop.script_connection("host:1", {{0, "hello "}, {1000, "world", true}});
  Recorder reader;
  reader.limit = 8;
  auto stream = loop.connect({"host", 1}, reader);
  CHECK_FALSE(reader.connected);
  loop.run();
  CHECK(reader.connected);
  CHECK(reader.bytes == "hello wo");
  CHECK_FALSE(reader.ended);
  reader.limit = 100;
  stream->resume();
  loop.run();
  CHECK(reader.bytes == "hello world");
  CHECK(reader.ended);
  CHECK(clock.monotonic_us() == 1000);
  stream->write("answer");
  CHECK(loop.written("host:1") == "answer");
}

TEST_CASE("without a script a connection is refused, with an error it breaks") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  Recorder refused;
  auto first = loop.connect({"host", 1}, refused);
  loop.run();
  CHECK(refused.failure == "cannot connect to host:1: connection refused");
  CHECK_FALSE(refused.connected);
  loop.script_connection("host:1", {{0, "x", false, Error{"reset", true}}});
  Recorder broken;
  auto second = loop.connect({"host", 1}, broken);
  loop.run();
  CHECK(broken.bytes == "x");
  CHECK(broken.failure == "reset");
}

TEST_CASE("a destroyed stream is silent") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  loop.script_connection("host:1", {{0, "a"}, {10, "b"}});
  Recorder reader;
  auto stream = loop.connect({"host", 1}, reader);
  reader.when_data = [&] { stream = nullptr; };
  loop.run();
  CHECK(reader.bytes == "a");
}

TEST_CASE("peers, datagrams, standard input, signals and watches can be played") {
  VirtualClock clock;
  VirtualLoop loop(clock);
  Recorder peer;
  std::unique_ptr<Stream> accepted;
  auto listener = loop.listen("0.0.0.0", 9, [&](std::unique_ptr<Stream> stream) {
    accepted = std::move(stream);
    return &peer;
  });
  REQUIRE(listener.ok());
  CHECK(loop.listen("0.0.0.0", 9, nullptr).error().code == "EADDRINUSE");
  CHECK(loop.connect_peer("0.0.0.0:9", {{0, "hi", true}}));
  CHECK_FALSE(loop.connect_peer("0.0.0.0:8", {}));
  DatagramRecorder datagrams;
  auto receiver = loop.receive_datagrams("0.0.0.0", 7, datagrams);
  CHECK(loop.send_datagram("0.0.0.0:7", "d"));
  loop.script_stdin({{5, "in", true}});
  Recorder input;
  auto stream = loop.read_stdin(input);
  int signals = 0;
  loop.on_signal([&](int, int count) { signals = count; });
  loop.raise(SIGINT);
  loop.raise(SIGTERM);
  int changes = 0;
  auto watch = loop.watch("/x", [&] { ++changes; });
  loop.touch("/x");
  loop.touch("/y");
  loop.run();
  CHECK(peer.bytes == "hi");
  CHECK(peer.ended);
  CHECK(datagrams.datagrams == std::vector<std::string>{"d"});
  CHECK(input.bytes == "in");
  CHECK(signals == 2);
  CHECK(changes == 1);
}
