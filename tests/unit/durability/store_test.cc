// The checkpoint folder beyond crashes: who may open it, a full disk, what is kept and what goes.
#include "engine/durability/store.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/durability/checked_file.h"
#include "life.h"

namespace sr::durability {
namespace {

constexpr WholeFileSyncs kSyncs{Failpoint::format_bytes, Failpoint::format_name};

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().code + ": " + status.error().message;
}

BatchPlan plan_of(std::int64_t batch) {
  BatchPlan plan;
  plan.tick.id = batch;
  return plan;
}

BatchCommit commit_of(std::int64_t batch) {
  BatchCommit commit;
  commit.tick.id = batch;
  return commit;
}

struct Fixture {
  VirtualEnvironment world;
  std::unique_ptr<Store> store;
  Recovered recovered;

  Status open(const StoreOptions& options) {
    store.reset();
    auto opened = Store::open(options);
    SR_TRY(opened);
    store = std::move(opened->store);
    recovered = std::move(opened->recovered);
    return {};
  }
  Status open() { return open(life_options(world.environment)); }
  Status run_batch(std::int64_t batch) {
    SR_TRY(store->plan(plan_of(batch)));
    SR_TRY(store->sync());
    return store->commit(commit_of(batch));
  }
  std::vector<std::string> names(const std::string& folder) { return *world.fs.list(std::string(kDir) + folder); }
};

}  // namespace

TEST_CASE("a folder has one owner at a time") {
  Fixture one;
  REQUIRE(one.open().ok());
  const auto second = Store::open(life_options(one.world.environment));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == "EWOULDBLOCK");
  CHECK(second.error().message ==
        "the checkpoint folder state/words is in use: state/words/LOCK is locked by process 1. Stop that process, or "
        "give "
        "this job a `checkpoint.dir` of its own");
  CHECK(Store::read(life_options(one.world.environment)).ok());
}

TEST_CASE("the folder of another job is refused") {
  Fixture one;
  REQUIRE(one.open().ok());
  StoreOptions other = life_options(one.world.environment);
  other.job = "sums";
  CHECK(text_of(one.open(other)) ==
        "foreign: the checkpoint folder state/words belongs to the job `words`, not to `sums`. Give this job a "
        "`checkpoint.dir` of its own");
}

TEST_CASE("a folder of a newer version is refused") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(write_whole_file(one.world.fs, kDir, "FORMAT", seal_file({"srfolder", 2}, ""), kSyncs).ok());
  CHECK(text_of(one.open()) ==
        "version: state/words/FORMAT has version 2, written by a newer streamrun; this one reads up to version 1. Use "
        "the "
        "newer one, or another folder");
  const std::string features("\x01\0\0\0", 4);
  REQUIRE(write_whole_file(one.world.fs, kDir, "FORMAT", seal_file({"srfolder", 1}, features), kSyncs).ok());
  CHECK(text_of(one.open()) ==
        "version: state/words/FORMAT needs features 0x1 of a newer streamrun. Use the newer one, or another folder");
  REQUIRE(write_whole_file(one.world.fs, kDir, "FORMAT", seal_file({"srfolder", 1}, ""), kSyncs).ok());
  CHECK(text_of(one.open()) == "damaged: state/words/FORMAT is malformed");
}

TEST_CASE("a folder that holds something else is refused, and left as it is") {
  Fixture one;
  REQUIRE(one.world.fs.make_directories(kDir).ok());
  REQUIRE(write_whole_file(one.world.fs, kDir, "notes.txt", "mine", kSyncs).ok());
  const std::string refused = text_of(one.open());
  CHECK(refused.starts_with("damaged: state/words is no checkpoint folder: it has no FORMAT but holds `notes.txt`."));
  CHECK(*one.world.fs.read_all(std::string(kDir) + "/notes.txt", 100) == "mine");
  REQUIRE(one.world.fs.remove(std::string(kDir) + "/notes.txt").ok());
  CHECK(text_of(one.open()) == "ok");
}

TEST_CASE("a folder that has lost its FORMAT is refused until it is repaired") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->begin("", "").ok());
  const std::string id = one.store->folder_id();
  one.store.reset();
  REQUIRE(one.world.fs.remove(std::string(kDir) + "/FORMAT").ok());
  CHECK(text_of(one.open()).starts_with("damaged: state/words is no checkpoint folder"));
  const auto report = repair(life_options(one.world.environment));
  REQUIRE(report.ok());
  CHECK(report->dropped.size() == 1);
  REQUIRE(one.open().ok());
  CHECK(one.store->folder_id() == id);
  CHECK(one.recovered.epoch == 1);
}

TEST_CASE("reading a folder that is not there is an error and makes nothing") {
  Fixture one;
  const auto found = Store::read(life_options(one.world.environment));
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == "ENOENT");
  CHECK_FALSE(one.world.fs.stat("state").ok());
}

TEST_CASE("a start needs some free space") {
  Fixture one;
  one.world.fs.set_capacity(100'000);
  StoreOptions options = life_options(one.world.environment);
  options.min_free_bytes = 1 << 20;
  const Status refused = one.open(options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "ENOSPC");
}

TEST_CASE("on a full disk the open batch is finished from the reserve and no new one begins") {
  Fixture one;
  std::vector<std::string> lines;
  Logger log(one.world.clock, {}, [&](std::string_view line) { lines.emplace_back(line); });
  StoreOptions options = life_options(one.world.environment);
  options.log = &log;
  options.reserve_bytes = 64 * 1024;
  REQUIRE(one.open(options).ok());
  REQUIRE(one.store->begin("", "").ok());
  REQUIRE(one.store->plan(plan_of(1)).ok());
  REQUIRE(one.store->sync().ok());
  one.world.fs.set_capacity(67'000);  // somebody else fills it: what is there and a little more
  REQUIRE(one.store->output(1, "random", std::string(5000, 'x')).ok());
  const Status finished = one.store->sync();
  CHECK(text_of(finished) == "ok");
  REQUIRE(one.store->commit(commit_of(1)).ok());
  CHECK(lines.size() == 1);
  one.world.fs.set_capacity(20'000);
  const Status refused = one.store->plan(plan_of(2));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "ENOSPC");
  one.world.fs.set_capacity(1 << 20);
  CHECK(text_of(one.store->plan(plan_of(2))) == "ok");
  CHECK(text_of(one.store->sync()) == "ok");
  CHECK(one.world.fs.stat(std::string(kDir) + "/reserve").ok());
  REQUIRE(one.open(options).ok());
  CHECK(one.recovered.batches.size() == 2);
}

TEST_CASE("a disk that stays full is told and passes") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->begin("", "").ok());
  REQUIRE(one.store->plan(plan_of(1)).ok());
  one.world.fs.set_capacity(0);
  REQUIRE(one.store->output(1, "random", std::string(20'000, 'x')).ok());
  const Status full = one.store->sync();
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().code == "ENOSPC");
  const auto saved = one.store->save(snapshot_of(0));
  REQUIRE_FALSE(saved.ok());
  CHECK(saved.error().code == "ENOSPC");
}

TEST_CASE("a snapshot waits for its batch's commit") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->begin("", "").ok());
  REQUIRE(one.store->plan(plan_of(1)).ok());
  const auto early = one.store->save(snapshot_of(1));
  REQUIRE_FALSE(early.ok());
  CHECK(early.error().message == "a snapshot of batch 1 cannot be saved before batch 1 is committed");
  REQUIRE(one.store->commit(commit_of(1)).ok());
  CHECK(one.store->save(snapshot_of(1)).ok());
}

TEST_CASE("saving the same snapshot twice does nothing") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->begin("", "").ok());
  REQUIRE(one.run_batch(1).ok());
  REQUIRE(one.store->plan(plan_of(2)).ok());
  REQUIRE(one.store->save(snapshot_of(1)).ok());
  const auto names = one.names("");
  REQUIRE(one.store->save(snapshot_of(1)).ok());
  CHECK(one.names("") == names);
  CHECK(one.names("/snapshot") == std::vector<std::string>{"1-1"});
}

TEST_CASE("as many snapshots stay as are asked for, with the journals and datasets behind them") {
  Fixture one;
  StoreOptions options = life_options(one.world.environment);
  options.retain = 3;
  REQUIRE(one.open(options).ok());
  REQUIRE(one.store->begin("", "").ok());
  for (std::int64_t batch = 1; batch <= 6; ++batch) {
    REQUIRE(one.store->save_dataset("lookup", "h" + std::to_string(batch), "rows").ok());
    BatchPlan plan = plan_of(batch);
    plan.datasets = {{"lookup", "h" + std::to_string(batch)}};
    REQUIRE(one.store->plan(plan).ok());
    REQUIRE(one.store->sync().ok());
    REQUIRE(one.store->commit(commit_of(batch)).ok());
    const auto kept = one.store->save(snapshot_of(batch));
    REQUIRE(kept.ok());
    CHECK(kept->oldest_batch == std::max<std::int64_t>(0, batch - 2));
    if (batch > 2) CHECK(kept->standings == snapshot_of(batch - 2).standings);
  }
  CHECK(one.names("/snapshot") == std::vector<std::string>{"4-4", "5-5", "6-6"});
  CHECK(one.names("/dataset") == std::vector<std::string>{"lookup-h4", "lookup-h5", "lookup-h6"});
  CHECK(one.names("") == std::vector<std::string>{"FORMAT", "LOCK", "dataset", "journal-4", "journal-5", "journal-6",
                                                  "journal-7", "reserve", "snapshot"});
  const auto before = one.store->journal_bytes();
  CHECK(before < 100);
  REQUIRE(one.open(options).ok());
  CHECK(one.store->kept().oldest_batch == 4);
}

TEST_CASE("a damaged snapshot is passed over for the one before it") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->begin("", "").ok());
  for (std::int64_t batch = 1; batch <= 3; ++batch) {
    REQUIRE(one.run_batch(batch).ok());
    REQUIRE(one.store->save(snapshot_of(batch)).ok());
  }
  one.store.reset();
  REQUIRE(write_whole_file(one.world.fs, std::string(kDir) + "/snapshot/3-3", "1", "short", kSyncs).ok());
  REQUIRE(one.open().ok());
  REQUIRE(one.recovered.snapshot);
  CHECK(one.recovered.snapshot->tick.id == 2);
  CHECK(one.recovered.batches.size() == 1);
  REQUIRE(one.recovered.notes.size() == 1);
  CHECK(one.recovered.notes[0] ==
        "the snapshot of batch 3 is damaged and not used: state/words/snapshot/3-3/1 does not match its checksum");
  CHECK(one.store->kept().oldest_batch == 2);
  REQUIRE(one.store->begin("", "").ok());
  REQUIRE(one.run_batch(4).ok());
  REQUIRE(one.store->save(snapshot_of(4)).ok());
  CHECK(one.names("/snapshot") == std::vector<std::string>{"2-2", "4-4"});
  REQUIRE(one.store->save(snapshot_of(4)).ok());
}

TEST_CASE("names of datasets may hold anything") {
  Fixture one;
  REQUIRE(one.open().ok());
  REQUIRE(one.store->save_dataset("a/b", "..%", "rows").ok());
  REQUIRE(one.store->save_dataset("a/b", "..%", "rows").ok());
  CHECK(one.names("/dataset") == std::vector<std::string>{"a%2Fb-%2E%2E%25"});
  CHECK(*one.store->load_dataset("a/b", "..%") == "rows");
  CHECK_FALSE(one.store->load_dataset("a", "h").ok());
  const std::string folder = std::string(kDir) + "/dataset";
  REQUIRE(one.world.fs.rename(folder + "/a%2Fb-%2E%2E%25", folder + "/a-h").ok());
  const auto wrong = one.store->load_dataset("a", "h");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message == "state/words/dataset/a-h is that of another dataset");
}

TEST_CASE("a folder that is removed or replaced under the job is an error of its next snapshot and of its end") {
  const std::string dir = std::filesystem::temp_directory_path() / ("streamrun-gone-" + std::to_string(::getpid()));
  const std::string aside = dir + "-aside";
  for (const bool replaced : {false, true}) {
    std::filesystem::remove_all(dir);
    std::filesystem::remove_all(aside);
    StoreOptions options = life_options(real_environment());
    options.dir = dir;
    auto opened = Store::open(options);
    REQUIRE(opened.ok());
    Store& store = *opened->store;
    REQUIRE(store.begin("", "").ok());
    REQUIRE(store.save({}).ok());
    std::filesystem::rename(dir, aside);
    if (replaced) std::filesystem::copy(aside, dir, std::filesystem::copy_options::recursive);
    REQUIRE(store.plan(plan_of(1)).ok());
    REQUIRE(store.commit(commit_of(1)).ok());
    Snapshot snapshot;
    snapshot.tick.id = 1;
    const auto saved = store.save(snapshot);
    REQUIRE_FALSE(saved.ok());
    CHECK(saved.error().code == "gone");
    CHECK(saved.error().message.find(replaced ? "was replaced" : "was removed") != std::string::npos);
    CHECK_FALSE(store.clean().ok());
    std::filesystem::remove_all(dir);
    std::filesystem::remove_all(aside);
  }
}

TEST_CASE("a large snapshot goes to the disk in steps, and an error in any of them leaves the folder as it was") {
  Snapshot large = snapshot_of(1);
  large.nodes[0].bytes.assign(20 << 20, 'x');
  bool done = false;
  for (std::uint64_t number = 1; !done; ++number) {
    VirtualEnvironment world;
    auto opened = Store::open(life_options(world.environment));
    REQUIRE(opened.ok());
    Store& store = *opened->store;
    REQUIRE(store.begin("spec", "f").ok());
    REQUIRE(store.plan(plan_of(1)).ok());
    REQUIRE(store.sync().ok());
    REQUIRE(store.commit(commit_of(1)).ok());
    const std::uint64_t at = world.fs.operations() + number;
    world.fs.inject([=](const FsOperation& one) {
      return one.number == at && (one.kind == FsOperationKind::write || one.kind == FsOperationKind::sync)
                 ? FsInjection::io_error
                 : FsInjection::none;
    });
    const auto saved = store.save(large);
    done = world.fs.operations() < at;
    world.fs.inject(nullptr);
    const auto found = Store::read(life_options(world.environment));
    REQUIRE(found.ok());
    if (saved.ok()) CHECK((found->snapshot && found->snapshot->nodes[0].bytes == large.nodes[0].bytes));
    if (!saved.ok()) CHECK(saved.error().code == "EIO");
  }
}

TEST_CASE("the real file system keeps a folder, too") {
  Environment& env = real_environment();
  const std::string dir = "/tmp/streamrun-store-" + std::to_string(env.random->next());
  StoreOptions options = life_options(env);
  options.dir = dir + "/a/b";
  {
    auto opened = Store::open(options);
    REQUIRE(opened.ok());
    REQUIRE(opened->store->begin("spec", "f").ok());
    REQUIRE(opened->store->plan(plan_of(1)).ok());
    REQUIRE(opened->store->sync().ok());
    REQUIRE(opened->store->commit(commit_of(1)).ok());
    REQUIRE(opened->store->save(snapshot_of(1)).ok());
    REQUIRE(opened->store->clean().ok());
    REQUIRE(opened->store->sync().ok());
  }
  const auto found = Store::read(options);
  REQUIRE(found.ok());
  CHECK(found->clean);
  REQUIRE(found->snapshot);
  CHECK(describe(*found->snapshot) == describe(snapshot_of(1)));
  std::filesystem::remove_all(dir);
}

}  // namespace sr::durability
