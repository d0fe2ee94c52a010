// The real loop on loopback sockets, pipes, files and programs.
#include "engine/loop/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/unit/loop/recorder.h"

using namespace sr;

namespace {

// A loop that gives up after ten seconds, so that a broken test fails instead of hanging.
struct Bench {
  Clock& clock = *real_environment().clock;
  std::unique_ptr<EventLoop> loop = make_real_loop(clock);
  bool late = false;
  std::unique_ptr<Timer> limit = loop->timer([this] {
    late = true;
    loop->stop();
  });

  Bench() { limit->arm(clock.monotonic_us() + 10'000'000); }
  void run() {
    loop->run();
    REQUIRE_FALSE(late);
  }
};

// Puts another file in the place of standard input while it lives.
class StdinFrom {
 public:
  explicit StdinFrom(int fd) : saved_(::dup(0)) {
    ::dup2(fd, 0);
    ::close(fd);
  }
  ~StdinFrom() {
    ::dup2(saved_, 0);
    ::close(saved_);
  }
  StdinFrom(const StdinFrom&) = delete;
  StdinFrom& operator=(const StdinFrom&) = delete;

 private:
  int saved_;
};

}  // namespace

TEST_CASE("timers fire at their deadline, never before") {
  Bench bench;
  const std::int64_t begin = bench.clock.monotonic_us();
  std::vector<std::int64_t> early;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = bench.loop->timer([&] {
    const std::int64_t deadline = begin + (fired + 1) * 7'300;
    early.push_back(deadline - bench.clock.monotonic_us());
    if (++fired == 5) return bench.loop->stop();
    timer->arm(begin + (fired + 1) * 7'300);
  });
  timer->arm(begin + 7'300);
  bench.run();
  CHECK(fired == 5);
  for (const std::int64_t us : early) CHECK(us <= 0);
}

TEST_CASE("a cancelled or destroyed timer is silent, and a timer may destroy itself") {
  Bench bench;
  bool heard = false;
  auto cancelled = bench.loop->timer([&] { heard = true; });
  cancelled->arm(0);
  cancelled->cancel();
  auto destroyed = bench.loop->timer([&] { heard = true; });
  destroyed->arm(0);
  destroyed = nullptr;
  std::unique_ptr<Timer> suicidal;
  suicidal = bench.loop->timer([&] { suicidal = nullptr; });
  suicidal->arm(0);
  auto last = bench.loop->timer([&] { bench.loop->stop(); });
  last->arm(bench.clock.monotonic_us() + 5'000);
  bench.run();
  CHECK_FALSE(heard);
  CHECK(suicidal == nullptr);
}

TEST_CASE("tasks posted from another thread run on the loop in order") {
  Bench bench;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) bench.loop->post([&order, i] { order.push_back(i); });
    bench.loop->post([&] { bench.loop->stop(); });
  });
  bench.run();
  other.join();
  REQUIRE(order.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("signals are counted") {
  Bench bench;
  std::vector<std::pair<int, int>> told;
  bench.loop->on_signal([&](int signal, int count) {
    told.emplace_back(signal, count);
    if (count == 1) ::kill(::getpid(), SIGTERM);
    if (count == 2) bench.loop->stop();
  });
  ::kill(::getpid(), SIGINT);
  bench.run();
  CHECK(told == std::vector<std::pair<int, int>>{{SIGINT, 1}, {SIGTERM, 2}});
}

TEST_CASE("a client and a server exchange bytes and an end") {
  Bench bench;
  Recorder server_side;
  std::unique_ptr<Stream> accepted;
  auto listener = bench.loop->listen("127.0.0.1", 0, [&](std::unique_ptr<Stream> stream) {
    accepted = std::move(stream);
    return &server_side;
  });
  REQUIRE(listener.ok());
  Recorder client_side;
  auto client = bench.loop->connect({"127.0.0.1", (*listener)->port()}, client_side);
  client_side.when_connected = [&] {
    client->write("hello ");
    client->write("world");
    client->end_writing();
  };
  server_side.when_ended = [&] {
    CHECK(accepted->peer().starts_with("127.0.0.1:"));
    accepted->write("bye");
    accepted->end_writing();
  };
  client_side.when_ended = [&] { bench.loop->stop(); };
  bench.run();
  CHECK(server_side.bytes == "hello world");
  CHECK(client_side.bytes == "bye");
  CHECK(client->unsent() == 0);
  CHECK(client_side.drained > 0);
}

TEST_CASE("a port that nobody listens on is an error that may be tried again") {
  Bench bench;
  std::uint16_t port = 0;
  {
    auto listener = bench.loop->listen("127.0.0.1", 0, [](std::unique_ptr<Stream>) { return nullptr; });
    port = (*listener)->port();
  }
  Recorder handler;
  handler.when_failed = [&] { bench.loop->stop(); };
  auto client = bench.loop->connect({"localhost", port}, handler);
  CHECK(handler.failure.empty());
  bench.run();
  CHECK(handler.failure == "cannot connect to localhost:" + std::to_string(port) + ": connection refused");
  CHECK(handler.retriable);
}

TEST_CASE("an unknown host is an error that may be tried again") {
  Bench bench;
  Recorder handler;
  handler.when_failed = [&] { bench.loop->stop(); };
  auto client = bench.loop->connect({"no such host", 1}, handler);
  bench.run();
  CHECK(handler.failure.starts_with("cannot connect to no such host:1: "));
  CHECK(handler.retriable);
}

TEST_CASE("two listeners on one port are an error") {
  Bench bench;
  const auto refuse = [](std::unique_ptr<Stream>) -> StreamHandler* { return nullptr; };
  auto first = bench.loop->listen("127.0.0.1", 0, refuse);
  auto second = bench.loop->listen("127.0.0.1", (*first)->port(), refuse);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == "EADDRINUSE");
}

TEST_CASE("a reader without room pushes the sender back and loses nothing") {
  Bench bench;
  Recorder reader;
  reader.limit = 100'000;
  std::unique_ptr<Stream> accepted;
  auto listener = bench.loop->listen("127.0.0.1", 0, [&](std::unique_ptr<Stream> stream) {
    accepted = std::move(stream);
    return &reader;
  });
  Recorder sender;
  auto client = bench.loop->connect({"127.0.0.1", (*listener)->port()}, sender);
  const std::size_t total = 32 << 20;
  sender.when_connected = [&] { client->write(std::string(total, 'x')); };
  int looks = 0;
  std::unique_ptr<Timer> look;
  look = bench.loop->timer([&] {
    if (reader.bytes.size() < 100'000 || ++looks < 3) return look->arm(bench.clock.monotonic_us() + 50'000);
    CHECK(reader.bytes.size() == 100'000);
    CHECK(client->unsent() == total);
    reader.limit = total + 1;  // one more, for the end to be read
    accepted->resume();
    client->end_writing();
  });
  look->arm(bench.clock.monotonic_us() + 50'000);
  reader.when_ended = [&] { bench.loop->stop(); };
  bench.run();
  CHECK(reader.bytes.size() == total);
}

TEST_CASE("a stream may be paused and destroyed within its callbacks") {
  Bench bench;
  Recorder reader;
  std::unique_ptr<Stream> accepted;
  auto listener = bench.loop->listen("127.0.0.1", 0, [&](std::unique_ptr<Stream> stream) {
    accepted = std::move(stream);
    return &reader;
  });
  Recorder sender;
  auto client = bench.loop->connect({"127.0.0.1", (*listener)->port()}, sender);
  sender.when_connected = [&] { client->write(std::string(10'000'000, 'x')); };
  reader.when_data = [&] { accepted = nullptr; };
  sender.when_failed = [&] { bench.loop->stop(); };
  sender.when_ended = [&] { bench.loop->stop(); };
  bench.run();
  CHECK(accepted == nullptr);
  CHECK_FALSE(reader.bytes.empty());
}

TEST_CASE("datagrams arrive one by one") {
  Bench bench;
  DatagramRecorder first;
  auto receiver = bench.loop->receive_datagrams("127.0.0.1", 0, first);
  REQUIRE(receiver.ok());
  first.when_count = [&] {
    if (first.datagrams.size() == 2) bench.loop->stop();
  };
  send_datagram((*receiver)->port(), "one");
  send_datagram((*receiver)->port(), "two");
  bench.run();
  CHECK(first.datagrams == std::vector<std::string>{"one", "two"});
}

TEST_CASE("standard input is read from a pipe, a file and nothing") {
  const std::string text(3'000'000, 'y');
  std::string path = (std::filesystem::temp_directory_path() / "sr-stdin-XXXXXX").string();
  const int file = mkstemp(path.data());
  REQUIRE(file >= 0);
  REQUIRE(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::lseek(file, 0, SEEK_SET);
  ::unlink(path.c_str());
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::jthread writer([&] {
    std::size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t put = ::write(ends[1], text.data() + sent, text.size() - sent);
      if (put <= 0) break;
      sent += static_cast<std::size_t>(put);
    }
    ::close(ends[1]);
  });
  for (const auto& [fd, expected] :
       {std::pair<int, std::size_t>{ends[0], text.size()}, {file, text.size()}, {::open("/dev/null", O_RDONLY), 0}}) {
    INFO("descriptor " << fd);
    const StdinFrom redirected(fd);
    Bench bench;
    Recorder reader;
    reader.room = 70'000;
    reader.when_ended = [&] { bench.loop->stop(); };
    auto stream = bench.loop->read_stdin(reader);
    REQUIRE(stream.ok());
    auto pause = bench.loop->timer([&] { (*stream)->resume(); });
    reader.when_data = [&] {
      if (reader.reads % 10 != 1) return;
      (*stream)->pause();
      pause->arm(bench.clock.monotonic_us() + 1000);
    };
    bench.run();
    CHECK(reader.bytes.size() == expected);
  }
}

TEST_CASE("a change in a folder and of a file that is not there yet is seen") {
  Bench bench;
  std::string folder = (std::filesystem::temp_directory_path() / "sr-watch-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  bool folder_changed = false;
  bool file_changed = false;
  const auto check = [&] {
    if (folder_changed && file_changed) bench.loop->stop();
  };
  auto first = bench.loop->watch(folder, [&] {
    folder_changed = true;
    check();
  });
  auto second = bench.loop->watch(folder + "/later", [&] {
    file_changed = true;
    check();
  });
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  auto writer = bench.loop->timer([&] { std::ofstream(folder + "/later") << "now"; });
  writer->arm(bench.clock.monotonic_us() + 600'000);
  bench.run();
  std::filesystem::remove_all(folder);
}

TEST_CASE("a program gets its input and gives output, errors and status") {
  Bench bench;
  Recorder output;
  Recorder errors;
  std::int64_t status = -1;
  int open = 3;
  const auto done = [&] {
    if (--open == 0) bench.loop->stop();
  };
  output.when_ended = done;
  errors.when_ended = done;
  ChildHandlers handlers{&output, &errors, [&](std::int64_t code, int) {
                           status = code;
                           done();
                         }};
  SpawnOptions options{{"sh", "-c", "cat; echo \"$GREETING\" >&2; exit 3"}, {"GREETING=hi"}, "/"};
  auto child = bench.loop->spawn(options, handlers);
  REQUIRE(child.ok());
  CHECK((*child)->pid() > 0);
  (*child)->write("some text");
  (*child)->end_input();
  bench.run();
  CHECK(output.bytes == "some text");
  CHECK(errors.bytes == "hi\n");
  CHECK(status == 3);
}

TEST_CASE("a program that is not there is an error, and a destroyed one is killed") {
  Bench bench;
  Recorder output;
  Recorder errors;
  const auto missing = bench.loop->spawn({{"/no/such/program"}, {}, ""}, {&output, &errors, nullptr});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == "ENOENT");
  CHECK_FALSE(missing.error().retriable);
  auto child = bench.loop->spawn({{"sleep", "1000"}, {}, ""}, {&output, &errors, nullptr});
  REQUIRE(child.ok());
  const int pid = (*child)->pid();
  *child = nullptr;
  bench.limit = nullptr;
  bench.loop = nullptr;  // waits until the program is reaped
  CHECK(::kill(pid, 0) != 0);
}
