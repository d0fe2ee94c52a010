// The harness: batches on a virtual clock, sinks captured, kills and recoveries that change nothing.
#include "engine/runtime/harness.h"

#include <catch2/catch.hpp>

#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

Result<flow::Graph> small_job(std::int64_t fails) {
  GraphBuilder builder;
  const auto a = builder.source("a");
  const auto kept = builder.sieve("kept", {a}, 2, fails);
  const auto end = builder.gather("end", {{kept}});
  builder.sink("out", {end});
  return builder.take();
}

HarnessOptions options_for(std::int64_t fails = 0) {
  HarnessOptions options;
  options.make_graph = [fails] { return small_job(fails); };
  options.given["a"] = {{numbers({1, 2, 3, 4})}, {}, {numbers({5, 6}), numbers({8})}};
  options.batches = 4;
  options.watch = {{"kept", 0}, {"out", 0}};
  return options;
}

}  // namespace

TEST_CASE("a run gives each batch's rows, what the sink was handed and what it wrote") {
  const HarnessResult result = run_harness(options_for());
  REQUIRE_FALSE(result.failure);
  REQUIRE(result.batches.size() == 4);
  CHECK(result.batches[2].tick.time_ms == 3000);
  CHECK(values_of(result.batches[2].captured[0].chunks) == std::vector<std::int64_t>{6, 8});
  CHECK(values_of(result.batches[2].captured[1].chunks) == std::vector<std::int64_t>{-3, 6, 8});
  CHECK(result.texts.at("out") == "1000: -1 2 4\n2000: -2\n3000: -3 6 8\n4000: -4\n");
}

TEST_CASE("a job that is killed and recovered after each batch gives the same") {
  const std::string straight = run_harness(options_for()).texts.at("out");
  HarnessOptions options = options_for();
  options.restart_after = {1, 2, 3};
  options.workers = 2;
  options.chunk_rows = 1;
  CHECK(run_harness(options).texts.at("out") == straight);
}

TEST_CASE("a failing row ends the run with its node, message and row, and the batches before it stay") {
  const HarnessResult result = run_harness(options_for(5));
  REQUIRE(result.failure);
  CHECK(result.failure->to_text() == "`kept`: cannot bear 5\n  in the row: {\"n\":5}");
  CHECK(result.batches.size() == 2);
  CHECK(result.texts.at("out") == "1000: -1 2 4\n2000: -2\n");
}

TEST_CASE("a batch that gives a sink other rows when it is run again is refused, though there are as many") {
  int lives = 0;
  HarnessOptions options = options_for();
  options.given["a"] = {{numbers({3, 4})}, {numbers({6})}};
  options.restart_after = {1};
  options.make_graph = [&lives]() -> Result<flow::Graph> {
    GraphBuilder builder;
    const auto a = builder.source("a");
    const auto kept = builder.sieve("kept", {a}, lives++ == 0 ? 3 : 4);
    builder.sink("out", {builder.gather("end", {{kept}})});
    return builder.take();
  };
  const HarnessResult result = run_harness(options);
  REQUIRE(result.failure);
  CHECK(
      result.failure->message ==
      "batch 1 gives sink `out` other rows than before the restart; its state cannot be recovered by running it again");
}
