#include "engine/observe/log.h"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace sr {

namespace {

constexpr std::size_t kMaxRepeatKeys = 1000;

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    default:
      return "error";
  }
}

const char* level_color(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "\x1b[2m";
    case LogLevel::info:
      return "\x1b[32m";
    case LogLevel::warn:
      return "\x1b[33m";
    default:
      return "\x1b[31m";
  }
}

std::string as_text(const LogField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const bool plain = !text->empty() && text->find_first_of(" \t\r\n\"=") == std::string::npos;
    return plain ? *text : nlohmann::json(*text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&field.value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&field.value)) return fmt::format("{:.6g}", *number);
  return std::get<bool>(field.value) ? "true" : "false";
}

nlohmann::ordered_json as_json(const LogField& field) {
  return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, field.value);
}

}  // namespace

std::string rfc3339_ms(std::int64_t wall_ms) {
  std::int64_t seconds = wall_ms / 1000;
  std::int64_t ms = wall_ms % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms);
}

Logger::Logger(Clock& clock, LogOptions options, Write write)
    : clock_(clock), options_(options), write_(std::move(write)) {
  if (!write_) write_ = [](std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); };
}

void Logger::log(LogLevel level, std::string_view message, const LogFields& fields) {
  if (!enabled(level)) return;
  std::string key(message);
  if (!fields.empty()) key += '\n' + as_text(fields.front());
  const std::lock_guard guard(mutex_);
  std::int64_t left_out = 0;
  if (!admit(std::move(key), left_out)) return;
  if (left_out == 0) return write_(format(level, message, fields));
  LogFields more = fields;
  more.emplace_back("left_out", left_out);
  write_(format(level, message, more));
}

bool Logger::admit(std::string key, std::int64_t& left_out) {
  const std::int64_t now = clock_.monotonic_us();
  if (repeats_.size() >= kMaxRepeatKeys && !repeats_.contains(key)) {
    std::erase_if(repeats_, [&](const auto& known) {
      return known.second.left_out == 0 && now - known.second.since_us >= options_.period_ms * 1000;
    });
    if (repeats_.size() >= kMaxRepeatKeys) return true;  // too many kinds to count: say it rather than lose it
  }
  const auto [found, fresh] = repeats_.try_emplace(std::move(key));
  Repeat& repeat = found->second;
  if (fresh || now - repeat.since_us >= options_.period_ms * 1000) {
    left_out = repeat.left_out;
    repeat = Repeat{now, 0, 0};
  }
  if (repeat.written >= options_.repeats) {
    ++repeat.left_out;
    return false;
  }
  ++repeat.written;
  return true;
}

std::string Logger::format(LogLevel level, std::string_view message, const LogFields& fields) const {
  const std::string time = rfc3339_ms(clock_.wall_ms());
  if (options_.format == LogFormat::json) {
    nlohmann::ordered_json line;
    line["time"] = time;
    line["level"] = level_name(level);
    line["message"] = message;
    for (const LogField& field : fields) line[field.key] = as_json(field);
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  std::string line = options_.color
                         ? fmt::format("{} {}{:<5}\x1b[0m {}", time, level_color(level), level_name(level), message)
                         : fmt::format("{} {:<5} {}", time, level_name(level), message);
  for (const LogField& field : fields) line += fmt::format(" {}={}", field.key, as_text(field));
  return line + "\n";
}

}  // namespace sr
