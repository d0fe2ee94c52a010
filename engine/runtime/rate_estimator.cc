#include "engine/runtime/rate_estimator.h"

#include <algorithm>

namespace sr::runtime {

void RateEstimator::add(const FinishedBatch& batch) {
  if (batch.records == 0 || batch.processing_us <= 0 || batch.time_us <= last_us_) return;
  const double since_last = static_cast<double>(batch.time_us - last_us_) / 1e6;
  const double processing_rate = static_cast<double>(batch.records) / (static_cast<double>(batch.processing_us) / 1e6);
  last_us_ = batch.time_us;
  if (!rate_) {
    rate_ = std::max(processing_rate, constants_.min_rate);
    return;
  }
  const double error = *rate_ - processing_rate;
  const double backlog =
      static_cast<double>(batch.scheduling_delay_us) / 1e3 * processing_rate / static_cast<double>(interval_ms_);
  const double change = (error - last_error_) / since_last;
  const double next =
      *rate_ - constants_.proportional * error - constants_.integral * backlog - constants_.derivative * change;
  rate_ = std::max(next, constants_.min_rate);
  last_error_ = error;
}

}  // namespace sr::runtime
