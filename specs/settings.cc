// Entry points: the tables of the settings blocks, settings_blocks, parse_address.
#include "specs/settings.h"

#include <charconv>

namespace sr::specs {

#define SR_ENUM_NAMES(E, ...)                                         \
  const std::vector<std::string>& EnumNames<E>::names() {             \
    static const std::vector<std::string> names_list = {__VA_ARGS__}; \
    return names_list;                                                \
  }
SR_ENUM_NAMES(Delivery, "at_most_once", "at_least_once", "exactly_once")
SR_ENUM_NAMES(CheckpointMode, "async", "sync")
SR_ENUM_NAMES(OnIncompatible, "fail", "reset_changed", "reset_all")
SR_ENUM_NAMES(WalFsync, "group", "batch", "none")
SR_ENUM_NAMES(WalOnFull, "block", "fail")
SR_ENUM_NAMES(LogLevel, "debug", "info", "warn", "error", "off")
SR_ENUM_NAMES(LogFormat, "human", "json")
#undef SR_ENUM_NAMES

namespace {

Span span_of(const SpecValue& map, std::string_view name) {
  const SpecValue* value = map.get(name);
  return value ? value->span : Span{};
}

}  // namespace

bool BackpressureConfig::from_shorthand(const std::string& word) {
  enabled = word == "true";
  return true;
}

const std::shared_ptr<const OptionTable<BackpressureConfig>>& BackpressureConfig::table() {
  static const std::shared_ptr<const OptionTable<BackpressureConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<BackpressureConfig>>();
    rows->option("proportional", &BackpressureConfig::proportional).at_least(0).doc("weight of the last error");
    rows->option("integral", &BackpressureConfig::integral).at_least(0).doc("weight of the accumulated error");
    rows->option("derivative", &BackpressureConfig::derivative).at_least(0).doc("weight of the error's change");
    rows->option("min_rate", &BackpressureConfig::min_rate).doc("the rate is never set lower").example("100/s");
    rows->option("initial_rate", &BackpressureConfig::initial_rate)
        .doc("records a second of each source until its first batch was measured")
        .example("10000/s");
    return rows;
  }();
  return table;
}

void BatchConfig::place(const SpecValue& map) {
  interval_span = span_of(map, "interval");
}

const std::shared_ptr<const OptionTable<BatchConfig>>& BatchConfig::table() {
  static const std::shared_ptr<const OptionTable<BatchConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<BatchConfig>>();
    rows->option("interval", &BatchConfig::interval)
        .required()
        .at_least(1)
        .default_text("")
        .doc("length of a batch; batches end at multiples of it since the epoch")
        .example("1s");
    rows->option("trigger", &BatchConfig::trigger)
        .doc("when batches run: at each interval, until the present input is drained, or as soon as there is input");
    rows->option("max_records", &BatchConfig::max_records)
        .at_least(1)
        .doc("most records of one batch over all sources, which share them evenly")
        .example("100000");
    rows->option("max_bytes", &BatchConfig::max_bytes)
        .at_least(1)
        .doc("most raw input of one batch over all sources")
        .example("64MiB");
    rows->option("max_queued", &BatchConfig::max_queued)
        .range(1, 1000000)
        .doc("batches that may wait; with more, reading pauses");
    rows->option("max_memory", &BatchConfig::max_memory)
        .at_least(1 << 20)
        .doc(
            "memory of received input and of the nodes' state: near it reading pauses and batches shrink, and a state "
            "that needs more stops the job; by default half of what the machine has")
        .example("2GiB");
    rows->option("workers", &BatchConfig::workers)
        .range(1, 1024)
        .doc("worker threads; by default the CPUs the process may use")
        .example("4");
    rows->option("backpressure", &BatchConfig::backpressure)
        .shorthands({"false", "true"})
        .default_text("false")
        .doc("adapts the rate of each source to what the batches and their sinks can take");
    return rows;
  }();
  return table;
}

void CheckpointConfig::place(const SpecValue& map) {
  dir_span = span_of(map, "dir");
}

const std::shared_ptr<const OptionTable<CheckpointConfig>>& CheckpointConfig::table() {
  static const std::shared_ptr<const OptionTable<CheckpointConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<CheckpointConfig>>();
    rows->option("dir", &CheckpointConfig::dir)
        .required()
        .doc("the folder that keeps the job's state")
        .example("./state/my-job");
    rows->option("interval", &CheckpointConfig::interval).at_least(1).doc("time between two checkpoints");
    rows->option("retain", &CheckpointConfig::retain).range(1, 1000).doc("checkpoints that are kept");
    rows->option("mode", &CheckpointConfig::mode).doc("whether batches wait until a checkpoint is on disk");
    rows->option("on_incompatible", &CheckpointConfig::on_incompatible)
        .doc("what to do with state that an edited job cannot take over");
    return rows;
  }();
  return table;
}

void WalConfig::place(const SpecValue& map) {
  dir_span = span_of(map, "dir");
}

const std::shared_ptr<const OptionTable<WalConfig>>& WalConfig::table() {
  static const std::shared_ptr<const OptionTable<WalConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<WalConfig>>();
    rows->option("dir", &WalConfig::dir)
        .required()
        .doc("the folder of the write-ahead log")
        .example("./state/my-job-wal");
    rows->option("fsync", &WalConfig::fsync).doc("when received input is forced to disk");
    rows->option("group_delay", &WalConfig::group_delay).range(0, 60000).doc("how long a group waits for more input");
    rows->option("segment_size", &WalConfig::segment_size)
        .range(4096, std::int64_t{1} << 40)
        .doc("size of one log file");
    rows->option("max_size", &WalConfig::max_size).at_least(4096).doc("size of the whole log").example("10GiB");
    rows->option("on_full", &WalConfig::on_full).doc("what happens at `max_size`");
    return rows;
  }();
  return table;
}

const std::shared_ptr<const OptionTable<ShutdownConfig>>& ShutdownConfig::table() {
  static const std::shared_ptr<const OptionTable<ShutdownConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<ShutdownConfig>>();
    rows->option("graceful", &ShutdownConfig::graceful).doc("process and commit what was received before stopping");
    rows->option("timeout", &ShutdownConfig::timeout)
        .at_least(0)
        .doc(
            "a stop that takes longer, whatever it waits for, is cut short with exit code 4; without `graceful`, and "
            "after a failure, that happens after 2 s");
    return rows;
  }();
  return table;
}

void ServerConfig::place(const SpecValue& map) {
  listen_span = span_of(map, "listen");
}

const std::shared_ptr<const OptionTable<ServerConfig>>& ServerConfig::table() {
  static const std::shared_ptr<const OptionTable<ServerConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<ServerConfig>>();
    rows->option("listen", &ServerConfig::listen)
        .doc("address of the status page, API and metrics")
        .example("127.0.0.1:4040");
    return rows;
  }();
  return table;
}

const std::shared_ptr<const OptionTable<LoggingConfig>>& LoggingConfig::table() {
  static const std::shared_ptr<const OptionTable<LoggingConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<LoggingConfig>>();
    rows->option("level", &LoggingConfig::level).doc("the least severe lines that are written");
    rows->option("format", &LoggingConfig::format).doc("lines for people, or one JSON object a line");
    return rows;
  }();
  return table;
}

const std::vector<SettingsBlock>& settings_blocks() {
  static const std::vector<SettingsBlock> blocks = {
      {"batch", "How the stream is cut into batches, and how much may be under way.", BatchConfig::table(), {}},
      {"checkpoint",
       "Where the job's state is kept, and how often; `none` keeps it in memory only.",
       CheckpointConfig::table(),
       {"none"}},
      {"wal", "A write-ahead log for sources that cannot replay their input.", WalConfig::table(), {}},
      {"shutdown", "What a signal does.", ShutdownConfig::table(), {}},
      {"server", "The status page, API and metrics.", ServerConfig::table(), {}},
      {"logging", "What the job says on stderr.", LoggingConfig::table(), {}},
  };
  return blocks;
}

std::optional<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size() || colon == 0) return std::nullopt;
  Address address;
  address.host = text.substr(0, colon);
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, address.port);
  if (read.ec != std::errc() || read.ptr != end || address.port < 0 || address.port > 65535) return std::nullopt;
  return address;
}

}  // namespace sr::specs
