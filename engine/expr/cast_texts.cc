// Casts to string, binary and variant, and to date and timestamp. Entry points: cast_to_text, cast_to_time.
// Tested in tests/unit/expr/cast_test.cc.
#include <cmath>

#include "engine/data/codec.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

constexpr std::int64_t kSecond = 1000000;
constexpr std::int64_t kDay = 86400 * kSecond;

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

using ParseTime = bool (*)(std::string_view, std::int64_t*);

std::shared_ptr<Column> parse_times(const CallContext& context, const ColumnRef& from, ParseTime parse) {
  Output<std::int64_t> out(context);
  const Reader<Str> texts(*from);
  context.selection.for_each([&](std::uint32_t row) {
    if (parse(texts[row].view(), &out[row])) return;
    out[row] = 0;
    context.errors->add(row, cast_message(texts[row].view(), *context.result));
  });
  return out.take();
}

// Seconds to microseconds; false beyond 64 bits.
bool micros_of(double seconds, std::int64_t& out) {
  const double micros = seconds * 1e6;
  if (!(micros > -9.2e18 && micros < 9.2e18)) return false;
  out = static_cast<std::int64_t>(micros);
  return true;
}

bool micros_of(std::int64_t seconds, std::int64_t& out) {
  return !__builtin_mul_overflow(seconds, kSecond, &out);
}

bool micros_of_decimal(Int128 value, int scale, std::int64_t& out) {
  Int128 micros = 0;
  if (!rescale(value, scale, 6, Rounding::down, &micros) || micros > INT64_MAX || micros < INT64_MIN) return false;
  out = static_cast<std::int64_t>(micros);
  return true;
}

template <class From, class F>
std::shared_ptr<Column> seconds_to_timestamp(const CallContext& context, const ColumnRef& from, F&& f) {
  Output<std::int64_t> out(context);
  const Reader<From> values(*from);
  context.selection.for_each([&](std::uint32_t row) {
    if (f(values[row], out[row])) return;
    out[row] = 0;
    context.errors->add(row, "timestamp overflow in a cast");
  });
  return out.take();
}

}  // namespace

std::shared_ptr<Column> cast_to_text(const CallContext& context, const ColumnRef& from) {
  StringOutput out(context);
  if (context.result->id != TypeId::variant && from->type->is_text()) {
    out.share(from);
    const Reader<Str> texts(*from);
    context.selection.for_each([&](std::uint32_t row) { out.set_view(row, texts[row]); });
    return out.take();
  }
  TextBuffer text;
  context.selection.for_each([&](std::uint32_t row) {
    text.clear();
    if (context.result->id == TypeId::variant) {
      write_json(text, *from, row);
    } else {
      write_text(text, *from, row);
    }
    out.set(row, text.view());
  });
  return out.take();
}

std::shared_ptr<Column> cast_to_time(const CallContext& context, const ColumnRef& from) {
  const ColumnRef args[] = {from};
  const bool to_date = context.result->id == TypeId::date;
  switch (from->type->id) {
    case TypeId::string:
      return parse_times(context, from, to_date ? parse_date : parse_timestamp);
    case TypeId::timestamp:
      return map_values<std::int64_t, std::int64_t>(context, args,
                                                    [](std::int64_t micros) { return floor_divide(micros, kDay); });
    case TypeId::date:
      return map_values<std::int64_t, std::int64_t>(context, args, [](std::int64_t days) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(days) * static_cast<std::uint64_t>(kDay));
      });
    case TypeId::float64:
      return seconds_to_timestamp<double>(context, from,
                                          [](double value, std::int64_t& to) { return micros_of(value, to); });
    case TypeId::decimal: {
      const int scale = from->type->scale;
      return seconds_to_timestamp<Int128>(
          context, from, [scale](Int128 value, std::int64_t& to) { return micros_of_decimal(value, scale, to); });
    }
    default:
      return seconds_to_timestamp<std::int64_t>(
          context, from, [](std::int64_t value, std::int64_t& to) { return micros_of(value, to); });
  }
}

}  // namespace sr::expr
