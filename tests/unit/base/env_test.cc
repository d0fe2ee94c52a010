// Both file systems keep the same promises; the virtual one also says what a power cut leaves.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/base/env.h"
#include "engine/base/env_virtual.h"

using namespace sr;

namespace {

std::string scratch_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "sr-env-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  return path;
}

void put_text(Fs& fs, const std::string& path, const std::string& text, OpenMode mode = OpenMode::truncate) {
  auto file = fs.open(path, mode);
  REQUIRE(file.ok());
  REQUIRE((*file)->write(text).ok());
}

std::string get_text(Fs& fs, const std::string& path) {
  auto text = fs.read_all(path, 1 << 20);
  return text.ok() ? *text : "error " + text.error().code;
}

void check_contract(Fs& fs, const std::string& root) {
  CHECK(fs.make_directories(root + "/a/b").ok());
  CHECK(fs.make_directories(root + "/a/b").ok());
  CHECK(fs.stat(root + "/a/b")->is_directory);

  put_text(fs, root + "/a/x", "hello");
  put_text(fs, root + "/a/x", " world", OpenMode::append);
  CHECK(get_text(fs, root + "/a/x") == "hello world");
  CHECK(fs.stat(root + "/a/x")->size == 11);
  CHECK(fs.stat(root + "/a/x")->is_regular);
  CHECK(fs.open(root + "/a/x", OpenMode::create_new).error().code == "EEXIST");

  const auto missing = fs.open(root + "/nope", OpenMode::read);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == "ENOENT");
  CHECK(missing.error().message == "cannot open " + root + "/nope: No such file or directory");
  CHECK(fs.read_all(root + "/a/x", 10).error().code == "EFBIG");
  CHECK(fs.read_all(root + "/a/x", 11).ok());
  CHECK(fs.read_all(root + "/a", 11).error().code == "EISDIR");

  {
    auto file = fs.open(root + "/a/x", OpenMode::read_write);
    REQUIRE((*file)->pwrite("J", 0).ok());
    REQUIRE((*file)->truncate(5).ok());
    REQUIRE((*file)->preallocate(8).ok());
    REQUIRE((*file)->sync().ok());
    CHECK((*file)->info()->size == 8);
    char byte = 0;
    CHECK(*(*file)->pread(&byte, 1, 0) == 1);
    CHECK(byte == 'J');
    CHECK(*(*file)->pread(&byte, 1, 8) == 0);
  }
  CHECK(get_text(fs, root + "/a/x") == std::string("Jello\0\0\0", 8));

  put_text(fs, root + "/a/y", "why");
  CHECK(fs.rename_no_replace(root + "/a/y", root + "/a/x").error().code == "EEXIST");
  CHECK(fs.rename(root + "/a/y", root + "/a/x").ok());
  CHECK(get_text(fs, root + "/a/x") == "why");
  CHECK(fs.rename_no_replace(root + "/a/x", root + "/a/b/z").ok());
  CHECK(fs.list(root + "/a").value() == std::vector<std::string>{"b"});
  CHECK(fs.sync_directory(root + "/a/b").ok());
  CHECK(fs.list(root + "/none").error().code == "ENOENT");
  CHECK(fs.remove(root + "/a").error().code == "ENOTEMPTY");
  CHECK(fs.remove(root + "/a/b/z").ok());
  CHECK(fs.remove(root + "/a/b/z").error().code == "ENOENT");
  CHECK(*fs.free_bytes(root) > 0);

  auto lock = fs.lock(root + "/LOCK");
  REQUIRE(lock.ok());
  const auto second = fs.lock(root + "/LOCK");
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == "EWOULDBLOCK");
  CHECK(second.error().message.find("is locked by process ") != std::string::npos);
  *lock = nullptr;
  CHECK(fs.lock(root + "/LOCK").ok());
}

}  // namespace

TEST_CASE("the machine's file system keeps the contract") {
  const std::string root = scratch_folder();
  check_contract(*real_environment().fs, root);
  std::filesystem::remove_all(root);
}

TEST_CASE("the virtual file system keeps the contract") {
  VirtualEnvironment world;
  REQUIRE(world.fs.make_directories("/tmp/t").ok());
  check_contract(world.fs, "/tmp/t");
}

TEST_CASE("clocks tell the time and random numbers differ") {
  Environment& real = real_environment();
  CHECK(real.clock->wall_ms() > 1'600'000'000'000);
  const auto before = real.clock->monotonic_us();
  CHECK(real.clock->monotonic_us() >= before);
  CHECK(real.random->next() != real.random->next());
}

TEST_CASE("a virtual clock stands still until it is told") {
  VirtualClock clock(5000);
  CHECK(clock.wall_ms() == 5000);
  clock.advance_ms(10);
  CHECK(clock.wall_ms() == 5010);
  CHECK(clock.monotonic_us() == 10'000);
  clock.set_wall_ms(100);
  CHECK(clock.wall_ms() == 100);
  CHECK(clock.monotonic_us() == 10'000);
}

TEST_CASE("the same seed gives the same numbers") {
  SeededRandom a(3);
  SeededRandom b(3);
  for (int i = 0; i < 10; ++i) CHECK(a.next() == b.next());
  CHECK(a.below(10) < 10);
}

TEST_CASE("a power cut keeps what was synced and loses the rest") {
  VirtualEnvironment world;
  Fs& fs = world.fs;
  REQUIRE(fs.make_directories("d").ok());
  REQUIRE(fs.sync_directory("/").ok());
  auto file = fs.open("d/log", OpenMode::create_new);
  REQUIRE((*file)->write("one").ok());
  REQUIRE((*file)->datasync().ok());
  REQUIRE((*file)->write("two").ok());

  SECTION("an unsynced name is lost even if its bytes were synced") {
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    CHECK(get_text(fs, "d/log") == "error ENOENT");
  }
  SECTION("a synced name shows the synced bytes") {
    REQUIRE(fs.sync_directory("d").ok());
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    CHECK(get_text(fs, "d/log") == "one");
    CHECK((*file)->write("dead").error().code == "EIO");
  }
  SECTION("a kill keeps everything") {
    world.fs.crash(CrashMode::keep_all, world.random);
    CHECK(get_text(fs, "d/log") == "onetwo");
  }
  SECTION("a torn write leaves a part of it") {
    REQUIRE(fs.sync_directory("d").ok());
    world.fs.crash(CrashMode::torn, world.random);
    const std::string left = get_text(fs, "d/log");
    CHECK(left.substr(0, 3) == "one");
    CHECK(left.size() <= 6);
  }
  SECTION("a failed sync forgets the bytes") {
    REQUIRE(fs.sync_directory("d").ok());
    world.fs.inject([](const FsOperation& operation) {
      return operation.kind == FsOperationKind::sync ? FsInjection::io_error : FsInjection::none;
    });
    CHECK((*file)->sync().error().code == "EIO");
    world.fs.inject(nullptr);
    CHECK((*file)->sync().ok());
    CHECK(get_text(fs, "d/log") == "onetwo");
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    CHECK(get_text(fs, "d/log") == "one");
  }
}

TEST_CASE("a rename between folders becomes durable as one change") {
  VirtualEnvironment world;
  Fs& fs = world.fs;
  REQUIRE(fs.make_directories("a").ok());
  REQUIRE(fs.make_directories("b").ok());
  REQUIRE(fs.sync_directory("/").ok());
  {
    auto file = fs.open("a/x", OpenMode::create_new);
    REQUIRE((*file)->write("x").ok());
    REQUIRE((*file)->sync().ok());
  }
  REQUIRE(fs.rename("a/x", "b/x").ok());
  REQUIRE(fs.sync_directory("b").ok());
  world.fs.crash(CrashMode::keep_all, world.random);
  CHECK(get_text(fs, "b/x") == "x");
  CHECK(fs.list("a")->empty());
}

TEST_CASE("injections hit the chosen operation") {
  VirtualEnvironment world;
  Fs& fs = world.fs;
  std::uint64_t target = 0;
  FsInjection what = FsInjection::io_error;
  world.fs.inject([&](const FsOperation& operation) { return operation.number == target ? what : FsInjection::none; });
  target = world.fs.operations() + 2;
  auto file = fs.open("x", OpenMode::create_new);
  REQUIRE(file.ok());
  CHECK((*file)->write("abcd").error().code == "EIO");
  CHECK(get_text(fs, "x").empty());

  what = FsInjection::no_space;
  target = world.fs.operations() + 1;
  CHECK((*file)->pwrite("abcd", 0).error().code == "ENOSPC");
  CHECK(get_text(fs, "x") == "ab");

  what = FsInjection::power_cut;
  target = world.fs.operations() + 1;
  CHECK_FALSE((*file)->pwrite("abcd", 0).ok());
  CHECK(world.fs.powered_off());
  CHECK_FALSE(fs.stat("x").ok());
  world.fs.crash(CrashMode::keep_all, world.random);
  CHECK_FALSE(world.fs.powered_off());
  CHECK(get_text(fs, "x") == "abcd");
}

TEST_CASE("a full virtual disk refuses to grow") {
  VirtualEnvironment world;
  world.fs.set_capacity(10);
  auto file = world.fs.open("x", OpenMode::create_new);
  CHECK((*file)->write("12345678").ok());
  CHECK(*world.fs.free_bytes("/") == 2);
  CHECK((*file)->write("12345678").error().code == "ENOSPC");
  CHECK((*file)->preallocate(100).error().code == "ENOSPC");
}

TEST_CASE("a lock is free again after a crash") {
  VirtualEnvironment world;
  auto lock = world.fs.lock("LOCK");
  REQUIRE(lock.ok());
  world.fs.crash(CrashMode::keep_all, world.random);
  auto again = world.fs.lock("LOCK");
  CHECK(again.ok());
  *lock = nullptr;
  CHECK(world.fs.lock("LOCK").error().code == "EWOULDBLOCK");
}
