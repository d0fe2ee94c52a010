// EventGrid: how event time is cut into windows, and windows into units, the pieces that are aggregated once: panes
// (the common divisors of size and slide) shared by all windows over them, or whole windows where the order of rows
// shows. Pure arithmetic in µs. Tested in tests/unit/state/event_store_test.cc.
#pragma once

#include <cstdint>

#include "engine/data/chunk.h"

namespace sr {

// A range of consecutive numbers; empty if last < first.
struct IndexRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
  bool empty() const { return last < first; }
};

// Windows are [start, end), start = offset + k × slide.
struct EventGrid {
  std::int64_t size = 0;
  std::int64_t slide = 0;
  std::int64_t offset = 0;
  std::int64_t lateness = 0;
  bool whole = false;  // units are windows, not panes

  std::int64_t start_of(std::int64_t window) const { return offset + window * slide; }
  std::int64_t end_of(std::int64_t window) const { return start_of(window) + size; }
  // The windows that hold a point of time.
  IndexRange windows_at(std::int64_t time) const;
  // The units that hold a point of time: at most one pane.
  IndexRange units_at(std::int64_t time) const;
  IndexRange units_of(std::int64_t window) const;
  IndexRange windows_of(std::int64_t unit) const;
  // Start and end of the times whose units are the same as those of `time`.
  std::int64_t cell_start(std::int64_t time) const;
  std::int64_t cell_end(std::int64_t time) const;
  // The last window whose end is not after the watermark.
  std::int64_t last_closed(std::int64_t watermark) const;
  // Whether a unit takes no more rows: every window over it is closed, lateness included.
  bool unit_done(std::int64_t unit, std::int64_t watermark) const;
  bool window_done(std::int64_t window, std::int64_t watermark) const;

 private:
  std::int64_t pane() const;
};

}  // namespace sr
