// Units of time and arithmetic on days and microseconds since 1970, in UTC. Knows nothing of columns. Tested in
// tests/unit/expr/dates_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/data/civil.h"

namespace sr::expr {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
// The days that a date may have: those whose timestamps fit 64 bits.
inline constexpr std::int64_t kMaxDays = INT64_MAX / kMicrosPerDay - 1;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) {
  return a - floor_div(a, b) * b;
}
constexpr std::int64_t day_of(std::int64_t micros) {
  return floor_div(micros, kMicrosPerDay);
}
constexpr std::int64_t time_of_day(std::int64_t micros) {
  return floor_mod(micros, kMicrosPerDay);
}

enum class TimeUnit : std::uint8_t { microsecond, millisecond, second, minute, hour, day, week, month, quarter, year };
// Reads the unit of timestampadd and timestampdiff: `minute`, in any case, also in the plural.
std::optional<TimeUnit> parse_unit(std::string_view text);
// Reads the unit of date_trunc and trunc: also `mm`, `mon`, `yy`, `yyyy`, `dd`.
std::optional<TimeUnit> parse_trunc_unit(std::string_view text);
// The microseconds of a unit of fixed length; 0 for months and longer.
std::int64_t micros_of(TimeUnit unit);

// The first day of the week (Monday), month, quarter or year of a day.
std::int64_t truncate_day(std::int64_t day, TimeUnit unit);
std::int64_t truncate_micros(std::int64_t micros, TimeUnit unit);

// Moves a day by months; a day that the month lacks becomes its last. False: out of range.
bool add_months(std::int64_t day, std::int64_t months, std::int64_t* out);
// Adds units; false: out of range.
bool add_units(std::int64_t micros, TimeUnit unit, std::int64_t count, std::int64_t* out);
// Counts whole units from `start` to `end`, toward zero.
std::int64_t units_between(TimeUnit unit, std::int64_t start, std::int64_t end);

}  // namespace sr::expr
