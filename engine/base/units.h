// Durations, sizes and rates as the job language writes them. Tested in tests/unit/base.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sr {

// A span of time in whole milliseconds.
struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

// An amount of memory or data in bytes.
struct ByteSize {
  std::int64_t bytes = 0;
  auto operator<=>(const ByteSize&) const = default;
};

// Records per second.
struct Rate {
  double per_second = 0;
  auto operator<=>(const Rate&) const = default;
};

// Reads `250ms 10s 1m30s 2h 7d` (units ms, s, m, h, d, largest first, each once). Gives nothing for any other text or
// beyond 10^15 ms.
std::optional<Duration> parse_duration(std::string_view text);
// Reads `512B 64KiB 16MiB 1GiB 10kB 10KB 10MB 1GB`. Gives nothing for any other text or beyond 2^60.
std::optional<ByteSize> parse_size(std::string_view text);
// Reads `5000/s`; a fraction is fine.
std::optional<Rate> parse_rate(std::string_view text);

// Writes a duration so that parse_duration reads it back: `1m30s`, `0ms`.
std::string to_text(Duration duration);
std::string to_text(ByteSize size);
std::string to_text(Rate rate);

}  // namespace sr
