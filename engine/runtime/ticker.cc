#include "engine/runtime/ticker.h"

#include <algorithm>
#include <utility>

namespace sr::runtime {
namespace {

// Wall clocks are slewed and stepped a little all the time; a step beyond this is a suspended machine or an
// administrator.
constexpr std::int64_t kJumpUs = 2'000'000;
// A machine that was awake and is suddenly this far in the future has a wrong clock: to follow it would let every state
// time out, and batch times could never come back.
constexpr std::int64_t kFarUs = std::int64_t{24} * 3600 * 1'000'000;

}  // namespace

Ticker::Ticker(EventLoop& loop, Clock& clock, TickerOptions options, std::function<void(Due)> tick)
    : clock_(clock), options_(std::move(options)), tick_(std::move(tick)), timer_(loop.timer([this] { fire(); })) {}

std::int64_t Ticker::offset_us() const {
  return clock_.wall_ms() * 1000 - clock_.monotonic_us();
}

void Ticker::start(std::int64_t after_ms) {
  offset_us_ = offset_us();
  slept_us_ = suspended_us();
  next_ms_ = std::max(multiple_after(clock_.wall_ms()), multiple_after(after_ms));
  // Behind batches that are ahead of the wall clock the next one is due in an interval, not when the clock comes there.
  const std::int64_t wait_us = next_ms_ * 1000 - offset_us_ - clock_.monotonic_us();
  offset_us_ += std::max<std::int64_t>(0, wait_us - options_.interval_ms * 1000);
  arm();
}

void Ticker::arm() {
  timer_->arm(next_ms_ * 1000 - offset_us_);
}

void Ticker::fire() {
  const Due due{next_ms_, next_ms_ * 1000 - offset_us_};
  next_ms_ += options_.interval_ms;
  follow(offset_us() - offset_us_);
  arm();
  tick_(due);
}

// The wall clock differs by so much from where the ticks are.
void Ticker::follow(std::int64_t step_us) {
  const std::int64_t slept = suspended_us() - slept_us_;
  slept_us_ += slept;
  if (step_us - slept > kFarUs) {
    if (!std::exchange(holds_, true) && options_.held) options_.held(step_us / 1000);
    step_us = slept;  // the time that has really gone by
  } else {
    holds_ = false;
  }
  if (step_us > std::max(kJumpUs, options_.interval_ms * 1000)) {
    const std::int64_t now_ms = (clock_.monotonic_us() + offset_us_ + step_us) / 1000;
    const std::int64_t next = multiple_after(now_ms);
    missed_ += std::max<std::int64_t>(0, (next - next_ms_) / options_.interval_ms);
    next_ms_ = std::max(next, next_ms_);
    offset_us_ += step_us;
  } else if (step_us > -kJumpUs) {
    offset_us_ += step_us;
  }  // a clock set back: go on by whole intervals on the monotonic clock until it has caught up
}

}  // namespace sr::runtime
