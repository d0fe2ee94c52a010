// Positions of sources: whatever the budgets were and wherever the job was killed, a source that is opened where it
// stood gives again, byte by byte, what the batches behind that place were made of, and then goes on.
#include <catch2/catch.hpp>
#include <functional>

#include "engine/base/env_virtual.h"
#include "operators/catalogue.h"
#include "specs/compile.h"
#include "specs/instantiate.h"

using namespace sr;

namespace {

// A source as a job would have it, in a virtual world.
class Subject {
 public:
  Subject(VirtualEnvironment& world, const std::string& source) : world_(world) {
    specs::Registry registry;
    operators::register_all(registry);
    specs::CompileInput input;
    input.path = "job.yaml";
    input.text = "version: 1\nname: subject\nbatch: {interval: 1s}\nsources:\n  in: " + source +
                 "\nsinks:\n  out: {type: discard, input: in}\n";
    SourceMap sources;
    Diagnostics diagnostics;
    const auto job = specs::compile(input, registry, sources, diagnostics);
    for (const Diagnostic& finding : diagnostics.items()) UNSCOPED_INFO(finding.message);
    REQUIRE(job->sound);
    graph_ = specs::instantiate(*job->bound, registry);
  }

  flow::Source& source() { return *node().source; }
  Status open(const std::optional<flow::Position>& standing, bool available = true) {
    flow::SourceContext context;
    context.env = &world_.environment;
    context.id = "in";
    context.framer = node().framer;
    context.max_record = node().max_record;
    context.available_now = available;
    context.wake = [] {};
    context.fail = [](const Error& error) { FAIL(error.message); };
    return source().open(context, standing);
  }

 private:
  flow::SourceNode& node() { return std::get<flow::SourceNode>(graph_.nodes[*graph_.find("in")].work); }
  VirtualEnvironment& world_;
  flow::Graph graph_;
};

// All that a slice holds, as text.
std::string text_of(const flow::SourceSlice& slice) {
  std::string text;
  for (const flow::InputPiece& piece : slice.pieces) {
    if (piece.raw) {
      if (piece.raw->stream_start) text += "^";
      text += piece.raw->bytes;
    } else if (piece.file) {
      if (piece.file->stream_start) text += "^";
      std::string bytes(static_cast<std::size_t>(piece.file->length), '\0');
      const auto got = piece.file->file->pread(bytes.data(), bytes.size(), piece.file->offset);
      REQUIRE(got.ok());
      REQUIRE(*got == bytes.size());
      text += bytes;
    } else if (piece.rows) {
      for (std::int64_t row = 0; row < piece.rows->count; ++row) text += std::to_string(piece.rows->first + row) + ",";
    } else if (piece.chunk) {
      for (std::uint32_t row = 0; row < piece.chunk->rows; ++row) {
        TextBuffer json;
        write_json_row(json, *piece.chunk, row);
        text += json.view();
      }
    }
  }
  return text;
}

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

void put(VirtualFs& fs, const std::string& path, std::string_view text, OpenMode mode = OpenMode::truncate) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) REQUIRE(fs.make_directories(path.substr(0, slash)).ok());
  auto file = fs.open(path, mode);
  REQUIRE(file.ok());
  REQUIRE((*file)->write(text).ok());
}

std::string lines(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

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

TEST_CASE("a directory's files are deleted when their batch is committed, also by the start after a crash") {
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
    CHECK_FALSE(world.fs.stat("in/a").ok());
  }
  SECTION("another file has taken the name") {
    first.source().committed(position);
    world.clock.advance_ms(1);
    put(world.fs, "in/a", "3\n");
    Subject again(world, source);
    REQUIRE(again.open(standing).ok());
    CHECK(world.fs.stat("in/a").ok());
    slice = again.source().poll({INT64_MAX, INT64_MAX, 2});
    REQUIRE(slice.ok());
    CHECK(text_of(*slice) == "^2\n^3\n");
  }
  CHECK(world.fs.stat("in/b").ok());
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
