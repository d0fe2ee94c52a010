// The file sinks on a disk that loses power before any operation: every row once, no file ever in part.
#include <map>

#include "engine/data/builder.h"
#include "sink_harness.h"

namespace sr::operators::test {
namespace {

constexpr std::int64_t kBatches = 7;

// Batch n brings the lines `n.0 … n.(n % 3)`; every fourth brings nothing.
std::vector<std::string> lines_of(std::int64_t batch) {
  std::vector<std::string> lines;
  for (std::int64_t i = 0; batch % 4 != 0 && i <= batch % 3; ++i)
    lines.push_back(std::to_string(batch) + "." + std::to_string(i));
  return lines;
}

std::vector<Chunk> rows_of(std::int64_t batch, const SchemaRef& schema) {
  const auto lines = lines_of(batch);
  if (lines.empty()) return {};
  ColumnBuilder values(types::string());
  for (const std::string& line : lines) values.append_string(line);
  Chunk chunk;
  chunk.schema = schema;
  chunk.rows = static_cast<std::uint32_t>(lines.size());
  chunk.columns = {values.finish()};
  return {chunk};
}

Tick tick_of(std::int64_t batch) {
  return {batch, batch * 1000, (batch - 1) * 1000, batch == kBatches};
}

using Files = std::map<std::string, std::string>;

// The files of a folder: those that are results, or the hidden ones.
Files files_in(Fs& fs, bool hidden) {
  Files files;
  const auto names = fs.list("out");
  if (!names.ok()) return files;
  for (const std::string& name : *names) {
    if ((name[0] == '.') == hidden) files[name] = *fs.read_all("out/" + name, 1 << 20);
  }
  return files;
}

// One life of a job: opens the sink, commits what the journal does not know yet, closes. False: the power went.
bool live(const SinkMaker& maker, VirtualEnvironment& world, SinkJournal& journal) {
  const auto sink = maker.make();
  const SinkJournal before = journal;
  if (!sink->open(durable_context(world.environment, journal)).ok()) {
    REQUIRE(world.fs.powered_off());
    return false;
  }
  const auto held = sink->recover();
  REQUIRE(held.ok());
  CHECK(*held == before.batch);
  for (std::int64_t batch = journal.batch.value_or(0) + 1; batch <= kBatches; ++batch) {
    const auto token = commit_batch(*sink, rows_of(batch, maker.schema()), tick_of(batch));
    if (!token.ok()) {
      INFO(token.error().message);
      REQUIRE(world.fs.powered_off());
      return false;
    }
    journal = {batch, *token};
  }
  sink->close();
  return !world.fs.powered_off();
}

// Runs the job with a power cut before operation `first` of its life and before operation `second` of the next one.
// Gives the files at the end; an empty map when `first` lies behind the last operation.
Files survive(const SinkMaker& maker, CrashMode mode, std::uint64_t first, std::uint64_t second,
              const Files& expected) {
  VirtualEnvironment world(first * 31 + second);
  SinkJournal journal;
  bool cut = false;
  for (const std::uint64_t at : {first, second, std::uint64_t{0}}) {
    const std::uint64_t start = world.fs.operations();
    world.fs.inject([&, at, start](const FsOperation& operation) {
      return at != 0 && operation.number == start + at ? FsInjection::power_cut : FsInjection::none;
    });
    const SinkJournal durable = journal;
    const bool ended = live(maker, world, journal);
    world.fs.inject(nullptr);
    if (ended) break;
    cut = true;
    // The commit of the last batch may be lost with the power, earlier ones are durable by then.
    if (journal.batch == kBatches) journal = durable;
    world.fs.crash(mode, world.random);
    for (const auto& [name, text] : files_in(world.fs, false)) {
      CAPTURE(name, first, second);
      REQUIRE(expected.contains(name));
      REQUIRE(expected.at(name) == text);
    }
  }
  if (!cut) return {};
  CHECK(files_in(world.fs, true).empty());
  return files_in(world.fs, false);
}

void survives_everything(const SinkMaker& maker, const Files& expected) {
  for (const CrashMode mode : {CrashMode::keep_all, CrashMode::lose_unsynced, CrashMode::torn}) {
    for (const std::uint64_t second : {0, 1, 2, 3, 5, 8, 13}) {
      std::uint64_t first = 1;
      for (;; ++first) {
        const Files files = survive(maker, mode, first, second, expected);
        if (files.empty()) break;
        CAPTURE(static_cast<int>(mode), first, second);
        REQUIRE(files == expected);
      }
      CHECK(first > 10);
    }
  }
}

std::string text_of(std::initializer_list<std::int64_t> batches) {
  std::string text;
  for (const std::int64_t batch : batches) {
    for (const std::string& line : lines_of(batch)) text += line + "\n";
  }
  return text;
}

const Files kOneForEach = {{"1000.txt", text_of({1})}, {"2000.txt", text_of({2})}, {"3000.txt", text_of({3})},
                           {"5000.txt", text_of({5})}, {"6000.txt", text_of({6})}, {"7000.txt", text_of({7})}};

}  // namespace

TEST_CASE("a file for each batch is there once, whole, whenever the power goes") {
  survives_everything(SinkMaker("{value: string}", "type: files, path: out, format: text"), kOneForEach);
}

TEST_CASE("a rolled file holds each batch once, and appears when it is full, whenever the power goes") {
  survives_everything(SinkMaker("{value: string}", "type: files, path: out, format: text, roll: {every: 3s}"),
                      {{"1000.txt", text_of({1, 2, 3})}, {"5000.txt", text_of({5, 6, 7})}});
  survives_everything(SinkMaker("{value: string}", "type: files, path: out, format: text, roll: {size: 20B}"),
                      {{"1000.txt", text_of({1, 2})}, {"3000.txt", text_of({3, 5, 6})}, {"7000.txt", text_of({7})}});
}

TEST_CASE("text_files writes each batch once whenever the power goes") {
  Files named;
  for (const auto& [name, text] : kOneForEach) named["n-" + name] = text;
  survives_everything(SinkMaker("{value: string}", "type: text_files, prefix: out/n, suffix: txt"), named);
}

TEST_CASE("a start removes what its own dead run has left hidden, and nothing of others") {
  for (const char* options : {"type: files, path: out, format: text", "type: text_files, prefix: out/n, suffix: txt",
                              "type: files, path: out, format: text, roll: {every: 1h}"}) {
    const SinkMaker maker("{value: string}", options);
    VirtualEnvironment world;
    const auto dead = maker.make();
    REQUIRE(dead->open(durable_context(world.environment, {})).ok());
    REQUIRE(dead->begin(tick_of(1)).ok());
    for (int i = 0; i < 40000; ++i) {  // more than is buffered
      REQUIRE(dead->write(*dead->encode(rows_of(1, maker.schema())[0], tick_of(1))).ok());
    }
    CHECK(files_in(world.fs, true).size() == 1);
    world.fs.crash(CrashMode::keep_all, world.random);
    for (const char* foreign : {"out/.1000.txt.tmp", "out/.1000.txt.0badcafe.tmp", "out/.profile"}) {
      REQUIRE(world.fs.open(foreign, OpenMode::truncate).ok());
    }
    REQUIRE(maker.make()->open(durable_context(world.environment, {})).ok());
    CHECK(files_in(world.fs, true).size() == 3);
  }
}

TEST_CASE("a name taken by other bytes stops a durable batch and is left alone") {
  VirtualEnvironment world;
  REQUIRE(world.fs.make_directories("out").ok());
  REQUIRE((*world.fs.open("out/1000.txt", OpenMode::truncate))->write("mine\n").ok());
  const SinkMaker maker("{value: string}", "type: files, path: out, format: text");
  const auto sink = maker.make();
  REQUIRE(sink->open(durable_context(world.environment, {})).ok());
  const auto token = commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1));
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().message ==
        "out/1000.txt is there already and is not what this batch gives (5 bytes, the batch has 8); nothing was "
        "overwritten: move it away or write to another folder");
  CHECK(files_in(world.fs, false) == Files{{"1000.txt", "mine\n"}});
  CHECK(files_in(world.fs, true).empty());
}

TEST_CASE("a rolled file that shrank or vanished is damage, not silence") {
  const SinkMaker maker("{value: string}", "type: files, path: out, format: text, roll: {every: 1h}");
  VirtualEnvironment world;
  const auto sink = maker.make();
  REQUIRE(sink->open(durable_context(world.environment, {})).ok());
  const auto token = commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1));
  REQUIRE(token.ok());
  sink->close();
  const SinkJournal journal{1, *token};
  const std::string hidden = "out/" + files_in(world.fs, true).begin()->first;
  REQUIRE((*world.fs.open(hidden, OpenMode::read_write))->truncate(3).ok());
  const Status shrank = maker.make()->open(durable_context(world.environment, journal));
  REQUIRE_FALSE(shrank.ok());
  CHECK(shrank.error().message == hidden + " is damaged: it holds 3 bytes, but 8 were committed to it");
  REQUIRE(world.fs.remove(hidden).ok());
  const Status gone = maker.make()->open(durable_context(world.environment, journal));
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().message ==
        hidden + " is gone: 8 bytes were committed to it, and it never got its name out/1000.txt");
}

TEST_CASE("an edited job finishes the rolled file of the old one") {
  const SinkMaker before("{value: string}", "type: files, path: out, format: text, roll: {every: 1h}");
  VirtualEnvironment world;
  const auto sink = before.make();
  REQUIRE(sink->open(durable_context(world.environment, {})).ok());
  const auto token = commit_batch(*sink, rows_of(1, before.schema()), tick_of(1));
  REQUIRE(token.ok());
  sink->close();
  const SinkMaker after("{value: string}", "type: files, path: out, format: json, roll: {every: 1h}");
  const auto edited = after.make();
  REQUIRE(edited->open(durable_context(world.environment, {1, *token})).ok());
  CHECK(files_in(world.fs, false) == Files{{"1000.txt", text_of({1})}});
  CHECK(files_in(world.fs, true).empty());
}

TEST_CASE("without a checkpoint folder a taken name gets a number and a stop closes the rolled file") {
  VirtualEnvironment world;
  const SinkMaker maker("{value: string}", "type: files, path: out, format: text, roll: {every: 1h}");
  for (int life = 0; life < 2; ++life) {
    const auto sink = maker.make();
    flow::SinkContext context = durable_context(world.environment, {});
    context.durable = false;
    REQUIRE(sink->open(context).ok());
    REQUIRE(commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1)).ok());
    sink->close();
  }
  CHECK(files_in(world.fs, false) == Files{{"1000.txt", text_of({1})}, {"1000-2.txt", text_of({1})}});
}

}  // namespace sr::operators::test
