// Between times, numbers and texts: unix_timestamp, timestamp_seconds, from_unixtime, to_date, to_timestamp,
// date_format, make_date, make_timestamp. Entry point: register_date_convert. Patterns are date_pattern.h's business.
// Tested in tests/unit/expr/dates_test.cc.
#include <cmath>
#include <map>
#include <string>

#include "engine/data/codec.h"
#include "engine/expr/functions/date_pattern.h"
#include "engine/expr/functions/declare.h"
#include "engine/expr/functions/families.h"
#include "engine/expr/functions/time_units.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

using Int = std::int64_t;

constexpr std::string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

// The patterns of one call: the constant one that resolve() compiled, or those of a column.
class DatePatterns {
 public:
  DatePatterns(const CallContext& context, const ColumnRef* column)
      : context_(context), constant_(static_cast<const DatePattern*>(context.prepared)), column_(column) {}

  // Gives nullptr after a row error.
  const DatePattern* at(std::uint32_t row) {
    if (constant_) return constant_;
    std::string text((*column_)->get<Str>(row).view());
    auto found = cache_.find(text);
    if (found == cache_.end()) {
      if (cache_.size() >= kMaxCached) cache_.clear();
      Entry entry;
      entry.pattern = DatePattern::compile(text, &entry.error);
      found = cache_.emplace(std::move(text), std::move(entry)).first;
    }
    if (!found->second.pattern) context_.errors->add(row, "cannot parse the pattern: " + found->second.error);
    return found->second.pattern.get();
  }

 private:
  static constexpr std::size_t kMaxCached = 64;
  struct Entry {
    std::shared_ptr<const DatePattern> pattern;
    std::string error;
  };
  const CallContext& context_;
  const DatePattern* constant_;
  const ColumnRef* column_;
  std::map<std::string, Entry> cache_;
};

DatePatterns patterns_of(const CallContext& context, Args args) {
  return DatePatterns(context, args.size() > 1 ? &args[1] : nullptr);
}

// What becomes of the parsed microseconds, and of a text that does not follow the pattern.
enum class Parsed : std::uint8_t { micros, seconds, days };
enum class Mismatch : std::uint8_t { error, null };

template <Parsed kParsed, Mismatch kMismatch>
std::shared_ptr<Column> parse_texts(const CallContext& context, Args args) {
  Output<Int> out(context);
  DatePatterns patterns = patterns_of(context, args);
  for_rows<Str>(context, args, [&](std::uint32_t row, const Str& s) {
    const DatePattern* pattern = patterns.at(row);
    Int micros = 0;
    if (pattern && pattern->parse(s.view(), &micros)) {
      out[row] = kParsed == Parsed::micros    ? micros
                 : kParsed == Parsed::seconds ? floor_div(micros, kMicrosPerSecond)
                                              : day_of(micros);
      return;
    }
    out[row] = 0;
    if (kMismatch == Mismatch::null) return out.set_null(row);
    std::string message = "cannot parse '" + std::string(s.view().substr(0, 64)) + "' by the pattern";
    if (pattern) context.errors->add(row, message);
  });
  return out.take();
}

std::shared_ptr<Column> format_times(const CallContext& context, Args args) {
  DatePatterns patterns = patterns_of(context, args);
  return map_text<Int>(context, args, [&](Int micros, StringOutput& out, std::uint32_t row) {
    std::string& text = out.scratch();
    if (const DatePattern* pattern = patterns.at(row)) pattern->format(micros, text);
    out.set(row, text);
  });
}

std::shared_ptr<Column> format_seconds(const CallContext& context, Args args) {
  DatePatterns patterns = patterns_of(context, args);
  return map_text<Int>(context, args, [&](Int seconds, StringOutput& out, std::uint32_t row) {
    std::string& text = out.scratch();
    Int micros = 0;
    if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) {
      context.errors->add(row, "timestamp overflow: the result is out of range");
    } else if (const DatePattern* pattern = patterns.at(row)) {
      pattern->format(micros, text);
    }
    out.set(row, text);
  });
}

// Compiles the pattern of argument 1 if it is constant, or the default one if there is none.
bool prepare(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  const std::optional<std::string_view> given =
      input.types.size() > 1 ? constant_text(input, 1) : std::optional<std::string_view>(kDefaultPattern);
  if (!given) return true;
  std::string problem;
  call->prepared = DatePattern::compile(*given, &problem);
  return call->prepared ? true : refuse(error, 1, std::move(problem));
}

Resolver over_date_pattern(TypeRef first, TypeRef result, Kernel kernel, CallTraits traits) {
  return [rule = fixed({std::move(first), types::string()}, std::move(result), kernel, traits)](
             const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    return rule(input, call, error) && prepare(input, call, error);
  };
}

std::shared_ptr<Column> same_values(const CallContext& context, Args args) {
  return std::make_shared<Column>(*args[0]);
}

// Without a pattern (or for what is a time already) a cast.
Resolver over_time_text(TypeRef result, Kernel parse) {
  return [=](const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
    const TypeId id = input.types[0]->id;
    const bool time = id == TypeId::date || id == TypeId::timestamp;
    if (!time && id != TypeId::null && id != TypeId::variant && id != TypeId::string) {
      return refuse(error, 0, "expected string, got " + input.types[0]->name());
    }
    if (time || input.types.size() == 1) {
      call->params.assign(input.types.size(), nullptr);
      call->params[0] = result;
      set_call(call, result, same_values, kFails);
      return true;
    }
    return over_date_pattern(types::string(), result, parse, kFails)(input, call, error);
  };
}

std::shared_ptr<Column> try_timestamp(const CallContext& context, Args args) {
  return map_nullable<Int, Str>(context, args, [](const Str& s, Int& out) { return parse_timestamp(s.view(), &out); });
}

bool resolve_try_timestamp(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types.size() == 1)
    return fixed({types::string()}, types::timestamp(), try_timestamp, kTurnsNull)(input, call, error);
  const CallTraits traits{.can_fail = true, .turns_null = true};
  return over_date_pattern(types::string(), types::timestamp(), parse_texts<Parsed::micros, Mismatch::null>, traits)(
      input, call, error);
}

template <Int kDivisor>
std::shared_ptr<Column> divided(const CallContext& context, Args args) {
  return map_values<Int, Int>(context, args, [](Int micros) { return floor_div(micros, kDivisor); });
}

std::shared_ptr<Column> seconds_now(const CallContext& context, Args args) {
  Output<Int> out(context);
  context.selection.for_each([&](std::uint32_t row) { out[row] = context.tick ? context.tick->time_ms / 1000 : 0; });
  return out.take();
}

// unix_timestamp(), of a time, or of a text with a pattern.
bool resolve_unix_timestamp(const ResolveInput& input, ResolvedCall* call, ResolveError* error) {
  if (input.types.empty()) {
    set_call(call, types::bigint(), seconds_now, {.deterministic = false});
    return true;
  }
  const TypeId id = input.types[0]->id;
  if (id == TypeId::date || id == TypeId::timestamp) {
    call->params.assign(input.types.size(), nullptr);
    call->params[0] = types::timestamp();
    set_call(call, types::bigint(), divided<kMicrosPerSecond>);
    return true;
  }
  if (id != TypeId::string && id != TypeId::null && id != TypeId::variant) {
    return refuse(error, 0, "expected timestamp or string, got " + input.types[0]->name());
  }
  return over_date_pattern(types::string(), types::bigint(), parse_texts<Parsed::seconds, Mismatch::error>, kFails)(
      input, call, error);
}

constexpr const char* kOverflow = "timestamp overflow: the result is out of range";

template <Int kFactor>
std::shared_ptr<Column> multiplied(const CallContext& context, Args args) {
  return map_checked<Int, Int>(context, args, [](Int value, Int& out) {
    return __builtin_mul_overflow(value, kFactor, &out) ? kOverflow : nullptr;
  });
}

std::shared_ptr<Column> seconds_of_double(const CallContext& context, Args args) {
  Output<Int> out(context);
  for_rows<double>(context, args, [&](std::uint32_t row, double seconds) {
    const double micros = seconds * 1e6;
    if (std::isnan(seconds) || std::isinf(seconds)) return out.set_null(row);
    const bool fits = micros > -9.2e18 && micros < 9.2e18;
    out[row] = fits ? static_cast<Int>(micros) : 0;
    if (!fits) context.errors->add(row, kOverflow);
  });
  return out.take();
}

// A decimal(38,6) holds microseconds.
std::shared_ptr<Column> seconds_of_decimal(const CallContext& context, Args args) {
  return map_checked<Int, Int128>(context, args, [](Int128 micros, Int& out) {
    out = static_cast<Int>(micros);
    return out == micros ? nullptr : kOverflow;
  });
}

std::string no_such_date(Int year, Int month, Int day) {
  return "there is no date " + std::to_string(year) + "-" + std::to_string(month) + "-" + std::to_string(day);
}

bool is_date(Int year, Int month, Int day) {
  return year >= -290'000 && year <= 290'000 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days_in_month(year, static_cast<unsigned>(month));
}

std::shared_ptr<Column> make_date(const CallContext& context, Args args) {
  Output<Int> out(context);
  for_rows<Int, Int, Int>(context, args, [&](std::uint32_t row, Int year, Int month, Int day) {
    const bool good = is_date(year, month, day);
    out[row] = good ? days_from_civil({year, static_cast<unsigned>(month), static_cast<unsigned>(day)}) : 0;
    if (!good) context.errors->add(row, no_such_date(year, month, day));
  });
  return out.take();
}

// 60 seconds are the next minute.
template <class S, Mismatch kMismatch>
std::shared_ptr<Column> make_timestamp(const CallContext& context, Args args) {
  Output<Int> out(context);
  const Reader<Int> hours(*args[3]);
  const Reader<Int> minutes(*args[4]);
  const Reader<S> seconds(*args[5]);
  for_rows<Int, Int, Int>(context, args, [&](std::uint32_t row, Int year, Int month, Int day) {
    const bool is_double = std::is_same_v<S, double>;
    const double exact = is_double ? std::round(static_cast<double>(seconds[row]) * 1e6) : 0;
    const bool small = is_double ? exact >= 0 && exact < 1e9 : seconds[row] >= S{0} && seconds[row] < S{1'000'000'000};
    const Int micros = !small ? -1 : is_double ? static_cast<Int>(exact) : static_cast<Int>(seconds[row]);
    const Int hour = hours[row];
    const Int minute = minutes[row];
    const bool time =
        hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && micros >= 0 && micros <= 60 * kMicrosPerSecond;
    out[row] = 0;
    if (time && is_date(year, month, day)) {
      const Int days = days_from_civil({year, static_cast<unsigned>(month), static_cast<unsigned>(day)});
      out[row] = days * kMicrosPerDay + (hour * 60 + minute) * 60 * kMicrosPerSecond + micros;
    } else if (kMismatch == Mismatch::null) {
      out.set_null(row);
    } else {
      context.errors->add(row, time ? no_such_date(year, month, day) : "there is no such time of a date");
    }
  });
  return out.take();
}

template <Mismatch kMismatch>
Resolver over_parts() {
  const TypeRef n = types::bigint();
  const TypeRef time = types::timestamp();
  const CallTraits traits{.can_fail = kMismatch == Mismatch::error, .turns_null = kMismatch == Mismatch::null};
  return overloaded({{{n, n, n, n, n, types::decimal(38, 6)}, time, make_timestamp<Int128, kMismatch>, traits},
                     {{n, n, n, n, n, types::float64()}, time, make_timestamp<double, kMismatch>, traits}});
}

void register_unix(Family& dates) {
  const TypeRef number = types::bigint();
  const TypeRef time = types::timestamp();
  const auto add = [&](std::string signature, std::string summary, std::string example, Resolver rule) {
    dates.add({{1, 1}, std::move(signature), std::move(summary), std::move(example), std::move(rule)});
  };
  add("unix_seconds(t)", "Gives the whole seconds since 1970.", "unix_seconds(timestamp '1970-01-01 00:00:01.5') = 1",
      fixed({time}, number, divided<kMicrosPerSecond>));
  add("unix_millis(t)", "Gives the whole milliseconds since 1970.",
      "unix_millis(timestamp '1970-01-01 00:00:01.5') = 1500", fixed({time}, number, divided<1000>));
  add("unix_micros(t)", "Gives the microseconds since 1970.",
      "unix_micros(timestamp '1970-01-01 00:00:01.5') = 1500000", fixed({time}, number, divided<1>));
  add("unix_date(dt)", "Gives the days since 1970.", "unix_date(date '1970-01-02') = 1",
      fixed({types::date()}, number, divided<1>));
  add("date_from_unix_date(n)", "Gives the date n days after 1970-01-01.", "date_from_unix_date(1) = date '1970-01-02'",
      fixed({number}, types::date(), divided<1>));
  add("timestamp_seconds(n)", "Gives the timestamp n seconds after 1970.",
      "timestamp_seconds(1.5) = timestamp '1970-01-01 00:00:01.5'",
      overloaded({{{number}, time, multiplied<kMicrosPerSecond>, kFails},
                  {{types::decimal(38, 6)}, time, seconds_of_decimal, kFails},
                  {{types::float64()}, time, seconds_of_double, {.can_fail = true, .turns_null = true}}}));
  add("timestamp_millis(n)", "Gives the timestamp n milliseconds after 1970.",
      "timestamp_millis(1500) = timestamp '1970-01-01 00:00:01.5'", fixed({number}, time, multiplied<1000>, kFails));
  add("timestamp_micros(n)", "Gives the timestamp n microseconds after 1970.",
      "timestamp_micros(1500000) = timestamp '1970-01-01 00:00:01.5'", fixed({number}, time, multiplied<1>, kFails));
  dates.add({{0, 2},
             "unix_timestamp([t [, pattern]])",
             "Gives the seconds since 1970 of a time, of a text by a pattern, or of the batch.",
             "unix_timestamp('05/01/1970', 'dd/MM/yyyy') = 345600",
             resolve_unix_timestamp});
  dates.alias("to_unix_timestamp", "unix_timestamp");
  dates.add({{1, 2},
             "from_unixtime(n [, pattern])",
             "Writes the time n seconds after 1970, as `yyyy-MM-dd HH:mm:ss` unless there is a pattern.",
             "from_unixtime(0) = '1970-01-01 00:00:00'",
             over_date_pattern(number, types::string(), format_seconds, kFails)});
}

void register_making(Family& dates) {
  const TypeRef n = types::bigint();
  dates.add({{3, 3},
             "make_date(y, m, d)",
             "Makes a date; a day that does not exist is an error.",
             "make_date(2024, 2, 29) = date '2024-02-29'",
             fixed({n, n, n}, types::date(), make_date, kFails)});
  dates.add({{6, 6},
             "make_timestamp(y, m, d, h, mi, s)",
             "Makes a timestamp; the second may have a fraction.",
             "make_timestamp(2024, 2, 29, 1, 2, 3.5) = timestamp '2024-02-29 01:02:03.5'",
             over_parts<Mismatch::error>()});
  dates.add({{6, 6},
             "try_make_timestamp(y, m, d, h, mi, s)",
             "The same, but NULL where there is no such time.",
             "try_make_timestamp(2024, 2, 30, 1, 2, 3) is null",
             over_parts<Mismatch::null>()});
}

}  // namespace

void register_date_convert(FunctionRegistry& registry) {
  Family dates(registry, "dates and times");
  register_unix(dates);
  register_making(dates);
  dates.add({{1, 2},
             "to_date(s [, pattern])",
             "Reads a date by a pattern, or casts.",
             "to_date('05/01/2024', 'dd/MM/yyyy') = date '2024-01-05'",
             over_time_text(types::date(), parse_texts<Parsed::days, Mismatch::error>)});
  dates.add({{1, 2},
             "to_timestamp(s [, pattern])",
             "Reads a timestamp by a pattern, or casts.",
             "to_timestamp('05/01/2024 10:11', 'dd/MM/yyyy HH:mm') = timestamp '2024-01-05 10:11:00'",
             over_time_text(types::timestamp(), parse_texts<Parsed::micros, Mismatch::error>)});
  dates.add({{1, 2},
             "try_to_timestamp(s [, pattern])",
             "The same, but NULL where the text is no such time.",
             "try_to_timestamp('x', 'yyyy') is null",
             resolve_try_timestamp});
  dates.add({{2, 2},
             "date_format(t, pattern)",
             "Writes a timestamp or date by a pattern.",
             "date_format(timestamp '2024-01-05 10:11:12', 'd/M/yyyy') = '5/1/2024'",
             over_date_pattern(types::timestamp(), types::string(), format_times, kFails)});
}

}  // namespace sr::expr
