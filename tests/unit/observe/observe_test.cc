// Metrics and their text, the log and its limits, statistics of batches.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/observe/log.h"
#include "engine/observe/metrics.h"
#include "engine/observe/tick_stats.h"

using namespace sr;

TEST_CASE("the same name and labels give the same metric") {
  Metrics metrics;
  Counter& a = metrics.counter("rows_total", "Rows.", {{"node", "a"}});
  Counter& b = metrics.counter("rows_total", "Rows.", {{"node", "b"}});
  a.add(2);
  metrics.counter("rows_total", "Rows.", {{"node", "a"}}).add();
  CHECK(a.value() == 3);
  CHECK(b.value() == 0);
}

TEST_CASE("metrics are written in the Prometheus text format") {
  Metrics metrics;
  metrics.counter("rows_total", "Rows\nread.", {{"node", "a\"b\\c\n"}}).add(7);
  metrics.gauge("memory_bytes", "Memory.").set(1.5);
  Histogram& times = metrics.histogram("seconds", "Times.", {}, {0.1, 1});
  times.observe(0.1);
  times.observe(0.5);
  times.observe(9);
  CHECK(metrics.prometheus_text() ==
        "# HELP rows_total Rows\\nread.\n# TYPE rows_total counter\nrows_total{node=\"a\\\"b\\\\c\\n\"} 7\n"
        "# HELP memory_bytes Memory.\n# TYPE memory_bytes gauge\nmemory_bytes 1.5\n"
        "# HELP seconds Times.\n# TYPE seconds histogram\n"
        "seconds_bucket{le=\"0.1\"} 1\nseconds_bucket{le=\"1\"} 2\nseconds_bucket{le=\"+Inf\"} 3\n"
        "seconds_sum 9.6\nseconds_count 3\n");
}

TEST_CASE("a visitor sees counters and gauges") {
  Metrics metrics;
  metrics.counter("a_total", "A.").add(4);
  metrics.gauge("b", "B.").add(-2);
  std::string seen;
  metrics.visit([&](std::string_view name, const MetricLabels&, double value) {
    seen += std::string(name) + "=" + std::to_string(static_cast<int>(value)) + " ";
  });
  CHECK(seen == "a_total=4 b=-2 ");
}

namespace {

struct Captured {
  VirtualClock clock{1'700'000'000'123};
  std::vector<std::string> lines;
  Logger logger(LogOptions options = {}) {
    return Logger(clock, options, [this](std::string_view line) { lines.emplace_back(line); });
  }
};

}  // namespace

TEST_CASE("a log line is for people unless JSON is asked for") {
  Captured captured;
  captured.logger().warn("cannot connect", {{"node", "lines"}, {"attempt", 3}, {"reason", "no route"}, {"wait", 0.5}});
  CHECK(captured.lines[0] ==
        "2023-11-14T22:13:20.123Z warn  cannot connect node=lines attempt=3 reason=\"no route\" wait=0.5\n");
  LogOptions options;
  options.format = LogFormat::json;
  captured.logger(options).error("bad \xFF byte", {{"ok", false}});
  CHECK(captured.lines[1] ==
        "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"error\",\"message\":\"bad \xEF\xBF\xBD "
        "byte\",\"ok\":false}\n");
}

TEST_CASE("levels below the chosen one are silent") {
  Captured captured;
  LogOptions options;
  options.level = LogLevel::warn;
  Logger logger = captured.logger(options);
  logger.info("no");
  logger.error("yes");
  CHECK(captured.lines.size() == 1);
  options.level = LogLevel::off;
  captured.logger(options).error("no");
  CHECK(captured.lines.size() == 1);
}

TEST_CASE("repeats of a message are counted, not written") {
  Captured captured;
  Logger logger = captured.logger();
  for (int i = 0; i < 100; ++i) logger.warn("bad row", {{"node", "orders"}, {"line", i}});
  CHECK(captured.lines.size() == 5);
  logger.warn("bad row", {{"node", "other"}});
  CHECK(captured.lines.size() == 6);
  captured.clock.advance_ms(10'000);
  logger.warn("bad row", {{"node", "orders"}});
  REQUIRE(captured.lines.size() == 7);
  CHECK(captured.lines[6].find("left_out=95") != std::string::npos);
  logger.warn("bad row", {{"node", "orders"}});
  CHECK(captured.lines[7].find("left_out") == std::string::npos);
}

TEST_CASE("times before 1970 are written right") {
  CHECK(rfc3339_ms(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("statistics of a batch are one line and feed the metrics") {
  TickStats stats;
  stats.batch_time_ms = 1'700'000'000'000;
  stats.records_in = 1200;
  stats.records_out = 17;
  stats.bytes_in = 34'500;
  stats.scheduling_delay_us = 400;
  stats.processing_us = 2100;
  stats.commit_us = 100;
  CHECK(to_line(stats) ==
        "batch 1700000000000: in 1200 (34.5 kB), out 17, delay 0.4 ms, processing 2.1 ms, commit 0.1 ms");
  stats.rows_skipped = 2;
  CHECK(to_line(stats).ends_with(", skipped 2"));

  Metrics metrics;
  TickHistory history(metrics, 2);
  for (int i = 0; i < 3; ++i) history.add(stats);
  CHECK(history.recent().size() == 2);
  CHECK(history.totals().batches == 3);
  CHECK(history.totals().records_in == 3600);
  CHECK(metrics.prometheus_text().find("streamrun_records_in_total 3600\n") != std::string::npos);
}
