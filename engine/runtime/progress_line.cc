#include "engine/runtime/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/units.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kEveryUs = 200'000;

std::string amount(double value) {
  if (value >= 1e9) return fmt::format("{:.1f}G", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f}k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

}  // namespace

std::string progress_text(std::uint64_t rows, const flow::Progress& progress, std::int64_t elapsed_us) {
  const double seconds = std::max(static_cast<double>(elapsed_us) / 1e6, 1e-3);
  std::string text =
      fmt::format("{} rows, {} rows/s", amount(static_cast<double>(rows)), amount(static_cast<double>(rows) / seconds));
  if (progress.total_bytes <= 0) return text;
  const double share =
      std::min(1.0, static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes));
  text += fmt::format(", {:.0f} %", share * 100);
  if (share > 0 && share < 1) text += fmt::format(", {:.0f} s left", seconds / share - seconds);
  return text;
}

ProgressLine::ProgressLine(EventLoop& loop, const Intake& intake, const TickHistory& history,
                           std::function<void(std::string_view)> say)
    : loop_(loop),
      intake_(intake),
      history_(history),
      say_(std::move(say)),
      timer_(loop.timer([this] { show(); })),
      started_us_(loop.clock().monotonic_us()) {
  timer_->arm(started_us_ + kEveryUs);
}

void ProgressLine::show() {
  const std::int64_t now = loop_.clock().monotonic_us();
  say_(fmt::format("\r{}\x1b[K", progress_text(history_.totals().records_in, intake_.progress(), now - started_us_)));
  timer_->arm(now + kEveryUs);
}

void ProgressLine::finish() {
  if (!timer_) return;
  timer_.reset();
  say_("\r\x1b[K");
}

}  // namespace sr::runtime
