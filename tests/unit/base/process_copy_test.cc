// Work in a copy of the process: how it ended is told, and the process itself does not notice.
#include "engine/base/process_copy.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "engine/base/env.h"

using namespace sr;

namespace {

bool go_on() {
  return true;
}

}  // namespace

TEST_CASE("work in a copy that comes to its end changes nothing here") {
  int value = 1;
  const auto end = run_in_copy([&] { value = 2; }, go_on);
  REQUIRE(end.ok());
  CHECK(end->finished);
  CHECK(value == 1);
}

TEST_CASE("a copy that is ended by a signal, or leaves by itself, has not finished") {
  const auto killed = run_in_copy([] { std::raise(SIGKILL); }, go_on);
  REQUIRE(killed.ok());
  CHECK_FALSE(killed->finished);
  CHECK(killed->signal == SIGKILL);
  const auto left = run_in_copy([] { std::_Exit(3); }, go_on);
  REQUIRE(left.ok());
  CHECK_FALSE(left->finished);
  CHECK(left->signal == 0);
}

TEST_CASE("a copy is killed when nobody waits for it any more") {
  const auto end = run_in_copy(
      [] {
        while (true) std::signal(SIGTERM, SIG_IGN);
      },
      [] { return false; });
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().code == "ECANCELED");
}

TEST_CASE("a copy sends what it makes of the memory at its start") {
  std::string text(3 << 20, 'a');
  const auto copy = ProcessCopy::start([&](const ProcessCopy::Send& send) {
    send(text);
    send("end");
  });
  REQUIRE(copy.ok());
  text.assign(text.size(), 'b');
  std::string got(text.size(), ' ');
  REQUIRE((*copy)->receive(got.data(), got.size(), go_on).ok());
  CHECK(got == std::string(text.size(), 'a'));
  std::array<char, 3> end{};
  REQUIRE((*copy)->receive(end.data(), end.size(), go_on).ok());
  CHECK(std::string(end.data(), end.size()) == "end");
  const Status more = (*copy)->receive(end.data(), 1, go_on);
  REQUIRE_FALSE(more.ok());
  CHECK(more.error().code == "ended");
  const auto ended = (*copy)->wait(go_on);
  REQUIRE(ended.ok());
  CHECK(ended->finished);
}

TEST_CASE("a copy that nobody wants any more ends with the one who waits") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  {
    const auto copy = ProcessCopy::start([](const ProcessCopy::Send&) { ::pause(); }, true);
    REQUIRE(copy.ok());
    char byte = 0;
    const Status nothing = (*copy)->receive(&byte, 1, [] { return false; });
    REQUIRE_FALSE(nothing.ok());
    CHECK(nothing.error().code == "ECANCELED");
  }
  // The pipe's other writer, the copy, is gone.
  ::close(ends[1]);
  char byte = 0;
  CHECK(::read(ends[0], &byte, 1) == 0);
  ::close(ends[0]);
}

TEST_CASE("a copy holds no lock of the process and does not outlive who started it") {
  const std::string path = std::filesystem::temp_directory_path() / ("streamrun-copy-" + std::to_string(::getpid()));
  Fs& fs = *real_environment().fs;
  std::unique_ptr<ProcessCopy> copy;
  std::thread starts([&] {
    auto lock = fs.lock(path);
    REQUIRE(lock.ok());
    auto started = ProcessCopy::start([](const ProcessCopy::Send& send) {
      send("!");
      ::pause();
    });
    REQUIRE(started.ok());
    copy = std::move(*started);
    char byte = 0;
    REQUIRE(copy->receive(&byte, 1, go_on).ok());
    lock->reset();
    CHECK(fs.lock(path).ok());
  });
  starts.join();
  const auto end = copy->wait(go_on);
  REQUIRE(end.ok());
  CHECK(end->signal == SIGKILL);
  CHECK(fs.remove(path).ok());
}

TEST_CASE("signals that ask the process to end do not touch its copy") {
  const auto end = run_in_copy([] { std::raise(SIGTERM); }, go_on);
  REQUIRE(end.ok());
  CHECK(end->finished);
}
