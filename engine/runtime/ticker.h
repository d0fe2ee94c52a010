// Ticker: when batches are due. The first at the next multiple of the interval since the epoch, then one each interval;
// late ticks come late, none is left out but those that a suspended machine missed. A wall clock that is set back, or
// more than a day forwards, is not followed. Entry point: Ticker. Loop thread. Tested in
// tests/unit/runtime/ticker_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/loop/event_loop.h"

namespace sr::runtime {

struct TickerOptions {
  std::int64_t interval_ms = 1000;
  // How long the machine has been suspended so far, in microseconds. May be null: never.
  std::function<std::int64_t()> suspended_us;
  // Told once when the wall clock has jumped so far that it is not followed. May be null.
  std::function<void(std::int64_t jump_ms)> held;
};

class Ticker {
 public:
  // A tick: the batch's time, and the monotonic time at which it was due.
  struct Due {
    std::int64_t time_ms = 0;
    std::int64_t due_us = 0;
  };
  // `clock` gives wall time; `tick` is called for each batch that is due.
  Ticker(EventLoop& loop, Clock& clock, TickerOptions options, std::function<void(Due)> tick);

  // Begins; no batch time will be at or before `after_ms`.
  void start(std::int64_t after_ms);
  void stop() { timer_.reset(); }
  // The time of the next batch that will be due.
  std::int64_t next_ms() const { return next_ms_; }
  // Ticks that were not run since the machine was suspended or its clock set forward.
  std::int64_t missed() const { return missed_; }

 private:
  void arm();
  void fire();
  void follow(std::int64_t step_us);
  std::int64_t offset_us() const;
  std::int64_t suspended_us() const { return options_.suspended_us ? options_.suspended_us() : 0; }
  std::int64_t multiple_after(std::int64_t time_ms) const {
    return (time_ms / options_.interval_ms + 1) * options_.interval_ms;
  }

  Clock& clock_;
  TickerOptions options_;
  std::function<void(Due)> tick_;
  std::unique_ptr<Timer> timer_;
  std::int64_t next_ms_ = 0;
  std::int64_t offset_us_ = 0;  // wall time minus monotonic time, as the ticks go by
  std::int64_t slept_us_ = 0;   // suspended_us() at the tick before
  std::int64_t missed_ = 0;
  bool holds_ = false;  // the wall clock is far ahead and not followed
};

}  // namespace sr::runtime
