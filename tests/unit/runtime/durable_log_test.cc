// Snapshots that a copy of the process encodes while batches go on: what is saved is the state of their batch, and a
// copy that fails is no loss.
#include "engine/runtime/durable_log.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <mutex>
#include <set>

#include "fake_graph.h"
#include "live_job.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

// Counts batches; says that it is large, and ends whatever copy of the process encodes it if asked to.
class Large final : public flow::Breaker {
 public:
  explicit Large(bool deadly) : deadly_(deadly) {}
  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<flow::ChunksPartial>();
  }
  Status accumulate(flow::Partial&, const Chunk&, const flow::BatchContext&, flow::Emitter&) const override {
    return {};
  }
  Status end_batch(const flow::BatchContext&, std::span<flow::PlacedPartial>, flow::Emitter&) override {
    ++batches_;
    return {};
  }
  bool has_state() const override { return true; }
  void snapshot(std::string& out) const override {
    if (deadly_ && ::getpid() != original_) std::raise(SIGKILL);
    out = std::to_string(batches_);
  }
  std::size_t state_bytes() const override { return 100; }

 private:
  bool deadly_;
  const pid_t original_ = ::getpid();
  int batches_ = 0;
};

// A job of one node, in a folder on the disk.
class LoggedJob {
 public:
  explicit LoggedJob(bool deadly) {
    GraphBuilder builder;
    source_ = builder.source("in");
    const auto large = builder.gather("large", {{source_}});
    builder.node(large).work = std::unique_ptr<flow::Breaker>(std::make_unique<Large>(deadly));
    graph_ = builder.take();
    executor_ = std::make_unique<Executor>(graph_, ExecutorOptions{});
    auto opened = durability::Store::open(store_options());
    REQUIRE(opened.ok());
    store_ = std::move(opened->store);
    REQUIRE(store_->begin("job", "job").ok());
    DurableLogOptions options;
    options.env = &real_environment();
    options.log = &log_;
    options.graph = &graph_;
    options.interval_ms = 0;
    options.copy_above_bytes = 99;
    options.covered = [this](std::int64_t batch) {
      const std::lock_guard lock(mutex_);
      covered_.insert(batch);
    };
    options.failed = [this](const Error& error) {
      const std::lock_guard lock(mutex_);
      lines_ += error.message;
    };
    durable_ = std::make_unique<DurableLog>(*store_, nullptr, options);
  }

  void run_batch() {
    const Tick tick{++batch_, batch_ * 1000, (batch_ - 1) * 1000, false};
    REQUIRE(executor_->begin_batch(tick).ok());
    executor_->add(source_, slice_of(numbers({batch_})));
    BatchCut cut;
    cut.plan.tick = tick;
    cut.has_input = true;
    if (durable_->wants_standings(true)) cut.standings.emplace();
    REQUIRE(durable_->plan(std::move(cut)).ok());
    const BatchResult result = executor_->end_batch();
    REQUIRE(durable_->executed(result, *executor_, 0).ok());
    REQUIRE(durable_->await_plan(tick).ok());
    REQUIRE(durable_->commit({tick, {}, {}}).ok());
  }

  std::size_t covered() {
    const std::lock_guard lock(mutex_);
    return covered_.size();
  }
  std::string lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // The newest snapshot: its batch and what its node holds.
  std::pair<std::int64_t, std::string> saved() const {
    const auto found = durability::Store::read(store_options());
    REQUIRE(found.ok());
    REQUIRE(found->snapshot);
    REQUIRE(found->snapshot->nodes.size() == 2);
    return {found->snapshot->tick.id, found->snapshot->nodes[1].bytes};
  }

 private:
  durability::StoreOptions store_options() const {
    durability::StoreOptions options;
    options.env = &real_environment();
    options.dir = folder_ / "state";
    options.job = "test";
    return options;
  }

  TemporaryFolder folder_;
  std::mutex mutex_;
  std::string lines_;
  std::set<std::int64_t> covered_;
  Logger log_{*real_environment().clock, {}, [this](std::string_view line) {
                const std::lock_guard lock(mutex_);
                lines_.append(line);
              }};
  flow::Graph graph_;
  std::uint32_t source_ = 0;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<durability::Store> store_;
  std::unique_ptr<DurableLog> durable_;
  std::int64_t batch_ = 0;
};

}  // namespace

TEST_CASE("a large state is saved as it was behind its batch, while batches go on") {
  LoggedJob job(false);
  while (job.covered() < 5) job.run_batch();
  const auto [batch, state] = job.saved();
  CHECK(state == std::to_string(batch));
  CHECK(job.lines().empty());
}

TEST_CASE("when the copy that encodes a snapshot is killed, the next one is taken without it") {
  LoggedJob job(true);
  while (job.covered() < 2) job.run_batch();
  const auto [batch, state] = job.saved();
  CHECK(state == std::to_string(batch));
  CHECK(job.lines().find("a snapshot was put off, as the copy of the process that encoded it has failed") !=
        std::string::npos);
}
