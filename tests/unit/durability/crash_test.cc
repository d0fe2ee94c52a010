// Crashes before every operation of a scripted life of a checkpoint folder, and of its recovery.
#include <catch2/catch.hpp>

#include "life.h"

namespace sr::durability {
namespace {

constexpr CrashMode kModes[] = {CrashMode::keep_all, CrashMode::lose_unsynced, CrashMode::torn};

std::uint64_t operations_of_a_life() {
  VirtualEnvironment world;
  Life life(world.environment);
  const Status lived = life.run();
  INFO((lived.ok() ? "" : lived.error().message));
  REQUIRE(lived.ok());
  return world.fs.operations();
}

std::function<FsInjection(const FsOperation&)> at(std::uint64_t number, FsInjection what) {
  return [=](const FsOperation& operation) { return operation.number == number ? what : FsInjection::none; };
}

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().code + ": " + status.error().message;
}

}  // namespace

TEST_CASE("a life without a crash gives back all of it") {
  VirtualEnvironment world;
  Life life(world.environment);
  CHECK(text_of(life.run()) == "ok");
  CHECK(text_of(life.reopen()) == "ok");
  CHECK(life.recovered().clean);
  CHECK(life.recovered().epoch == 2);
  REQUIRE(life.recovered().snapshot);
  CHECK(life.recovered().snapshot->tick.id == 10);
}

TEST_CASE("a power cut before any operation loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    for (const CrashMode mode : kModes) {
      for (std::uint64_t seed = 1; seed <= (mode == CrashMode::torn ? 6 : 1); ++seed) {
        VirtualEnvironment world(seed);
        Life life(world.environment);
        world.fs.inject(at(number, FsInjection::power_cut));
        const Status lived = life.run();
        INFO("operation " << number << ": " << text_of(lived));
        REQUIRE((world.fs.powered_off() && (lived.ok() || lived.error().code == "EIO")));
        world.fs.inject(nullptr);
        world.fs.crash(mode, world.random);
        const Status found = life.reopen();
        INFO("operation " << number << ", mode " << static_cast<int>(mode) << ", seed " << seed);
        REQUIRE(text_of(found) == "ok");
      }
    }
  }
}

TEST_CASE("a power cut before any operation of the recovery loses nothing either") {
  const std::uint64_t all = operations_of_a_life();
  SeededRandom choice(7);
  for (std::uint64_t number = 1; number <= all; ++number) {
    for (int round = 0; round < 6; ++round) {
      const std::uint64_t seed = number * 10 + static_cast<std::uint64_t>(round);
      VirtualEnvironment world(seed);
      Life life(world.environment);
      world.fs.inject(at(number, FsInjection::power_cut));
      const Status lived = life.run();
      REQUIRE((world.fs.powered_off() && (lived.ok() || lived.error().code == "EIO")));
      world.fs.inject(nullptr);
      world.fs.crash(kModes[choice.below(3)], world.random);
      const std::uint64_t second = world.fs.operations() + 1 + choice.below(70);
      world.fs.inject(at(second, FsInjection::power_cut));
      {
        const auto interrupted = Store::open(life_options(world.environment));
        INFO("operation " << number << ", seed " << seed);
        REQUIRE((interrupted.ok() || world.fs.powered_off()));
      }
      world.fs.inject(nullptr);
      world.fs.crash(kModes[choice.below(3)], world.random);
      const Status found = life.reopen();
      INFO("operation " << number << ", seed " << seed << ", second cut at " << second);
      REQUIRE(text_of(found) == "ok");
    }
  }
}

TEST_CASE("an I/O error at any operation is told or mended, and loses nothing acknowledged") {
  const std::uint64_t all = operations_of_a_life();
  std::uint64_t survived = 0;
  for (std::uint64_t number = 1; number <= all; ++number) {
    for (const CrashMode mode : kModes) {
      VirtualEnvironment world(number);
      Life life(world.environment);
      world.fs.inject(at(number, FsInjection::io_error));
      const Status lived = life.run();
      survived += lived.ok() ? 1 : 0;
      INFO("operation " << number << ", mode " << static_cast<int>(mode) << ": " << text_of(lived));
      REQUIRE((lived.ok() || lived.error().code == "EIO"));
      world.fs.inject(nullptr);
      world.fs.crash(mode, world.random);
      REQUIRE(text_of(life.reopen()) == "ok");
    }
  }
  CHECK(survived > 30);  // failed syncs of the journal, and marks
}

TEST_CASE("a disk that is full for any one operation stops nothing") {
  const std::uint64_t all = operations_of_a_life();
  for (std::uint64_t number = 1; number <= all; ++number) {
    VirtualEnvironment world(number);
    Life life(world.environment);
    world.fs.inject(at(number, FsInjection::no_space));
    const Status lived = life.run();
    INFO("operation " << number << ": " << text_of(lived));
    // Names of a folder are not written twice when their sync fails: that ends the run.
    REQUIRE((lived.ok() || lived.error().code == "ENOSPC" || lived.error().code == "EIO" ||
             lived.error().code == "damaged"));
    world.fs.inject(nullptr);
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    REQUIRE(text_of(life.reopen()) == "ok");
  }
}

}  // namespace sr::durability
