// How scalars become booleans, numbers, units, names and enums, and what is said of those that do not. Entry points:
// OptionCodec<…>::decode, decode_choice. Lists and maps are in option_codecs_nested.cc. Tested in tests/unit/specs and
// tests/diagnostics.
#include "specs/option_codecs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "specs/option_report.h"

namespace sr::specs {

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// `0` or `-?[1-9][0-9]*` within 64 bits.
std::optional<std::int64_t> read_integer(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (!is_digits(digits) || (digits[0] == '0' && text != "0")) return std::nullopt;
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc()) return std::nullopt;
  return value;
}

std::string without(std::string text, std::string_view chars) {
  std::erase_if(text, [&](char c) { return chars.find(c) != std::string_view::npos; });
  return text;
}

// The integer that was surely meant, or nothing.
std::string meant_integer(const std::string& written) {
  std::string text = without(written, "_, '");
  if (text.starts_with('+')) text.erase(0, 1);
  std::int64_t value = 0;
  const std::string low = ascii_lower(text);
  for (const auto& [prefix, base] : {std::pair{"0x", 16}, {"0o", 8}, {"0b", 2}}) {
    if (!low.starts_with(prefix)) continue;
    const auto end = std::from_chars(low.data() + 2, low.data() + low.size(), value, base);
    return end.ec == std::errc() && end.ptr == low.data() + low.size() ? std::to_string(value) : "";
  }
  const bool negative = text.starts_with('-');
  if (negative) text.erase(0, 1);
  if (is_digits(text)) {
    while (text.size() > 1 && text[0] == '0') text.erase(0, 1);
    return (negative && text != "0" ? "-" : "") + text;
  }
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || number != std::floor(number) || number > 1e15)
    return {};
  return fmt::format("{}{:.0f}", negative ? "-" : "", number);
}

// A number with something behind it: `5 sec`, `1.5h`. Gives false if it has not that form.
bool split_quantity(std::string_view text, double* number, std::string* unit) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (end.ec != std::errc() || !std::isfinite(*number) || *number < 0) return false;
  std::string_view rest(end.ptr, static_cast<std::size_t>(text.data() + text.size() - end.ptr));
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '_' || rest.front() == '-')) rest.remove_prefix(1);
  while (!rest.empty() && rest.back() == ' ') rest.remove_suffix(1);
  *unit = ascii_lower(rest);
  return true;
}

std::string meant_duration(const std::string& text) {
  double number = 0;
  std::string unit;
  if (const auto joined = parse_duration(ascii_lower(without(text, " "))); joined) return to_text(*joined);
  if (!split_quantity(text, &number, &unit)) return {};
  static const std::vector<std::pair<std::vector<std::string>, double>> units = {
      {{"ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"}, 1},
      {{"", "s", "sec", "secs", "second", "seconds"}, 1000},
      {{"m", "min", "mins", "minute", "minutes"}, 60000},
      {{"h", "hr", "hrs", "hour", "hours"}, 3600000},
      {{"d", "day", "days"}, 86400000},
      {{"w", "week", "weeks"}, 7 * 86400000.0}};
  if (unit.empty() && number == std::floor(number)) return fmt::format("{:.0f}s", number);
  for (const auto& [names, factor] : units) {
    if (std::find(names.begin(), names.end(), unit) == names.end()) continue;
    const double ms = std::round(number * factor);
    if (ms >= 0 && ms < 1e15) return to_text(Duration{static_cast<std::int64_t>(ms)});
  }
  return {};
}

std::string meant_size(const std::string& text) {
  double number = 0;
  std::string unit;
  if (!split_quantity(text, &number, &unit)) return {};
  static const std::vector<std::pair<std::string, std::string>> units = {
      {"k", "KiB"},   {"kb", "KB"}, {"kib", "KiB"}, {"ki", "KiB"},  {"m", "MiB"},  {"mb", "MB"}, {"mib", "MiB"},
      {"mi", "MiB"},  {"g", "GiB"}, {"gb", "GB"},   {"gib", "GiB"}, {"gi", "GiB"}, {"t", "TiB"}, {"tb", "TB"},
      {"tib", "TiB"}, {"b", "B"},   {"bytes", "B"}, {"byte", "B"},  {"", "B"}};
  for (const auto& [name, proper] : units) {
    if (name != unit) continue;
    if (number == std::floor(number)) return fmt::format("{:.0f}{}", number, proper);
  }
  return {};
}

std::string meant_rate(const std::string& text) {
  double number = 0;
  std::string unit;
  if (!split_quantity(text, &number, &unit)) return {};
  unit = without(unit, " ");
  if (unit == "/m" || unit == "/min" || unit == "/minute" || unit == "perminute") number /= 60, unit = "/s";
  if (unit == "/h" || unit == "/hour" || unit == "perhour") number /= 3600, unit = "/s";
  const bool whole = number == std::floor(number);
  const std::string count = whole ? fmt::format("{:.0f}", number) : fmt::format("{:.3g}", number);
  if (unit.empty() || unit == "/s" || unit == "/sec" || unit == "/second" || unit == "persecond" || unit == "rps")
    return count + "/s";
  return {};
}

// What a unit option says of a text that it does not take.
struct UnitWords {
  const char* code;
  const char* what;      // "duration"
  const char* examples;  // "`250ms`, `10s`, …"
  std::string meant;     // the text that was probably meant
};

bool report_unit(const SpecValue& value, const OptionInfo& row, const DecodeContext& context, UnitWords words) {
  double number = 0;
  std::string unit;
  const bool bare = split_quantity(value.text, &number, &unit) && unit.empty();
  const bool negative = value.text.starts_with('-');
  std::string message = bare       ? fmt::format("`{}` has no unit: `{}` is no {}", row.name, value.text, words.what)
                        : negative ? fmt::format("`{}` cannot be negative: `{}`", row.name, value.text)
                                   : fmt::format("`{}` is no {}: `{}`", value.text, words.what, row.name);
  return report_value(
      {.code = words.code, .message = std::move(message), .help = words.examples, .suggestion = std::move(words.meant)},
      value, context);
}

// The choice that was surely meant, or nothing.
std::string meant_choice(const std::string& text, const std::vector<std::string>& choices) {
  std::string meant = ascii_lower(text);
  std::replace(meant.begin(), meant.end(), '-', '_');
  if (std::find(choices.begin(), choices.end(), "true") != choices.end()) {
    if (meant == "yes" || meant == "on" || meant == "1") return "true";
    if (meant == "no" || meant == "off" || meant == "0") return "false";
  }
  std::string near = nearest(meant, choices);
  for (const std::string& choice : choices) {
    if (near.empty() && meant.size() >= 3 && (choice.starts_with(meant) || meant.starts_with(choice))) near = choice;
  }
  return near;
}

// Whether a scalar may be taken for a number or a boolean.
bool may_convert(const SpecValue& value, const OptionInfo& row, const DecodeContext& context, const char* code) {
  if (value.style == SpecValue::Style::plain || value.interpolated) return true;
  return report_value({.code = code,
                       .message = fmt::format("`{}` is quoted, so it is a string: `{}`", row.name, value.text),
                       .help = "write it without quotes",
                       .suggestion = value.text},
                      value, context);
}

}  // namespace

bool OptionCodec<bool>::decode(const SpecValue& value, bool& out, const OptionInfo& row, const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "true or false")) return false;
  if (value.text == "true" || value.text == "false") {
    out = value.text == "true";
    return may_convert(value, row, context, "SR2101");
  }
  const std::string low = ascii_lower(value.text);
  std::string meant;
  for (const char* word : {"true", "yes", "on", "y", "1", "t", "enabled"}) meant = low == word ? "true" : meant;
  for (const char* word : {"false", "no", "off", "n", "0", "f", "disabled"}) meant = low == word ? "false" : meant;
  if (meant.empty()) meant = nearest(low, {"true", "false"});
  return report_value(
      {.code = "SR2101",
       .message = fmt::format("`{}` is a boolean: `{}` is neither true nor false", row.name, value.text),
       .help = "booleans are only `true` and `false`",
       .suggestion = meant},
      value, context);
}

std::string OptionCodec<bool>::text(const bool& value) {
  return value ? "true" : "false";
}

bool OptionCodec<std::int64_t>::decode(const SpecValue& value, std::int64_t& out, const OptionInfo& row,
                                       const DecodeContext& context) {
  if (value.opaque) return true;
  const char* what = row.port ? "a port number" : "a whole number";
  if (!is_scalar_value(value, row, context, what)) return false;
  const auto integer = read_integer(value.text);
  if (!integer) {
    const std::string meant = meant_integer(value.text);
    const std::string message = is_digits(value.text) && value.text[0] != '0'
                                    ? fmt::format("`{}` is out of range: {}", row.name, value.text)
                                    : fmt::format("`{}` is {}, not `{}`", row.name, what, value.text);
    return report_value({.code = "SR2102",
                         .message = message,
                         .help = "whole numbers are written like `0`, `42` or `-7`",
                         .suggestion = meant},
                        value, context);
  }
  if (!may_convert(value, row, context, "SR2102")) return false;
  out = *integer;
  const std::int64_t min = row.min.value_or(row.port ? 0 : INT64_MIN);
  const std::int64_t max = row.max.value_or(row.port ? 65535 : INT64_MAX);
  return check_range(out, {min, max, [](std::int64_t v) { return std::to_string(v); }, &row}, value, context);
}

std::string OptionCodec<std::int64_t>::text(const std::int64_t& value) {
  return std::to_string(value);
}

bool OptionCodec<double>::decode(const SpecValue& value, double& out, const OptionInfo& row,
                                 const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "a number")) return false;
  std::string_view text = value.text;
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool octal = digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool letters = text.find_first_of("nxNX_") != std::string_view::npos;  // nan, inf, 0x1F
  if (octal || letters || end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return report_value({.code = "SR2103",
                         .message = fmt::format("`{}` is a number, not `{}`", row.name, value.text),
                         .help = "numbers are written like `0.5`, `42` or `1e-3`",
                         .suggestion = meant_integer(value.text)},
                        value, context);
  }
  if (!may_convert(value, row, context, "SR2103")) return false;
  out = number;
  const bool low = row.min && number < static_cast<double>(*row.min);
  if (!low && !(row.max && number > static_cast<double>(*row.max))) return true;
  return report_value({.code = "SR2108",
                       .message = fmt::format("`{}` is out of range: {}", row.name, value.text),
                       .help = range_text(row, [](std::int64_t v) { return std::to_string(v); })},
                      value, context);
}

std::string OptionCodec<double>::text(const double& value) {
  return fmt::format("{}", value);
}

bool OptionCodec<std::string>::decode(const SpecValue& value, std::string& out, const OptionInfo& row,
                                      const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "a string")) return false;
  out = value.text;
  return row.choices.empty() || decode_choice(value, row.choices, row, context) >= 0;
}

std::string OptionCodec<std::string>::text(const std::string& value) {
  if (value.empty()) return {};
  const bool plain =
      value.find_first_of(":#,[]{}'\"&*!|>%@` \t\n") == std::string::npos && value != "true" && value != "false";
  return plain ? value : "'" + (value == "'" ? "''" : value) + "'";
}

bool OptionCodec<Duration>::decode(const SpecValue& value, Duration& out, const OptionInfo& row,
                                   const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "a duration with its unit, such as `10s`")) return false;
  const auto duration = parse_duration(value.text);
  if (!duration) {
    return report_unit(value, row, context,
                       {"SR2104", "duration", "durations carry their units: `250ms`, `10s`, `1m30s`, `2h`, `7d`",
                        meant_duration(value.text)});
  }
  out = *duration;
  return check_range(out.ms,
                     {row.min.value_or(INT64_MIN), row.max.value_or(INT64_MAX),
                      [](std::int64_t v) { return to_text(Duration{v}); }, &row},
                     value, context);
}

std::string OptionCodec<Duration>::text(const Duration& value) {
  return to_text(value);
}

bool OptionCodec<ByteSize>::decode(const SpecValue& value, ByteSize& out, const OptionInfo& row,
                                   const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "a size with its unit, such as `64KiB`")) return false;
  const auto size = parse_size(value.text);
  if (!size) {
    return report_unit(
        value, row, context,
        {"SR2105", "size", "sizes carry their units: `512B`, `64KiB` (1024), `10MB` (1000)", meant_size(value.text)});
  }
  out = *size;
  return check_range(out.bytes,
                     {row.min.value_or(INT64_MIN), row.max.value_or(INT64_MAX),
                      [](std::int64_t v) { return to_text(ByteSize{v}); }, &row},
                     value, context);
}

std::string OptionCodec<ByteSize>::text(const ByteSize& value) {
  return to_text(value);
}

bool OptionCodec<Rate>::decode(const SpecValue& value, Rate& out, const OptionInfo& row, const DecodeContext& context) {
  if (value.opaque) return true;
  if (!is_scalar_value(value, row, context, "a rate such as `5000/s`")) return false;
  const auto rate = parse_rate(value.text);
  if (!rate || rate->per_second <= 0) {
    return report_unit(value, row, context,
                       {"SR2106", "rate", "a rate is a number a second: `5000/s`, `0.5/s`", meant_rate(value.text)});
  }
  out = *rate;
  return true;
}

std::string OptionCodec<Rate>::text(const Rate& value) {
  return value.per_second == 0 ? "" : to_text(value);
}

int decode_choice(const SpecValue& value, const std::vector<std::string>& names, const OptionInfo& row,
                  const DecodeContext& context) {
  const std::vector<std::string>& allowed = row.choices.empty() ? names : row.choices;
  std::string list;
  for (const std::string& name : allowed) list += (list.empty() ? "" : ", ") + name;
  if (!is_scalar_value(value, row, context, "one of " + list)) return -1;
  const auto at = std::find(names.begin(), names.end(), value.text);
  if (at != names.end() && std::find(allowed.begin(), allowed.end(), value.text) != allowed.end()) {
    return static_cast<int>(at - names.begin());
  }
  report_value({.code = "SR2107",
                .message = fmt::format("unknown value `{}` of `{}`", value.text, row.name),
                .help = fmt::format("`{}` is one of {}", row.name, list),
                .suggestion = meant_choice(value.text, allowed)},
               value, context);
  return -1;
}

int decode_shorthand(const SpecValue& value, const OptionInfo& row, const DecodeContext& context) {
  const auto at = std::find(row.shorthands.begin(), row.shorthands.end(), value.text);
  if (at != row.shorthands.end()) return static_cast<int>(at - row.shorthands.begin());
  std::string list;
  for (const std::string& name : row.shorthands) list += name + ", ";
  report_value(
      {.code = "SR2107",
       .message = fmt::format("unknown value `{}` of `{}`", value.text, row.name),
       .help = fmt::format("`{}` is {}or a map of {}", row.name, list, row.block ? row.block->list_text() : "options"),
       .suggestion = meant_choice(value.text, row.shorthands)},
      value, context);
  return -1;
}

}  // namespace sr::specs
