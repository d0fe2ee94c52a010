// The settings blocks of a job (`batch`, `checkpoint`, `wal`, `shutdown`, `server`, `logging`): a Config struct and an
// option table each. Entry points: the tables, settings_blocks. Knows nothing of nodes. Tested in tests/diagnostics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/observe/log.h"
#include "specs/bind.h"
#include "specs/options.h"

namespace sr::specs {

enum class Delivery : std::uint8_t { at_most_once, at_least_once, exactly_once };
enum class CheckpointMode : std::uint8_t { async, sync };
enum class OnIncompatible : std::uint8_t { fail, reset_changed, reset_all };
enum class WalFsync : std::uint8_t { group, batch, none };
enum class WalOnFull : std::uint8_t { block, fail };

// `backpressure: {…}`: the constants of a PID rate estimator, one for each source.
struct BackpressureConfig {
  bool present = false;
  bool enabled = false;
  double proportional = 1.0;
  double integral = 0.2;
  double derivative = 0.0;
  Rate min_rate{100};
  Rate initial_rate{10000};

  bool from_shorthand(const std::string& word);
  void place(const SpecValue& map) { enabled = map.is_map(); }
  static const std::shared_ptr<const OptionTable<BackpressureConfig>>& table();
};

struct BatchConfig {
  Duration interval{1000};
  Trigger trigger = Trigger::interval;
  std::optional<std::int64_t> max_records;
  std::optional<ByteSize> max_bytes;
  std::int64_t max_queued = 4;
  std::optional<ByteSize> max_memory;
  std::optional<std::int64_t> workers;
  BackpressureConfig backpressure;
  bool present = false;
  Span span;
  Span interval_span;

  void place(const SpecValue& map);
  static const std::shared_ptr<const OptionTable<BatchConfig>>& table();
};

struct CheckpointConfig {
  std::string dir;
  Duration interval{10000};
  std::int64_t retain = 2;
  CheckpointMode mode = CheckpointMode::async;
  OnIncompatible on_incompatible = OnIncompatible::fail;
  bool present = false;
  bool none = false;  // `checkpoint: none`
  Span span;
  Span dir_span;

  bool has_folder() const { return present && !none; }
  bool from_shorthand(const std::string&) { return none = true; }
  void place(const SpecValue& map);
  static const std::shared_ptr<const OptionTable<CheckpointConfig>>& table();
};

struct WalConfig {
  std::string dir;
  WalFsync fsync = WalFsync::group;
  Duration group_delay{5};
  ByteSize segment_size{64 << 20};
  std::optional<ByteSize> max_size;
  WalOnFull on_full = WalOnFull::block;
  bool present = false;
  Span span;
  Span key_span;
  Span dir_span;

  void place(const SpecValue& map);
  static const std::shared_ptr<const OptionTable<WalConfig>>& table();
};

struct ShutdownConfig {
  bool graceful = true;
  Duration timeout{30000};
  bool present = false;
  static const std::shared_ptr<const OptionTable<ShutdownConfig>>& table();
};

struct ServerConfig {
  std::string listen = "127.0.0.1:4040";
  bool present = false;
  Span span;
  Span listen_span;
  void place(const SpecValue& map);
  static const std::shared_ptr<const OptionTable<ServerConfig>>& table();
};

struct LoggingConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::human;
  bool present = false;
  static const std::shared_ptr<const OptionTable<LoggingConfig>>& table();
};

#define SR_ENUM_NAMES(E)                            \
  template <>                                       \
  struct EnumNames<E> {                             \
    static const std::vector<std::string>& names(); \
  }
SR_ENUM_NAMES(Delivery);
SR_ENUM_NAMES(CheckpointMode);
SR_ENUM_NAMES(OnIncompatible);
SR_ENUM_NAMES(WalFsync);
SR_ENUM_NAMES(WalOnFull);
SR_ENUM_NAMES(LogLevel);
SR_ENUM_NAMES(LogFormat);
#undef SR_ENUM_NAMES

// One settings block, for documentation and the JSON Schema.
struct SettingsBlock {
  std::string name;
  std::string summary;
  std::shared_ptr<const OptionTableBase> table;
  std::vector<std::string> shorthands;  // scalars that stand for the block
};
const std::vector<SettingsBlock>& settings_blocks();

// An address `host:port`, as `listen` takes it.
struct Address {
  std::string host;
  std::int64_t port = 0;
};
std::optional<Address> parse_address(const std::string& text);

}  // namespace sr::specs
