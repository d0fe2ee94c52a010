// Work on several threads, and waits between attempts.
#include "engine/loop/worker_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <mutex>
#include <set>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/loop/back_off.h"

using namespace sr;

TEST_CASE("each item is done once, with any number of workers") {
  for (const unsigned workers : {1U, 2U, 4U}) {
    WorkerPool pool(workers);
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      std::vector<int> done(count, 0);
      pool.parallel_for(count, [&](std::size_t item) { ++done[item]; });
      CHECK(done == std::vector<int>(count, 1));
    }
  }
}

TEST_CASE("with one worker nothing leaves the calling thread") {
  WorkerPool pool(1);
  const auto self = std::this_thread::get_id();
  bool same = true;
  pool.parallel_for(
      10, [&](std::size_t, unsigned worker) { same = same && std::this_thread::get_id() == self && worker == 0; });
  pool.submit([&] { same = same && std::this_thread::get_id() == self; });
  CHECK(same);
}

TEST_CASE("a worker's number belongs to one thread at a time") {
  WorkerPool pool(3);
  std::vector<std::atomic<int>> inside(3);
  std::atomic<bool> shared = false;
  std::atomic<bool> beyond = false;
  pool.parallel_for(2000, [&](std::size_t, unsigned worker) {
    if (worker >= 3) beyond = true;
    if (worker < 3 && ++inside[worker] != 1) shared = true;
    if (worker < 3) --inside[worker];
  });
  CHECK_FALSE(shared);
  CHECK_FALSE(beyond);
}

TEST_CASE("loops may be nested") {
  WorkerPool pool(3);
  std::atomic<int> sum = 0;
  pool.parallel_for(20, [&](std::size_t) { pool.parallel_for(20, [&](std::size_t) { ++sum; }); });
  CHECK(sum == 400);
}

TEST_CASE("submitted tasks run on another thread") {
  WorkerPool pool(2);
  std::promise<std::thread::id> where;
  pool.submit([&] { where.set_value(std::this_thread::get_id()); });
  CHECK(where.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("a pool ends while tasks wait") {
  std::atomic<int> begun = 0;
  {
    WorkerPool pool(2);
    for (int i = 0; i < 1000; ++i) pool.submit([&] { ++begun; });
  }
  CHECK(begun <= 1000);
}

TEST_CASE("waits double up to the maximum and start again after a success") {
  SeededRandom random(1);
  BackOff back_off({100, 1000, 0});
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(back_off.next_ms(random));
  CHECK(waits == std::vector<std::int64_t>{100, 200, 400, 800, 1000, 1000});
  CHECK(back_off.failures() == 6);
  back_off.reset();
  CHECK(back_off.next_ms(random) == 100);
}

TEST_CASE("jitter spreads the waits within its bounds") {
  SeededRandom random(1);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    BackOff back_off({1000, 10'000, 0.2});
    const auto wait = back_off.next_ms(random);
    CHECK(wait >= 800);
    CHECK(wait <= 1200);
    seen.insert(wait);
  }
  CHECK(seen.size() > 100);
}
