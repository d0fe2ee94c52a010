// Rows per node as metrics.
#include "engine/runtime/node_counters.h"

#include <catch2/catch.hpp>

#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

TEST_CASE("each node has its counters from the start, and batches add up") {
  GraphBuilder builder;
  const auto a = builder.source("a");
  builder.sieve("evens", {a}, 2);
  const flow::Graph graph = builder.take();
  Metrics metrics;
  NodeCounters counters(graph, metrics);
  std::vector<NodeCounts> batch(2);
  batch[0].rows_out = 5;
  batch[1] = {.rows_out = 3, .rows_late = 2, .rows_failed = 1};
  counters.add(batch);
  counters.add(batch);
  const std::string text = metrics.prometheus_text();
  const auto has = [&](const std::string& line) { return text.find(line + "\n") != std::string::npos; };
  CHECK(has("streamrun_node_rows_total{node=\"a\",type=\"" + graph.nodes[0].type + "\"} 10"));
  CHECK(has("streamrun_node_rows_total{node=\"evens\",type=\"" + graph.nodes[1].type + "\"} 6"));
  CHECK(has("streamrun_node_rows_late_total{node=\"evens\",type=\"" + graph.nodes[1].type + "\"} 4"));
  CHECK(has("streamrun_node_rows_failed_total{node=\"evens\",type=\"" + graph.nodes[1].type + "\"} 2"));
  CHECK(has("streamrun_node_rows_failed_total{node=\"a\",type=\"" + graph.nodes[0].type + "\"} 0"));
}
