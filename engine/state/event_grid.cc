#include "engine/state/event_grid.h"

#include <numeric>

namespace sr {

namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

// Whether a point of time lies behind the watermark by the lateness.
bool passed(std::int64_t end, std::int64_t lateness, std::int64_t watermark) {
  if (watermark == kNoWatermark) return false;
  return watermark == kEndOfTime || end <= watermark - lateness;
}

}  // namespace

std::int64_t EventGrid::pane() const {
  return std::gcd(size, slide);
}

IndexRange EventGrid::windows_at(std::int64_t time) const {
  return {floor_div(time - offset - size, slide) + 1, floor_div(time - offset, slide)};
}

IndexRange EventGrid::units_at(std::int64_t time) const {
  const IndexRange windows = windows_at(time);
  if (whole || windows.empty()) return windows;
  const std::int64_t unit = floor_div(time - offset, pane());
  return {unit, unit};
}

IndexRange EventGrid::units_of(std::int64_t window) const {
  if (whole) return {window, window};
  const std::int64_t first = window * (slide / pane());
  return {first, first + size / pane() - 1};
}

IndexRange EventGrid::windows_of(std::int64_t unit) const {
  if (whole) return {unit, unit};
  return windows_at(offset + unit * pane());
}

std::int64_t EventGrid::cell_start(std::int64_t time) const {
  return offset + floor_div(time - offset, pane()) * pane();
}

std::int64_t EventGrid::cell_end(std::int64_t time) const {
  return cell_start(time) + pane();
}

std::int64_t EventGrid::last_closed(std::int64_t watermark) const {
  if (watermark == kNoWatermark) return INT64_MIN;
  if (watermark == kEndOfTime) return INT64_MAX;
  return floor_div(watermark - offset - size, slide);
}

bool EventGrid::window_done(std::int64_t window, std::int64_t watermark) const {
  return passed(end_of(window), lateness, watermark);
}

bool EventGrid::unit_done(std::int64_t unit, std::int64_t watermark) const {
  const IndexRange windows = windows_of(unit);
  return windows.empty() || window_done(windows.last, watermark);
}

}  // namespace sr
