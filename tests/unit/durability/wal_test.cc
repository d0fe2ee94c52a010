// The input log: order, groups, segments and their recycling; crashes, I/O errors and a full disk at every operation.
#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"
#include "wal_life.h"

namespace sr::durability {
namespace {

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().code + ": " + status.error().message;
}

std::uint64_t operations_of_a_life() {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(text_of(life.run()) == "ok");
  return world.fs.operations();
}

// Runs a life with something happening at an operation, crashes, and checks what is left.
Status survive(std::uint64_t number, FsInjection what, CrashMode mode, std::uint64_t seed) {
  VirtualEnvironment world(seed);
  WalLife life(world.environment);
  world.fs.inject([=](const FsOperation& operation) { return operation.number == number ? what : FsInjection::none; });
  const Status lived = life.run();
  if (!lived.ok() && lived.error().code != "EIO" && lived.error().code != "ENOSPC") return lived;
  world.fs.inject(nullptr);
  world.fs.crash(mode, world.random);
  return life.reopen();
}

}  // namespace

TEST_CASE("the input log gives back what it was given, over several segments") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(text_of(life.run()) == "ok");
  CHECK(text_of(life.reopen()) == "ok");
}

TEST_CASE("the input log is full while no snapshot lets segments go") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  while (!life.wal->full()) REQUIRE(life.append_group(3).ok());
  CHECK(life.wal->used_bytes() >= 3 * 2048);
  const std::uint64_t first = life.wal->first_sequence();
  REQUIRE(life.wal->recycle(life.durable).ok());
  CHECK_FALSE(life.wal->full());
  CHECK(life.wal->first_sequence() > first);
  CHECK(text_of(life.wal->read(first, first, [](const WalRecord&) { return Status(); })).starts_with("missing"));
  CHECK(text_of(compare_input(*life.wal, life.wal->first_sequence(), life.durable)) == "ok");
}

TEST_CASE("a record larger than a segment has one of its own") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  const std::string large(10'000, 'x');
  CHECK(life.wal->append("s", large, 0) == 1);
  CHECK(life.wal->pending_bytes() > 10'000);
  CHECK(life.wal->durable_sequence() == 0);
  REQUIRE(life.wal->sync().ok());
  CHECK(life.wal->pending_bytes() == 0);
  life.wal->append("s", "small", 0);
  REQUIRE(life.wal->sync().ok());
  REQUIRE(life.open().ok());
  std::vector<std::string> got;
  REQUIRE(life.wal
              ->read(1, 2,
                     [&](const WalRecord& record) {
                       got.emplace_back(record.bytes);
                       return Status();
                     })
              .ok());
  CHECK(got == std::vector<std::string>{large, "small"});
}

TEST_CASE("an error of the visitor ends the reading") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.open().ok());
  REQUIRE(life.append_group(5).ok());
  int visits = 0;
  const Status stopped = life.wal->read(1, 5, [&](const WalRecord& record) -> Status {
    ++visits;
    return record.sequence == 2 ? Status(Error{"enough"}) : Status();
  });
  CHECK(text_of(stopped) == ": enough");
  CHECK(visits == 2);
}

TEST_CASE("a full disk is met from the reserve, and the next start has one of its own") {
  VirtualEnvironment world;
  WalOptions options = wal_life_options(world.environment);
  options.segment_bytes = 256 << 10;
  options.max_bytes = 64 << 20;
  options.reserve_bytes = 512 << 10;
  const auto open = [&] {
    std::vector<std::string> notes;
    auto opened = Wal::open(options, &notes);
    if (!opened.ok()) FAIL(opened.error().message);
    return std::move(*opened);
  };
  const std::string bytes(100 << 10, 'x');
  std::unique_ptr<Wal> wal = open();
  CHECK_FALSE(wal->low());
  world.fs.set_capacity(1400 << 10);
  for (int i = 0; i < 3; ++i) {
    wal->append("s", bytes, 0);
    REQUIRE(wal->sync().ok());
  }
  CHECK(wal->low());  // the third is in the reserve
  CHECK(wal->durable_sequence() == 3);
  wal.reset();
  world.fs.set_capacity(1290 << 10);  // not enough for a copy of the last segment without the reserve of the start
  wal = open();
  CHECK(wal->low());
  int read = 0;
  REQUIRE(wal->read(1, 3,
                    [&](const WalRecord& record) {
                      read += record.bytes == bytes ? 1 : 0;
                      return Status();
                    })
              .ok());
  CHECK(read == 3);
  REQUIRE(wal->recycle(3).ok());
  CHECK_FALSE(wal->low());
  CHECK(world.fs.stat("state/wal/reserve").ok());
  CHECK(world.fs.stat("state/wal/reserve-start").ok());
}

TEST_CASE("the input log of another checkpoint folder is refused") {
  VirtualEnvironment world;
  WalLife life(world.environment);
  REQUIRE(life.run().ok());
  WalOptions other = wal_life_options(world.environment);
  other.folder_id = "another";
  std::vector<std::string> notes;
  const auto opened = Wal::open(other, &notes);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().message.find("belongs to another checkpoint folder") != std::string::npos);
}

TEST_CASE("a power cut before any operation of the input log loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const CrashMode mode = seed == 1 ? CrashMode::keep_all : seed == 2 ? CrashMode::lose_unsynced : CrashMode::torn;
      INFO("operation " << number << ", seed " << seed);
      REQUIRE(text_of(survive(number, FsInjection::power_cut, mode, seed)) == "ok");
    }
  }
}

TEST_CASE("an I/O error or a full disk at any operation of the input log loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    INFO("operation " << number);
    REQUIRE(text_of(survive(number, FsInjection::io_error, CrashMode::lose_unsynced, number)) == "ok");
    REQUIRE(text_of(survive(number, FsInjection::no_space, CrashMode::lose_unsynced, number)) == "ok");
  }
}

}  // namespace sr::durability
