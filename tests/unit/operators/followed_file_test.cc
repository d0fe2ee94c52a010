// A followed file: through rotations while the job runs and while it is down.
#include "operators/support/rotated_files.h"
#include "source_subject.h"

using namespace sr;
using namespace sr::operators;
using namespace sr::test;

namespace {

const std::string kFollow = "{type: file, path: log, format: text, follow: true}";

// Polls until nothing comes any more.
std::string rest_of(flow::Source& source, std::int64_t batch) {
  std::string rest;
  for (int quiet = 0; quiet < 2;) {
    const auto slice = source.poll({INT64_MAX, INT64_MAX, batch});
    if (!slice.ok()) FAIL(slice.error().message);
    rest += text_of(*slice);
    quiet = slice->pieces.empty() ? quiet + 1 : 0;
  }
  return rest;
}

// Each file a millisecond after the one before.
void put_later(VirtualEnvironment& world, const std::string& path, std::string_view text,
               OpenMode mode = OpenMode::truncate) {
  world.clock.advance_ms(1);
  put(world.fs, path, text, mode);
}

std::string reopened(VirtualEnvironment& world, const flow::Position& standing) {
  Subject again(world, kFollow);
  const Status opened = again.open(standing, false);
  return opened.ok() ? rest_of(again.source(), 9) : opened.error().message;
}

}  // namespace

TEST_CASE("a followed file is found again behind a rotation, and an incomplete line waits for the next run") {
  VirtualEnvironment world;
  const std::string source = "{type: file, path: log, format: text, follow: true}";
  put(world.fs, "log", "one\ntwo\nthr");
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt, false).ok());
  auto slice = first.source().poll({INT64_MAX, 4, 1});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice) == "^one\n");
  const flow::Position standing = first.source().standing();
  slice = first.source().poll({INT64_MAX, INT64_MAX, 2});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice) == "two\n");
  const flow::Position second = slice->position;
  first.source().stop();
  slice = first.source().poll({INT64_MAX, INT64_MAX, 3});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice).empty());
  CHECK(first.source().ended());

  put(world.fs, "log", "ee\n", OpenMode::append);
  REQUIRE(world.fs.rename("log", "log.1").ok());
  put(world.fs, "log", "four\n");
  Subject again(world, source);
  REQUIRE(again.open(standing, false).ok());
  slice = again.source().replay(second);
  if (!slice.ok()) FAIL(slice.error().message);
  CHECK(text_of(*slice) == "two\n");
  std::string rest;
  for (int i = 0; i < 3; ++i) {
    slice = again.source().poll({INT64_MAX, INT64_MAX, 3});
    REQUIRE(slice.ok());
    rest += text_of(*slice);
  }
  CHECK(rest == "three\n^four\n");
}

TEST_CASE("a followed file that was rotated while the job was down is read on, and then those that came since") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\ntwo\n");
  put(world.fs, "log.9", "read long ago\n");
  put_later(world, "log", "three\n", OpenMode::append);
  Subject first(world, kFollow);
  REQUIRE(first.open(std::nullopt, false).ok());
  auto slice = first.source().poll({INT64_MAX, 8, 1});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice) == "^one\ntwo\n");
  const flow::Position standing = first.source().standing();

  SECTION("twice") {
    REQUIRE(world.fs.rename("log", "log.2").ok());
    put_later(world, "log.1", "four\n");
    put_later(world, "log", "five\n");
    CHECK(reopened(world, standing) == "three\n^four\n^five\n");
  }
  SECTION("many times, within one tick of the clock") {
    REQUIRE(world.fs.rename("log", "log.4").ok());
    for (int i = 3; i >= 1; --i) put(world.fs, "log." + std::to_string(i), std::to_string(i) + "\n");
    put(world.fs, "log", "0\n");
    CHECK(reopened(world, standing) == "three\n^3\n^2\n^1\n^0\n");
  }
  SECTION("to names with dates, beside files of others") {
    REQUIRE(world.fs.rename("log", "log-20260101").ok());
    put_later(world, "log.err", "no\n");
    put_later(world, "log-20260102", "four\n");
    put_later(world, "logs.1", "no\n");
    CHECK(reopened(world, standing) == "three\n");  // who has the old file open may write on until the name is taken
    put_later(world, "log", "five\n");
    CHECK(reopened(world, standing) == "three\n^four\n^five\n");
  }
  SECTION("by a copy and a cut") {
    put_later(world, "log.1", "one\ntwo\nthree\nfour\n");
    put_later(world, "log", "five\n");
    CHECK(reopened(world, standing) == "three\nfour\n^five\n");
  }
  SECTION("by a copy and a cut, and nothing was written since") {
    put_later(world, "log.1", "one\ntwo\nthree\n");
    put_later(world, "log", "");
    CHECK(reopened(world, standing) == "three\n");
  }
  SECTION("killed in the middle of them") {
    REQUIRE(world.fs.rename("log", "log.2").ok());
    put_later(world, "log.1", "four\nfive\n");
    put_later(world, "log", "six\n");
    Subject second(world, kFollow);
    REQUIRE(second.open(standing, false).ok());
    slice = second.source().poll({INT64_MAX, 11, 2});
    REQUIRE(slice.ok());
    CHECK(text_of(*slice) == "three\n^four\n");
    const flow::Position position = slice->position;
    const flow::Position between = second.source().standing();
    CHECK(reopened(world, between) == "five\n^six\n");
    Subject third(world, kFollow);
    REQUIRE(third.open(standing, false).ok());
    slice = third.source().replay(position);
    if (!slice.ok()) FAIL(slice.error().message);
    CHECK(text_of(*slice) == "three\n^four\n");
    CHECK(rest_of(third.source(), 3) == "five\n^six\n");
  }
}

TEST_CASE("a followed file of which nobody knows any more what stood behind the position stops the start") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\ntwo\n");
  Subject first(world, kFollow);
  REQUIRE(first.open(std::nullopt, false).ok());
  REQUIRE(first.source().poll({INT64_MAX, INT64_MAX, 1}).ok());
  const flow::Position standing = first.source().standing();
  const std::string said = "log: the file that was read to byte 8 is not there any more";
  SECTION("removed") {
    REQUIRE(world.fs.remove("log").ok());
    CHECK(reopened(world, standing).starts_with(said));
  }
  SECTION("rewritten") {
    put(world.fs, "log", "three\nfour\nfive\n");
    CHECK(reopened(world, standing).starts_with(said));
  }
  SECTION("cut") {
    put(world.fs, "log", "");
    CHECK(reopened(world, standing).starts_with(said));
  }
  SECTION("compressed") {
    REQUIRE(world.fs.rename("log", "log.1.gz").ok());
    put(world.fs, "log.1.gz", "\x1f\x8b");
    put(world.fs, "log", "three\n");
    const std::string error = reopened(world, standing);
    CHECK(error.starts_with(said));
    CHECK(error.find("another id, without `was`") != std::string::npos);
  }
}

TEST_CASE("a followed file that was rotated more than once between two looks is read whole") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\n");
  Subject subject(world, kFollow);
  REQUIRE(subject.open(std::nullopt, false).ok());
  CHECK(rest_of(subject.source(), 1) == "^one\n");
  REQUIRE(world.fs.rename("log", "log.2").ok());
  put_later(world, "log.1", "two\n");
  put_later(world, "log", "three\n");
  CHECK(rest_of(subject.source(), 2) == "^two\n^three\n");
}

TEST_CASE("a followed file that is stopped reads no further, and keeps what the open batch has taken") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\ntwo\n");
  Subject subject(world, kFollow);
  REQUIRE(subject.open(std::nullopt, false).ok());
  auto slice = subject.source().poll({INT64_MAX, 4, 1});
  REQUIRE(slice.ok());
  const flow::Position position = slice->position;
  const flow::Position standing = subject.source().standing();
  subject.source().stop();
  slice = subject.source().poll({INT64_MAX, INT64_MAX, 1});
  REQUIRE(slice.ok());
  CHECK(slice->pieces.empty());
  CHECK_FALSE(slice->more);
  CHECK(slice->position == position);
  CHECK(reopened(world, standing) == "two\n");
}

TEST_CASE("names of rotated files are told from those of other files") {
  for (const char* name :
       {"app.log.1", "app.log.12", "app.log-20260131", "app.log.2026-01-31", "app.log_20260131T120000Z",
        "app-2026-01-31T12-00-00.000.log", "app.2026-01-31.0.log", "app.log.old"})
    CHECK(rotation_of(name, "app.log") == Rotation::plain);
  for (const char* name : {"app.log.1.gz", "app.log-20260131.zst", "app-2026-01-31.log.gz"})
    CHECK(rotation_of(name, "app.log") == Rotation::compressed);
  for (const char* name : {"app.log", "app.log.err", "app.log.1.err", "app.log1", "app-web.log", "app.log.",
                           "app.logs.1", "app.err.1", "other.log.1", "app.log.gz"})
    CHECK(rotation_of(name, "app.log") == Rotation::none);
}
