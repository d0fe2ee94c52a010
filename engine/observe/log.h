// The log of a job: a message with named values, as a line for people or as one JSON object a line. A Logger is handed
// to whoever speaks; there is no global one. Knows nothing of diagnostics (findings about a spec are not log lines).
// Tested in tests/unit/observe.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/env.h"

namespace sr {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { human, json };

// A named value of a log line.
struct LogField {
  std::string key;
  std::variant<std::string, std::int64_t, double, bool> value;

  LogField(std::string k, std::string v) : key(std::move(k)), value(std::move(v)) {}
  LogField(std::string k, std::string_view v) : key(std::move(k)), value(std::string(v)) {}
  LogField(std::string k, const char* v) : key(std::move(k)), value(std::string(v)) {}
  LogField(std::string k, double v) : key(std::move(k)), value(v) {}
  LogField(std::string k, bool v) : key(std::move(k)), value(v) {}
  template <std::integral I>
  LogField(std::string k, I v) : key(std::move(k)), value(static_cast<std::int64_t>(v)) {}
};

using LogFields = std::vector<LogField>;

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::human;
  bool color = false;        // of the level, in human format
  std::int64_t repeats = 5;  // lines with one message and first field in a period; more are counted, not written
  std::int64_t period_ms = 10'000;
};

// Writes log lines. Any thread.
class Logger {
 public:
  using Write = std::function<void(std::string_view line)>;  // the line ends with \n; called under the logger's lock

  // `clock` must outlive the logger. Without `write` lines go to stderr.
  explicit Logger(Clock& clock, LogOptions options = {}, Write write = {});

  bool enabled(LogLevel level) const { return level >= options_.level; }
  // Writes one line. Of lines with the same message and the same first field only a few come in each period; the next
  // one after that says how many were left out.
  void log(LogLevel level, std::string_view message, const LogFields& fields = {});
  void debug(std::string_view message, const LogFields& fields = {}) { log(LogLevel::debug, message, fields); }
  void info(std::string_view message, const LogFields& fields = {}) { log(LogLevel::info, message, fields); }
  void warn(std::string_view message, const LogFields& fields = {}) { log(LogLevel::warn, message, fields); }
  void error(std::string_view message, const LogFields& fields = {}) { log(LogLevel::error, message, fields); }

 private:
  struct Repeat {
    std::int64_t since_us = 0;
    std::int64_t written = 0;
    std::int64_t left_out = 0;
  };

  // Counts a line; false if it is one too many. `left_out` gets the number of lines dropped before it.
  bool admit(std::string key, std::int64_t& left_out);
  std::string format(LogLevel level, std::string_view message, const LogFields& fields) const;

  Clock& clock_;
  LogOptions options_;
  Write write_;
  std::mutex mutex_;
  std::map<std::string, Repeat, std::less<>> repeats_;
};

// Writes a wall-clock time as RFC 3339 in UTC with milliseconds.
std::string rfc3339_ms(std::int64_t wall_ms);

}  // namespace sr
