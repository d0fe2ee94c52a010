#include "engine/runtime/ticker.h"

#include <algorithm>

namespace sr::runtime {
namespace {

// Wall clocks are slewed and stepped a little all the time; a step beyond this is a suspended machine or an
// administrator.
constexpr std::int64_t kJumpUs = 2'000'000;

}  // namespace

Ticker::Ticker(EventLoop& loop, Clock& clock, std::int64_t interval_ms, std::function<void(Due)> tick)
    : clock_(clock), interval_ms_(interval_ms), tick_(std::move(tick)), timer_(loop.timer([this] { fire(); })) {}

std::int64_t Ticker::offset_us() const {
  return clock_.wall_ms() * 1000 - clock_.monotonic_us();
}

void Ticker::start(std::int64_t after_ms) {
  offset_us_ = offset_us();
  next_ms_ = std::max(multiple_after(clock_.wall_ms()), multiple_after(after_ms));
  // Behind batches that are ahead of the wall clock the next one is due in an interval, not when the clock comes there.
  const std::int64_t wait_us = next_ms_ * 1000 - offset_us_ - clock_.monotonic_us();
  offset_us_ += std::max<std::int64_t>(0, wait_us - interval_ms_ * 1000);
  arm();
}

void Ticker::arm() {
  timer_->arm(next_ms_ * 1000 - offset_us_);
}

void Ticker::fire() {
  const Due due{next_ms_, next_ms_ * 1000 - offset_us_};
  next_ms_ += interval_ms_;
  const std::int64_t step = offset_us() - offset_us_;
  if (step > std::max(kJumpUs, interval_ms_ * 1000)) {
    const std::int64_t next = multiple_after(clock_.wall_ms());
    missed_ += std::max<std::int64_t>(0, (next - next_ms_) / interval_ms_);
    next_ms_ = std::max(next, next_ms_);
    offset_us_ += step;
  } else if (step > -kJumpUs) {
    offset_us_ += step;
  }  // a clock set back: go on by whole intervals on the monotonic clock until it has caught up
  arm();
  tick_(due);
}

}  // namespace sr::runtime
