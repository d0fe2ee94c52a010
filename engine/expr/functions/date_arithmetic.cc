// Moving and comparing dates and timestamps: date_add, datediff, add_months, next_day, trunc, date_trunc, timestampadd,
// timestampdiff, months_between. Entry point: register_date_arithmetic. Tested in tests/unit/expr/dates_test.cc.
#include <cmath>
#include <string>

#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/time_units.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

constexpr const char* kDateOverflow = "date overflow: the result is out of range";
constexpr const char* kTimeOverflow = "timestamp overflow: the result is out of range";

template <int kSign>
std::shared_ptr<Column> move_days(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int day, Int count, Int& out) {
    const bool wraps = kSign > 0 ? __builtin_add_overflow(day, count, &out) : __builtin_sub_overflow(day, count, &out);
    return wraps || out > kMaxDays || out < -kMaxDays ? kDateOverflow : nullptr;
  });
}

std::shared_ptr<Column> datediff(const CallContext& context, Args args) {
  return map_values<Int, Int, Int>(context, args, [](Int end, Int start) { return end - start; });
}

std::shared_ptr<Column> move_months(const CallContext& context, Args args) {
  return map_checked<Int, Int, Int>(context, args, [](Int day, Int months, Int& out) {
    return add_months(day, months, &out) ? nullptr : kDateOverflow;
  });
}

// The day of the week (0 is Monday) of `mo`, `mon`, `monday`; -1 for anything else.
int weekday_named(std::string_view text) {
  constexpr std::string_view kDays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
  for (int i = 0; i < 7; ++i) {
    const std::string_view day = kDays[i];
    if (same_name(text, day) || same_name(text, day.substr(0, 3)) || same_name(text, day.substr(0, 2))) return i;
  }
  return -1;
}

std::shared_ptr<Column> next_day(const CallContext& context, Args args) {
  return map_checked<Int, Int, Str>(context, args, [](Int day, const Str& name, Int& out) -> const char* {
    const int wanted = weekday_named(name.view());
    if (wanted < 0) return "next_day of a text that is no day of the week";
    out = day + 1 + floor_mod(wanted - (day + 4), 7);
    return nullptr;
  });
}

bool resolve_next_day(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (!fixed({types::date(), types::string()}, types::date(), next_day, kFails)(input, call, error)) return false;
  const std::optional<std::string_view> name = constant_text(input, 1);
  if (name && weekday_named(*name) < 0) return refuse(error, 1, "expected a day of the week such as 'Mon'");
  return true;
}

// Units shorter than a week have no meaning for dates: NULL.
std::shared_ptr<Column> trunc_date(const CallContext& context, Args args) {
  return map_nullable<Int, Int, Str>(context, args, [](Int day, const Str& name, Int& out) {
    const std::optional<TimeUnit> unit = parse_trunc_unit(name.view());
    if (!unit || *unit < TimeUnit::week) return false;
    out = truncate_day(day, *unit);
    return true;
  });
}

std::shared_ptr<Column> date_trunc(const CallContext& context, Args args) {
  if (!args[0]->constant) {
    return map_nullable<Int, Str, Int>(context, args, [](const Str& name, Int micros, Int& out) {
      const std::optional<TimeUnit> unit = parse_trunc_unit(name.view());
      if (unit) out = truncate_micros(micros, *unit);
      return unit.has_value();
    });
  }
  const std::optional<TimeUnit> unit = parse_trunc_unit(args[0]->get<Str>(0).view());
  return map_nullable<Int, Int>(context, args.subspan(1), [unit](Int micros, Int& out) {
    if (unit) out = truncate_micros(micros, *unit);
    return unit.has_value();
  });
}

struct UnitOf {
  TimeUnit unit;
};

TimeUnit unit_of(const CallContext& context) {
  return static_cast<const UnitOf*>(context.prepared)->unit;
}

std::shared_ptr<Column> timestampadd(const CallContext& context, Args args) {
  const TimeUnit unit = unit_of(context);
  return map_checked<Int, Int, Int>(context, args.subspan(1), [unit](Int count, Int micros, Int& out) {
    return add_units(micros, unit, count, &out) ? nullptr : kTimeOverflow;
  });
}

std::shared_ptr<Column> timestampdiff(const CallContext& context, Args args) {
  const TimeUnit unit = unit_of(context);
  return map_values<Int, Int, Int>(context, args.subspan(1),
                                   [unit](Int start, Int end) { return units_between(unit, start, end); });
}

// The unit is the first argument, a word that the parser made a text.
Resolver over_unit(std::vector<TypeRef> params, TypeRef result, Kernel kernel, CallTraits traits) {
  return [rule = fixed(std::move(params), std::move(result), kernel, traits)](const ResolveInput& input,
                                                                              ResolvedCall* call, ResolveError* error) {
    const std::optional<std::string_view> name = constant_text(input, 0);
    const std::optional<TimeUnit> unit = name ? parse_unit(*name) : std::nullopt;
    if (!unit) {
      return refuse(error, 0,
                    "expected a unit: microsecond, millisecond, second, minute, hour, day, week, month, "
                    "quarter or year");
    }
    if (!rule(input, call, error)) return false;
    call->prepared = std::make_shared<UnitOf>(UnitOf{*unit});
    return true;
  };
}

// Months with a fraction of 31 days; whole if both are the same or the last day of their months.
double months_apart(Int a, Int b) {
  const CivilDate first = civil_from_days(day_of(a));
  const CivilDate second = civil_from_days(day_of(b));
  const double months = static_cast<double>((first.year - second.year) * 12 + static_cast<Int>(first.month) -
                                            static_cast<Int>(second.month));
  const auto is_last = [](const CivilDate& date) { return date.day == days_in_month(date.year, date.month); };
  if (first.day == second.day || (is_last(first) && is_last(second))) return months;
  const Int days = static_cast<Int>(first.day) - static_cast<Int>(second.day);
  const Int seconds = days * 86'400 + time_of_day(a) / kMicrosPerSecond - time_of_day(b) / kMicrosPerSecond;
  return months + static_cast<double>(seconds) / (31.0 * 86'400.0);
}

std::shared_ptr<Column> months_between(const CallContext& context, Args args) {
  Output<double> out(context);
  for_rows<Int, Int>(context, args, [&](std::uint32_t row, Int a, Int b) {
    const double months = months_apart(a, b);
    const bool rounds = args.size() < 3 || args[2]->get<std::uint8_t>(row) != 0;
    out[row] = rounds ? std::round(months * 1e8) / 1e8 : months;
  });
  return out.take();
}

void register_days(Family& dates) {
  const TypeRef date = types::date();
  const TypeRef number = types::bigint();
  dates.add({{2, 2},
             "date_add(dt, n)",
             "Gives the date n days later.",
             "date_add(date '2024-02-28', 2) = date '2024-03-01'",
             fixed({date, number}, date, move_days<1>, kFails)});
  dates.alias("dateadd", "date_add");
  dates.add({{2, 2},
             "date_sub(dt, n)",
             "Gives the date n days earlier.",
             "date_sub(date '2024-03-01', 1) = date '2024-02-29'",
             fixed({date, number}, date, move_days<-1>, kFails)});
  dates.add({{2, 2},
             "datediff(end, start)",
             "Gives the number of days from start to end.",
             "datediff(date '2024-03-01', date '2024-02-28') = 2",
             fixed({date, date}, number, datediff)});
  dates.alias("date_diff", "datediff");
  dates.add({{2, 2},
             "add_months(dt, n)",
             "Gives the date n months later, the month's last day if it lacks the day.",
             "add_months(date '2024-01-31', 1) = date '2024-02-29'",
             fixed({date, number}, date, move_months, kFails)});
  dates.add({{2, 2},
             "next_day(dt, day)",
             "Gives the first such day of the week behind a date.",
             "next_day(date '2024-01-31', 'Mon') = date '2024-02-05'",
             resolve_next_day});
}

}  // namespace

void register_date_arithmetic(FunctionRegistry& registry) {
  Family dates(registry, "dates and times");
  const TypeRef time = types::timestamp();
  const TypeRef text = types::string();
  register_days(dates);
  dates.add({{2, 2},
             "trunc(dt, unit)",
             "Gives the first day of the week, month, quarter or year.",
             "trunc(date '2024-02-29', 'month') = date '2024-02-01'",
             fixed({types::date(), text}, types::date(), trunc_date, kTurnsNull)});
  dates.add({{2, 2},
             "date_trunc(unit, t)",
             "Gives the begin of the second, minute, hour, day, week, month, quarter or year.",
             "date_trunc('hour', timestamp '2024-02-29 10:11:12') = timestamp '2024-02-29 10:00:00'",
             fixed({text, time}, time, date_trunc, kTurnsNull)});
  dates.add({{3, 3},
             "timestampadd(unit, n, t)",
             "Gives the timestamp n units later.",
             "timestampadd(minute, 30, timestamp '2024-02-29 10:45:00') = timestamp '2024-02-29 11:15:00'",
             over_unit({text, types::bigint(), time}, time, timestampadd, kFails)});
  dates.add({{3, 3},
             "timestampdiff(unit, start, end)",
             "Gives the number of whole units from start to end.",
             "timestampdiff(hour, timestamp '2024-02-28 10:00:00', timestamp '2024-02-29 09:00:00') = 23",
             over_unit({text, time, time}, types::bigint(), timestampdiff, {})});
  dates.add({{2, 3},
             "months_between(a, b [, round])",
             "Gives the months from b to a, with a fraction of 31 days, rounded to 8 digits unless told otherwise.",
             "months_between(date '2024-03-31', date '2024-02-29') = 1.0D",
             fixed({time, time, types::boolean()}, types::float64(), months_between)});
}

}  // namespace sr::expr
