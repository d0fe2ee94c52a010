// Lives of a job with one file sink on a disk that loses its power, or whose job is killed, before any operation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/data/builder.h"
#include "sink_harness.h"

namespace sr::operators::test {

inline constexpr std::int64_t kBatches = 7;

// Batch n brings the lines `n.0 … n.(n % 3)`; every fourth brings nothing.
inline std::vector<std::string> lines_of(std::int64_t batch) {
  std::vector<std::string> lines;
  for (std::int64_t i = 0; batch % 4 != 0 && i <= batch % 3; ++i)
    lines.push_back(std::to_string(batch) + "." + std::to_string(i));
  return lines;
}

inline std::vector<Chunk> rows_of(std::int64_t batch, const SchemaRef& schema) {
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

inline Tick tick_of(std::int64_t batch) {
  return {batch, batch * 1000, (batch - 1) * 1000, batch == kBatches};
}

using Files = std::map<std::string, std::string>;

// The files of a folder: those that are results, or the hidden ones.
inline Files files_in(Fs& fs, bool hidden) {
  Files files;
  const auto names = fs.list("out");
  if (!names.ok()) return files;
  for (const std::string& name : *names) {
    if ((name[0] == '.') == hidden) files[name] = *fs.read_all("out/" + name, 1 << 20);
  }
  return files;
}

// One life of a job: opens the sink, commits what the journal does not know yet, closes. Gives what went wrong; `ended`
// tells whether the life came to its end.
inline std::string live(const SinkMaker& maker, VirtualEnvironment& world, SinkJournal& journal, bool& ended) {
  ended = false;
  const auto sink = maker.make();
  const auto wrong = [&](const Error& error) { return world.fs.powered_off() ? std::string() : error.message; };
  if (const Status opened = sink->open(durable_context(world.environment, journal)); !opened.ok())
    return wrong(opened.error());
  for (std::int64_t batch = journal.batch.value_or(0) + 1; batch <= kBatches; ++batch) {
    if (batch > journal.planned.id) journal.planned = tick_of(batch);
    const auto token = commit_batch(*sink, rows_of(batch, maker.schema()), tick_of(batch));
    if (!token.ok()) return wrong(token.error());
    journal = {batch, *token, journal.planned};
  }
  const Status closed = sink->close();
  if (!closed.ok()) return wrong(closed.error());
  ended = !world.fs.powered_off();
  return "";
}

// What happens to two lives; a third one is left alone.
struct TwoCrashes {
  CrashMode first_mode = CrashMode::keep_all;
  CrashMode second_mode = CrashMode::keep_all;
  std::uint64_t first = 0;  // the operation of the life that it comes before; 0: it does not come
  std::uint64_t second = 0;
};

// Gives what went wrong. `crashed` tells whether there was a crash at all.
inline std::string survive(const SinkMaker& maker, const TwoCrashes& crashes, const Files& expected, bool& crashed) {
  VirtualEnvironment world(crashes.first * 31 + crashes.second);
  SinkJournal journal;
  crashed = false;
  const std::pair<std::uint64_t, CrashMode> lives[] = {
      {crashes.first, crashes.first_mode}, {crashes.second, crashes.second_mode}, {0, CrashMode::lose_unsynced}};
  for (const auto& [at, mode] : lives) {
    const std::uint64_t start = world.fs.operations();
    world.fs.inject([at = at, start](const FsOperation& operation) {
      return at != 0 && operation.number == start + at ? FsInjection::power_cut : FsInjection::none;
    });
    SinkJournal durable = journal;
    bool ended = false;
    if (std::string wrong = live(maker, world, journal, ended); !wrong.empty()) return wrong;
    world.fs.inject(nullptr);
    durable.planned = journal.planned;  // its plan is durable before the sink has a batch
    crashed = crashed || !ended;
    // The commit of the last batch may be lost with the power, earlier ones are durable by then.
    if (!ended && journal.batch == kBatches) journal = durable;
    // What a life leaves at its end is there for good.
    world.fs.crash(ended ? CrashMode::lose_unsynced : mode, world.random);
    for (const auto& [name, text] : files_in(world.fs, false)) {
      const auto whole = expected.find(name);
      if (whole == expected.end() || whole->second != text) return "out/" + name + " is not whole";
    }
    if (ended) break;
  }
  if (!files_in(world.fs, true).empty()) return "a hidden file is left";
  return files_in(world.fs, false) == expected ? "" : "a file is missing";
}

// Crashes before each operation of the first life, and before some of the second. Gives what went wrong.
inline std::string survive_everything(const SinkMaker& maker, const Files& expected) {
  constexpr CrashMode kModes[] = {CrashMode::keep_all, CrashMode::lose_unsynced, CrashMode::torn};
  for (const CrashMode mode : kModes) {
    for (const std::uint64_t second : {0, 1, 2, 3, 5, 8, 13}) {
      bool crashed = true;
      for (std::uint64_t first = 1; crashed; ++first) {
        // A kill, too, may be followed by a power cut.
        const CrashMode then = mode == CrashMode::keep_all && first % 2 == 0 ? CrashMode::lose_unsynced : mode;
        if (std::string wrong = survive(maker, {mode, then, first, second}, expected, crashed); !wrong.empty())
          return wrong + " (mode " + std::to_string(static_cast<int>(mode)) + ", before " + std::to_string(first) +
                 " and " + std::to_string(second) + ")";
        if (!crashed && first <= 10) return "a life has only " + std::to_string(first) + " operations";
      }
    }
  }
  return "";
}

inline std::string text_of(std::initializer_list<std::int64_t> batches) {
  std::string text;
  for (const std::int64_t batch : batches) {
    for (const std::string& line : lines_of(batch)) text += line + "\n";
  }
  return text;
}

inline const Files kOneForEach = {{"1000.txt", text_of({1})}, {"2000.txt", text_of({2})}, {"3000.txt", text_of({3})},
                                  {"5000.txt", text_of({5})}, {"6000.txt", text_of({6})}, {"7000.txt", text_of({7})}};

}  // namespace sr::operators::test
