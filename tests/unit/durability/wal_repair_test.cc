// Repair of an input log: whatever is damaged or missing in it, what is left can be read by every batch that is left,
// and no batch goes whose input was intact.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/durability/store.h"
#include "engine/durability/wal.h"
#include "golden.h"
#include "life.h"

namespace sr::durability {
namespace {

constexpr std::int64_t kSegmentBytes = 2048;
constexpr std::int64_t kSnapshotBatch = 4;
constexpr std::int64_t kBatches = 12;

WalOptions wal_options(Environment& env, const std::string& folder_id, std::uint64_t least_next = 1) {
  WalOptions options;
  options.env = &env;
  options.dir = "state/wal";
  options.folder_id = folder_id;
  options.segment_bytes = kSegmentBytes;
  options.least_next = least_next;
  return options;
}

LoggedInput logged_input() {
  return {"state/wal", kSegmentBytes, {"s"}};
}

std::string input_of(std::uint64_t sequence) {
  return "record " + std::to_string(sequence) + std::string(sequence * 37 % 200, '.');
}

// A job that has logged three records a batch, was saved behind a batch, and killed.
Files killed_job() {
  VirtualEnvironment world;
  auto opened = Store::open(life_options(world.environment));
  REQUIRE(opened.ok());
  Store& store = *opened->store;
  REQUIRE(store.begin("text", "print").ok());
  std::vector<std::string> notes;
  auto wal = Wal::open(wal_options(world.environment, store.folder_id()), &notes);
  REQUIRE(wal.ok());
  for (std::int64_t batch = 1; batch <= kBatches; ++batch) {
    BatchPlan plan;
    plan.tick.id = batch;
    for (int i = 0; i < 3; ++i)
      plan.positions["s"] = std::to_string((*wal)->append("s", input_of((*wal)->next_sequence()), 0));
    REQUIRE((*wal)->sync().ok());
    REQUIRE(store.plan(plan).ok());
    REQUIRE(store.sync().ok());
    BatchCommit commit;
    commit.tick.id = batch;
    REQUIRE(store.commit(commit).ok());
    if (batch != kSnapshotBatch) continue;
    Snapshot snapshot = snapshot_of(batch);
    snapshot.standings = plan.positions;
    REQUIRE(store.save(snapshot).ok());
  }
  return read_tree(world.fs, "");
}

// Repairs, then reads all that the batches need. Gives the last batch that is left.
Result<std::int64_t> last_after_repair(const Files& files, std::vector<std::string>* dropped) {
  VirtualEnvironment world;
  put_tree(world.fs, "", files);
  const auto report = repair(life_options(world.environment), logged_input());
  SR_TRY(report);
  *dropped = report->dropped;
  auto opened = Store::open(life_options(world.environment));
  SR_TRY(opened);
  const Recovered& found = opened->recovered;
  if (!found.snapshot) return Error{"the snapshot is gone"};
  std::uint64_t at = std::stoull(found.snapshot->standings.at("s"));
  std::vector<std::string> notes;
  auto wal = Wal::open(wal_options(world.environment, found.folder_id, at + 1), &notes);
  SR_TRY(wal);
  for (const LoggedBatch& batch : found.batches) {
    const std::uint64_t to = std::stoull(batch.plan.positions.at("s"));
    std::uint64_t next = at + 1;
    SR_TRY((*wal)->read(at + 1, to, [&](const WalRecord& record) -> Status {
      return record.bytes == input_of(next++) ? Status{} : Status{Error{"another record"}};
    }));
    if (next != to + 1) return Error{"records are missing"};
    at = to;
  }
  if ((*wal)->next_sequence() <= at) return Error{"a number would be given twice"};
  (*wal)->append("s", "new", 0);
  SR_TRY((*wal)->sync());
  return found.batches.empty() ? found.snapshot->tick.id : found.batches.back().plan.tick.id;
}

std::vector<std::string> segments_of(const Files& files) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) {
    if (name.find("wal/") != std::string::npos) names.push_back(name);
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

// The last batch all of whose input stands in the segments before one, or in the snapshot.
std::int64_t last_before(const Files& files, const std::string& segment) {
  VirtualEnvironment world;
  put_tree(world.fs, "", files);
  const auto header = read_segment_header(wal_files(wal_options(world.environment, "")),
                                          std::stoull(segment.substr(segment.rfind('/') + 1)));
  REQUIRE(header.ok());
  return std::max<std::int64_t>(kSnapshotBatch, static_cast<std::int64_t>(header->first_sequence - 1) / 3);
}

void check_repair(const Files& files, const std::string& segment, const Files& damaged) {
  std::vector<std::string> dropped;
  const auto last = last_after_repair(damaged, &dropped);
  if (!last.ok()) FAIL_CHECK(segment << ": " << last.error().message);
  if (last.ok()) CHECK(*last >= last_before(files, segment));
}

}  // namespace

TEST_CASE("an intact input log needs no repair") {
  std::vector<std::string> dropped;
  const auto last = last_after_repair(killed_job(), &dropped);
  REQUIRE(last.ok());
  CHECK(*last == kBatches);
  CHECK(dropped.empty());
}

TEST_CASE("a repair brings an input log with any damage to what can be read") {
  const Files intact = killed_job();
  const std::vector<std::string> segments = segments_of(intact);
  REQUIRE(segments.size() >= 3);
  for (const std::string& segment : segments) {
    for (std::size_t bit = 3; bit < intact.at(segment).size() * 8; bit += 101) {
      Files damaged = intact;
      damaged[segment][bit / 8] = static_cast<char>(damaged[segment][bit / 8] ^ (1 << bit % 8));
      check_repair(intact, segment, damaged);
    }
    Files without = intact;
    without.erase(segment);
    check_repair(intact, segment, without);
    Files cut = intact;
    cut[segment].resize(cut[segment].size() / 2);
    check_repair(intact, segment, cut);
  }
}

TEST_CASE("damage before what the snapshot contains costs no batch") {
  Files damaged = killed_job();
  const std::vector<std::string> segments = segments_of(damaged);
  REQUIRE(last_before(damaged, segments[1]) == kSnapshotBatch);
  damaged[segments[0]][200] ^= 1;
  std::vector<std::string> dropped;
  const auto last = last_after_repair(damaged, &dropped);
  REQUIRE(last.ok());
  CHECK(*last == kBatches);
  CHECK_FALSE(dropped.empty());
}

TEST_CASE("without its input log a job loses the batches that need it, and no number comes twice") {
  Files damaged = killed_job();
  for (const std::string& segment : segments_of(damaged)) damaged.erase(segment);
  std::vector<std::string> dropped;
  const auto last = last_after_repair(damaged, &dropped);
  REQUIRE(last.ok());
  CHECK(*last == kSnapshotBatch);
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].find("batch 5 needs input that is lost; the batches behind batch 4 are dropped") !=
        std::string::npos);
}

TEST_CASE("the input log of another folder is not touched") {
  VirtualEnvironment world;
  put_tree(world.fs, "", killed_job());
  std::vector<std::string> dropped;
  const auto refused = repair_wal(wal_options(world.environment, "another"), 0, &dropped);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "the input log state/wal belongs to another checkpoint folder. Give this job a `wal.dir` of its own");
}

TEST_CASE("a repair of an input log that an error has cut off is done by the next one") {
  const Files intact = killed_job();
  const std::vector<std::string> segments = segments_of(intact);
  Files flipped = intact;
  flipped[segments[1]][300] ^= 1;
  Files without = intact;
  without.erase(segments[1]);
  Files headless = intact;
  headless[segments[0]][40] ^= 1;
  for (const Files& damaged : {flipped, without, headless}) {
    bool done = false;
    for (std::uint64_t number = 1; !done; ++number) {
      INFO("operation " << number);
      VirtualEnvironment world;
      put_tree(world.fs, "", damaged);
      const std::uint64_t at = world.fs.operations() + number;
      world.fs.inject(
          [=](const FsOperation& one) { return one.number == at ? FsInjection::io_error : FsInjection::none; });
      const auto first = repair(life_options(world.environment), logged_input());
      done = world.fs.operations() < at;
      CHECK((first.ok() || first.error().code == "EIO"));
      world.fs.inject(nullptr);
      std::vector<std::string> dropped;
      const auto last = last_after_repair(read_tree(world.fs, ""), &dropped);
      if (!last.ok()) FAIL(last.error().message);
    }
  }
}

TEST_CASE("a log that ends before what is known goes on behind it, whatever fails on the way") {
  for (const std::uint64_t had : {0, 5}) {
    bool done = false;
    for (std::uint64_t number = 1; !done; ++number) {
      INFO("operation " << number << ", " << had << " records");
      VirtualEnvironment world;
      std::vector<std::string> notes;
      if (had > 0) {
        auto before = Wal::open(wal_options(world.environment, "folder"), &notes);
        REQUIRE(before.ok());
        for (std::uint64_t i = 0; i < had; ++i) (*before)->append("s", input_of(i), 0);
        REQUIRE((*before)->sync().ok());
      }
      const std::uint64_t at = world.fs.operations() + number;
      world.fs.inject(
          [=](const FsOperation& one) { return one.number == at ? FsInjection::io_error : FsInjection::none; });
      const auto failed = Wal::open(wal_options(world.environment, "folder", 100), &notes);
      done = world.fs.operations() < at;
      CHECK((failed.ok() || failed.error().code == "EIO"));
      world.fs.inject(nullptr);
      auto wal = Wal::open(wal_options(world.environment, "folder", 100), &notes);
      REQUIRE(wal.ok());
      CHECK((*wal)->append("s", "next", 0) == 100);
      REQUIRE((*wal)->sync().ok());
      int seen = 0;
      REQUIRE((*wal)
                  ->read(100, 100,
                         [&](const WalRecord& record) {
                           seen += record.bytes == "next" ? 1 : 0;
                           return Status();
                         })
                  .ok());
      CHECK(seen == 1);
    }
  }
}

TEST_CASE("a log with reserves keeps what it has acknowledged, whatever its disk refuses") {
  for (const FsInjection fault : {FsInjection::io_error, FsInjection::no_space}) {
    bool done = false;
    for (std::uint64_t number = 1; !done; ++number) {
      INFO("operation " << number);
      VirtualEnvironment world;
      WalOptions options = wal_options(world.environment, "folder");
      options.reserve_bytes = 4096;
      options.max_bytes = 1 << 20;
      const std::uint64_t at = world.fs.operations() + number;
      world.fs.inject(
          [=](const FsOperation& one) { return one.number >= at && one.number < at + 2 ? fault : FsInjection::none; });
      std::vector<std::string> notes;
      std::uint64_t acknowledged = 0;
      {
        auto wal = Wal::open(options, &notes);
        for (int round = 0; wal.ok() && round < 12; ++round) {
          const std::uint64_t sequence = (*wal)->append("s", input_of((*wal)->next_sequence()), 0);
          const Status synced = (*wal)->sync();
          if (synced.ok()) acknowledged = sequence;
          if (!synced.ok() && synced.error().code != "ENOSPC") break;
          if (round == 6) static_cast<void>((*wal)->recycle(2).ok());
          (*wal)->relieve();
        }
      }
      done = world.fs.operations() < at;
      world.fs.inject(nullptr);
      auto wal = Wal::open(options, &notes);
      REQUIRE(wal.ok());
      const std::uint64_t first = (*wal)->first_sequence();
      std::uint64_t next = first;
      REQUIRE((*wal)
                  ->read(first, acknowledged,
                         [&](const WalRecord& record) {
                           return record.bytes == input_of(next++) ? Status() : Status(Error{"another record"});
                         })
                  .ok());
      CHECK((acknowledged == 0 || next == acknowledged + 1));
    }
  }
}

}  // namespace sr::durability
