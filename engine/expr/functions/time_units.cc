// Units of time. Entry points: see time_units.h. Tested in tests/unit/expr/dates_test.cc.
#include "engine/expr/functions/time_units.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "engine/base/text.h"

namespace sr::expr {

namespace {

using Named = std::pair<std::string_view, TimeUnit>;
constexpr std::array<Named, 11> kUnits = {{{"microsecond", TimeUnit::microsecond},
                                           {"millisecond", TimeUnit::millisecond},
                                           {"second", TimeUnit::second},
                                           {"minute", TimeUnit::minute},
                                           {"hour", TimeUnit::hour},
                                           {"day", TimeUnit::day},
                                           {"dayofyear", TimeUnit::day},
                                           {"week", TimeUnit::week},
                                           {"month", TimeUnit::month},
                                           {"quarter", TimeUnit::quarter},
                                           {"year", TimeUnit::year}}};
constexpr std::array<Named, 5> kShortUnits = {{{"mm", TimeUnit::month},
                                               {"mon", TimeUnit::month},
                                               {"yy", TimeUnit::year},
                                               {"yyyy", TimeUnit::year},
                                               {"dd", TimeUnit::day}}};

template <std::size_t N>
std::optional<TimeUnit> find(const std::array<Named, N>& list, std::string_view name) {
  for (const auto& [known, unit] : list) {
    if (known == name) return unit;
  }
  return std::nullopt;
}

std::int64_t months_in(TimeUnit unit) {
  return unit == TimeUnit::year ? 12 : unit == TimeUnit::quarter ? 3 : 1;
}

// Months since year 0 of a day.
std::int64_t month_number(const CivilDate& date) {
  return date.year * 12 + date.month - 1;
}

// Whole months from start to end, toward zero.
std::int64_t months_between(std::int64_t start, std::int64_t end) {
  const CivilDate from = civil_from_days(day_of(start));
  const CivilDate to = civil_from_days(day_of(end));
  const std::int64_t months = month_number(to) - month_number(from);
  const auto rest = [](const CivilDate& date, std::int64_t micros) {
    return date.day * kMicrosPerDay + time_of_day(micros);
  };
  const std::int64_t left = rest(to, end) - rest(from, start);
  if (months > 0 && left < 0) return months - 1;
  if (months < 0 && left > 0) return months + 1;
  return months;
}

}  // namespace

std::optional<TimeUnit> parse_unit(std::string_view text) {
  std::string name = ascii_lower(text);
  if (const auto unit = find(kUnits, name)) return unit;
  if (!name.empty() && name.back() == 's') name.pop_back();
  return name == "dayofyear" ? std::nullopt : find(kUnits, name);
}

std::optional<TimeUnit> parse_trunc_unit(std::string_view text) {
  const std::string name = ascii_lower(text);
  if (name == "dayofyear") return std::nullopt;
  if (const auto unit = find(kUnits, name)) return unit;
  return find(kShortUnits, name);
}

std::int64_t micros_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::microsecond:
      return 1;
    case TimeUnit::millisecond:
      return 1000;
    case TimeUnit::second:
      return kMicrosPerSecond;
    case TimeUnit::minute:
      return 60 * kMicrosPerSecond;
    case TimeUnit::hour:
      return 3600 * kMicrosPerSecond;
    case TimeUnit::day:
      return kMicrosPerDay;
    case TimeUnit::week:
      return 7 * kMicrosPerDay;
    default:
      return 0;
  }
}

std::int64_t truncate_day(std::int64_t day, TimeUnit unit) {
  if (unit < TimeUnit::week) return day;
  if (unit == TimeUnit::week) return day - floor_mod(day + 3, 7);  // 1970-01-01 was a Thursday
  CivilDate date = civil_from_days(day);
  date.day = 1;
  if (unit == TimeUnit::quarter) date.month = (date.month - 1) / 3 * 3 + 1;
  if (unit == TimeUnit::year) date.month = 1;
  return days_from_civil(date);
}

std::int64_t truncate_micros(std::int64_t micros, TimeUnit unit) {
  if (unit >= TimeUnit::day) return truncate_day(day_of(micros), unit) * kMicrosPerDay;
  return micros - floor_mod(micros, micros_of(unit));
}

bool add_months(std::int64_t day, std::int64_t months, std::int64_t* out) {
  CivilDate date = civil_from_days(day);
  std::int64_t number = 0;
  if (__builtin_add_overflow(month_number(date), months, &number)) return false;
  date.year = floor_div(number, 12);
  if (date.year > 300'000 || date.year < -300'000) return false;
  date.month = static_cast<unsigned>(floor_mod(number, 12)) + 1;
  date.day = std::min(date.day, days_in_month(date.year, date.month));
  *out = days_from_civil(date);
  return *out <= kMaxDays && *out >= -kMaxDays;
}

bool add_units(std::int64_t micros, TimeUnit unit, std::int64_t count, std::int64_t* out) {
  const std::int64_t step = micros_of(unit);
  std::int64_t distance = 0;
  if (step != 0) {
    return !__builtin_mul_overflow(count, step, &distance) && !__builtin_add_overflow(micros, distance, out);
  }
  if (__builtin_mul_overflow(count, months_in(unit), &distance)) return false;
  std::int64_t day = 0;
  if (!add_months(day_of(micros), distance, &day)) return false;
  *out = day * kMicrosPerDay + time_of_day(micros);
  return true;
}

std::int64_t units_between(TimeUnit unit, std::int64_t start, std::int64_t end) {
  const std::int64_t step = micros_of(unit);
  if (step == 0) return months_between(start, end) / months_in(unit);
  std::int64_t distance = 0;
  if (__builtin_sub_overflow(end, start, &distance)) return end / step - start / step;
  return distance / step;
}

}  // namespace sr::expr
