#include "engine/loop/back_off.h"

#include <algorithm>

namespace sr {

std::int64_t BackOff::next_ms(Random& random) {
  const std::int64_t base = std::min(next_ms_, options_.max_ms);
  next_ms_ = std::min(base * 2, options_.max_ms);
  ++failures_;
  const double unit = static_cast<double>(random.next() >> 11) * 0x1.0p-53;  // [0, 1)
  const double factor = 1 + options_.jitter * (2 * unit - 1);
  const auto wait = static_cast<std::int64_t>(static_cast<double>(base) * factor);
  return std::clamp<std::int64_t>(wait, 1, std::max<std::int64_t>(1, options_.max_ms));
}

void BackOff::reset() {
  next_ms_ = options_.initial_ms;
  failures_ = 0;
}

}  // namespace sr
