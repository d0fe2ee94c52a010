// Repair: a damaged folder comes to its last consistent point, whatever is damaged, also when the repair is cut off.
#include <catch2/catch.hpp>

#include "golden.h"
#include "life.h"

namespace sr::durability {
namespace {

std::string text_of(const Status& status) {
  return status.ok() ? std::string("ok") : status.error().code + ": " + status.error().message;
}

// Checks that what is left is a beginning of what was there, and that a run can go on from it.
Status judge(Environment& env) {
  auto opened = Store::open(golden_options(env));
  SR_TRY(opened);
  const Recovered& found = opened->recovered;
  std::int64_t last = found.snapshot ? found.snapshot->tick.id : 0;
  if (found.snapshot && describe(*found.snapshot) != describe(snapshot_of(last))) return Error{"another snapshot"};
  for (const LoggedBatch& batch : found.batches) {
    if (batch.plan.tick.id != ++last) return Error{"a batch is left out"};
    if (batch.commit.has_value() && batch.commit->tokens.at("out") != "token " + std::to_string(last))
      return Error{"another commit"};
  }
  if (found.epoch < 1) return Error{"the epoch went back"};
  SR_TRY(opened->store->begin("", ""));
  BatchPlan plan;
  plan.tick.id = last + 1;
  SR_TRY(opened->store->plan(plan));
  return opened->store->sync();
}

void flip(Files& files, const std::string& name, std::size_t bit) {
  std::string& bytes = files.at(name);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
}

Files checkpoint_of(const Files& files) {
  Files found;
  for (const auto& [name, bytes] : files) {
    if (name.starts_with("checkpoint/")) found[name] = bytes;
  }
  return found;
}

}  // namespace

TEST_CASE("an intact folder needs no repair") {
  VirtualEnvironment world;
  put_tree(world.fs, "golden", golden_on_disk());
  const auto report = repair(golden_options(world.environment));
  REQUIRE(report.ok());
  CHECK(report->dropped.empty());
  CHECK(checkpoint_of(read_tree(world.fs, "golden")) == checkpoint_of(golden_on_disk()));
}

TEST_CASE("a repair brings any damaged folder to a consistent point") {
  const Files intact = golden_on_disk();
  for (const auto& [name, bytes] : intact) {
    if (!name.starts_with("checkpoint/")) continue;
    for (std::size_t bit = 3; bit < bytes.size() * 8; bit += 53) {
      Files files = intact;
      flip(files, name, bit);
      VirtualEnvironment world;
      put_tree(world.fs, "golden", files);
      INFO(name << ", bit " << bit);
      const auto report = repair(golden_options(world.environment));
      REQUIRE(report.ok());
      REQUIRE(text_of(judge(world.environment)) == "ok");
      const auto again = repair(golden_options(world.environment));
      REQUIRE(again.ok());
      REQUIRE(again->dropped.empty());
    }
    Files files = intact;
    files.erase(name);
    VirtualEnvironment world;
    put_tree(world.fs, "golden", files);
    INFO(name << ", removed");
    REQUIRE(repair(golden_options(world.environment)).ok());
    REQUIRE(text_of(judge(world.environment)) == "ok");
  }
}

TEST_CASE("a repair says what it drops and moves it aside") {
  Files files = golden_on_disk();
  flip(files, "checkpoint/journal-2", 8 * 200);
  VirtualEnvironment world;
  put_tree(world.fs, "golden", files);
  const auto report = repair(golden_options(world.environment));
  REQUIRE(report.ok());
  REQUIRE(report->dropped.size() == 1);
  CHECK(report->dropped[0].starts_with("golden/checkpoint/journal-2 at byte "));
  CHECK(report->dropped[0].ends_with("; the batches behind batch 2 are dropped"));
  CHECK(world.fs.stat("golden/checkpoint/damaged/journal-3").ok());
  const auto left = Store::read(golden_options(world.environment));
  REQUIRE(left.ok());
  CHECK(left->batches.empty());
  CHECK(left->epoch == 1001);
}

TEST_CASE("a repair that is cut off is done by the next one") {
  for (const std::string name :
       {"checkpoint/journal-2", "checkpoint/journal-1", "checkpoint/snapshot/2-2/1", "checkpoint/FORMAT"}) {
    Files files = golden_on_disk();
    flip(files, name, 5);
    for (std::uint64_t cut = 1; cut < 200; ++cut) {
      VirtualEnvironment world(cut);
      put_tree(world.fs, "golden", files);
      make_durable(world.fs, "golden");
      const std::uint64_t number = world.fs.operations() + cut;
      world.fs.inject([=](const FsOperation& operation) {
        return operation.number == number ? FsInjection::power_cut : FsInjection::none;
      });
      const bool done = repair(golden_options(world.environment)).ok();
      world.fs.inject(nullptr);
      world.fs.crash(CrashMode::torn, world.random);
      INFO(name << ", cut off at " << cut);
      REQUIRE(repair(golden_options(world.environment)).ok());
      REQUIRE(text_of(judge(world.environment)) == "ok");
      if (done) break;
      REQUIRE(cut < 199);
    }
  }
}

TEST_CASE("what cannot be repaired is refused") {
  Files files = golden_on_disk();
  for (const char* name :
       {"checkpoint/FORMAT", "checkpoint/journal-1", "checkpoint/journal-2", "checkpoint/journal-3"}) {
    flip(files, name, 200);
  }
  {
    VirtualEnvironment world;
    put_tree(world.fs, "golden", files);
    const auto report = repair(golden_options(world.environment));
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().message ==
          "golden/checkpoint cannot be repaired: neither its FORMAT nor a journal can be read");
  }
  files = golden_on_disk();
  flip(files, "checkpoint/journal-1", 200);
  flip(files, "checkpoint/snapshot/1-1/MANIFEST", 200);
  flip(files, "checkpoint/snapshot/2-2/MANIFEST", 200);
  VirtualEnvironment world;
  put_tree(world.fs, "golden", files);
  const auto report = repair(golden_options(world.environment));
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().message.find("no snapshot in it verifies") != std::string::npos);
  const auto opened = Store::open(golden_options(world.environment));
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == "damaged");
}

TEST_CASE("a folder in use is not repaired") {
  VirtualEnvironment world;
  put_tree(world.fs, "golden", golden_on_disk());
  const auto opened = Store::open(golden_options(world.environment));
  REQUIRE(opened.ok());
  const auto report = repair(golden_options(world.environment));
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().message ==
        "the checkpoint folder golden/checkpoint is in use: golden/checkpoint/LOCK is locked by process 1. Stop that "
        "process, "
        "or give this job a `checkpoint.dir` of its own");
}

}  // namespace sr::durability
