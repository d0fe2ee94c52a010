// Date or timestamp ± interval. A month's end stays in its month. Entry point: resolve_interval_sum. Tested in
// tests/unit/expr/interval_test.cc.
#include <date/date.h>

#include <algorithm>

#include "engine/expr/functions/internal.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

constexpr std::int64_t kDay = 86400000000;
constexpr std::int64_t kFarthestDay = 365000000;  // a million years

struct Interval {
  std::int64_t months = 0;
  std::int64_t micros = 0;
};

// Adds months to a day; false where the result is too far away.
bool add_months(std::int64_t days, std::int64_t months, std::int64_t* out) {
  if (months == 0) {
    *out = days;
    return true;
  }
  if (days > 10000000 || days < -10000000 || months > 1200000 || months < -1200000) return false;
  const date::year_month_day from{date::sys_days{date::days{days}}};
  const std::int64_t month = static_cast<int>(from.year()) * 12LL + static_cast<unsigned>(from.month()) - 1 + months;
  const std::int64_t year = month >= 0 ? month / 12 : -((11 - month) / 12);
  if (year > 32000 || year < -32000) return false;
  const date::year_month place = date::year{static_cast<int>(year)} / static_cast<int>(month - year * 12 + 1);
  const date::year_month_day_last last = place / date::last;
  const date::day day = std::min(from.day(), last.day());
  *out = date::sys_days{place / day}.time_since_epoch().count();
  return true;
}

std::shared_ptr<Column> add_to_dates(const CallContext& context, Args args) {
  const auto& interval = *static_cast<const Interval*>(context.prepared);
  return map_checked<std::int64_t, std::int64_t>(context, args, [&](std::int64_t days, std::int64_t& out) {
    const bool fits =
        add_months(days, interval.months, &out) && !__builtin_add_overflow(out, interval.micros / kDay, &out);
    return fits && out <= kFarthestDay && out >= -kFarthestDay ? nullptr : "date overflow";
  });
}

std::shared_ptr<Column> add_to_timestamps(const CallContext& context, Args args) {
  const auto& interval = *static_cast<const Interval*>(context.prepared);
  return map_checked<std::int64_t, std::int64_t>(context, args, [&](std::int64_t micros, std::int64_t& out) {
    const std::int64_t days = micros / kDay - (micros % kDay < 0 ? 1 : 0);
    std::int64_t moved = 0;
    if (!add_months(days, interval.months, &moved)) return "timestamp overflow";
    const bool overflow = __builtin_mul_overflow(moved - days, kDay, &moved) ||
                          __builtin_add_overflow(micros, moved, &out) ||
                          __builtin_add_overflow(out, interval.micros, &out);
    return overflow ? "timestamp overflow" : nullptr;
  });
}

}  // namespace

void resolve_interval_sum(BoundRef base, std::int64_t months, std::int64_t micros, BoundExpr* node) {
  node->name = "+";
  node->detail = "interval(" + std::to_string(months) + " months, " + std::to_string(micros) + " us)";
  node->type = base->type;
  node->can_fail = true;
  set_call(&node->call, base->type, base->type->id == TypeId::date ? add_to_dates : add_to_timestamps, kFails);
  node->call.prepared = std::make_shared<const Interval>(Interval{months, micros});
  node->args = {std::move(base)};
}

}  // namespace sr::expr
