// The life of a job on the real loop: triggers, ends, drains, failures, retries, a reader that goes away.
#include "engine/runtime/job.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <mutex>

#include "engine/runtime/sink_commits.h"
#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

// Collects what the job prints; fails the first `failures` times.
class Output final : public flow::StdoutWriter {
 public:
  Status write(std::string_view text) override {
    if (failures > 0) {
      --failures;
      return error;
    }
    all.append(text);
    if (written) written();
    return {};
  }
  std::string all;
  int failures = 0;
  Error error{"the disk is full", false, "ENOSPC"};
  std::function<void()> written;
};

struct World {
  World()
      : loop(make_real_loop(*real_environment().clock)),
        log(*real_environment().clock, {}, [this](std::string_view line) {
          const std::lock_guard lock(mutex);
          lines.append(line);
        }) {}
  JobOptions options(Trigger trigger) {
    JobOptions made;
    made.env = &real_environment();
    made.loop = loop.get();
    made.log = &log;
    made.metrics = &metrics;
    made.out = &out;
    made.trigger = trigger;
    made.say = [this](std::string_view text) { said.append(text); };
    return made;
  }
  std::unique_ptr<EventLoop> loop;
  std::mutex mutex;
  std::string lines;
  std::string said;
  Logger log;
  Metrics metrics;
  Output out;
};

struct Parts {
  flow::Graph graph;
  ListSource* source;
};

Parts small_job(std::vector<std::vector<std::int64_t>> lists, bool stays_open = false, std::int64_t fails = 0) {
  GraphBuilder builder;
  auto source = std::make_unique<ListSource>(std::move(lists), stays_open);
  ListSource* raw = source.get();
  const auto a = builder.source("a", std::move(source));
  const auto kept = builder.sieve("kept", {a}, 1, fails);
  const auto out = builder.sink("out", {kept});
  builder.node(out).on_error = {};
  flow::Graph graph = builder.take();
  graph.interval_ms = 20;
  return {std::move(graph), raw};
}

// The part of each printed line behind the batch's time.
std::string without_times(const std::string& text) {
  std::string rest;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t colon = text.find(':', at);
    const std::size_t end = text.find('\n', at);
    rest += text.substr(colon + 1, end - colon);
    at = end + 1;
  }
  return rest;
}

}  // namespace

TEST_CASE("a job whose sources have all ended stops by itself, with a batch for each tick on the way") {
  World world;
  Parts parts = small_job({{1, 2}, {3}, {4}});
  Job job(std::move(parts.graph), world.options(Trigger::interval));
  const JobOutcome outcome = job.run();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.error.empty());
  CHECK(without_times(world.out.all) == " 1 2\n 3\n 4\n");
  CHECK(parts.source->last_committed == "3");
  CHECK(parts.source->closed);
  CHECK(std::stoll(world.out.all) % 20 == 0);
}

TEST_CASE("available_now drains what is there, each batch one interval after the one before") {
  World world;
  Parts parts = small_job({{1}, {2}, {3}});
  JobOptions options = world.options(Trigger::available_now);
  options.verbose = true;
  Job job(std::move(parts.graph), options);
  CHECK(job.run().exit_code == 0);
  CHECK(without_times(world.out.all) == " 1\n 2\n 3\n");
  const std::int64_t first = std::stoll(world.out.all);
  CHECK(world.out.all ==
        std::to_string(first) + ": 1\n" + std::to_string(first + 20) + ": 2\n" + std::to_string(first + 40) + ": 3\n");
  CHECK(world.said.find("in 1") != std::string::npos);
}

TEST_CASE("the first signal drains what was received and leaves with 0") {
  World world;
  Parts parts = small_job({{1, 2, 3}}, true);
  parts.graph.interval_ms = 3'600'000;
  Job job(std::move(parts.graph), world.options(Trigger::interval));
  const auto timer = world.loop->timer([] { raise(SIGTERM); });
  timer->arm(world.loop->clock().monotonic_us() + 50'000);
  const JobOutcome outcome = job.run();
  CHECK(outcome.exit_code == 0);
  CHECK_FALSE(outcome.forced);
  CHECK(without_times(world.out.all) == " 1 2 3\n");
}

TEST_CASE("a failing row ends the job with 4, names node and row, and nothing of its batch is written") {
  World world;
  Parts parts = small_job({{1}, {7}, {2}}, true, 7);
  Job job(std::move(parts.graph), world.options(Trigger::interval));
  const JobOutcome outcome = job.run();
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.error == "`kept`: cannot bear 7\n  in the row: {\"n\":7}");
  CHECK(without_times(world.out.all) == " 1\n");
}

TEST_CASE("a sink's error ends the job with 4 unless its policy retries") {
  World world;
  world.out.failures = 2;
  SECTION("fail") {
    Parts parts = small_job({{1}});
    Job job(std::move(parts.graph), world.options(Trigger::available_now));
    const JobOutcome outcome = job.run();
    CHECK(outcome.exit_code == 4);
    CHECK(outcome.error == "`out`: the disk is full");
  }
  SECTION("retry") {
    Parts parts = small_job({{1}});
    parts.graph.nodes.back().on_error.retry = flow::RetryPolicy{3, 1, 5, 0.2, flow::ErrorAction::fail};
    Job job(std::move(parts.graph), world.options(Trigger::available_now));
    CHECK(job.run().exit_code == 0);
    CHECK(without_times(world.out.all) == " 1\n");
  }
  SECTION("retry is exhausted, then skip") {
    Parts parts = small_job({{1}, {2}});
    parts.graph.nodes.back().on_error.retry = flow::RetryPolicy{2, 1, 5, 0.2, flow::ErrorAction::skip};
    Job job(std::move(parts.graph), world.options(Trigger::available_now));
    CHECK(job.run().exit_code == 0);
    CHECK(without_times(world.out.all) == " 2\n");
    CHECK(world.lines.find("given up") != std::string::npos);
  }
}

TEST_CASE("a batch whose sink is waited for when the job stops is given up only if no start comes back to it") {
  World world;
  world.out.failures = 1;
  world.out.error.retriable = true;
  Parts parts = small_job({});
  flow::Node& out = parts.graph.nodes.back();
  out.on_error.retry = flow::RetryPolicy{0, 1, 5, 0.2, flow::ErrorAction::skip};
  flow::SinkContext context;
  context.env = &real_environment();
  context.out = &world.out;
  REQUIRE(std::get<flow::SinkNode>(out.work).sink->open(context).ok());
  BatchResult batch;
  batch.sinks.emplace_back();
  batch.sinks[0].node = static_cast<std::uint32_t>(parts.graph.nodes.size() - 1);
  batch.sinks[0].has_batch = true;
  batch.sinks[0].rows = 3;
  const bool resumes = GENERATE(false, true);
  SinkCommits sinks(parts.graph, real_environment(), &world.log, {false, resumes, [](std::int64_t) { return false; }});
  durability::BatchCommit done;
  std::uint64_t dropped = 0;
  const auto failure = sinks.commit(batch, done, dropped);
  CHECK(failure.has_value() == resumes);
  CHECK_FALSE(sinks.refused_for_good());
  CHECK(dropped == (resumes ? 0 : 3));
  CHECK(done.tokens.empty());
}

TEST_CASE("a closed standard output is a quiet, clean stop") {
  World world;
  world.out.failures = 1;
  world.out.error = {"broken pipe", false, "EPIPE"};
  Parts parts = small_job({{1}, {2}}, true);
  Job job(std::move(parts.graph), world.options(Trigger::interval));
  const JobOutcome outcome = job.run();
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.error.empty());
}

TEST_CASE("eager runs when there is data, at the wall clock's time") {
  World world;
  Parts parts = small_job({{1}, {2}});
  parts.graph.interval_ms = 3'600'000;
  Job job(std::move(parts.graph), world.options(Trigger::eager));
  CHECK(job.run().exit_code == 0);
  CHECK(without_times(world.out.all) == " 1\n 2\n");
  CHECK(std::abs(std::stoll(world.out.all) - real_environment().clock->wall_ms()) < 60'000);
}
