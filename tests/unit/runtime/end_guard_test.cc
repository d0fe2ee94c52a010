// The guard of a job's end: it leaves when the end does not come, says why, and stays silent when it does.
#include "engine/runtime/end_guard.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

using namespace sr;
using namespace sr::runtime;

namespace {

struct Left {
  int code = 0;
  std::string text;
};

// A guard with short limits that hands out how it would have left.
struct World {
  explicit World(bool graceful, std::int64_t timeout_ms = 1, std::int64_t return_ms = 1)
      : guard({real_environment().clock, graceful, timeout_ms, return_ms,
               [this](int code, const std::string& text) { left.set_value({code, text}); }}) {}
  std::promise<Left> left;
  EndGuard guard;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a graceful stop that does not end is left with what is still at work") {
  World world(true);
  const auto opening = world.guard.activities().begin("sink `a` is being opened", 1);
  const auto taking = world.guard.activities().begin("batch 2 is executed", 2);
  {
    const auto done = world.guard.activities().begin("sink `b` takes batch 1", 3);
  }
  world.guard.signalled(SIGTERM, 1);
  const Left left = world.left.get_future().get();
  CHECK(left.code == 4);
  CHECK(contains(left.text, "`shutdown.timeout` (still at work: sink `a` is being opened, batch 2 is executed)"));
}

TEST_CASE("a failure is told first, though the job is stuck") {
  World world(true, 1'000'000);
  const auto taking = world.guard.activities().begin("sink `b` takes batch 1", 3);
  world.guard.ending(4, "no such table");
  const Left left = world.left.get_future().get();
  CHECK(left.code == 4);
  CHECK(left.text == "no such table\n  left while still at work: sink `b` takes batch 1");
}

TEST_CASE("a failure that was told is not told again") {
  World world(true, 1, 1'000'000);
  world.guard.ending(4, "no such table");
  world.guard.told();
  world.guard.signalled(SIGTERM, 1);
  CHECK_FALSE(contains(world.left.get_future().get().text, "no such table"));
}

TEST_CASE("a second signal leaves at once, with the exit code of a signal") {
  World world(true, 1'000'000);
  world.guard.signalled(SIGINT, 1);
  world.guard.signalled(SIGINT, 2);
  const Left left = world.left.get_future().get();
  CHECK(left.code == 130);
  CHECK(left.text.empty());
}

TEST_CASE("without a drain a stop has the time of threads to come back, not that of the drain") {
  World world(false, 1'000'000);
  world.guard.signalled(SIGTERM, 1);
  const Left left = world.left.get_future().get();
  CHECK(left.code == 4);
  CHECK_FALSE(contains(left.text, "shutdown.timeout"));
}

TEST_CASE("a job that ends is not left") {
  std::promise<Left> left;
  auto future = left.get_future();
  {
    EndGuard guard({real_environment().clock, true, 1'000'000, 1'000'000,
                    [&](int code, const std::string& text) { left.set_value({code, text}); }});
    guard.signalled(SIGTERM, 1);
    guard.ending(0, {});
  }
  CHECK(future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
}

TEST_CASE("the oldest activity is the one that lasts longest") {
  Activities activities;
  CHECK(activities.oldest_us(9) == 9);
  auto first = activities.begin("first", 1);
  const auto second = activities.begin("second", 2);
  CHECK(activities.oldest_us(9) == 1);
  first = {};
  CHECK(activities.oldest_us(9) == 2);
  CHECK(activities.list() == "second");
}
