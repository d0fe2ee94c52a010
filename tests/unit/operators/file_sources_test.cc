// Positions of sources: whatever the budgets were and wherever the job was killed, a source that is opened where it
// stood gives again, byte by byte, what the batches behind that place were made of, and then goes on.
#include <algorithm>
#include <functional>

#include "source_subject.h"

using namespace sr;
using namespace sr::test;

namespace {

struct Batch {
  std::string text;
  flow::Position position;
  flow::Position standing;
};

struct Scene {
  const char* name;
  std::string source;
  std::function<void(VirtualFs&)> prepare;
  std::string all;  // what the source gives in the end
};

std::vector<Scene> scenes() {
  const std::string long_lines = "a\n" + std::string(200000, 'x') + "\nb\n" + std::string(300, 'y');
  const std::string cut_lines = "^a\n" + std::string(101, 'x') + "b\n" + std::string(101, 'y');
  const std::string quoted = "n,t\n1,\"two\nlines\"\n2,\"\"\n3,x\n";
  return {
      {"one file", "{type: file, path: a.txt, format: text}", [](VirtualFs& fs) { put(fs, "a.txt", lines(0, 200)); },
       "^" + lines(0, 200)},
      {"a file without a last newline", "{type: file, path: a.txt, format: text}",
       [](VirtualFs& fs) { put(fs, "a.txt", lines(0, 9) + "end"); }, "^" + lines(0, 9) + "end"},
      {"a file of csv with lines in quotes",
       "{type: file, path: a.csv, format: csv, header: true, schema: {n: bigint, t: string}}",
       [quoted](VirtualFs& fs) { put(fs, "a.csv", quoted); }, "^" + quoted},
      {"records that are too long", "{type: file, path: a.txt, format: text, max_record: 100B, max_rate: 1000000/s}",
       [long_lines](VirtualFs& fs) { put(fs, "a.txt", long_lines); }, cut_lines},
      {"a pattern", "{type: file, path: 'in/*.txt', format: text}",
       [](VirtualFs& fs) {
         put(fs, "in/a.txt", lines(0, 20));
         put(fs, "in/b.txt", "");
         put(fs, "in/c.txt", lines(20, 30));
         put(fs, "in/d.log", "no\n");
       },
       "^" + lines(0, 20) + "^" + lines(20, 30)},
      {"a directory", "{type: directory, path: in, format: text}",
       [](VirtualFs& fs) {
         for (int i = 0; i < 9; ++i) put(fs, "in/" + std::to_string(i), lines(i * 10, i));
       },
       "^" + lines(10, 1) + "^" + lines(20, 2) + "^" + lines(30, 3) + "^" + lines(40, 4) + "^" + lines(50, 5) + "^" +
           lines(60, 6) + "^" + lines(70, 7) + "^" + lines(80, 8)},
      {"a generator", "{type: generate, columns: {n: row}, rows: 6}", [](VirtualFs&) {}, "0,1,2,3,4,5,"},
      {"rows in the job", "{type: inline, schema: {n: bigint}, batches: [[[1], [2]], [], [[3]], [[4]]]}",
       [](VirtualFs&) {}, R"({"n":1}{"n":2}{"n":3}{"n":4})"},
  };
}

flow::Budget random_budget(SeededRandom& random, std::int64_t batch, bool counts_records) {
  flow::Budget budget;
  budget.batch = batch;
  if (random.below(2) == 0) budget.bytes = static_cast<std::int64_t>(1 + random.below(random.below(2) ? 30 : 2000));
  if (counts_records) budget.records = static_cast<std::int64_t>(1 + random.below(random.below(2) ? 3 : 40));
  return budget;
}

std::string joined(const std::vector<Batch>& batches, std::size_t upto) {
  std::string text;
  for (std::size_t i = 0; i < upto; ++i) text += batches[i].text;
  return text;
}

// Runs batches until the source has ended; a batch is some polls. As in a job, budgets count records in all batches or
// in none.
std::vector<Batch> run_batches(flow::Source& source, SeededRandom& random, bool counts_records) {
  std::vector<Batch> batches;
  for (std::int64_t number = 1; !source.ended(); ++number) {
    Batch batch;
    for (auto polls = 1 + random.below(3); polls > 0; --polls) {
      auto slice = source.poll(random_budget(random, number, counts_records));
      REQUIRE(slice.ok());
      batch.text += text_of(*slice);
      batch.position = slice->position;
    }
    batch.standing = source.standing();
    batches.push_back(batch);
  }
  return batches;
}

}  // namespace

TEST_CASE("a source that is killed anywhere gives again what its batches were made of, and goes on") {
  for (const Scene& scene : scenes()) {
    DYNAMIC_SECTION(scene.name) {
      for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        INFO("seed " << seed);
        VirtualEnvironment world(seed);
        SeededRandom random(seed);
        scene.prepare(world.fs);
        const bool counts = scene.source.find("max_rate") != std::string::npos || seed % 2 == 0;
        Subject first(world, scene.source);
        REQUIRE(first.open(std::nullopt).ok());
        const std::vector<Batch> batches = run_batches(first.source(), random, counts);
        REQUIRE(joined(batches, batches.size()) == scene.all);
        const std::size_t snapshot = random.below(batches.size() + 1);  // batches that the snapshot contains
        const std::size_t planned = snapshot + random.below(batches.size() - snapshot + 1);
        Subject again(world, scene.source);
        REQUIRE(again.open(snapshot == 0 ? std::nullopt : std::optional(batches[snapshot - 1].standing)).ok());
        for (std::size_t i = snapshot; i < planned; ++i) {
          auto slice = again.source().replay(batches[i].position);
          if (!slice.ok()) FAIL(slice.error().message);
          CHECK(text_of(*slice) == batches[i].text);
        }
        const std::vector<Batch> rest = run_batches(again.source(), random, counts);
        CHECK(joined(batches, planned) + joined(rest, rest.size()) == scene.all);
      }
    }
  }
}

TEST_CASE("a file that is not the one that was read is an error that says why") {
  VirtualEnvironment world;
  put(world.fs, "a.txt", lines(0, 100));
  const std::string source = "{type: file, path: a.txt, format: text}";
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt).ok());
  REQUIRE(first.source().poll({INT64_MAX, 100, 1}).ok());
  const flow::Position standing = first.source().standing();
  const auto reopened = [&] {
    Subject again(world, source);
    const Status status = again.open(standing);
    return status.ok() ? std::string() : status.error().message;
  };
  CHECK(reopened().empty());
  SECTION("rewritten") {
    put(world.fs, "a.txt", lines(1, 100) + "more\n");
    CHECK(reopened().find("its beginning has changed") != std::string::npos);
  }
  SECTION("shortened") {
    put(world.fs, "a.txt", "line 0\n");
    CHECK(reopened().find("bytes and has 7") != std::string::npos);
  }
  SECTION("grown: it is read on") {
    put(world.fs, "a.txt", "more\n", OpenMode::append);
    Subject again(world, source);
    REQUIRE(again.open(standing).ok());
    auto slice = again.source().poll({INT64_MAX, INT64_MAX, 2});
    REQUIRE(slice.ok());
    CHECK(text_of(*slice).ends_with("more\n"));
  }
  SECTION("a copy of it is as good") {
    put(world.fs, "b.txt", lines(0, 100));
    REQUIRE(world.fs.rename("b.txt", "a.txt").ok());
    CHECK(reopened().empty());
  }
}

TEST_CASE(
    "a file that was read in part and is gone or another one stops the start, and the message says what is lost") {
  VirtualEnvironment world;
  const auto [source, path] =
      GENERATE(table<const char*, const char*>({{"{type: directory, path: in, format: text}", "in/a.txt"},
                                                {"{type: file, path: in/a.txt, format: text}", "in/a.txt"},
                                                {"{type: file, path: 'in/*.txt', format: text}", "in/a.txt"}}));
  put(world.fs, "in/a.txt", lines(0, 100));
  put(world.fs, "in/b.txt", "b\n");
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt).ok());
  auto slice = first.source().poll({INT64_MAX, 100, 1});
  REQUIRE(slice.ok());
  const std::size_t read = text_of(*slice).size() - 1;  // without the mark of its beginning
  const std::size_t size = lines(0, 100).size();
  const flow::Position standing = first.source().standing();
  SECTION("gone") {
    REQUIRE(world.fs.remove(path).ok());
  }
  SECTION("rewritten") {
    put(world.fs, path, lines(1, 200));
  }
  SECTION("another one of the same size") {
    put(world.fs, "in/c.txt", std::string(size, 'x'));
    REQUIRE(world.fs.rename("in/c.txt", path).ok());
  }
  Subject again(world, source);
  const Status opened = again.open(standing);
  REQUIRE_FALSE(opened.ok());
  INFO(opened.error().message);
  CHECK(opened.error().code == "changed");
  CHECK(opened.error().message.find("in/a.txt") != std::string::npos);
  CHECK(opened.error().message.find("read to byte " + std::to_string(read) + " of " + std::to_string(size) +
                                    ", and the rest would be lost") != std::string::npos);
  CHECK(opened.error().message.find("another id, without `was`") != std::string::npos);
}

TEST_CASE("a file that was read to its end and then holds other bytes stops the start") {
  VirtualEnvironment world;
  const std::string source = "{type: file, path: a.txt, format: text}";
  put(world.fs, "a.txt", "one\n");
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt).ok());
  put(world.fs, "a.txt", "two\n", OpenMode::append);  // before it is opened
  const auto slice = first.source().poll({INT64_MAX, INT64_MAX, 1});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice) == "^one\ntwo\n");
  CHECK(first.source().ended());
  const flow::Position standing = first.source().standing();
  const auto reopened = [&](const flow::Position& at) {
    Subject again(world, source);
    const Status opened = again.open(at);
    return opened.ok() ? again.source().standing() : opened.error().message;
  };
  CHECK(reopened(standing) == standing);
  world.clock.advance_ms(5);
  put(world.fs, "a.txt", "one\ntwo\n");  // the same bytes, written again
  const flow::Position touched = reopened(standing);
  CHECK(reopened(touched) == touched);
  world.clock.advance_ms(5);
  put(world.fs, "a.txt", "one\nsix\n");
  CHECK(reopened(touched).starts_with("a.txt: is not the file that was read before: its beginning has changed. Put"));
}

TEST_CASE("a budget that ends where a block of the file does loses nothing of the file") {
  std::string all;
  for (int i = 0; i < 20000; ++i) all += std::to_string(i) + "\n";
  for (const char* const source : {"{type: file, path: in/a.txt, format: text, max_rate: 1000000/s}",
                                   "{type: directory, path: in, format: text, max_rate: 1000000/s}"}) {
    // Blocks have powers of two: the budgets around the number of whole records in each.
    for (std::size_t block = 1 << 12; block < all.size(); block *= 2) {
      const std::int64_t whole = std::count(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(block), '\n');
      for (std::int64_t records = whole - 1; records <= whole + 1; ++records) {
        INFO(source << ", " << records << " records");
        VirtualEnvironment world;
        put(world.fs, "in/a.txt", all);
        Subject subject(world, source);
        REQUIRE(subject.open(std::nullopt).ok());
        std::string got;
        for (std::int64_t batch = 1; batch < 100 && !subject.source().ended(); ++batch) {
          const auto slice = subject.source().poll({records, 1 << 20, batch});
          REQUIRE(slice.ok());
          got += text_of(*slice);
        }
        REQUIRE(got == "^" + all);
      }
    }
  }
}

TEST_CASE("a file that goes before it was read is passed over") {
  VirtualEnvironment world;
  put(world.fs, "in/a.txt", "a\n");
  put(world.fs, "in/b.txt", "b\n");
  const std::string source = "{type: directory, path: in, format: text}";
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt).ok());
  REQUIRE(first.source().poll({INT64_MAX, 2, 1}).ok());
  const flow::Position standing = first.source().standing();
  REQUIRE(world.fs.remove("in/b.txt").ok());
  Subject again(world, source);
  REQUIRE(again.open(standing).ok());
  auto slice = again.source().poll({INT64_MAX, INT64_MAX, 2});
  REQUIRE(slice.ok());
  CHECK(text_of(*slice).empty());
}

TEST_CASE("a directory's files are deleted when no snapshot needs them, also after a crash") {
  VirtualEnvironment world;
  const std::string source = "{type: directory, path: in, format: text, after: delete}";
  put(world.fs, "in/a", "1\n");
  put(world.fs, "in/b", "2\n");
  Subject first(world, source);
  REQUIRE(first.open(std::nullopt).ok());
  auto slice = first.source().poll({INT64_MAX, 2, 1});
  REQUIRE(slice.ok());
  const flow::Position position = slice->position;
  const flow::Position standing = first.source().standing();
  CHECK(world.fs.stat("in/a").ok());
  SECTION("at once") {
    first.source().committed(position);
    CHECK_FALSE(world.fs.stat("in/a").ok());
  }
  SECTION("a snapshot covers it, and then the job is killed") {
    Subject again(world, source);
    REQUIRE(again.open(standing).ok());
    CHECK(world.fs.stat("in/a").ok());  // an older snapshot may need it
    again.source().committed(standing);
    CHECK_FALSE(world.fs.stat("in/a").ok());
  }
  SECTION("another file has taken the name") {
    first.source().committed(position);
    world.clock.advance_ms(1);
    put(world.fs, "in/a", "3\n");
    Subject again(world, source);
    REQUIRE(again.open(standing).ok());
    again.source().committed(standing);
    CHECK(world.fs.stat("in/a").ok());
    slice = again.source().poll({INT64_MAX, INT64_MAX, 2});
    REQUIRE(slice.ok());
    CHECK(text_of(*slice) == "^2\n^3\n");
  }
  CHECK(world.fs.stat("in/b").ok());
}

TEST_CASE("a file that is moved away overwrites nothing") {
  VirtualEnvironment world;
  put(world.fs, "done/a.txt", "of yesterday\n");
  put(world.fs, "done/a-2.txt", "of this morning\n");
  put(world.fs, "in/a.txt", "1\n");
  Subject subject(world, "{type: directory, path: in, format: text, after: move, move_to: done}");
  REQUIRE(subject.open(std::nullopt).ok());
  const auto slice = subject.source().poll({INT64_MAX, INT64_MAX, 1});
  REQUIRE(slice.ok());
  subject.source().committed(slice->position);
  CHECK_FALSE(world.fs.stat("in/a.txt").ok());
  CHECK(world.fs.read_all("done/a.txt", 99).value() == "of yesterday\n");
  CHECK(world.fs.read_all("done/a-2.txt", 99).value() == "of this morning\n");
  CHECK(world.fs.read_all("done/a-3.txt", 99).value() == "1\n");
}

TEST_CASE("a name counts once while it is in the folder, and is forgotten when it is not") {
  VirtualEnvironment world;
  put(world.fs, "in/a", "1\n");
  Subject subject(world, "{type: directory, path: in, format: text}");
  REQUIRE(subject.open(std::nullopt, false).ok());
  std::int64_t batch = 0;
  const auto next = [&] {
    world.clock.advance_ms(1000);
    auto slice = subject.source().poll({INT64_MAX, INT64_MAX, ++batch});
    REQUIRE(slice.ok());
    return text_of(*slice);
  };
  CHECK(next() == "^1\n");
  put(world.fs, "in/a", "2\n");
  CHECK(next().empty());
  REQUIRE(world.fs.remove("in/a").ok());
  CHECK(next().empty());
  CHECK(next().empty());
  CHECK(subject.source().standing().empty());
  put(world.fs, "in/a", "3\n");
  CHECK(next() == "^3\n");
}
