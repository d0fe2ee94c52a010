// Mutants of sources and sinks: each leaves out one failpoint of the list, and a scene must miss it.
#include <unistd.h>

#include <filesystem>

#include "engine/base/failpoint.h"
#include "file_sink_lives.h"
#include "lane_database.h"
#include "operators/support/file_marks.h"
#include "operators/support/table_sink.h"

namespace sr::operators::test {
namespace {

const std::string kColumns = "{value: string}";

std::string a_file_for_each_batch() {
  return survive_everything(SinkMaker(kColumns, "type: files, path: out, format: text"), kOneForEach);
}

std::string rolled_files() {
  return survive_everything(SinkMaker(kColumns, "type: files, path: out, format: text, roll: {every: 3s}"),
                            {{"1000.txt", text_of({1, 2, 3})}, {"5000.txt", text_of({5, 6, 7})}});
}

std::string a_name_that_is_taken() {
  VirtualEnvironment world;
  SR_CHECK(world.fs.make_directories("out").ok());
  SR_CHECK((*world.fs.open("out/1000.txt", OpenMode::truncate))->write("other.0\n").ok());
  const SinkMaker maker(kColumns, "type: files, path: out, format: text");
  const auto sink = maker.make();
  SR_CHECK(sink->open(durable_context(world.environment, {})).ok());
  return commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1)).ok() ? "another's file is taken for the batch"
                                                                          : "";
}

std::string files_that_the_journal_does_not_know() {
  VirtualEnvironment world;
  const SinkMaker maker(kColumns, "type: files, path: out, format: text");
  const auto sink = maker.make();
  SR_CHECK(sink->open(durable_context(world.environment, {})).ok());
  const auto token = commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1));
  SR_CHECK(token.ok() && commit_batch(*sink, rows_of(2, maker.schema()), tick_of(2)).ok());
  const SinkJournal older{1, *token, {}};
  if (maker.make()->open(durable_context(world.environment, older)).ok()) return "rows are written a second time";
  SR_CHECK(maker.make()->adopt(durable_context(world.environment, older)).value().find("out/2000.txt has") == 0);
  SR_CHECK(maker.make()->open(durable_context(world.environment, older)).ok());
  return "";
}

std::string a_hidden_file_that_shrank() {
  VirtualEnvironment world;
  const SinkMaker maker(kColumns, "type: files, path: out, format: text, roll: {every: 1h}");
  const auto sink = maker.make();
  SR_CHECK(sink->open(durable_context(world.environment, {})).ok());
  const auto token = commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1));
  SR_CHECK(token.ok());
  SR_CHECK(sink->close().ok());
  const std::string hidden = "out/" + files_in(world.fs, true).begin()->first;
  SR_CHECK((*world.fs.open(hidden, OpenMode::read_write))->truncate(3).ok());
  return maker.make()->open(durable_context(world.environment, {1, *token})).ok() ? "committed bytes are gone" : "";
}

std::string a_hidden_file_that_is_gone() {
  VirtualEnvironment world;
  const SinkMaker maker(kColumns, "type: files, path: out, format: text, roll: {every: 1h}");
  const auto sink = maker.make();
  SR_CHECK(sink->open(durable_context(world.environment, {})).ok());
  SR_CHECK(commit_batch(*sink, rows_of(1, maker.schema()), tick_of(1)).ok());
  SR_CHECK(world.fs.remove("out/" + files_in(world.fs, true).begin()->first).ok());
  return commit_batch(*sink, rows_of(2, maker.schema()), tick_of(2)).ok() ? "rows are written to nowhere" : "";
}

// Marks a file when all of it was read, changes it and gives the check's answer.
bool is_taken_for_the_same(const std::string& before, const std::function<void(VirtualFs&)>& change) {
  VirtualEnvironment world;
  SR_CHECK((*world.fs.open("in.txt", OpenMode::truncate))->write(before).ok());
  const auto mark = identify(**world.fs.open("in.txt", OpenMode::read), static_cast<std::int64_t>(before.size()));
  SR_CHECK(mark.ok());
  change(world.fs);
  return check_identity(**world.fs.open("in.txt", OpenMode::read), "in.txt", *mark).ok();
}

std::string input_that_is_another_file() {
  const std::string text(20'000, 'x');
  const auto put = [](std::string_view bytes, std::int64_t at) {
    return [=](VirtualFs& fs) { SR_CHECK((*fs.open("in.txt", OpenMode::read_write))->pwrite(bytes, at).ok()); };
  };
  if (is_taken_for_the_same(text, put("y", 0))) return "a file with another beginning is read on";
  if (is_taken_for_the_same(text, put("y", 19'999))) return "a file with another end is read on";
  const bool longer = is_taken_for_the_same(text, [&](VirtualFs& fs) {
    SR_CHECK((*fs.open("other.txt", OpenMode::truncate))->write(text + "more").ok() &&
             fs.rename("other.txt", "in.txt").ok());
  });
  return longer ? "another file that begins alike is read on" : "";
}

// A table of SQLite and the sink of a job that writes it.
class Table {
 public:
  Table()
      : path_(std::filesystem::temp_directory_path() / ("streamrun-mutants-" + std::to_string(getpid()) + ".db")),
        maker_(kColumns, "type: sqlite, path: '" + path_ + "', table: t") {
    remove();
  }
  ~Table() { remove(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  std::unique_ptr<flow::Sink> open(std::int64_t epoch, const SinkJournal& journal, const std::string& folder = "f1") {
    flow::SinkContext context = durable_context(real_environment(), journal);
    context.epoch = epoch;
    context.folder_id = folder;
    auto sink = maker_.make();
    return sink->open(context).ok() ? std::move(sink) : nullptr;
  }
  bool write(flow::Sink& sink, std::int64_t batch) {
    const auto token = commit_batch(sink, rows_of(batch, maker_.schema()), tick_of(batch));
    if (token.ok()) journal = {batch, *token, tick_of(batch)};
    return token.ok();
  }
  std::unique_ptr<SqlDriver> connect() {
    auto driver = load_driver(SqlDialect(SqlSystem::sqlite));
    SR_CHECK(driver.ok());
    SqlConnect how;
    how.target = path_;
    SR_CHECK((*driver)->connect(how).ok());
    return std::move(*driver);
  }

  SinkJournal journal;

 private:
  void remove() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }
  std::string path_;
  SinkMaker maker_;
};

std::string tables() {
  Table table;
  const auto sink = table.open(1, {});
  SR_CHECK(sink && table.write(*sink, 1));
  SinkJournal first = table.journal;
  SR_CHECK(table.write(*sink, 2));
  if (table.open(1, table.journal)) return "a copied folder goes on writing";
  if (table.open(2, first)) return "a table that is ahead of the journal is opened";
  first.planned = tick_of(2);
  if (table.open(2, table.journal, "f2")) return "a table of another folder is written";
  // The journal has lost the commit of the second batch.
  const auto again = table.open(2, first);
  if (!again || !table.write(*again, 2)) return "a batch that the table holds stops the job";
  const auto rows = table.connect()->query("SELECT count(*) FROM t");
  SR_CHECK(rows.ok());
  const std::size_t want = lines_of(1).size() + lines_of(2).size();
  if (rows->front()[0] != std::to_string(want)) return "a batch is in the table twice";
  if (table.write(*sink, 3)) return "a former run goes on writing";
  const auto last = table.open(3, table.journal);
  SR_CHECK(last != nullptr);
  SR_CHECK(table.connect()->execute("UPDATE streamrun_commit SET batch = 1").ok());
  if (table.open(4, table.journal)) return "a table that was restored is opened";
  if (table.write(*last, 3)) return "a table that was restored is written";
  SR_CHECK(table.connect()->execute("UPDATE streamrun_commit SET batch = 9, epoch = 3").ok());
  return table.write(*last, 3) ? "a batch that this run has not sent is taken for its own" : "";
}

// Four connections of which one cannot commit the second batch, and a next start with `lanes`.
std::string a_batch_that_is_there_in_part(unsigned lanes) {
  LaneDatabase database("mutants-lanes");
  LaneJob job(database, false);
  auto sink = job.start(4);
  SR_CHECK(sink && job.write(*sink, 1, {1, 2, 3, 4, 5, 6, 7, 8}).ok());
  database.commits = {{1, Fate::lost_before}};
  SR_CHECK(!job.write(*sink, 2, {11, 12, 13, 14, 15, 16, 17, 18}).ok());
  sink = job.start(lanes);
  SR_CHECK(sink != nullptr);
  if (!sink->holds(job.journal.planned).value()) return "a batch that is there in part may be cut again";
  if (!job.write(*sink, 2, {11, 12, 13, 14, 15, 16, 17, 18}).ok()) return "its rest is not written";
  const auto rows = database.rows("SELECT count(*), count(DISTINCT id) FROM t").front();
  return rows == "16|16" ? "" : "rows and ids in the table: " + rows;
}

std::string tables_of_several_connections() {
  for (const unsigned lanes : {4U, 2U}) {
    if (std::string wrong = a_batch_that_is_there_in_part(lanes); !wrong.empty()) return wrong;
  }
  LaneDatabase database("mutants-lanes");
  database.execute("CREATE TABLE t (id bigint CHECK (id <> 3), batch bigint)");
  LaneJob job(database, false);
  const auto sink = job.start(4);
  SR_CHECK(sink && !job.write(*sink, 1, {1, 2, 3, 4, 5, 6, 7, 8}).ok());
  if (!job.table().empty()) return "a batch that is refused is there in part";
  // A version that knows of one connection only has opened the table.
  database.execute("INSERT INTO streamrun_commit VALUES ('archive', 'out', 'f1', 1, 0)");
  return job.start(4) ? "a table with rows of two numbers of connections is opened" : "";
}

struct Scene {
  const char* name;
  std::string (*play)();
};

constexpr Scene kScenes[] = {
    {"input that is another file", input_that_is_another_file},
    {"a name that is taken", a_name_that_is_taken},
    {"files that the journal does not know", files_that_the_journal_does_not_know},
    {"a hidden file that shrank", a_hidden_file_that_shrank},
    {"a hidden file that is gone", a_hidden_file_that_is_gone},
    {"tables", tables},
    {"tables of several connections", tables_of_several_connections},
    {"a file for each batch", a_file_for_each_batch},
    {"rolled files", rolled_files},
};

std::string missed_by_a_scene() {
  for (const Scene& scene : kScenes) {
    if (const std::string wrong = scene.play(); !wrong.empty()) return scene.name + (": " + wrong);
  }
  return "";
}

}  // namespace

TEST_CASE("no scene of a source or a sink goes wrong where nothing is left out") {
  CHECK(missed_by_a_scene() == "");
}

TEST_CASE("each failpoint of sources and sinks is missed when it is left out") {
  for (const FailpointEntry& entry : kFailpoints) {
    if (entry.suite != FailpointSuite::operators) continue;
    const LeaveOut mutant(entry.point);
    INFO(entry.name << ": " << entry.what);
    CHECK(missed_by_a_scene() != "");
  }
}

}  // namespace sr::operators::test
