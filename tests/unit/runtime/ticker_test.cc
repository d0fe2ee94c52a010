// The ticker: absolute deadlines, late ticks, suspended machines, clocks set back.
#include "engine/runtime/ticker.h"

#include <catch2/catch.hpp>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/loop/virtual_loop.h"

using namespace sr;
using namespace sr::runtime;

TEST_CASE("batches are due at multiples of the interval, whatever the start") {
  VirtualClock clock(10'350);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  Ticker ticker(loop, clock, {1000, {}, {}}, [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 3'000'000);
  CHECK(times == std::vector<std::int64_t>{11'000, 12'000, 13'000});
  CHECK(ticker.next_ms() == 14'000);
}

TEST_CASE("a loop that was held up fires every tick late and leaves none out") {
  VirtualClock clock(0);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  Ticker ticker(loop, clock, {10, {}, {}}, [&](Ticker::Due due) {
    times.push_back(due.time_ms);
    if (due.time_ms == 20) clock.advance_ms(35);
  });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 62'000);
  CHECK(times == std::vector<std::int64_t>{10, 20, 30, 40, 50, 60});
  CHECK(ticker.missed() == 0);
}

TEST_CASE("ticks that a suspended machine missed are counted, not run") {
  VirtualClock clock(0);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  Ticker ticker(loop, clock, {1000, {}, {}}, [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 1'500'000);
  clock.set_wall_ms(clock.wall_ms() + 10'000);  // the monotonic clock stood still
  loop.run_until(clock.monotonic_us() + 1'600'000);
  CHECK(times == std::vector<std::int64_t>{1000, 2000, 13'000});
  CHECK(ticker.missed() == 10);
}

TEST_CASE("with a clock set back batches go on by whole intervals") {
  VirtualClock clock(100'000);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  Ticker ticker(loop, clock, {1000, {}, {}}, [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 1'500'000);
  clock.set_wall_ms(50'000);
  loop.run_until(clock.monotonic_us() + 2'000'000);
  CHECK(times == std::vector<std::int64_t>{101'000, 102'000, 103'000});
}

TEST_CASE("behind batches that are ahead of the wall clock ticks come each interval") {
  VirtualClock clock(10'350);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  Ticker ticker(loop, clock, {1000, {}, {}}, [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(500'000);
  loop.run_until(clock.monotonic_us() + 2'500'000);
  CHECK(times == std::vector<std::int64_t>{501'000, 502'000});
}

TEST_CASE("a clock that jumps years ahead is not followed, said once, and taken up again when it is right") {
  VirtualClock clock(0);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> jumps;
  Ticker ticker(loop, clock, {1000, {}, [&](std::int64_t jump_ms) { jumps.push_back(jump_ms); }},
                [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 1'500'000);
  constexpr std::int64_t kYearMs = std::int64_t{365} * 24 * 3600 * 1000;
  clock.set_wall_ms(clock.wall_ms() + kYearMs);
  loop.run_until(clock.monotonic_us() + 2'000'000);
  CHECK(times == std::vector<std::int64_t>{1000, 2000, 3000});
  CHECK(jumps == std::vector<std::int64_t>{kYearMs});
  clock.set_wall_ms(clock.wall_ms() - kYearMs);
  loop.run_until(clock.monotonic_us() + 2'000'000);
  CHECK(times == std::vector<std::int64_t>{1000, 2000, 3000, 4000, 5000});
  CHECK(ticker.missed() == 0);
}

TEST_CASE("a machine that was suspended for days goes on at the present time") {
  VirtualClock clock(0);
  VirtualLoop loop(clock);
  std::vector<std::int64_t> times;
  std::int64_t slept_us = 0;
  Ticker ticker(loop, clock, {1000, [&] { return slept_us; }, [](std::int64_t) { FAIL("it was asleep"); }},
                [&](Ticker::Due due) { times.push_back(due.time_ms); });
  ticker.start(0);
  loop.run_until(clock.monotonic_us() + 1'500'000);
  constexpr std::int64_t kDaysMs = std::int64_t{3} * 24 * 3600 * 1000;
  clock.set_wall_ms(clock.wall_ms() + kDaysMs);
  slept_us = kDaysMs * 1000;
  loop.run_until(clock.monotonic_us() + 1'600'000);
  CHECK(times == std::vector<std::int64_t>{1000, 2000, kDaysMs + 3000});
}
