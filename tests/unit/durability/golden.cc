// The script of the golden folder; see golden.h.
#include "golden.h"

#include "life.h"

namespace sr::durability {

namespace {

const std::string kOnDisk = std::string(STREAMRUN_SOURCE_DIR) + "/tests/unit/durability/golden";

std::string parent_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/'));
}

void add_tree(Fs& fs, const std::string& dir, const std::string& prefix, Files& files) {
  const auto names = fs.list(dir);
  for (const std::string& name : *names) {
    const std::string path = dir + "/" + name;
    if (fs.stat(path)->is_directory) {
      add_tree(fs, path, prefix + name + "/", files);
    } else if (name != "LOCK") {
      files[prefix + name] = *fs.read_all(path, 1 << 20);
    }
  }
}

BatchPlan plan_of(std::int64_t batch) {
  BatchPlan plan;
  plan.tick = {batch, batch * 1000, batch * 1000 - 1000, false};
  plan.positions = {{"lines", "at " + std::to_string(batch * 10)}, {"rows", std::to_string(batch)}};
  plan.ended = {"rows"};
  plan.datasets = {{"lookup", "h1"}};
  return plan;
}

Status run_batch(Store& store, std::int64_t batch) {
  SR_TRY(store.plan(plan_of(batch)));
  SR_TRY(store.sync());
  BatchCommit commit;
  commit.tick = plan_of(batch).tick;
  commit.tokens = {{"out", "token " + std::to_string(batch)}};
  commit.checksums = {{"out", static_cast<std::uint64_t>(batch)}};
  return store.commit(commit);
}

Status make_wal(Environment& env) {
  std::vector<std::string> notes;
  auto wal = Wal::open(golden_wal_options(env), &notes);
  SR_TRY(wal);
  for (int i = 1; i <= 12; ++i) {
    (*wal)->append("tcp", "line " + std::to_string(i) + std::string(50, '.') + "\n", static_cast<std::uint8_t>(i % 2));
    if (i % 3 == 0) SR_TRY((*wal)->sync());
  }
  return {};
}

}  // namespace

StoreOptions golden_options(Environment& env) {
  StoreOptions options;
  options.env = &env;
  options.dir = "golden/checkpoint";
  options.job = "words";
  options.reserve_bytes = 0;
  options.min_free_bytes = 0;
  options.journal_step_bytes = 512;
  return options;
}

WalOptions golden_wal_options(Environment& env) {
  WalOptions options;
  options.env = &env;
  options.dir = "golden/wal";
  options.folder_id = "0123456789abcdef0123456789abcdef";
  options.segment_bytes = 1024;
  return options;
}

Status make_golden(Environment& env) {
  SR_TRY(make_wal(env));
  auto opened = Store::open(golden_options(env));
  SR_TRY(opened);
  Store& store = *opened->store;
  SR_TRY(store.begin("version: 1\nname: words\n", "fingerprint"));
  SR_TRY(store.save_dataset("lookup", "h1", "rows"));
  SR_TRY(run_batch(store, 1));
  SR_TRY(store.save(snapshot_of(1)));
  SR_TRY(run_batch(store, 2));
  SR_TRY(store.plan(plan_of(3)));
  SR_TRY(store.save(snapshot_of(2)));
  SR_TRY(run_batch(store, 3));
  SR_TRY(store.plan(plan_of(4)));
  SR_TRY(store.output(4, "random", "0.25"));
  SR_TRY(store.sync());
  SR_TRY(store.attempt(4));
  return store.sync();
}

Files golden_on_disk() {
  return read_tree(*real_environment().fs, kOnDisk);
}

Files golden_made() {
  VirtualEnvironment world;
  if (const Status made = make_golden(world.environment); !made.ok()) return {{"error", made.error().message}};
  return read_tree(world.fs, "golden");
}

void write_golden(const Files& files) {
  put_tree(*real_environment().fs, kOnDisk, files);
}

Files read_tree(Fs& fs, const std::string& dir) {
  Files files;
  add_tree(fs, dir, "", files);
  return files;
}

void make_durable(Fs& fs, const std::string& dir) {
  const auto names = fs.list(dir);
  for (const std::string& name : *names) {
    const std::string path = dir + "/" + name;
    if (fs.stat(path)->is_directory) {
      make_durable(fs, path);
    } else {
      SR_CHECK((*fs.open(path, OpenMode::read))->sync().ok());
    }
  }
  SR_CHECK(fs.sync_directory(dir).ok() && fs.sync_directory("").ok());
}

void put_tree(Fs& fs, const std::string& dir, const Files& files) {
  for (const auto& [name, bytes] : files) {
    const std::string path = dir + "/" + name;
    SR_CHECK(fs.make_directories(parent_of(path)).ok());
    const auto file = fs.open(path, OpenMode::truncate);
    SR_CHECK(file.ok() && file.value()->write(bytes).ok());
  }
}

}  // namespace sr::durability
