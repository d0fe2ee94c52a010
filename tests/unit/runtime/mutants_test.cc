// Mutants of a durable job: each leaves out one failpoint of the list, and a scene or a history must miss it.
#include "durable_run.h"
#include "durable_simulation.h"
#include "engine/base/failpoint.h"
#include "live_job.h"

namespace sr::runtime::test {
namespace {

const std::string kHead = "version: 1\nname: run\nbatch: {interval: 1s}\ncheckpoint: {dir: state}\nwal: {dir: wal}\n";
const std::string kFile = "sources: {rows: {type: file, path: in.txt, follow: true, format: text}}\n";
const std::string kWire = "sources: {wire: {type: stdin, format: text}}\n";

std::string sink_of(const std::string& input) {
  return "sinks: {out: {type: discard, input: " + input + "}}\n";
}

const std::string kPlain = kHead + kFile + sink_of("rows");

std::string state_job(const std::string& column) {
  return kHead + kFile + "transforms:\n  total:\n    type: update_state_by_key\n    input: rows\n    key: value\n" +
         "    state: {" + column + ": bigint}\n    init: {" + column + ": 0}\n    update: {" + column + ": state." +
         column + " + count(*)}\n    emit: changed\n" + sink_of("total");
}

const std::string kAsking = kHead + kFile +
                            "transforms:\n  told: {type: exec, input: rows, command: [ask], schema: {n: bigint}}\n" +
                            sink_of("told");

const std::string kLooking =
    kHead + kFile +
    "datasets:\n  names: {type: csv_file, path: names.csv, schema: {value: string, name: string}}\n"
    "transforms:\n  named: {type: join, how: inner, input: {left: rows, right: names}, key: value}\n" +
    sink_of("named");

std::string text_of(const Status& status) {
  return status.ok() ? std::string() : status.error().message;
}

// A batch that the sink holds and whose commit the power has taken, then a start with `text`.
std::string finish_after_power_cut(
    Outside& outside, const std::string& former, const std::string& text,
    const std::function<void()>& between = [] {}) {
  {
    Run run(outside, former);
    SR_CHECK(run.start().ok());
    outside.write("in.txt", "a\nb\n", OpenMode::append);
    SR_CHECK(run.plan().ok() && run.execute().ok() && run.commit_to_sinks().ok());
  }
  outside.disk.crash(CrashMode::lose_unsynced, outside.world.random);
  between();
  Run run(outside, text);
  return text_of(run.start());
}

std::string an_open_batch() {
  Outside outside;
  outside.write("in.txt", "");
  return finish_after_power_cut(outside, kPlain, kPlain);
}

std::string an_edit_with_an_open_batch() {
  Outside outside;
  outside.write("in.txt", "");
  const std::string edited =
      kHead + kFile + "transforms: {some: {type: filter, input: rows, where: value > 'a'}}\n" + sink_of("some");
  if (std::string wrong = finish_after_power_cut(outside, kPlain, edited); !wrong.empty()) return wrong;
  Run run(outside, edited);
  if (const Status started = run.start(); !started.ok()) return text_of(started);
  outside.write("in.txt", "c\n", OpenMode::append);
  return text_of(run.batch());
}

std::string a_dataset_that_changes() {
  Outside outside;
  outside.write("in.txt", "");
  outside.write("names.csv", "a,anna\n");
  return finish_after_power_cut(outside, kLooking, kLooking, [&] { outside.write("names.csv", "a,albert\nb,bert\n"); });
}

std::string an_answer_that_changes() {
  Outside outside;
  outside.write("in.txt", "");
  return finish_after_power_cut(outside, kAsking, kAsking);
}

// The plan is durable and nothing behind it; the start asks, gives the sink the batch, and the power fails again.
std::string an_answer_to_a_start() {
  Outside outside;
  outside.write("in.txt", "a\n");
  {
    Run run(outside, kAsking);
    SR_CHECK(run.start().ok() && run.plan().ok() && run.sync_plan().ok());
  }
  for (int start = 0; start < 2; ++start) {
    outside.disk.crash(CrashMode::lose_unsynced, outside.world.random);
    Run run(outside, kAsking);
    if (const Status started = run.start(); !started.ok()) return text_of(started);
  }
  return outside.asked == 1 ? "" : "it was asked twice";
}

// A column that is gone and another one that is new: the new one begins at its own beginning.
std::string a_state_of_another_shape() {
  Outside outside;
  outside.write("in.txt", "a\n");
  {
    Run run(outside, state_job("n"));
    SR_CHECK(run.start().ok() && run.batch().ok() && run.finish().ok());
  }
  Run run(outside, state_job("m"));
  if (const Status started = run.start(); !started.ok()) return text_of(started);
  outside.write("in.txt", "a\n", OpenMode::append);
  if (const Status ran = run.batch(); !ran.ok()) return text_of(ran);
  return outside.held.at(2) == R"({"value":"a","m":1})"
             ? ""
             : "one column's state is taken for another's: " + outside.held.at(2);
}

// A byte that no check of the file's identity looks at.
std::string input_that_changes() {
  Outside outside;
  std::string lines;
  for (int i = 0; i < 4000; ++i) lines += "line " + std::to_string(i) + "\n";
  outside.write("in.txt", lines);
  {
    Run run(outside, kPlain);
    SR_CHECK(run.start().ok() && run.batch().ok());
  }
  outside.disk.crash(CrashMode::keep_all, outside.world.random);
  REQUIRE((*outside.world.fs.open("in.txt", OpenMode::read_write))->pwrite("LINE", 20'004).ok());
  Run run(outside, kPlain);
  return run.start().ok() ? "other rows are taken for those of the batch" : "";
}

// A plan that comes to the disk before its input.
std::string input_that_is_lost() {
  Outside outside;
  const std::string text = kHead + kWire + sink_of("wire");
  outside.sent = "a\n";
  {
    Run run(outside, text);
    SR_CHECK(run.start().ok() && run.plan().ok() && run.sync_plan().ok());
  }
  outside.disk.crash(CrashMode::lose_unsynced, outside.world.random);
  Run run(outside, text);
  return text_of(run.start());
}

std::string a_start_that_is_ended() {
  Outside outside;
  outside.write("in.txt", "a\n");
  {
    Run run(outside, kPlain);
    SR_CHECK(run.start().ok() && run.plan().ok() && run.sync_plan().ok());
  }
  outside.disk.crash(CrashMode::lose_unsynced, outside.world.random);
  outside.sink_fails = true;
  SR_CHECK(!Run(outside, kPlain).start().ok());
  outside.disk.crash(CrashMode::lose_unsynced, outside.world.random);
  durability::StoreOptions options;
  options.env = &outside.env;
  options.dir = "state";
  options.job = "run";
  const auto found = durability::Store::read(options);
  if (!found.ok()) return found.error().message;
  return found->batches.back().attempts == 1 ? "" : "a start is not counted";
}

std::string a_snapshot() {
  Outside outside;
  outside.write("in.txt", "a\n");
  Run run(outside, kPlain);
  SR_CHECK(run.start(0).ok());
  if (const Status ran = run.batch(); !ran.ok()) return text_of(ran);
  durability::StoreOptions options;
  options.env = &outside.env;
  options.dir = "state";
  options.job = "run";
  const auto found = durability::Store::read(options);
  if (!found.ok()) return found.error().message;
  if (!found->snapshot) return "there is no snapshot";
  const auto mark = found->sinks.find("out");
  return mark != found->sinks.end() && mark->second.batch == 1 ? "" : "the snapshot lacks the sink's last commit";
}

// Looks, when the second batch comes, whether the file of the first one is still there, and ends the job.
class Watcher final : public flow::StdoutWriter {
 public:
  explicit Watcher(std::string path) : path_(std::move(path)) {}
  Status write(std::string_view text) override {
    if (text.find("second") == std::string_view::npos) return {};
    there_ = std::filesystem::exists(path_);
    raise(SIGTERM);
    return {};
  }
  bool was_there() const { return there_; }

 private:
  std::string path_;
  std::atomic<bool> there_ = false;
};

// An eager job cuts a batch when the one before is committed; the first snapshot is hours away.
std::string a_file_that_is_to_be_deleted() {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "in");
  folder.write("in/a.txt", "first\n");
  folder.write("in/b.txt", "second\n");
  Watcher watcher(folder / "in/a.txt");
  LiveJob live;
  live.adjust = [&](JobOptions& options) {
    options.out = &watcher;
    options.checkpoint.emplace();
    options.checkpoint->dir = folder / "state";
    options.checkpoint->interval_ms = 100'000'000;
  };
  const JobOutcome outcome = live.run(
      "version: 1\nname: run\nbatch: {interval: 1s, trigger: eager, max_records: 1}\nsources: {rows: {type: directory, "
      "path: " +
      (folder / "in") + ", format: text, after: delete}}\nsinks: {out: {type: print, input: rows}}\n");
  if (outcome.exit_code != 0) return outcome.error;
  return watcher.was_there() ? "" : "a file is gone before a snapshot contains its rows";
}

struct Scene {
  const char* name;
  std::string (*play)();
};

constexpr Scene kScenes[] = {
    {"an open batch", an_open_batch},
    {"an edit with an open batch", an_edit_with_an_open_batch},
    {"a dataset that changes", a_dataset_that_changes},
    {"an answer that changes", an_answer_that_changes},
    {"an answer to a start", an_answer_to_a_start},
    {"a state of another shape", a_state_of_another_shape},
    {"input that changes", input_that_changes},
    {"input that is lost", input_that_is_lost},
    {"a start that is ended", a_start_that_is_ended},
    {"a snapshot", a_snapshot},
    {"a file that is to be deleted", a_file_that_is_to_be_deleted},
};

std::string missed_by(std::uint64_t histories) {
  for (const Scene& scene : kScenes) {
    if (const std::string wrong = scene.play(); !wrong.empty()) return scene.name + (": " + wrong);
  }
  for (std::uint64_t seed = 1; seed <= histories; ++seed) {
    if (const std::string wrong = simulate_durable_job(seed); !wrong.empty())
      return "seed " + std::to_string(seed) + ": " + wrong;
  }
  return "";
}

}  // namespace

TEST_CASE("no scene of a durable job goes wrong where nothing is left out") {
  CHECK(missed_by(0) == "");  // the histories have a test of their own
}

TEST_CASE("each failpoint of a durable job is missed when it is left out") {
  for (const FailpointEntry& entry : kFailpoints) {
    if (entry.suite != FailpointSuite::runtime) continue;
    const LeaveOut mutant(entry.point);
    INFO(entry.name << ": " << entry.what);
    CHECK(missed_by(500) != "");
  }
}

}  // namespace sr::runtime::test
