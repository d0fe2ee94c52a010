// File sources and sinks against a real folder.
#include <fcntl.h>
#include <sys/stat.h>

#include "live_job.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

const char* kHead = "version: 1\nname: live\n";

}  // namespace

TEST_CASE("files of a pattern are read in the order of their names, and each batch becomes one file") {
  TemporaryFolder folder;
  folder.write("b.txt", "three\nfour");
  folder.write("a.txt", "one\ntwo\n");
  folder.write("c.log", "no\n");
  LiveJob live;
  const JobOutcome outcome = live.run(
      kHead + std::string("batch: {interval: 1s, trigger: available_now}\nsources:\n  lines: {type: file, path: '") +
      folder.path + "/*.txt', format: text}\nsinks:\n  out: {type: text_files, input: lines, prefix: '" +
      (folder / "out/lines") + "', suffix: txt}\n");
  CHECK(outcome.exit_code == 0);
  const auto names = names_in(folder / "out");
  REQUIRE(names.size() == 1);
  CHECK(names[0].starts_with("lines-"));
  CHECK(names[0].ends_with("000.txt"));
  CHECK(folder.read("out/" + names[0]) == "one\ntwo\nthree\nfour\n");
}

TEST_CASE("max_records bounds each batch") {
  TemporaryFolder folder;
  folder.write("a.txt", "1\n2\n3\n4\n5\n");
  LiveJob live;
  const JobOutcome outcome = live.run(
      kHead +
      std::string(
          "batch: {interval: 1s, trigger: available_now, max_records: 2}\nsources:\n  lines: {type: file, path: '") +
      (folder / "a.txt") + "', format: text}\nsinks:\n  out: {type: files, input: lines, path: '" + (folder / "out") +
      "', format: json}\n");
  CHECK(outcome.exit_code == 0);
  const auto names = names_in(folder / "out");
  REQUIRE(names.size() == 3);
  CHECK(folder.read("out/" + names[0]) == "{\"value\":\"1\"}\n{\"value\":\"2\"}\n");
  CHECK(folder.read("out/" + names[2]) == "{\"value\":\"5\"}\n");
}

TEST_CASE("a followed file is read through rotation and truncation") {
  TemporaryFolder folder;
  folder.write("log", "one\ntw");
  LiveJob live;
  live.when([&] { return live.printed("one"); }, [&] { folder.write("log", "o\nthree\n", std::ios::app); });
  live.when([&] { return live.printed("three"); },
            [&] {
              std::filesystem::rename(folder / "log", folder / "log.1");
              folder.write("log.1", "late\n", std::ios::app);
            });
  live.when([&] { return live.printed("late"); }, [&] { folder.write("log", "four\nfive\n"); });
  live.when([&] { return live.printed("five"); }, [&] { folder.write("log", "six\n"); });  // cut and written anew
  live.drain_when([&] { return live.printed("six"); });
  const JobOutcome outcome = live.run(
      kHead +
      std::string("batch: {interval: 20ms}\nsources:\n  lines: {type: file, follow: true, rotate_wait: 50ms, path: '") +
      (folder / "log") + "', format: text}\nsinks:\n  out: {type: print, input: lines}\n");
  CHECK(outcome.exit_code == 0);
  CHECK(printed_rows(live.out.text()) ==
        std::vector<std::string>{"one", "two", "three", "late", "four", "five", "six"});
}

TEST_CASE("a directory's files count once, hidden and temporary names never, and go where they are told") {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "in");
  folder.write("in/2.txt", "two\n");
  folder.write("in/1.txt", "one\n");
  folder.write("in/.hidden", "no\n");
  folder.write("in/x.tmp", "no\n");
  for (const char* name : {"in/1.txt", "in/2.txt"}) {
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    utimensat(AT_FDCWD, (folder / name).c_str(), times, 0);
  }
  LiveJob live;
  live.when([&] { return live.printed("two"); },
            [&] {
              folder.write("three.part", "three\n");
              std::filesystem::rename(folder / "three.part", folder / "in/3.txt");
            });
  live.when([&] { return live.printed("three"); }, [&] { folder.write("in/1.txt", "changed\n"); });
  live.drain_when([&] { return live.printed("changed"); });
  const std::string options = "', after: move, move_to: '" + (folder / "done") + "', format: text}\n";
  const JobOutcome outcome =
      live.run(kHead + std::string("batch: {interval: 20ms}\nsources:\n  lines: {type: directory, path: '") +
               (folder / "in") + options + "sinks:\n  out: {type: print, input: lines}\n");
  CHECK(outcome.exit_code == 0);
  const auto rows = printed_rows(live.out.text());
  REQUIRE(rows.size() >= 3);
  CHECK(std::vector<std::string>(rows.begin(), rows.begin() + 3) == std::vector<std::string>{"one", "two", "three"});
  CHECK(std::filesystem::exists(folder / "done/2.txt"));
  CHECK_FALSE(std::filesystem::exists(folder / "in/2.txt"));
}

TEST_CASE("a folder that cannot be written ends the job with 4 and the path") {
  TemporaryFolder folder;
  folder.write("a.txt", "1\n");
  folder.write("blocked", "a file where a folder should be");
  LiveJob live;
  const JobOutcome outcome = live.run(
      kHead + std::string("batch: {interval: 1s, trigger: available_now}\nsources:\n  lines: {type: file, path: '") +
      (folder / "a.txt") + "', format: text}\nsinks:\n  out: {type: files, input: lines, format: text, path: '" +
      (folder / "blocked/out") + "'}\n");
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.error.find("blocked") != std::string::npos);
}

TEST_CASE("rolled files are hidden until they are closed") {
  TemporaryFolder folder;
  folder.write("a.txt", "1\n2\n3\n4\n5\n");
  LiveJob live;
  const JobOutcome outcome = live.run(
      kHead +
      std::string(
          "batch: {interval: 1s, trigger: available_now, max_records: 1}\nsources:\n  lines: {type: file, path: '") +
      (folder / "a.txt") +
      "', format: text}\nsinks:\n  out: {type: files, input: lines, format: text, roll: {every: 2s}, path: '" +
      (folder / "out") + "'}\n");
  CHECK(outcome.exit_code == 0);
  const auto names = names_in(folder / "out");
  REQUIRE(names.size() == 2);
  CHECK(folder.read("out/" + names[0]) == "1\n2\n3\n");
  CHECK(folder.read("out/" + names[1]) == "4\n5\n");
}
