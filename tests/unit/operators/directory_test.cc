// A directory whose files cannot be looked at for a while, go and come back, or are named otherwise after a restart.
#include <set>

#include "source_subject.h"
#include "tests/unit/passing_fs.h"

using namespace sr;
using namespace sr::test;

namespace {

const std::string kDirectory = "{type: directory, path: in, recursive: true, format: text}";

// Some paths cannot be looked at.
class ClosedFs final : public PassingFs {
 public:
  using PassingFs::PassingFs;
  Result<std::vector<std::string>> list(const std::string& path) override {
    if (closed.contains(path)) return Error{path + ": permission denied", false, "EACCES"};
    return PassingFs::list(path);
  }
  Result<FileInfo> stat(const std::string& path) override {
    if (closed.contains(path)) return Error{path + ": permission denied", false, "EACCES"};
    return PassingFs::stat(path);
  }
  std::set<std::string> closed;
};

// What comes in three seconds, a look each.
std::string read(VirtualEnvironment& world, Subject& subject) {
  std::string all;
  for (int second = 0; second < 3; ++second) {
    world.clock.advance_ms(1000);
    const auto slice = subject.source().poll({INT64_MAX, INT64_MAX, second + 1});
    if (!slice.ok()) FAIL(slice.error().message);
    all += text_of(*slice);
  }
  return all;
}

}  // namespace

TEST_CASE("files of a directory that cannot be looked at for a while are not read again") {
  VirtualEnvironment world;
  ClosedFs fs(world.fs);
  world.environment.fs = &fs;
  put(world.fs, "in/a", "one\n");
  put(world.fs, "in/sub/b", "two\n");
  Subject subject(world, kDirectory);
  REQUIRE(subject.open(std::nullopt, false).ok());
  CHECK(read(world, subject) == "^one\n^two\n");
  fs.closed = GENERATE(std::set<std::string>{"in/sub"}, std::set<std::string>{"in/sub/b", "in/a"});
  CHECK(read(world, subject).empty());
  put(world.fs, "in/c", "three\n");
  CHECK(read(world, subject) == "^three\n");
  fs.closed.clear();
  CHECK(read(world, subject).empty());
}

TEST_CASE("files of a directory that were away are known when they come back, and others under their names are not") {
  VirtualEnvironment world;
  put(world.fs, "in/sub/a", "one\n");
  put(world.fs, "in/sub/b", "two\n");
  Subject subject(world, kDirectory);
  REQUIRE(subject.open(std::nullopt, false).ok());
  CHECK(read(world, subject) == "^one\n^two\n");
  REQUIRE(world.fs.rename("in/sub", "away").ok());
  CHECK(read(world, subject).empty());
  REQUIRE(world.fs.remove("away/b").ok());
  put(world.fs, "away/b", "three\n");
  REQUIRE(world.fs.rename("away", "in/sub").ok());
  CHECK(read(world, subject) == "^three\n");
}

TEST_CASE("files whose folder is named otherwise after a restart are the same files") {
  VirtualEnvironment world;
  for (const char* name : {"a", "b", "c"})
    put(world.fs, std::string("in/") + name, std::string(name) + "1\n" + name + "2\n");
  const auto [former, present, moves] = GENERATE(table<std::string, std::string, bool>({
      {"{type: directory, path: in, format: text}", "{type: directory, path: ./in, format: text}", false},
      {"{type: directory, path: in, format: text}", "{type: directory, path: to, format: text}", true},
      {"{type: file, path: 'in/*', format: text}", "{type: file, path: './in/*', format: text}", false},
      {"{type: file, path: 'in/*', format: text}", "{type: file, path: 'to/*', format: text}", true},
  }));
  Subject first(world, former);
  REQUIRE(first.open(std::nullopt).ok());
  const auto slice = first.source().poll({3, INT64_MAX, 1});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice) == "^a1\na2\n^b1\n");
  const flow::Position standing = first.source().standing();
  if (moves) REQUIRE(world.fs.rename("in", "to").ok());
  Subject second(world, present);
  const Status opened = second.open(standing);
  if (!opened.ok()) FAIL(opened.error().message);
  CHECK(read(world, second) == "b2\n^c1\nc2\n");
  CHECK(second.source().ended());
}

TEST_CASE("a new file that has the inode of one that was read and removed is a new file") {
  VirtualEnvironment world;
  put(world.fs, "in/a/log", "one\n");
  Subject first(world, "{type: file, path: 'in/*/log', format: text}");
  REQUIRE(first.open(std::nullopt).ok());
  CHECK(read(world, first) == "^one\n");
  const flow::Position standing = first.source().standing();
  REQUIRE(world.fs.make_directories("in/b").ok());
  REQUIRE(world.fs.rename("in/a/log", "in/b/log").ok());
  put(world.fs, "in/b/log", "two\n");  // in place: the inode stays
  Subject second(world, "{type: file, path: 'in/*/log', format: text}");
  const Status opened = second.open(standing);
  if (!opened.ok()) FAIL(opened.error().message);
  CHECK(read(world, second) == "^two\n");
}

TEST_CASE("a file that was followed and is read by a directory is read on where it stood") {
  VirtualEnvironment world;
  world.clock.advance_ms(1000);
  put(world.fs, "in/log", "one\n");
  Subject first(world, "{type: file, path: in/log, follow: true, format: text}");
  REQUIRE(first.open(std::nullopt).ok());
  CHECK(read(world, first) == "^one\n");
  const flow::Position standing = first.source().standing();
  put(world.fs, "in/log", "two\n", OpenMode::append);
  Subject second(world, "{type: directory, path: in, format: text}");
  REQUIRE(second.open(standing).ok());
  CHECK(read(world, second) == "two\n");
}
