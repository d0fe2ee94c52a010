#include "engine/base/units.h"

#include <array>
#include <charconv>
#include <cmath>

namespace sr {

namespace {

constexpr std::int64_t kMaxDurationMs = 1'000'000'000'000'000;  // 10^15
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 60;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 10> kSizeUnits{{{"TiB", std::int64_t{1} << 40},
                                           {"GiB", std::int64_t{1} << 30},
                                           {"MiB", std::int64_t{1} << 20},
                                           {"KiB", std::int64_t{1} << 10},
                                           {"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"KB", 1'000},
                                           {"kB", 1'000},
                                           {"B", 1}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes a whole number without superfluous zeros off the front of `text`.
std::optional<std::int64_t> take_integer(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  if (size == 0 || (size > 1 && text[0] == '0')) return std::nullopt;
  std::int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + size, value).ec != std::errc()) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

// Takes the letters in front of the next digit off `text`.
std::string_view take_unit(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && !is_digit(text[size])) ++size;
  const std::string_view unit = text.substr(0, size);
  text.remove_prefix(size);
  return unit;
}

template <std::size_t N>
std::optional<std::size_t> find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (units[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next = 0;  // first unit that may still come
  while (!text.empty()) {
    const auto count = take_integer(text);
    if (!count) return std::nullopt;
    const auto unit = find_unit(kDurationUnits, take_unit(text));
    if (!unit || *unit < next) return std::nullopt;
    next = *unit + 1;
    const std::int64_t factor = kDurationUnits[*unit].factor;
    if (*count > (kMaxDurationMs - total) / factor) return std::nullopt;
    total += *count * factor;
  }
  return Duration{total};
}

std::optional<ByteSize> parse_size(std::string_view text) {
  const auto count = take_integer(text);
  if (!count) return std::nullopt;
  const auto unit = find_unit(kSizeUnits, text);
  if (!unit || *count > kMaxBytes / kSizeUnits[*unit].factor) return std::nullopt;
  return ByteSize{*count * kSizeUnits[*unit].factor};
}

std::optional<Rate> parse_rate(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !is_digit(end[-1])) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return unit == "/s" ? std::optional(Rate{value}) : std::nullopt;
}

std::string to_text(Duration duration) {
  if (duration.ms == 0) return "0ms";
  std::string text = duration.ms < 0 ? "-" : "";
  auto rest = static_cast<std::uint64_t>(duration.ms);
  if (duration.ms < 0) rest = 0 - rest;
  for (const Unit& unit : kDurationUnits) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (rest < factor) continue;
    text += std::to_string(rest / factor);
    text += unit.name;
    rest %= factor;
  }
  return text;
}

std::string to_text(ByteSize size) {
  for (const Unit& unit : kSizeUnits) {
    if (size.bytes != 0 && size.bytes % unit.factor == 0) {
      return std::to_string(size.bytes / unit.factor) + std::string(unit.name);
    }
  }
  return "0B";
}

std::string to_text(Rate rate) {
  std::array<char, 400> digits;  // the longest fixed double has 309 digits before the point
  const auto result =
      std::to_chars(digits.data(), digits.data() + digits.size(), rate.per_second, std::chars_format::fixed);
  return std::string(digits.data(), result.ptr) + "/s";
}

}  // namespace sr
