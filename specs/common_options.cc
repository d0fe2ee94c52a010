// Entry points: common_options and the tables of its blocks.
#include "specs/common_options.h"

namespace sr::specs {

const std::vector<std::string>& EnumNames<OnErrorAction>::names() {
  static const std::vector<std::string> names = {"fail", "skip", "route", "retry"};
  return names;
}

const std::shared_ptr<const OptionTable<BackoffConfig>>& BackoffConfig::table() {
  static const std::shared_ptr<const OptionTable<BackoffConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<BackoffConfig>>();
    rows->option("initial", &BackoffConfig::initial).at_least(1).doc("delay before the second attempt");
    rows->option("max", &BackoffConfig::max).at_least(1).doc("the delay doubles up to this");
    rows->option("jitter", &BackoffConfig::jitter).range(0, 1).doc("share of the delay that is random");
    return rows;
  }();
  return table;
}

bool OnErrorConfig::from_shorthand(const std::string& word) {
  action = word == "fail" ? OnErrorAction::fail : word == "skip" ? OnErrorAction::skip : OnErrorAction::route;
  return true;
}

const std::shared_ptr<const OptionTable<OnErrorConfig>>& OnErrorConfig::table() {
  static const std::shared_ptr<const OptionTable<OnErrorConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<OnErrorConfig>>();
    rows->option("action", &OnErrorConfig::action)
        .required()
        .doc("fail, skip, route, or (sinks) retry")
        .example("retry");
    rows->option("attempts", &OnErrorConfig::attempts)
        .at_least(1)
        .doc("how often a batch is tried; without it for ever")
        .example("5");
    rows->option("backoff", &OnErrorConfig::backoff).doc("delays between attempts");
    rows->option("then", &OnErrorConfig::then)
        .choices({"fail", "skip", "route"})
        .doc("what happens after the last attempt")
        .example("fail");
    return rows;
  }();
  return table;
}

const std::shared_ptr<const OptionTable<EventTimeConfig>>& EventTimeConfig::table() {
  static const std::shared_ptr<const OptionTable<EventTimeConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<EventTimeConfig>>();
    rows->option("field", &EventTimeConfig::field)
        .doc("the timestamp column that says when a row happened")
        .example("created_at");
    rows->option("expr", &EventTimeConfig::expr)
        .doc("a timestamp expression instead of a column")
        .example("to_timestamp(value.time)");
    rows->option("delay", &EventTimeConfig::delay)
        .at_least(0)
        .doc("how much later than the newest row others may come")
        .example("1m");
    rows->option("idle_after", &EventTimeConfig::idle_after)
        .at_least(1)
        .doc("a source silent for so long holds nothing up")
        .example("5m");
    return rows;
  }();
  return table;
}

bool ReloadConfig::from_shorthand(const std::string& word) {
  mode = word == "on_change" ? ReloadMode::on_change : ReloadMode::never;
  return true;
}

const std::shared_ptr<const OptionTable<ReloadConfig>>& ReloadConfig::table() {
  static const std::shared_ptr<const OptionTable<ReloadConfig>> table = [] {
    auto rows = std::make_shared<OptionTable<ReloadConfig>>();
    rows->option("every", &ReloadConfig::every).required().at_least(1).doc("time between two loads").example("10m");
    rows->option("jitter", &ReloadConfig::jitter).range(0, 1).doc("share of the time that is random");
    return rows;
  }();
  return table;
}

namespace {

void add_source_options(OptionTable<CommonConfig>& rows) {
  rows.option("event_time", &CommonConfig::event_time)
      .doc("when a row happened, for event-time windows")
      .example("{field: created_at, delay: 1m}");
  rows.option("max_rate", &CommonConfig::max_rate).doc("most records taken from this source").example("5000/s");
  rows.option("max_record", &CommonConfig::max_record).at_least(1).doc("a longer record is an error row");
}

void add_dataset_options(OptionTable<CommonConfig>& rows) {
  rows.option("key", &CommonConfig::key).doc("the columns that readers look rows up by").example("zone");
  rows.option("where", &CommonConfig::where).doc("rows that are kept").example("active");
  rows.option("reload", &CommonConfig::reload)
      .shorthands({"never", "on_change"})
      .default_text("never")
      .doc("when the data are read again: never, on_change or {every, jitter}");
}

void add_format_options(OptionTable<CommonConfig>& rows, const NodeInfo& info) {
  auto format = rows.option("format", &CommonConfig::format_name)
                    .default_text(info.default_format)
                    .doc("how records are written: text, json, csv or raw")
                    .example("json");
  if (info.default_format.empty()) format.required();
  if (info.kind != NodeKind::sink) {
    rows.option("schema", &CommonConfig::schema)
        .doc("the columns and their types")
        .example("{user: string, amount: bigint}");
  }
  rows.option("delimiter", &CommonConfig::delimiter).doc("csv: between two fields");
  rows.option("quote", &CommonConfig::quote).default_text("'\"'").doc("csv: around a field that holds a delimiter");
  rows.option("header", &CommonConfig::header)
      .doc("csv: whether the first line names the columns; false when read, true when written");
}

}  // namespace

std::shared_ptr<const OptionTable<CommonConfig>> common_options(const NodeInfo& info) {
  OptionTable<CommonConfig> rows;
  const bool reads = info.kind == NodeKind::transform || info.kind == NodeKind::sink;
  if (reads) {
    rows.option("input", &CommonConfig::input)
        .required()
        .doc("the node or nodes that are read")
        .example(info.inputs == Inputs::two_sided ? "{left: orders, right: users}" : "orders");
  }
  if (info.takes_format) add_format_options(rows, info);
  if (info.kind == NodeKind::source) add_source_options(rows);
  if (info.kind == NodeKind::dataset) add_dataset_options(rows);
  if (info.takes_window || info.group == "windows" || info.group == "joins") {
    rows.option("emit", &CommonConfig::emit).doc("when an event-time window's rows leave it");
  }
  if (info.kind == NodeKind::sink)
    rows.option("delivery", &CommonConfig::delivery)
        .doc("the guarantee that this sink must reach")
        .example("exactly_once");
  std::vector<std::string> actions = {"fail", "skip", "route"};
  rows.option("on_error", &CommonConfig::on_error)
      .shorthands(actions)
      .default_text("fail")
      .doc("what happens to a row that fails: fail the job, skip it, or route it to the port `errors`");
  if (info.kind != NodeKind::dataset)
    rows.option("was", &CommonConfig::was).doc("the id that the node had before, to keep its state").example("old_id");
  auto kept = std::make_shared<OptionTable<CommonConfig>>();
  for (std::size_t i = 0; i < rows.options().size(); ++i) {
    if (!info.options || !info.options->find(rows.options()[i].name)) kept->take(rows, i);
  }
  return kept;
}

}  // namespace sr::specs
