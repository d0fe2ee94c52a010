// deduplicate: lets a key's row pass if none of the key passed within the last `within`, also across batches: by event
// time where the rows have one, else by the batch's time. What passed is forgotten after that time, so the state is
// bounded.
//
//   once: {type: deduplicate, input: clicks, key: click_id, within: 10m}
//
// Tested in tests/jobs/deduplicate.yaml.
#include <algorithm>
#include <unordered_map>

#include "engine/flow/emit_rows.h"
#include "engine/state/keyed_state.h"
#include "operators/support/list_state.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct DeduplicateConfig {
  specs::KeyOption key;
  Duration within;
};

struct DeduplicatePlan {
  SchemaRef schema;
  std::vector<std::uint32_t> key;
  std::vector<Field> key_fields;
  std::vector<TypeRef> key_types;
  std::int64_t within_ms = 0;
  bool event_time = false;
};

class Deduplicate final : public flow::WholeBatch {
 public:
  explicit Deduplicate(DeduplicatePlan plan)
      : plan_(std::move(plan)), passed_(plan_.key_types, {types::bigint()}, true) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const Chunk table = flow::gather_input(plan_.schema, partials, 0);
    settled_ = true;
    if (!plan_.event_time) forget(context.tick.time_ms - plan_.within_ms);
    std::vector<ColumnRef> keys;
    for (const std::uint32_t column : plan_.key) keys.push_back(table.columns[column]);
    const std::uint32_t known = passed_.table().size();
    std::vector<std::uint32_t> groups(table.rows);
    passed_.table().find_or_insert(keys, table.selection(), groups.data());
    fill_new(context.tick.time_ms);
    flow::emit_rows(table, pass(table, groups, known, context.tick.time_ms), out);
    if (plan_.event_time && context.watermark != kNoWatermark) {
      // Times are kept in whole milliseconds, rounded down: a millisecond more keeps what is still near.
      forget(context.watermark == kEndOfTime ? kEndOfTime : context.watermark / 1000 - plan_.within_ms - 1);
    }
    passed_.tidy();
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override { passed_.encode(out); }
  Status restore(std::string_view in) override { return passed_.decode(&in); }
  void list_state(const Tick&, const flow::StateReader& read) override {
    const Field passed_at{"passed_at", types::timestamp()};
    const auto untimed = [&read](const flow::StateRows& listed) {
      flow::StateRows rows = listed;
      rows.rows.event_time = nullptr;  // the same again, in milliseconds
      read(rows);
    };
    list_keyed(passed_, {plan_.key_fields, {&passed_at, 1}}, untimed);
  }
  std::size_t state_bytes() const override { return passed_.memory_bytes(); }
  std::uint64_t state_keys() const override { return passed_.live(); }

 private:
  void forget(std::int64_t horizon_ms) {
    for (const std::uint32_t group : passed_.expired(horizon_ms)) {
      passed_.erase(group);
      settled_ = false;
    }
  }

  void fill_new(std::int64_t now_ms) {
    const std::uint32_t count = passed_.table().size() - passed_.filled();
    if (count == 0) return;
    Column zeros(types::bigint(), count);
    std::fill_n(zeros.make_values<std::int64_t>(count), count, std::int64_t{0});
    const ColumnRef column = std::make_shared<Column>(std::move(zeros));
    passed_.fill(std::span(&column, 1), now_ms);
  }

  std::int64_t time_us(const Chunk& table, std::uint32_t row, std::int64_t now_ms) const {
    return plan_.event_time && table.event_time ? table.event_time->get<std::int64_t>(row) : now_ms * 1000;
  }

  // The rows that pass; remembers when each key last passed.
  std::vector<std::uint32_t> pass(const Chunk& table, const std::vector<std::uint32_t>& groups, std::uint32_t known,
                                  std::int64_t now_ms) {
    const std::int64_t within_us = plan_.within_ms * 1000;
    std::unordered_map<std::uint32_t, std::int64_t> last;  // of the groups in this batch
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < table.rows; ++row) {
      const std::uint32_t group = groups[row];
      const std::int64_t at = time_us(table, row, now_ms);
      auto [entry, first] = last.try_emplace(group, at);
      bool passes = first;
      if (first && group < known) entry->second = passed_.values(std::span(&group, 1))[0]->get<std::int64_t>(0);
      if (!first || group < known) {
        const std::int64_t apart = at > entry->second ? at - entry->second : entry->second - at;
        passes = apart >= within_us;
      }
      if (!passes) continue;
      entry->second = at;
      rows.push_back(row);
    }
    remember(last);
    return rows;
  }

  void remember(const std::unordered_map<std::uint32_t, std::int64_t>& last) {
    for (const auto& [group, at] : last) {
      Column value(types::bigint(), 1);
      value.make_values<std::int64_t>(1)[0] = at;
      const std::uint32_t row = 0;
      passed_.store(0, std::span(&group, 1), value, std::span(&row, 1));
      passed_.touch(std::span(&group, 1), at / 1000);
    }
  }

  DeduplicatePlan plan_;
  bool settled_ = true;  // the last batch forgot no key
  KeyedState passed_;    // per key: the time (µs) of the row that passed last
};

std::optional<specs::BoundNode> bind_deduplicate(const DeduplicateConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto key = context.key_columns(config.key.columns, schema);
  if (config.key.present && config.key.columns.empty()) {
    context.error("SR4407", context.value_span("key"), "deduplicate needs at least one key column");
  }
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  if (!key || context.failed()) return bound;
  DeduplicatePlan plan{schema, *key, {}, {}, config.within.ms, context.inputs()[0].has_event_time};
  for (const std::uint32_t column : *key) {
    plan.key_fields.push_back(schema->fields[column]);
    plan.key_types.push_back(schema->fields[column].type);
    bound.state.push_back(schema->fields[column]);
  }
  bound.state_key_columns = bound.state.size();
  bound.state.push_back({"passed_at", types::bigint()});
  bound.state_shape = plan.event_time ? "event time" : "batch time";
  bound.stateful = true;
  bound.reads = [read = std::set<std::uint32_t>(key->begin(), key->end())](std::uint32_t,
                                                                           std::set<std::uint32_t> output) {
    output.insert(read.begin(), read.end());
    return output;
  };
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Deduplicate>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<DeduplicateConfig>> deduplicate_options() {
  auto table = std::make_shared<specs::OptionTable<DeduplicateConfig>>();
  table->option("key", &DeduplicateConfig::key)
      .required()
      .doc("The columns that tell whether rows are the same.")
      .example("click_id");
  table->option("within", &DeduplicateConfig::within)
      .required()
      .at_least(1)
      .doc("How long a row bars others of its key; the state holds the keys of that time.")
      .default_text("")
      .example("10m");
  return table;
}

}  // namespace

void register_deduplicate(specs::Registry& registry) {
  registry.add(specs::node<DeduplicateConfig>(
      {.name = "deduplicate",
       .group = "transforms",
       .summary = "Lets a key's row pass if none of the key passed within the last while, across batches.",
       .example = "once: {type: deduplicate, input: clicks, key: click_id, within: 10m}\n",
       .capabilities = {.stateful = true}},
      deduplicate_options(), bind_deduplicate));
}

}  // namespace sr::operators
