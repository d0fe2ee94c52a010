// What one batch cost: records in and out, how late it began, how long it took. Feeds the line of `--verbose`, the
// status page and the metrics. Knows nothing of the ticker that fills it. Tested in tests/unit/observe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "engine/observe/metrics.h"

namespace sr {

// Measures of one batch. Delays as in Spark: scheduling delay is from the batch's time to the start of its processing.
struct TickStats {
  std::int64_t batch_time_ms = 0;
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;  // handed to sinks, over all sinks
  std::uint64_t bytes_in = 0;
  std::uint64_t rows_skipped = 0;
  std::int64_t scheduling_delay_us = 0;
  std::int64_t processing_us = 0;
  std::int64_t commit_us = 0;

  std::int64_t total_delay_us() const { return scheduling_delay_us + processing_us + commit_us; }
};

// Writes the statistics line of a batch, without a line break:
// `batch 1700000000000: in 1200 (34.5 kB), out 17, delay 0.4 ms, processing 2.1 ms, commit 0.1 ms`.
std::string to_line(const TickStats& stats);

// Keeps the last batches and the totals of a job, and passes them on to its metrics. Any thread.
class TickHistory {
 public:
  explicit TickHistory(Metrics& metrics, std::size_t keep = 1000);

  void add(const TickStats& stats);
  // Gives the last batches, oldest first.
  std::vector<TickStats> recent() const;
  struct Totals {
    std::uint64_t batches = 0;
    std::uint64_t records_in = 0;
    std::uint64_t records_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t rows_skipped = 0;
  };
  Totals totals() const;

 private:
  struct Instruments {
    Counter& batches;
    Counter& records_in;
    Counter& records_out;
    Counter& bytes_in;
    Counter& rows_skipped;
    Histogram& scheduling_delay;
    Histogram& processing;
    Histogram& total_delay;
    Gauge& last_batch;
  };

  Instruments to_;
  std::size_t keep_;
  mutable std::mutex mutex_;
  std::deque<TickStats> recent_;
  Totals totals_;
};

}  // namespace sr
