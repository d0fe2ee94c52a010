// A followed file: through rotations while the job runs and while it is down.
#include <functional>

#include "operators/support/rotated_files.h"
#include "source_subject.h"
#include "tests/unit/passing_fs.h"

using namespace sr;
using namespace sr::operators;
using namespace sr::test;

namespace {

const std::string kFollow = "{type: file, path: log, format: text, follow: true, rotate_wait: 0s}";

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

// A log whose writer rotates it: every file under the next number.
class RotatedLog {
 public:
  explicit RotatedLog(VirtualEnvironment& world) : world_(world) {}
  void write() {
    text_ = std::to_string(written_++) + "\n";
    all_ += text_;
    world_.clock.advance_ms(1);
    put(world_.fs, "log", text_, OpenMode::append);
  }
  // One step of a rotation: the oldest name first, and then a new file.
  void step() {
    if (renaming_ == 0) renaming_ = files_;
    const std::string from = renaming_ == 1 ? "log" : "log." + std::to_string(renaming_ - 1);
    REQUIRE(world_.fs.rename(from, "log." + std::to_string(renaming_)).ok());
    if (--renaming_ > 0) return;
    ++files_;
    write();
  }
  bool whole() const { return renaming_ == 0; }
  const std::string& all() const { return all_; }

 private:
  VirtualEnvironment& world_;
  int written_ = 0;
  int files_ = 1;
  int renaming_ = 0;  // the number that is given away next; 0: no rotation is under way
  std::string text_;
  std::string all_;
};

std::string without_starts(std::string text) {
  std::erase(text, '^');
  return text;
}

std::string reopened(VirtualEnvironment& world, const flow::Position& standing) {
  Subject again(world, kFollow);
  const Status opened = again.open(standing, false);
  return opened.ok() ? rest_of(again.source(), 9) : opened.error().message;
}

}  // namespace

TEST_CASE("a followed file is found again behind a rotation, and an incomplete line waits for the next run") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\ntwo\nthr");
  Subject first(world, kFollow);
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
  Subject again(world, kFollow);
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

TEST_CASE("a followed file that is renamed while it is looked for is read whole, whenever that happens") {
  // Between two looks the rotation makes `pace` steps, from the given look on and for `length` steps.
  const int pace = GENERATE(1, 2, 3, 7);
  const int length = GENERATE(1, 3, 6, 10, 40);
  const bool restarts = GENERATE(false, true);
  for (int begin = 0; begin < 40; ++begin) {
    VirtualEnvironment world;
    RotatedLog log(world);
    log.write();
    int looks = 0;
    int steps = length;
    const auto meddle = [&] {
      if (++looks <= begin) return;
      for (int i = 0; i < pace && steps > 0; ++i, --steps) log.step();
    };
    auto subject = std::make_unique<Subject>(world, kFollow);
    REQUIRE(subject->open(std::nullopt, false).ok());
    std::string read = rest_of(subject->source(), 1);
    for (int i = 0; i < 5; ++i) log.step();
    MeddledFs fs(world.fs, meddle);
    world.environment.fs = &fs;
    if (restarts) {
      const flow::Position standing = subject->source().standing();
      subject = std::make_unique<Subject>(world, kFollow);
      const Status opened = subject->open(standing, false);
      if (!opened.ok()) FAIL(opened.error().message);
    }
    read += rest_of(subject->source(), 2);
    world.environment.fs = &world.fs;
    while (!log.whole()) log.step();
    read += rest_of(subject->source(), 3);
    INFO(begin << " looks before " << length << " steps of " << pace);
    CHECK(without_starts(read) == log.all());
  }
}

TEST_CASE("a followed file that was rotated is read until nobody has written to it for a while") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\n");
  Subject subject(world, "{type: file, path: log, format: text, follow: true, rotate_wait: 2s}");
  const bool available = GENERATE(false, true);
  REQUIRE(subject.open(std::nullopt, available).ok());
  CHECK(rest_of(subject.source(), 1) == "^one\n");
  REQUIRE(world.fs.rename("log", "log.1").ok());
  put(world.fs, "log", "two\n");
  for (const char* late : {"late\n", "later\n"}) {
    world.clock.advance_ms(1900);
    put(world.fs, "log.1", late, OpenMode::append);
    CHECK(rest_of(subject.source(), 2) == late);
    CHECK_FALSE(subject.source().ended());
  }
  put(world.fs, "log.1", "end", OpenMode::append);
  world.clock.advance_ms(1999);
  CHECK(rest_of(subject.source(), 2).empty());
  world.clock.advance_ms(1);
  CHECK(rest_of(subject.source(), 3) == "end^two\n");
  CHECK(subject.source().ended() == available);
}

TEST_CASE("a followed file that was copied and cut while the job runs is read to its end in the copy") {
  VirtualEnvironment world;
  put(world.fs, "log", "one\ntwo\n");
  put(world.fs, "log.2", "older\n");
  Subject subject(world, "{type: file, path: log, format: text, follow: true, rotate_wait: 5s}");
  REQUIRE(subject.open(std::nullopt, false).ok());
  CHECK(rest_of(subject.source(), 1) == "^one\ntwo\n");
  SECTION("and longer again than what was read") {
    put_later(world, "log.1", "one\ntwo\nthree\n");
    put_later(world, "log", "four and more\n");
    CHECK(rest_of(subject.source(), 2) == "three\n^four and more\n");
  }
  SECTION("and nothing was written since") {
    put_later(world, "log.1", "one\ntwo\nthree\n");
    put_later(world, "log", "");
    CHECK(rest_of(subject.source(), 2) == "three\n");
    put_later(world, "log", "four\n");
    CHECK(rest_of(subject.source(), 3) == "^four\n");
  }
  SECTION("twice") {
    put_later(world, "log.2", "one\ntwo\nthree\n");
    put_later(world, "log.1", "four\n");
    put_later(world, "log", "five\n");
    CHECK(rest_of(subject.source(), 2) == "three\n^four\n");  // nobody knows that this is a copy, too
    world.clock.advance_ms(5000);
    CHECK(rest_of(subject.source(), 3) == "^five\n");
  }
  SECTION("and the copy is gone") {
    put_later(world, "log", "four\n");
    CHECK(rest_of(subject.source(), 2) == "^four\n");
  }
}

TEST_CASE("a followed file that is copied and cut while it is read is read whole, whenever that happens") {
  for (int begin = 0; begin < 60; ++begin) {
    VirtualEnvironment world;
    std::string all = lines(0, 100);
    put(world.fs, "log", all);
    Subject subject(world, kFollow);
    int looks = -1'000'000;
    MeddledFs fs(world.fs, [&] {
      if (looks++ != begin) return;
      const auto whole = world.fs.read_all("log", 1 << 20);
      REQUIRE(whole.ok());
      put_later(world, "log.1", *whole);
      const std::string more = lines(1000, 300);  // more than there was
      put_later(world, "log", more);
      all += more;
    });
    world.environment.fs = &fs;
    REQUIRE(subject.open(std::nullopt, false).ok());
    auto slice = subject.source().poll({500, INT64_MAX, 1});
    REQUIRE(slice.ok());
    std::string read = text_of(*slice);
    looks = 0;  // something of it was read from now on
    const std::string added = lines(500, 10);
    all += added;
    put(world.fs, "log", added, OpenMode::append);
    read += rest_of(subject.source(), 2);
    world.environment.fs = &world.fs;
    if (looks <= begin) break;  // nothing was cut any more
    read += rest_of(subject.source(), 3);
    INFO("cut before look " << begin);
    CHECK(without_starts(read) == all);
  }
}

TEST_CASE("a followed file that comes later, and is rotated before it is seen, is read whole") {
  VirtualEnvironment world;
  put(world.fs, "log.1", "of yesterday\n");
  Subject subject(world, kFollow);
  REQUIRE(subject.open(std::nullopt, false).ok());
  world.clock.advance_ms(1);
  CHECK(rest_of(subject.source(), 1).empty());
  put_later(world, "log.1", "one\n");
  put_later(world, "log", "two\n");
  CHECK(rest_of(subject.source(), 2) == "^one\n^two\n");
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
