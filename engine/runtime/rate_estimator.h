// RateEstimator: how many records a second a job can take of one source, by a PID controller over finished batches (the
// estimator of Spark Streaming's back-pressure). Entry point: RateEstimator. Tested in
// tests/unit/runtime/rate_estimator_test.cc.
#pragma once

#include <cstdint>
#include <optional>

namespace sr::runtime {

struct PidConstants {
  double proportional = 1.0;
  double integral = 0.2;
  double derivative = 0.0;
  double min_rate = 100;         // records a second
  double initial_rate = 10'000;  // of each source until its first batch was measured
};

// What one batch tells the controller.
struct FinishedBatch {
  std::int64_t time_us = 0;  // when it was finished; grows
  std::uint64_t records = 0;
  std::int64_t processing_us = 0;  // of the slowest stage: executing, or the commit of the sinks
  std::int64_t scheduling_delay_us = 0;
};

class RateEstimator {
 public:
  RateEstimator(std::int64_t interval_ms, const PidConstants& constants)
      : interval_ms_(interval_ms), constants_(constants) {}

  // Takes a finished batch. Batches without rows say nothing.
  void add(const FinishedBatch& batch);
  // Records a second; nothing before the first batch with rows.
  std::optional<double> rate() const { return rate_; }

 private:
  std::int64_t interval_ms_;
  PidConstants constants_;
  std::optional<double> rate_;
  std::int64_t last_us_ = 0;
  double last_error_ = 0;
};

}  // namespace sr::runtime
