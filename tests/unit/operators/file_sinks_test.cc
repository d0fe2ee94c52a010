// The file sinks on a disk that loses power before any operation: every row once, no file ever in part.
#include "file_sink_lives.h"

namespace sr::operators::test {

TEST_CASE("a file for each batch is there once, whole, whenever the power goes") {
  CHECK(survive_everything(SinkMaker("{value: string}", "type: files, path: out, format: text"), kOneForEach) == "");
}

TEST_CASE("a rolled file holds each batch once, and appears when it is full, whenever the power goes") {
  CHECK(survive_everything(SinkMaker("{value: string}", "type: files, path: out, format: text, roll: {every: 3s}"),
                           {{"1000.txt", text_of({1, 2, 3})}, {"5000.txt", text_of({5, 6, 7})}}) == "");
  CHECK(survive_everything(
            SinkMaker("{value: string}", "type: files, path: out, format: text, roll: {size: 20B}"),
            {{"1000.txt", text_of({1, 2})}, {"3000.txt", text_of({3, 5, 6})}, {"7000.txt", text_of({7})}}) == "");
}

TEST_CASE("text_files writes each batch once whenever the power goes") {
  Files named;
  for (const auto& [name, text] : kOneForEach) named["n-" + name] = text;
  CHECK(survive_everything(SinkMaker("{value: string}", "type: text_files, prefix: out/n, suffix: txt"), named) == "");
}

TEST_CASE("a batch that does not fit a full disk may be written again when there is room") {
  const std::pair<const char*, Files> cases[] = {
      {"type: files, path: out, format: text", {{"1000.txt", text_of({1})}, {"2000.txt", text_of({2})}}},
      {"type: text_files, prefix: out/n, suffix: txt", {{"n-1000.txt", text_of({1})}, {"n-2000.txt", text_of({2})}}},
      {"type: files, path: out, format: text, roll: {size: 20B}", {{"1000.txt", text_of({1, 2})}}}};
  for (const auto& [options, expected] : cases) {
    INFO(options);
    VirtualEnvironment world;
    const SinkMaker maker("{value: string}", options);
    const auto sink = maker.make();
    REQUIRE(sink->open(durable_context(world.environment, {})).ok());
    REQUIRE(commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1)).ok());
    world.fs.set_capacity(10);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto full = commit_batch(*sink, rows_of(2, maker.schema()), tick_of(2));
      REQUIRE_FALSE(full.ok());
      CHECK(full.error().code == "ENOSPC");
      CHECK(full.error().retriable);
    }
    world.fs.set_capacity(1 << 20);
    REQUIRE(commit_batch(*sink, rows_of(2, maker.schema()), tick_of(2)).ok());
    REQUIRE(sink->close().ok());
    CHECK(files_in(world.fs, false) == expected);
    CHECK(files_in(world.fs, true).empty());
  }
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
  REQUIRE(sink->close().ok());
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
  REQUIRE(sink->close().ok());
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
    REQUIRE(sink->close().ok());
  }
  CHECK(files_in(world.fs, false) == Files{{"1000.txt", text_of({1})}, {"1000-2.txt", text_of({1})}});
}

}  // namespace sr::operators::test
