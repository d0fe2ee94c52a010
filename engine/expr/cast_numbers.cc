// Casts to bigint, double, decimal and boolean. Entry points: cast_to_bigint and its like. Tested in
// tests/unit/expr/cast_test.cc.
#include <charconv>
#include <cmath>

#include "engine/data/codec.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/kernel.h"

namespace sr::expr {

namespace {

constexpr std::int64_t kSecond = 1000000;

std::string overflow_message(const Column& from, std::uint32_t row, const Type& to) {
  TextBuffer text;
  write_text(text, from, row);
  return "overflow: " + cast_message(text.view(), to);
}

// to = parse(text), or a row error that names the text.
template <class T, class Parse>
std::shared_ptr<Column> parse_texts(const CallContext& context, const ColumnRef& from, Parse&& parse) {
  const Column* args[] = {from.get()};
  Output<T> out(context);
  const Reader<Str> texts(*args[0]);
  context.selection.for_each([&](std::uint32_t row) {
    if (parse(texts[row].view(), out[row])) return;
    out[row] = T{};
    context.errors->add(row, cast_message(texts[row].view(), *context.result));
  });
  return out.take();
}

// out = f(value) where f says whether it fits.
template <class T, class From, class F>
std::shared_ptr<Column> convert(const CallContext& context, const ColumnRef& from, F&& f) {
  Output<T> out(context);
  const Reader<From> values(*from);
  context.selection.for_each([&](std::uint32_t row) {
    if (f(values[row], out[row])) return;
    out[row] = T{};
    context.errors->add(row, overflow_message(*from, row, *context.result));
  });
  return out.take();
}

bool truncate(double value, std::int64_t& out) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return false;
  out = static_cast<std::int64_t>(value);
  return true;
}

bool shortest_decimal(double value, const Type& to, Int128& out) {
  if (!std::isfinite(value)) return false;
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  return parse_decimal({digits, static_cast<std::size_t>(end - digits)}, to.precision, to.scale, &out) ==
         DecimalParse::ok;
}

std::shared_ptr<Column> text_to_decimal(const CallContext& context, const ColumnRef& from) {
  const Type& to = *context.result;
  Output<Int128> out(context);
  const Reader<Str> texts(*from);
  context.selection.for_each([&](std::uint32_t row) {
    const DecimalParse status = parse_decimal(texts[row].view(), to.precision, to.scale, &out[row]);
    if (status == DecimalParse::ok) return;
    out[row] = 0;
    const std::string message = cast_message(texts[row].view(), to);
    context.errors->add(row, status == DecimalParse::overflow ? "overflow: " + message : message);
  });
  return out.take();
}

}  // namespace

std::shared_ptr<Column> cast_to_bigint(const CallContext& context, const ColumnRef& from) {
  const ColumnRef args[] = {from};
  switch (from->type->id) {
    case TypeId::string:
      return parse_texts<std::int64_t>(
          context, from, [](std::string_view text, std::int64_t& out) { return parse_bigint(text, &out); });
    case TypeId::float64:
      return convert<std::int64_t, double>(context, from, truncate);
    case TypeId::decimal: {
      const int scale = from->type->scale;
      return convert<std::int64_t, Int128>(context, from, [scale](Int128 value, std::int64_t& out) {
        const Int128 whole = value / power_of_ten(scale);
        out = static_cast<std::int64_t>(whole);
        return whole >= INT64_MIN && whole <= INT64_MAX;
      });
    }
    case TypeId::boolean:
      return map_values<std::int64_t, std::uint8_t>(context, args, [](std::uint8_t value) { return value != 0; });
    default:  // timestamp: seconds, floor
      return map_values<std::int64_t, std::int64_t>(
          context, args, [](std::int64_t micros) { return micros / kSecond - (micros % kSecond < 0 ? 1 : 0); });
  }
}

std::shared_ptr<Column> cast_to_double(const CallContext& context, const ColumnRef& from) {
  const ColumnRef args[] = {from};
  switch (from->type->id) {
    case TypeId::string:
      return parse_texts<double>(context, from,
                                 [](std::string_view text, double& out) { return parse_double(text, &out); });
    case TypeId::bigint:
      return map_dense<double, std::int64_t>(context, args,
                                             [](std::int64_t value) { return static_cast<double>(value); });
    case TypeId::decimal: {
      const int scale = from->type->scale;
      return map_values<double, Int128>(context, args,
                                        [scale](Int128 value) { return decimal_to_double(value, scale); });
    }
    case TypeId::boolean:
      return map_values<double, std::uint8_t>(context, args, [](std::uint8_t value) { return value != 0 ? 1.0 : 0.0; });
    default:  // timestamp: seconds with their fraction
      return map_values<double, std::int64_t>(context, args,
                                              [](std::int64_t micros) { return static_cast<double>(micros) / 1e6; });
  }
}

std::shared_ptr<Column> cast_to_decimal(const CallContext& context, const ColumnRef& from) {
  const Type& to = *context.result;
  const int precision = to.precision, scale = to.scale;
  const auto settle = [precision, scale](Int128 value, int from_scale, Int128& out) {
    return rescale(value, from_scale, scale, Rounding::half_up, &out) && fits_precision(out, precision);
  };
  switch (from->type->id) {
    case TypeId::string:
      return text_to_decimal(context, from);
    case TypeId::bigint:
      return convert<Int128, std::int64_t>(context, from,
                                           [&](std::int64_t value, Int128& out) { return settle(value, 0, out); });
    case TypeId::boolean:
      return convert<Int128, std::uint8_t>(context, from,
                                           [&](std::uint8_t value, Int128& out) { return settle(value != 0, 0, out); });
    case TypeId::decimal: {
      const int from_scale = from->type->scale;
      return convert<Int128, Int128>(context, from,
                                     [&](Int128 value, Int128& out) { return settle(value, from_scale, out); });
    }
    case TypeId::float64:
      return convert<Int128, double>(context, from,
                                     [&](double value, Int128& out) { return shortest_decimal(value, to, out); });
    default:  // timestamp: seconds with their fraction
      return convert<Int128, std::int64_t>(context, from,
                                           [&](std::int64_t micros, Int128& out) { return settle(micros, 6, out); });
  }
}

std::shared_ptr<Column> cast_to_boolean(const CallContext& context, const ColumnRef& from) {
  const ColumnRef args[] = {from};
  switch (from->type->id) {
    case TypeId::string:
      return parse_texts<std::uint8_t>(context, from, [](std::string_view text, std::uint8_t& out) {
        bool value = false;
        const bool ok = parse_boolean(text, &value);
        out = value;
        return ok;
      });
    case TypeId::float64:
      return map_values<std::uint8_t, double>(context, args, [](double value) { return value != 0; });
    case TypeId::decimal:
      return map_values<std::uint8_t, Int128>(context, args, [](Int128 value) { return value != 0; });
    default:
      return map_values<std::uint8_t, std::int64_t>(context, args, [](std::int64_t value) { return value != 0; });
  }
}

}  // namespace sr::expr
