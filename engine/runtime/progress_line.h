// ProgressLine: how far a draining job is, on one line of a terminal: rows, rate, share of the bytes, time left. Entry
// point: ProgressLine. Tested in tests/unit/runtime/progress_line_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/loop/event_loop.h"
#include "engine/observe/tick_stats.h"
#include "engine/runtime/intake.h"

namespace sr::runtime {

// Writes the line, without the control characters around it.
std::string progress_text(std::uint64_t rows, const flow::Progress& progress, std::int64_t elapsed_us);

class ProgressLine {
 public:
  // Shows the line five times a second until finish().
  ProgressLine(EventLoop& loop, const Intake& intake, const TickHistory& history,
               std::function<void(std::string_view)> say);
  // Removes the line.
  void finish();

 private:
  void show();

  EventLoop& loop_;
  const Intake& intake_;
  const TickHistory& history_;
  std::function<void(std::string_view)> say_;
  std::unique_ptr<Timer> timer_;
  std::int64_t started_us_;
};

}  // namespace sr::runtime
