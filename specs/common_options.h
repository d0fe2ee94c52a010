// Options that every node of a kind takes, beside those of its type: input, format, on_error, event_time, rates,
// delivery, was. Entry points: CommonConfig, common_options. Tested in tests/diagnostics.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "specs/registry.h"
#include "specs/settings.h"

namespace sr::specs {

enum class OnErrorAction : std::uint8_t { fail, skip, route, retry };
template <>
struct EnumNames<OnErrorAction> {
  static const std::vector<std::string>& names();
};

struct BackoffConfig {
  Duration initial{100};
  Duration max{30000};
  double jitter = 0.2;
  bool present = false;
  Span span;
  static const std::shared_ptr<const OptionTable<BackoffConfig>>& table();
};

// `on_error: skip` or `on_error: {action: retry, attempts: 5, …}`.
struct OnErrorConfig {
  OnErrorAction action = OnErrorAction::fail;
  std::optional<std::int64_t> attempts;
  BackoffConfig backoff;
  std::optional<OnErrorAction> then;
  bool present = false;
  Span span;
  bool from_shorthand(const std::string& word);
  static const std::shared_ptr<const OptionTable<OnErrorConfig>>& table();
  // Whether failed rows go to the `errors` port.
  bool routes() const {
    return action == OnErrorAction::route || (action == OnErrorAction::retry && then == OnErrorAction::route);
  }
};

struct EventTimeConfig {
  NameOption field;
  ExprOption expr;
  Duration delay;
  std::optional<Duration> idle_after;
  bool present = false;
  Span span;
  static const std::shared_ptr<const OptionTable<EventTimeConfig>>& table();
};

enum class ReloadMode : std::uint8_t { never, on_change, every };

// `reload: never`, `reload: on_change`, `reload: {every: 1m, jitter: 0.1}`.
struct ReloadConfig {
  ReloadMode mode = ReloadMode::never;
  Duration every;
  double jitter = 0;
  bool present = false;
  bool from_shorthand(const std::string& word);
  void place(const SpecValue& map) {
    if (map.is_map()) mode = ReloadMode::every;
  }
  static const std::shared_ptr<const OptionTable<ReloadConfig>>& table();
};

struct CommonConfig {
  RawOption input;
  FormatConfig format;
  NameOption format_name;
  SchemaOption schema;
  std::string delimiter = ",";
  std::string quote = "\"";
  std::optional<bool> header;
  OnErrorConfig on_error;
  EventTimeConfig event_time;
  std::optional<Rate> max_rate;
  ByteSize max_record{1 << 20};
  std::optional<Delivery> delivery;
  NameOption was;
  EmitMode emit = EmitMode::on_close;
  KeyOption key;        // datasets
  ExprOption where;     // datasets
  ReloadConfig reload;  // datasets
};

// The table of the common options of a node type; those that the type has itself are left out.
std::shared_ptr<const OptionTable<CommonConfig>> common_options(const NodeInfo& info);

}  // namespace sr::specs
