// Edges of the checkpoint folder and the input log: odd names, other sizes than before, many threads.
#include <catch2/catch.hpp>
#include <thread>

#include "engine/base/env_virtual.h"
#include "engine/durability/checked_file.h"
#include "engine/durability/dataset_files.h"
#include "engine/durability/folder.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/snapshot_files.h"
#include "engine/durability/wal.h"
#include "life.h"
#include "tests/unit/passing_fs.h"

namespace sr::durability {
namespace {

using test::MeddledFs;
using test::PassingFs;

const std::string kFolder = kDir;
constexpr WholeFileSyncs kSyncs{Failpoint::dataset_bytes, Failpoint::dataset_name};

Result<Store::Opened> open_begun(const StoreOptions& options) {
  auto opened = Store::open(options);
  SR_TRY(opened);
  SR_TRY(opened->store->begin("text", "print"));
  return opened;
}

Status run_batch(Store& store, std::int64_t batch) {
  BatchPlan plan;
  plan.tick.id = batch;
  SR_TRY(store.plan(plan));
  SR_TRY(store.sync());
  BatchCommit commit;
  commit.tick.id = batch;
  return store.commit(commit);
}

WalOptions wal_options(Environment& env) {
  WalOptions options;
  options.env = &env;
  options.dir = "wal";
  options.folder_id = "folder";
  options.segment_bytes = 512;
  return options;
}

std::unique_ptr<Wal> open_wal(const WalOptions& options) {
  std::vector<std::string> notes;
  auto opened = Wal::open(options, &notes);
  REQUIRE(opened.ok());
  return std::move(*opened);
}

// A file system where some folders may be used but not read.
class ClosedFs final : public PassingFs {
 public:
  ClosedFs(Fs& real, std::string code) : PassingFs(real), code_(std::move(code)) {}
  Status sync_directory(const std::string& path) override { return Error{"cannot sync " + path, false, code_}; }

 private:
  std::string code_;
};

}  // namespace

TEST_CASE("a folder may be named with slashes at its end, or from the root") {
  for (const std::string dir : {"state/words//", "/state/words", "words"}) {
    VirtualEnvironment world;
    StoreOptions options = life_options(world.environment);
    options.dir = dir;
    REQUIRE(open_begun(options).ok());
    world.fs.crash(CrashMode::lose_unsynced, world.random);
    const auto found = Store::read(options);
    INFO(dir);
    REQUIRE(found.ok());
    CHECK(found->epoch == 1);
  }
}

TEST_CASE("a folder in use is read, whatever its job makes and removes meanwhile") {
  VirtualEnvironment world;
  const StoreOptions options = life_options(world.environment);
  auto opened = open_begun(options);
  REQUIRE(opened.ok());
  std::int64_t batch = 0;
  const auto step = [&] {
    ++batch;
    REQUIRE(run_batch(*opened->store, batch).ok());
    REQUIRE(opened->store->save(snapshot_of(batch)).ok());
  };
  for (int i = 0; i < 3; ++i) step();
  int looks = 1;
  for (int begin = 0; looks > begin; ++begin) {
    looks = 0;
    MeddledFs fs(world.fs, [&] {
      if (looks++ != begin) return;
      for (int i = 0; i < 3; ++i) step();
    });
    Environment watched = world.environment;
    watched.fs = &fs;
    StoreOptions reading = options;
    reading.env = &watched;
    const auto found = Store::read(reading);
    INFO("three snapshots before look " << begin);
    if (!found.ok()) FAIL(found.error().message);
    CHECK(found->notes.empty());
    CHECK(found->snapshot->tick.id + 3 >= batch);
  }
}

TEST_CASE("folders above that belong to somebody else need not be synced") {
  VirtualEnvironment world;
  for (const std::string code : {"EACCES", "EPERM", "EROFS", "EINVAL"}) {
    ClosedFs fs(world.fs, code);
    CHECK(make_durable_directory(fs, "a/b").ok());
  }
  ClosedFs fs(world.fs, "EIO");
  CHECK_FALSE(make_durable_directory(fs, "a/b").ok());
}

TEST_CASE("names that are no snapshots are left alone") {
  VirtualEnvironment world;
  const StoreOptions options = life_options(world.environment);
  REQUIRE(open_begun(options).ok());
  const std::string odd[] = {"x", "3", "3-", "-4", "3-4x", "3x4", "3-4.new"};
  for (const std::string& name : odd) REQUIRE(world.fs.make_directories(kFolder + "/snapshot/" + name).ok());
  const auto list = list_snapshots({&world.environment, kFolder, "words"});
  REQUIRE(list.ok());
  CHECK(list->names.empty());
  CHECK(list->unfinished == std::vector<std::string>{"3-4.new"});
  auto opened = open_begun(options);
  REQUIRE(opened.ok());
  CHECK(world.fs.list(kFolder + "/snapshot")->size() == 6);
}

TEST_CASE("a snapshot of a newer version stops the start instead of being passed over") {
  VirtualEnvironment world;
  const StoreOptions options = life_options(world.environment);
  {
    auto opened = open_begun(options);
    REQUIRE(opened.ok());
    REQUIRE(run_batch(*opened->store, 1).ok());
    REQUIRE(opened->store->save(snapshot_of(1)).ok());
  }
  REQUIRE(
      write_whole_file(world.fs, kFolder + "/snapshot/1-1", "MANIFEST", seal_file({"srsnapsh", 9}, ""), kSyncs).ok());
  const auto opened = Store::open(options);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == "version");
}

TEST_CASE("what a start has mended is logged") {
  VirtualEnvironment world;
  StoreOptions options = life_options(world.environment);
  {
    auto opened = open_begun(options);
    REQUIRE(opened.ok());
    REQUIRE(run_batch(*opened->store, 1).ok());
    REQUIRE(opened->store->save(snapshot_of(1)).ok());
  }
  REQUIRE(world.fs.remove(kFolder + "/snapshot/1-1/1").ok());
  std::vector<std::string> lines;
  Logger log(world.clock, {}, [&](std::string_view line) { lines.emplace_back(line); });
  options.log = &log;
  REQUIRE(open_begun(options).ok());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("the snapshot of batch 1 is damaged and not used") != std::string::npos);
}

TEST_CASE("an unfinished folder is made anew, one with content is not") {
  VirtualEnvironment world;
  const StoreOptions options = life_options(world.environment);
  REQUIRE(open_begun(options).ok());
  REQUIRE(world.fs.remove(kFolder + "/FORMAT").ok());
  REQUIRE((*world.fs.open(kFolder + "/journal-1", OpenMode::truncate))->sync().ok());
  CHECK(Store::open(options).error().message.find("holds `journal-1`") != std::string::npos);
  REQUIRE(world.fs.remove(kFolder + "/journal-1").ok());
  CHECK(Store::open(options).ok());
  REQUIRE(world.fs.remove(kFolder + "/FORMAT").ok());
  CHECK(Store::open(options).ok());
  REQUIRE(world.fs.remove(kFolder + "/FORMAT").ok());
  REQUIRE(write_whole_file(world.fs, kFolder + "/dataset", "a-b", "x", kSyncs).ok());
  CHECK(Store::open(options).error().message.find("holds `dataset`") != std::string::npos);
}

TEST_CASE("a journal that was begun with another step goes on in its own") {
  VirtualEnvironment world;
  StoreOptions options = life_options(world.environment);
  {
    auto opened = open_begun(options);
    REQUIRE(opened.ok());
    REQUIRE(opened->store->clean().ok());
    REQUIRE(opened->store->sync().ok());
  }
  options.journal_step_bytes = 700;
  {
    auto opened = open_begun(options);
    REQUIRE(opened.ok());
    BatchPlan plan;
    plan.tick.id = 1;
    REQUIRE(opened->store->plan(plan).ok());
    REQUIRE(opened->store->output(1, "node", std::string(5000, 'x')).ok());
    REQUIRE(opened->store->sync().ok());
  }
  const auto found = Store::read(options);
  REQUIRE(found.ok());
  CHECK(found->batches.size() == 1);
}

TEST_CASE("a segment that does not end as the next one says is damaged") {
  VirtualEnvironment world;
  REQUIRE(world.fs.make_directories("log").ok());
  const LogWriterOptions options{{&world.fs, "log", "part-", "test", "folder"}, 1024, false};
  SegmentHeader first;
  first.number = 1;
  auto log = LogWriter::create(options, first);
  REQUIRE(log.ok());
  (*log)->append(RecordType::input, 0, "a");
  REQUIRE((*log)->rotate().ok());
  const std::string bytes = *world.fs.read_all("log/part-1", 1 << 20);
  const SegmentHeader next = *read_segment_header(options.files, 2);
  const auto scan = [&](const SegmentHeader& told) {
    return scan_segment(options.files, {1, told}, bytes, [](const Record&) { return Status(); }).damage.has_value();
  };
  CHECK_FALSE(scan(next));
  SegmentHeader other = next;
  other.previous_end -= 8;
  CHECK(scan(other));
  other = next;
  other.previous_end += 8;
  CHECK(scan(other));
  other = next;
  ++other.previous_checksum;
  CHECK(scan(other));
  other = next;
  ++other.first_sequence;
  CHECK(scan(other));
  // A file that ends behind its header, although its size is a multiple of the step.
  SegmentHeader alone = first;
  alone.step = 8;
  const std::string header = encode_segment_header(options.files, alone);
  const SegmentScan cut =
      scan_segment(options.files, {1, std::nullopt}, header, [](const Record&) { return Status(); });
  REQUIRE(cut.damage);
  CHECK(cut.damage->offset == 0);
}

TEST_CASE("the input log keeps a few spare segments and removes the rest") {
  VirtualEnvironment world;
  const WalOptions options = wal_options(world.environment);
  auto wal = open_wal(options);
  for (int i = 0; i < 20; ++i) {
    wal->append("s", std::string(250, 'x'), 0);
    REQUIRE(wal->sync().ok());
  }
  REQUIRE(world.fs.list("wal")->size() == 20);
  REQUIRE(wal->recycle(wal->durable_sequence()).ok());
  CHECK(*world.fs.list("wal") == std::vector<std::string>{"20", "spare-1", "spare-2", "spare-3", "spare-4"});
  CHECK(wal->first_sequence() == 20);
  REQUIRE(wal->recycle(wal->durable_sequence()).ok());
  for (int i = 0; i < 6; ++i) {
    wal->append("s", std::string(250, 'y'), 0);
    REQUIRE(wal->sync().ok());
  }
  CHECK(world.fs.list("wal")->size() == 7);
  wal = open_wal(options);
  CHECK(wal->durable_sequence() == 26);
  REQUIRE(wal->read(20, 26, [](const WalRecord&) { return Status(); }).ok());
}

TEST_CASE("a segment that is missing in the middle of the input log is damage") {
  VirtualEnvironment world;
  const WalOptions options = wal_options(world.environment);
  auto wal = open_wal(options);
  for (int i = 0; i < 5; ++i) {
    wal->append("s", std::string(250, 'x'), 0);
    REQUIRE(wal->sync().ok());
  }
  CHECK(wal->read(5, 4, [](const WalRecord&) { return Status(); }).ok());
  CHECK(wal->read(4, 6, [](const WalRecord&) { return Status(); }).error().code == "missing");
  CHECK(wal->read(2, 3, [](const WalRecord&) { return Status(); }).ok());
  REQUIRE(world.fs.remove("wal/3").ok());
  CHECK(wal->read(3, 3, [](const WalRecord&) { return Status(); }).error().code == "ENOENT");
  std::vector<std::string> notes;
  const auto opened = Wal::open(options, &notes);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == "damaged");
  CHECK(opened.error().message.starts_with("wal/4 is damaged at byte 0: the segment before it is missing;"));
}

TEST_CASE("only letters, digits, `_` and `-` of a dataset's name stand for themselves") {
  CHECK(dataset_name("azAZ09_-", "`{@[/:") == "azAZ09_--%60%7B%40%5B%2F%3A");
  CHECK(dataset_name("\xff", " ~") == "%FF-%20%7E");
}

TEST_CASE("a record that is no input is damage of the input log") {
  VirtualEnvironment world;
  const WalOptions options = wal_options(world.environment);
  REQUIRE(open_wal(options)->sync().ok());
  const LogFiles files{&world.fs, "wal", "", "wal", "folder"};
  for (const RecordType type : {RecordType::clean, RecordType::input}) {
    const std::string bytes = *world.fs.read_all("wal/1", 1 << 20);
    const SegmentScan scan = scan_segment(files, {1, std::nullopt}, bytes, [](const Record&) { return Status(); });
    auto log = LogWriter::resume({files, 512, true}, scan);
    REQUIRE(log.ok());
    (*log)->append(type, 0, "\x09");
    REQUIRE((*log)->sync().ok());
    std::vector<std::string> notes;
    const auto opened = Wal::open(options, &notes);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().message.find("a record of input is malformed") != std::string::npos);
  }
}

TEST_CASE("many threads share the syncs of the input log") {
  VirtualEnvironment world;
  WalOptions options = wal_options(world.environment);
  options.segment_bytes = 4096;
  auto wal = open_wal(options);
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t mine = wal->append("s" + std::to_string(thread), std::to_string(i), 0);
        if (!wal->sync().ok() || wal->durable_sequence() < mine) ++failures;
        if (i % 50 == 49 && !wal->read(mine, mine, [](const WalRecord&) { return Status(); }).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  std::map<std::string, int> next;
  bool in_order = true;
  REQUIRE(wal->read(1, 800,
                    [&](const WalRecord& record) {
                      in_order = in_order && record.bytes == std::to_string(next[std::string(record.source)]++);
                      return Status();
                    })
              .ok());
  CHECK(in_order);
  CHECK(next.size() == 4);
}

TEST_CASE("batches go on while a snapshot is saved") {
  VirtualEnvironment world;
  auto opened = open_begun(life_options(world.environment));
  REQUIRE(opened.ok());
  Store& store = *opened->store;
  REQUIRE(run_batch(store, 1).ok());
  std::atomic<std::int64_t> done = 1;
  std::atomic<int> failures = 0;
  std::thread saving([&] {
    for (int i = 0; i < 20; ++i) {
      const std::int64_t batch = done;
      if (!store.save(snapshot_of(batch)).ok()) ++failures;
    }
  });
  for (std::int64_t batch = 2; batch <= 300; ++batch) {
    if (!run_batch(store, batch).ok()) ++failures;
    done = batch;
  }
  saving.join();
  CHECK(failures == 0);
  const auto found = Store::read(life_options(world.environment));
  REQUIRE(found.ok());
  REQUIRE(found->snapshot);
  CHECK(found->snapshot->tick.id + static_cast<std::int64_t>(found->batches.size()) == 300);
}

}  // namespace sr::durability
