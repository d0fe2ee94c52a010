// The list of failpoints, and that a step is left out only while a test says so.
#include "engine/base/failpoint.h"

#include <catch2/catch.hpp>
#include <set>

#include "engine/base/env_virtual.h"

namespace sr {

TEST_CASE("each failpoint has a name of its own and says what it protects") {
  std::set<std::string> names;
  std::set<FailpointSuite> suites;
  for (const FailpointEntry& entry : kFailpoints) {
    INFO(entry.name);
    CHECK(names.insert(entry.name).second);
    CHECK(std::string(entry.what).size() > 10);
    CHECK(entry.point != Failpoint::none);
    suites.insert(entry.suite);
  }
  CHECK(suites.size() == 3);
}

TEST_CASE("a step is left out while a test says so") {
  CHECK_FALSE(left_out(Failpoint::group_bytes));
  {
    const LeaveOut mutant(Failpoint::group_bytes);
    CHECK(left_out(Failpoint::group_bytes));
    CHECK_FALSE(left_out(Failpoint::group_checksum));
  }
  CHECK_FALSE(left_out(Failpoint::group_bytes));
}

TEST_CASE("a sync that is left out leaves the bytes or the name to chance") {
  for (const bool left : {false, true}) {
    VirtualEnvironment world;
    auto file = world.fs.open("a", OpenMode::truncate);
    REQUIRE((*file)->write("text").ok());
    {
      const LeaveOut mutant(left ? Failpoint::group_bytes : Failpoint::grown_size);
      CHECK(sync_data(**file, Failpoint::group_bytes).ok());
      CHECK(sync_names(world.fs, "", Failpoint::next_segment_name).ok());
    }
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    CHECK(*world.fs.read_all("a", 10) == (left ? "" : "text"));
  }
  VirtualEnvironment world;
  REQUIRE(world.fs.open("a", OpenMode::truncate).ok());
  const LeaveOut mutant(Failpoint::next_segment_name);
  CHECK(sync_names(world.fs, "", Failpoint::next_segment_name).ok());
  world.fs.crash(CrashMode::lose_unsynced, world.random);
  CHECK_FALSE(world.fs.stat("a").ok());
}

TEST_CASE("a kill makes nothing durable: a power cut behind it takes what was not synced") {
  VirtualEnvironment world;
  REQUIRE((*world.fs.open("a", OpenMode::truncate))->write("text").ok());
  world.fs.crash(CrashMode::keep_all, world.random);
  CHECK(*world.fs.read_all("a", 10) == "text");
  world.fs.crash(CrashMode::lose_unsynced, world.random);
  CHECK_FALSE(world.fs.stat("a").ok());
}

}  // namespace sr
