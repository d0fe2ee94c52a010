#include "engine/observe/tick_stats.h"

#include <fmt/format.h>

namespace sr {

namespace {

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

std::string human_time(std::int64_t us) {
  if (us < 10'000'000) return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
  return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
}

double seconds(std::int64_t us) {
  return static_cast<double>(us) / 1e6;
}

}  // namespace

std::string to_line(const TickStats& stats) {
  std::string line =
      fmt::format("batch {}: in {} ({}), out {}, delay {}, processing {}, commit {}", stats.batch_time_ms,
                  stats.records_in, human_bytes(stats.bytes_in), stats.records_out,
                  human_time(stats.scheduling_delay_us), human_time(stats.processing_us), human_time(stats.commit_us));
  if (stats.rows_skipped > 0) line += fmt::format(", skipped {}", stats.rows_skipped);
  return line;
}

TickHistory::TickHistory(Metrics& metrics, std::size_t keep)
    : to_{metrics.counter("streamrun_batches_total", "Batches committed."),
          metrics.counter("streamrun_records_in_total", "Records that sources handed to batches."),
          metrics.counter("streamrun_records_out_total", "Rows that batches handed to sinks."),
          metrics.counter("streamrun_bytes_in_total", "Bytes of input that sources handed to batches."),
          metrics.counter("streamrun_rows_skipped_total", "Rows left out by on_error or as late."),
          metrics.histogram("streamrun_scheduling_delay_seconds",
                            "From a batch's time to the start of its processing."),
          metrics.histogram("streamrun_processing_seconds", "Processing time of a batch."),
          metrics.histogram("streamrun_total_delay_seconds", "From a batch's time to its commit."),
          metrics.gauge("streamrun_last_batch_time_seconds", "Time of the last committed batch, since 1970.")},
      keep_(keep) {}

void TickHistory::add(const TickStats& stats) {
  to_.batches.add();
  to_.records_in.add(stats.records_in);
  to_.records_out.add(stats.records_out);
  to_.bytes_in.add(stats.bytes_in);
  to_.rows_skipped.add(stats.rows_skipped);
  to_.scheduling_delay.observe(seconds(stats.scheduling_delay_us));
  to_.processing.observe(seconds(stats.processing_us));
  to_.total_delay.observe(seconds(stats.total_delay_us()));
  to_.last_batch.set(static_cast<double>(stats.batch_time_ms) / 1e3);

  const std::lock_guard guard(mutex_);
  ++totals_.batches;
  totals_.records_in += stats.records_in;
  totals_.records_out += stats.records_out;
  totals_.bytes_in += stats.bytes_in;
  totals_.rows_skipped += stats.rows_skipped;
  recent_.push_back(stats);
  if (recent_.size() > keep_) recent_.pop_front();
}

std::vector<TickStats> TickHistory::recent() const {
  const std::lock_guard guard(mutex_);
  return {recent_.begin(), recent_.end()};
}

TickHistory::Totals TickHistory::totals() const {
  const std::lock_guard guard(mutex_);
  return totals_;
}

}  // namespace sr
