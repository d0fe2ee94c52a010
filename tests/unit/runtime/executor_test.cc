// The executor: order over unions and diamonds, the same bytes for any workers and chunk sizes, rejected rows,
// failures, watermarks, state.
#include "engine/runtime/executor.h"

#include <catch2/catch.hpp>

#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

struct Mode {
  unsigned workers;
  std::uint32_t chunk_rows;
};
const Mode kModes[] = {{1, kChunkRows}, {1, 3}, {2, kChunkRows}, {3, 7}};

std::string lines(std::int64_t from, std::int64_t to) {
  std::string text;
  for (std::int64_t i = from; i < to; ++i) text += std::to_string(i) + "\n";
  return text;
}

// a → (evens, all) → union → gather; the same rows twice, on two lanes.
flow::Graph diamond() {
  GraphBuilder graph;
  const auto a = graph.source("a");
  const auto evens = graph.sieve("evens", {a}, 2);
  const auto both = graph.join("both", {{evens}, {a}});
  graph.gather("end", {{both}});
  return graph.take();
}

}  // namespace

TEST_CASE("a union gives the rows of its first input before those of its second, for any workers and chunks") {
  std::vector<std::int64_t> expected = {-1};
  for (std::int64_t i = 0; i < 400'000; i += 2) expected.push_back(i);
  for (std::int64_t i = 0; i < 400'000; ++i) expected.push_back(i);
  for (const Mode& mode : kModes) {
    flow::Graph graph = diamond();
    WorkerPool pool(mode.workers);
    Executor executor(graph, {&pool, mode.chunk_rows, nullptr});
    executor.watch(3, 0);
    REQUIRE(executor.begin_batch({1, 1000, 0, false}).ok());
    executor.add(0, raw_slice(lines(0, 1000)));
    executor.add(0, raw_slice(lines(1000, 399'000)));
    executor.add(0, raw_slice(lines(399'000, 400'000)));
    const BatchResult result = executor.end_batch();
    REQUIRE_FALSE(result.failure);
    CHECK(values_of(result.captured[0].chunks) == expected);
  }
}

TEST_CASE("the first failing row in order decides the message, for any workers and chunks") {
  for (const Mode& mode : kModes) {
    GraphBuilder builder;
    const auto a = builder.source("a");
    const auto late = builder.sieve("late", {a}, 1, 300'011);
    const auto early = builder.sieve("early", {late}, 1, 300'007);
    builder.gather("end", {{early}});
    flow::Graph graph = builder.take();
    WorkerPool pool(mode.workers);
    Executor executor(graph, {&pool, mode.chunk_rows, nullptr});
    REQUIRE(executor.begin_batch({1, 1000, 0, false}).ok());
    executor.add(a, raw_slice(lines(1, 400'000) + lines(600'010, 600'100)));
    const BatchResult result = executor.end_batch();
    REQUIRE(result.failure);
    CHECK(result.failure->node == "early");
    CHECK(result.failure->message == "cannot bear 300007");
    CHECK(result.failure->payload == "{\"n\":300007}");
  }
}

TEST_CASE("rejected rows are skipped and counted, or routed with their node, message and payload") {
  GraphBuilder builder;
  const auto a = builder.source("a");
  const auto picky = builder.sieve("picky", {a}, 1, 3);
  builder.gather("end", {{picky}});
  builder.gather("bad", {{picky, 1}});
  builder.gather("raw", {{a, 1}});
  builder.node(picky).on_error.action = flow::ErrorAction::route;
  builder.node(a).on_error.action = flow::ErrorAction::route;
  flow::Graph graph = builder.take();
  Executor executor(graph, {});
  executor.watch(picky, 0);
  executor.watch(picky, 1);
  executor.watch(a, 1);
  REQUIRE(executor.begin_batch({1, 1000, 0, false}).ok());
  executor.add(a, raw_slice("1\nbad\n3\n5\n6\n"));
  const BatchResult result = executor.end_batch();
  REQUIRE_FALSE(result.failure);
  CHECK(values_of(result.captured[0].chunks) == std::vector<std::int64_t>{1, 5});
  REQUIRE(result.captured[1].chunks.size() == 1);
  const Chunk& errors = result.captured[1].chunks[0];
  REQUIRE(errors.rows == 2);
  CHECK(errors.columns[0]->get<Str>(1).view() == "picky");
  CHECK(errors.columns[1]->get<Str>(1).view() == "cannot bear 6");
  CHECK(errors.columns[2]->get<Str>(1).view() == "{\"n\":6}");
  CHECK(errors.columns[3]->get<std::int64_t>(1) == 1'000'000);
  REQUIRE(result.captured[2].chunks.size() == 1);
  CHECK(result.captured[2].chunks[0].columns[2]->get<Str>(0).view() == "bad");
  CHECK(result.counts[picky].rows_failed == 2);
  CHECK(result.counts[a].rows_failed == 1);
}

TEST_CASE("the watermark moves at the end of a batch, waits for the slower source and passes an idle or ended one") {
  GraphBuilder builder;
  const auto a = builder.source("a");
  const auto b = builder.source("b");
  const auto both = builder.join("both", {{a}, {b}});
  const auto end = builder.gather("end", {{both}});
  auto time = std::make_shared<expr::BoundExpr>();
  time->kind = expr::BoundExpr::Kind::column;
  time->type = types::bigint();
  for (const auto source : {a, b}) {
    auto& node = std::get<flow::SourceNode>(builder.node(source).work);
    node.event_time = time;
    node.delay_us = 10;
    node.idle_after_ms = source == b ? 2000 : 0;
  }
  flow::Graph graph = builder.take();
  Executor executor(graph, {});
  const auto run = [&](std::int64_t number, std::vector<std::int64_t> of_a, std::vector<std::int64_t> of_b) {
    REQUIRE(executor.begin_batch({number, number * 1000, (number - 1) * 1000, false}).ok());
    executor.add(a, slice_of(numbers(of_a)));
    executor.add(b, slice_of(numbers(of_b)));
    if (number == 5) {
      executor.source_ended(a);
      executor.source_ended(b);
    }
    REQUIRE_FALSE(executor.end_batch().failure);
  };
  run(1, {100, 500}, {});
  run(2, {}, {300});
  run(3, {900}, {});
  run(4, {950, 20}, {});
  run(5, {}, {});
  const auto& gather = static_cast<Gather&>(*std::get<std::unique_ptr<flow::Breaker>>(graph.nodes[end].work));
  CHECK(gather.watermarks == std::vector<std::int64_t>{kNoWatermark, 290, 290, 940, kEndOfTime});
}

TEST_CASE("a node below a windowed node has a batch only at its slides, the windowed node sees every batch") {
  GraphBuilder builder;
  const auto a = builder.source("a");
  const auto window = builder.gather("window", {{a}});
  const auto below = builder.gather("below", {{window}});
  builder.node(window).timing = builder.node(below).timing = {2000, 0};
  flow::Graph graph = builder.take();
  Executor executor(graph, {});
  executor.watch(below, 0);
  std::vector<bool> has;
  for (std::int64_t number = 1; number <= 4; ++number) {
    REQUIRE(executor.begin_batch({number, number * 1000, 0, false}).ok());
    const BatchResult result = executor.end_batch();
    has.push_back(result.captured[0].has_batch);
  }
  const auto& gather = static_cast<Gather&>(*std::get<std::unique_ptr<flow::Breaker>>(graph.nodes[window].work));
  CHECK(gather.watermarks.size() == 4);
  CHECK(has[1]);
  CHECK(has[3]);
}
