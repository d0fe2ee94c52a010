// Fields of dates and timestamps: year … second, dayofweek, weekofyear, extract, date_part, last_day, dayname. Entry
// point: register_date_fields. Tested in tests/unit/expr/dates_test.cc.
#include <array>
#include <string>

#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/time_units.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

Int year(Int day) {
  return civil_from_days(day).year;
}
Int quarter(Int day) {
  return (civil_from_days(day).month - 1) / 3 + 1;
}
Int month(Int day) {
  return civil_from_days(day).month;
}
Int day_of_month(Int day) {
  return civil_from_days(day).day;
}
Int day_of_year(Int day) {
  return day - truncate_day(day, TimeUnit::year) + 1;
}
// 0 is Monday.
Int weekday(Int day) {
  return floor_mod(day + 3, 7);
}
// 1 is Sunday.
Int day_of_week(Int day) {
  return floor_mod(day + 4, 7) + 1;
}
Int day_of_week_iso(Int day) {
  return weekday(day) + 1;
}
// The year that the week's Thursday is in (ISO 8601).
Int year_of_week(Int day) {
  return year(day - weekday(day) + 3);
}
Int week_of_year(Int day) {
  return (day_of_year(day - weekday(day) + 3) - 1) / 7 + 1;
}

Int hour(Int micros) {
  return time_of_day(micros) / (3600 * kMicrosPerSecond);
}
Int minute(Int micros) {
  return time_of_day(micros) / (60 * kMicrosPerSecond) % 60;
}
Int second(Int micros) {
  return time_of_day(micros) / kMicrosPerSecond % 60;
}

using Field = Int (*)(Int);

template <Field kField>
std::shared_ptr<Column> of_days(const CallContext& context, Args args) {
  return map_values<Int, Int>(context, args, [](Int day) { return kField(day); });
}

template <Field kField>
std::shared_ptr<Column> of_micros(const CallContext& context, Args args) {
  return map_values<Int, Int>(context, args, [](Int micros) { return kField(day_of(micros)); });
}

template <Field kField>
std::shared_ptr<Column> of_time(const CallContext& context, Args args) {
  return map_values<Int, Int>(context, args, [](Int micros) { return kField(micros); });
}

std::shared_ptr<Column> exact_second(const CallContext& context, Args args) {
  return map_values<Int128, Int>(context, args, [](Int micros) { return floor_mod(micros, 60 * kMicrosPerSecond); });
}

// A field by the kernels for timestamps and for dates.
struct FieldKernels {
  Kernel of_timestamp = nullptr;
  Kernel of_date = nullptr;  // none: the date becomes its midnight
};

template <Field kField>
constexpr FieldKernels day_field() {
  return {of_micros<kField>, of_days<kField>};
}

Resolver over_time(FieldKernels kernels, TypeRef result) {
  std::vector<Overload> overloads = {{{types::timestamp()}, result, kernels.of_timestamp}};
  if (kernels.of_date) overloads.push_back({{types::date()}, result, kernels.of_date});
  return overloaded(std::move(overloads));
}

struct NamedField {
  std::string_view name;
  FieldKernels kernels;
};
constexpr std::array<NamedField, 37> kFields = {{
    {"year", day_field<year>()},
    {"y", day_field<year>()},
    {"years", day_field<year>()},
    {"yr", day_field<year>()},
    {"yrs", day_field<year>()},
    {"yearofweek", day_field<year_of_week>()},
    {"quarter", day_field<quarter>()},
    {"qtr", day_field<quarter>()},
    {"month", day_field<month>()},
    {"mon", day_field<month>()},
    {"mons", day_field<month>()},
    {"months", day_field<month>()},
    {"week", day_field<week_of_year>()},
    {"w", day_field<week_of_year>()},
    {"weeks", day_field<week_of_year>()},
    {"day", day_field<day_of_month>()},
    {"d", day_field<day_of_month>()},
    {"days", day_field<day_of_month>()},
    {"dayofweek", day_field<day_of_week>()},
    {"dow", day_field<day_of_week>()},
    {"dayofweek_iso", day_field<day_of_week_iso>()},
    {"dow_iso", day_field<day_of_week_iso>()},
    {"doy", day_field<day_of_year>()},
    {"hour", {of_time<hour>, nullptr}},
    {"h", {of_time<hour>, nullptr}},
    {"hours", {of_time<hour>, nullptr}},
    {"hr", {of_time<hour>, nullptr}},
    {"hrs", {of_time<hour>, nullptr}},
    {"minute", {of_time<minute>, nullptr}},
    {"m", {of_time<minute>, nullptr}},
    {"min", {of_time<minute>, nullptr}},
    {"mins", {of_time<minute>, nullptr}},
    {"minutes", {of_time<minute>, nullptr}},
    {"second", {exact_second, nullptr}},
    {"s", {exact_second, nullptr}},
    {"sec", {exact_second, nullptr}},
    {"seconds", {exact_second, nullptr}},
}};

// The field is the first argument; the kernel sees both and reads the second.
template <class F>
bool resolve_field(const ResolveInput& input, ResolvedCall* call, ResolveError* error, F&& adapt) {
  const std::optional<std::string_view> name = constant_text(input, 0);
  if (!name) return refuse(error, 0, "the field must be a text that is written out");
  for (const NamedField& field : kFields) {
    if (!same_name(field.name, *name)) continue;
    const TypeRef result = field.kernels.of_timestamp == exact_second ? types::decimal(8, 6) : types::bigint();
    ResolvedCall inner;
    const ResolveInput rest{input.types.subspan(1), input.constants.subspan(1)};
    if (!over_time(field.kernels, result)(rest, &inner, error)) {
      error->argument = 1;
      return false;
    }
    adapt(inner);
    call->params = {nullptr, inner.params[0]};
    return true;
  }
  return refuse(error, 0,
                "there is no field `" + std::string(*name) +
                    "`: it is one of year, quarter, month, week, day, doy, dow, hour, minute, second");
}

// The kernel that resolve found, kept beside the call.
struct FieldCall {
  Kernel kernel;
};

std::shared_ptr<Column> date_part(const CallContext& context, Args args) {
  return static_cast<const FieldCall*>(context.prepared)->kernel(context, args.subspan(1));
}

bool resolve_date_part(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  return resolve_field(input, call, error, [&](const ResolvedCall& inner) {
    set_call(call, inner.result, date_part);
    call->prepared = std::make_shared<FieldCall>(FieldCall{inner.kernel});
  });
}

Int last_day(Int day) {
  CivilDate date = civil_from_days(day);
  date.day = days_in_month(date.year, date.month);
  return days_from_civil(date);
}

std::shared_ptr<Column> dayname(const CallContext& context, Args args) {
  return map_text<Int>(context, args, [](Int day, StringOutput& out, std::uint32_t row) {
    constexpr std::string_view kNames = "MonTueWedThuFriSatSun";
    out.set_view(row, kNames.substr(static_cast<std::size_t>(weekday(day)) * 3, 3));
  });
}

std::shared_ptr<Column> monthname(const CallContext& context, Args args) {
  return map_text<Int>(context, args, [](Int day, StringOutput& out, std::uint32_t row) {
    constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
    out.set_view(row, kNames.substr(static_cast<std::size_t>(month(day) - 1) * 3, 3));
  });
}

// A field with a function of its own; `value` is that of 2024-02-29 23:59:58.5.
struct FieldFunction {
  std::string name;
  std::string what;
  std::string value;
  FieldKernels kernels;
};

void add_field(Family& dates, const FieldFunction& field) {
  dates.add({{1, 1},
             field.name + "(t)",
             "Gives " + field.what + " of a timestamp or date.",
             field.name + "(timestamp '2024-02-29 23:59:58.5') = " + field.value,
             over_time(field.kernels, types::bigint())});
}

}  // namespace

void register_date_fields(FunctionRegistry& registry) {
  Family dates(registry, "dates and times");
  add_field(dates, {"year", "the year", "2024", day_field<year>()});
  add_field(dates, {"quarter", "the quarter, 1 to 4,", "1", day_field<quarter>()});
  add_field(dates, {"month", "the month, 1 to 12,", "2", day_field<month>()});
  add_field(dates, {"day", "the day of the month", "29", day_field<day_of_month>()});
  dates.alias("dayofmonth", "day");
  add_field(dates, {"dayofyear", "the day of the year, from 1,", "60", day_field<day_of_year>()});
  add_field(dates, {"dayofweek", "the day of the week, 1 for Sunday,", "5", day_field<day_of_week>()});
  add_field(dates, {"weekday", "the day of the week, 0 for Monday,", "3", day_field<weekday>()});
  add_field(dates, {"weekofyear", "the ISO week, 1 to 53,", "9", day_field<week_of_year>()});
  add_field(dates, {"hour", "the hour, 0 to 23,", "23", {of_time<hour>, nullptr}});
  add_field(dates, {"minute", "the minute", "59", {of_time<minute>, nullptr}});
  add_field(dates, {"second", "the whole second", "58", {of_time<second>, nullptr}});
  dates.add({{2, 2},
             "date_part(field, t)",
             "Gives the field named by a text; second is a decimal(8,6).",
             "date_part('second', timestamp '2024-02-29 23:59:58.5') = 58.5",
             resolve_date_part});
  dates.alias("datepart", "date_part");
  dates.add({{2, 2},
             "extract(field from t)",
             "Gives a field of a timestamp or date; second is a decimal(8,6).",
             "extract(doy from date '2024-02-29') = 60",
             resolve_date_part});
  dates.add({{1, 1},
             "last_day(dt)",
             "Gives the last day of the month.",
             "last_day(date '2024-02-01') = date '2024-02-29'",
             fixed({types::date()}, types::date(), of_days<last_day>)});
  dates.add({{1, 1},
             "dayname(dt)",
             "Gives the short English name of the day.",
             "dayname(date '2024-02-29') = 'Thu'",
             fixed({types::date()}, types::string(), dayname)});
  dates.add({{1, 1},
             "monthname(dt)",
             "Gives the short English name of the month.",
             "monthname(date '2024-02-29') = 'Feb'",
             fixed({types::date()}, types::string(), monthname)});
}

}  // namespace sr::expr
