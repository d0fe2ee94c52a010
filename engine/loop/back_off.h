// Exponential back-off with jitter: how long to wait before the next attempt. Tested in tests/unit/loop.
#pragma once

#include <cstdint>

#include "engine/base/env.h"

namespace sr {

struct BackOffOptions {
  std::int64_t initial_ms = 100;
  std::int64_t max_ms = 10'000;
  double jitter = 0.2;  // 0 to 1: the wait is spread evenly over ± this part of it
};

// Counts failures; each wait is twice the one before, up to the maximum.
class BackOff {
 public:
  explicit BackOff(BackOffOptions options = {}) : options_(options), next_ms_(options.initial_ms) {}

  // Gives the milliseconds to wait before the next attempt, at least 1 and never above the maximum.
  std::int64_t next_ms(Random& random);
  // Starts again from the initial wait, after a success.
  void reset();
  int failures() const { return failures_; }

 private:
  BackOffOptions options_;
  std::int64_t next_ms_;
  int failures_ = 0;
};

}  // namespace sr
