// The option table of windows and the names of their enums. Entry point: WindowConfig::table. The arithmetic is in
// bind_window.cc. Tested in tests/diagnostics.
#include "specs/bind.h"

namespace sr::specs {

const std::vector<std::string>& EnumNames<WindowType>::names() {
  static const std::vector<std::string> names = {"sliding", "tumbling", "session"};
  return names;
}

const std::vector<std::string>& EnumNames<WindowTime>::names() {
  static const std::vector<std::string> names = {"processing", "event"};
  return names;
}

const std::vector<std::string>& EnumNames<Trigger>::names() {
  static const std::vector<std::string> names = {"interval", "available_now", "eager"};
  return names;
}

const std::vector<std::string>& EnumNames<EmitMode>::names() {
  static const std::vector<std::string> names = {"on_close", "on_update", "every_batch"};
  return names;
}

const std::shared_ptr<const OptionTable<WindowConfig>>& WindowConfig::table() {
  static const std::shared_ptr<const OptionTable<WindowConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<WindowConfig>>();
    rows->option("size", &WindowConfig::size).at_least(1).doc("length of the window (not of a session)").example("60s");
    rows->option("slide", &WindowConfig::slide)
        .at_least(1)
        .doc("distance between two windows; by default the batch interval, below a windowed node its slide")
        .example("10s");
    rows->option("offset", &WindowConfig::offset).doc("shifts the windows against the epoch").example("5s");
    rows->option("time", &WindowConfig::time)
        .doc("which time counts: that of the batch, or `event_time` of the source")
        .example("event");
    rows->option("type", &WindowConfig::type)
        .doc("how windows lie: overlapping, end to end, or by activity")
        .example("tumbling");
    rows->option("gap", &WindowConfig::gap)
        .at_least(1)
        .doc("a session ends after so long without a row")
        .example("30s");
    rows->option("lateness", &WindowConfig::lateness)
        .at_least(0)
        .doc("how long a closed event-time window takes corrections")
        .example("10m");
    return rows;
  }();
  return table;
}

void WindowConfig::place(const SpecValue& map) {
  const auto at = [&](std::string_view name) {
    const SpecValue* value = map.get(name);
    return value ? value->span : Span{};
  };
  size_span = at("size");
  slide_span = at("slide");
  offset_span = at("offset");
  gap_span = at("gap");
  lateness_span = at("lateness");
  time_span = at("time");
  type_span = at("type");
}

}  // namespace sr::specs
