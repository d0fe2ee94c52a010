// update_state_by_key: a state per key that outlives the batch. The aggregates in `update` see this batch's rows of the
// key, `state.x` is the value before. Every known key is visited each batch, unless the engine can tell that a key
// without rows stays as it is.
//
//   totals:
//     type: update_state_by_key
//     input: sales
//     key: item
//     state: {sold: bigint}
//     init: {sold: 0}
//     update: {sold: state.sold + coalesce(sum(pieces), 0)}
//
// Tested in tests/jobs/update_state.yaml.
#include <algorithm>

#include "engine/flow/emit_rows.h"
#include "operators/support/initial_state.h"
#include "operators/support/keyed_node.h"
#include "operators/support/keyed_partials.h"
#include "operators/support/stateful.h"
#include "operators/support/unchanged.h"
#include "specs/registry.h"

namespace sr::operators {

enum class EmitKeys : std::uint8_t { all, changed };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::EmitKeys> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> list{"all", "changed"};
    return list;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

struct UpdateConfig {
  specs::KeyOption key;
  specs::SchemaOption state;
  specs::ExprMap init;
  specs::ExprMap update;
  specs::ExprOption drop_when;
  EmitKeys emit = EmitKeys::all;
  std::optional<Duration> ttl;
  specs::RawOption initial;
};

struct UpdatePlan {
  StateShape shape;
  SchemaRef schema;  // keys, then states
  std::vector<expr::AggregateCall> calls;
  // One per state column that `update` names: its place and its expression over keys, states, calls.
  struct Update {
    std::size_t column;
    expr::BoundRef value;
  };
  std::vector<Update> updates;
  expr::BoundRef drop_when;  // over keys, new states (x and state.x)
  bool emit_changed = false;
  bool visits_touched_only = false;
  std::int64_t ttl_ms = 0;
  InitialState initial;
};

class UpdateState final : public KeyedNode<flow::Breaker> {
 public:
  explicit UpdateState(const UpdatePlan& plan)
      : KeyedNode("update_state_by_key", plan.shape, plan.ttl_ms > 0), plan_(plan) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<KeyedPartial>(plan_.shape.key_types(), plan_.calls);
  }
  bool partials_join() const override { return joins_exactly(plan_.calls); }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    static_cast<KeyedPartial&>(partial).add({plan_.shape.key, plan_.calls}, chunk, context, errors);
    return {};
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    bool everything = !plan_.visits_touched_only;
    settled_ = started_;
    if (!started_) {
      if (!load_initial({plan_.initial, plan_.shape}, state_, context, out)) return {};
      everything = true;
      started_ = true;
    }
    const std::uint32_t known = state_.table().size();
    BatchGroups batch(plan_.calls, state_.table(), places_);
    for (flow::PlacedPartial& placed : partials) {
      if (placed.input == 0) batch.merge(static_cast<KeyedPartial&>(*placed.partial));
    }
    if (!fill_new(plan_.shape, state_, context, out)) return {};
    state_.touch(batch.touched(), context.tick.time_ms);
    if (plan_.ttl_ms > 0) {
      for (const std::uint32_t group : state_.expired(context.tick.time_ms - plan_.ttl_ms)) {
        state_.erase(group);
        settled_ = false;
      }
    }
    const std::vector<std::uint32_t> visits = everything ? state_.all() : batch.touched_in_order();
    settled_ = settled_ && visits.empty();
    for (std::size_t at = 0; at < visits.size(); at += kChunkRows) {
      const std::size_t count = std::min<std::size_t>(kChunkRows, visits.size() - at);
      if (!visit({std::span(visits).subspan(at, count), known, batch}, context, out)) return {};
    }
    state_.tidy();
    return {};
  }

 private:
  // A block of keys to update.
  struct Visit {
    std::span<const std::uint32_t> groups;
    std::uint32_t known;  // groups from here on are new in this batch
    BatchGroups& batch;
  };

  // What an update makes of a block of keys, a row each.
  struct Outcome {
    std::vector<ColumnRef> before;  // states
    std::vector<ColumnRef> after;
    std::vector<ColumnRef> result;  // keys and states, as they are emitted
    expr::RowErrors errors;
    Vec<std::uint32_t> dropped;
  };

  // Updates a block of keys and emits them. False: the batch has failed.
  bool visit(const Visit& block, const flow::BatchContext& context, flow::Emitter& out) {
    const std::span<const std::uint32_t> groups = block.groups;
    const auto count = static_cast<std::uint32_t>(groups.size());
    const std::vector<ColumnRef> keys = state_.table().keys(groups);
    Outcome outcome;
    outcome.before = state_.values(groups);
    expr::RowErrors& errors = outcome.errors;
    std::vector<ColumnRef> columns = keys;
    columns.insert(columns.end(), outcome.before.begin(), outcome.before.end());
    for (ColumnRef& value : block.batch.finish(groups, errors)) columns.push_back(std::move(value));
    const expr::EvalInput input{columns, count, Selection{nullptr, count}, &context.tick, context.seed};
    std::vector<ColumnRef>& after = outcome.after = outcome.before;
    for (const UpdatePlan::Update& update : plan_.updates)
      after[update.column] = expr::evaluate(*update.value, input, errors);
    std::vector<ColumnRef>& result = outcome.result = keys;
    result.insert(result.end(), after.begin(), after.end());
    if (plan_.drop_when) {
      std::vector<ColumnRef> seen = result;
      seen.insert(seen.end(), after.begin(), after.end());
      expr::select_true(*plan_.drop_when, {seen, count, Selection{nullptr, count}, &context.tick, context.seed}, errors,
                        outcome.dropped);
    }
    for (const expr::RowErrors::Item& item : errors.sorted()) {
      if (!out.fail_row(key_json(plan_.shape, keys, item.row), item.message)) return false;
    }
    settle(block, std::move(outcome), out);
    return true;
  }

  // Stores what changed, forgets what is dropped, emits the rest.
  void settle(const Visit& block, Outcome outcome, flow::Emitter& out) {
    const auto& [before, after, result, errors, dropped] = outcome;
    const std::span<const std::uint32_t> groups = block.groups;
    std::vector<std::uint32_t> rows, stored;
    auto emitted = std::make_shared<Vec<std::uint32_t>>();
    std::size_t next_drop = 0;
    for (std::uint32_t row = 0; row < groups.size(); ++row) {
      if (!errors.empty() && errors.failed(row)) continue;
      if (next_drop < dropped.size() && dropped[next_drop] == row) {
        ++next_drop;
        state_.erase(groups[row]);
        continue;
      }
      rows.push_back(row);
      stored.push_back(groups[row]);
      if (!plan_.emit_changed || groups[row] >= block.known || differs(before, after, row)) emitted->push_back(row);
    }
    for (const UpdatePlan::Update& update : plan_.updates)
      state_.store(update.column, stored, *after[update.column], rows);
    if (emitted->empty()) return;
    Chunk chunk{plan_.schema, std::move(outcome.result), static_cast<std::uint32_t>(groups.size()), nullptr, nullptr};
    if (emitted->size() != groups.size()) chunk.selected = std::move(emitted);
    out.emit(std::move(chunk));
  }

  static bool differs(const std::vector<ColumnRef>& before, const std::vector<ColumnRef>& after, std::uint32_t row) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] != after[i] && !equal_values(*before[i], row, *after[i], row)) return true;
    }
    return false;
  }

  const UpdatePlan plan_;
  Vec<std::uint32_t> places_;  // of BatchGroups
};

bool bind_updates(const UpdateConfig& config, specs::BindContext& context, UpdatePlan& plan) {
  expr::Scope outer;
  outer.what = "the key and the state";
  add_keys(plan.shape, outer);
  add_state(plan.shape, outer);
  auto bound = context.bind_aggregates(config.update, context.scope(), outer);
  if (!bound) return false;
  plan.calls = std::move(bound->calls);
  bool good = true;
  for (std::size_t i = 0; i < config.update.size(); ++i) {
    const specs::NamedExpr& item = config.update[i];
    const auto column = state_column(plan.shape, item, "update", context);
    if (!column) {
      good = false;
      continue;
    }
    expr::BoundRef value = fit_state(bound->results[i], plan.shape.state[*column], item.expr.value.span, context);
    good = good && value;
    plan.updates.push_back({*column, std::move(value)});
  }
  return good;
}

bool bind_drop(const UpdateConfig& config, specs::BindContext& context, UpdatePlan& plan) {
  if (!config.drop_when.present()) return true;
  expr::Scope scope;
  scope.what = "the key and the new state";
  add_keys(plan.shape, scope);
  for (const Field& field : plan.shape.state) scope.columns.push_back({"", field.name, field.type, false});
  add_state(plan.shape, scope);
  plan.drop_when = context.bind_condition(config.drop_when, scope, "`drop_when`");
  return plan.drop_when != nullptr;
}

// True if a key without rows keeps its state and is not dropped by anything but its state.
bool stays_without_rows(const UpdatePlan& plan) {
  const auto keys = static_cast<std::uint32_t>(plan.shape.key.size());
  const auto before_calls = keys + static_cast<std::uint32_t>(plan.shape.state.size());
  for (const UpdatePlan::Update& update : plan.updates) {
    const auto column = keys + static_cast<std::uint32_t>(update.column);
    if (!is_unchanged_without_rows(update.value, before_calls, plan.calls, column)) return false;
  }
  if (!plan.drop_when) return true;
  std::set<std::uint32_t> read;
  expr::collect_columns(*plan.drop_when, read);
  return plan.drop_when->deterministic && !read.empty();
}

specs::BoundNode bound_update(UpdatePlan plan, const UpdateConfig& config) {
  specs::BoundNode bound;
  bound.ports = {{"", plan.schema}};
  bound.keeps_event_time = false;
  bound.stateful = true;
  bound.state = plan.schema->fields;
  bound.state_key_columns = plan.shape.key.size();
  bound.state_shape = plan.ttl_ms > 0 ? "ttl" : "";
  if (config.emit == EmitKeys::changed) {
    bound.notes.push_back(plan.visits_touched_only ? "visits only the keys that have rows"
                                                   : "visits every known key each batch");
  }
  std::set<std::uint32_t> read(plan.shape.key.begin(), plan.shape.key.end());
  for (const expr::AggregateCall& call : plan.calls) {
    for (const expr::BoundRef& arg : call.args) expr::collect_columns(*arg, read);
  }
  // Of the dataset of `initial` all is read.
  if (!plan.initial.input) bound.reads = [read](std::uint32_t, const std::set<std::uint32_t>&) { return read; };
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<UpdateState>(plan);
    return made;
  };
  return bound;
}

// What readers can count on where the rest is unknown.
specs::BoundNode named_columns(const UpdateConfig& config, specs::BindContext& context) {
  const SchemaRef input = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  std::vector<Field> fields;
  for (const specs::KeyOption::Column& key : config.key.columns) {
    const auto found = input ? input->find(key.name) : std::nullopt;
    fields.push_back({key.name, found ? input->fields[*found].type : nullptr});
  }
  fields.insert(fields.end(), config.state.fields.begin(), config.state.fields.end());
  specs::BoundNode bound;
  bound.ports = {{"", std::make_shared<const Schema>(std::move(fields))}};
  return bound;
}

std::optional<specs::BoundNode> bind_update(const UpdateConfig& config, specs::BindContext& context) {
  UpdatePlan plan;
  auto shape = bind_state_shape({&config.key, &config.state, &config.init, &config.update}, context);
  if (!shape) return named_columns(config, context);
  plan.shape = std::move(*shape);
  std::vector<Field> fields = plan.shape.key_fields;
  fields.insert(fields.end(), plan.shape.state.begin(), plan.shape.state.end());
  plan.schema = std::make_shared<const Schema>(fields);
  const bool updates = bind_updates(config, context, plan);
  const bool drop = bind_drop(config, context, plan);
  const bool initial = bind_initial(config.initial, plan.shape, context, plan.initial);
  if (!updates || !drop || !initial || context.failed()) return specs::BoundNode{.ports = {{"", plan.schema}}};
  plan.emit_changed = config.emit == EmitKeys::changed;
  plan.ttl_ms = config.ttl ? config.ttl->ms : 0;
  plan.visits_touched_only = plan.emit_changed && stays_without_rows(plan);
  return bound_update(std::move(plan), config);
}

std::shared_ptr<const specs::OptionTable<UpdateConfig>> update_options() {
  auto table = std::make_shared<specs::OptionTable<UpdateConfig>>();
  table->option("key", &UpdateConfig::key)
      .required()
      .doc("The columns that make a key; `[]` is one state for the whole stream.")
      .example("item");
  table->option("state", &UpdateConfig::state)
      .required()
      .doc("The columns of the state and their types.")
      .example("{sold: bigint}");
  table->option("init", &UpdateConfig::init)
      .required()
      .doc("What each state column is before the key's first batch.")
      .example("{sold: 0}");
  table->option("update", &UpdateConfig::update)
      .required()
      .doc(
          "The new state: aggregates see this batch's rows of the key, `state.x` is the value before; a column left "
          "out keeps its value.")
      .example("{sold: 'state.sold + coalesce(sum(pieces), 0)'}");
  table->option("drop_when", &UpdateConfig::drop_when)
      .doc("A key whose new state makes this true is forgotten and not emitted.")
      .example("sold = 0");
  table->option("emit", &UpdateConfig::emit)
      .doc("Emit every key each batch, or only new keys and those whose state changed.");
  table->option("ttl", &UpdateConfig::ttl)
      .at_least(1)
      .doc("A key without rows for so long is forgotten.")
      .example("24h");
  table->option("initial", &UpdateConfig::initial)
      .doc("States to start from: a list of rows, or a dataset.")
      .example("[{item: pen, sold: 7}]");
  return table;
}

}  // namespace

void register_update_state_by_key(specs::Registry& registry) {
  registry.add(specs::node<UpdateConfig>(
      {.name = "update_state_by_key",
       .group = "stateful",
       .summary = "Keeps a state per key that outlives the batch and is updated by aggregates over the batch's rows.",
       .example = "totals:\n  type: update_state_by_key\n  input: sales\n  key: item\n  state: {sold: bigint}\n  init: "
                  "{sold: 0}\n"
                  "  update: {sold: 'state.sold + coalesce(sum(pieces), 0)'}\n",
       .capabilities = {.stateful = true, .needs_checkpoint = true},
       .dataset_option = "initial"},
      update_options(), bind_update));
}

}  // namespace sr::operators
