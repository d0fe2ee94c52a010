// map_with_state: a state per key, updated row by row in arrival order, with an output row for each. A key that is idle
// for `timeout` is forgotten, with a last row from `on_timeout` if there is one. `initial` gives states to start from;
// nothing is emitted for them before their first row, and their time-out counts from the first batch.
//
//   visits:
//     type: map_with_state
//     input: clicks
//     key: user
//     state: {n: bigint}
//     init: {n: 0}
//     update: {n: state.n + 1}
//     emit: {user: user, n: state.n}
//
// How rows are evaluated is state_rounds.h. Tested in tests/jobs/map_with_state.yaml.
#include <algorithm>

#include "engine/flow/emit_rows.h"
#include "operators/support/initial_state.h"
#include "operators/support/keyed_node.h"
#include "operators/support/state_rounds.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct MapStateConfig {
  specs::KeyOption key;
  specs::SchemaOption state;
  specs::ExprMap init;
  specs::ExprMap update;
  specs::ExprMap emit;
  std::optional<Duration> timeout;
  specs::ExprMap on_timeout;
  specs::RawOption initial;
};

struct MapStatePlan {
  StateShape shape;
  RoundsPlan rounds;
  std::vector<expr::BoundRef> timed_out;  // per column of `emit`, over keys and states; null: NULL
  std::int64_t timeout_ms = 0;
  InitialState initial;
};

class MapWithState final : public KeyedNode<flow::WholeBatch> {
 public:
  explicit MapWithState(const MapStatePlan& plan)
      : KeyedNode("map_with_state", plan.shape, plan.timeout_ms > 0), plan_(plan), rounds_(plan.rounds) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    settled_ = started_;
    if (!started_) {
      if (!load_initial({plan_.initial, plan_.shape}, state_, context, out)) return {};
      started_ = true;
    }
    const Chunk table = flow::gather_input(plan_.shape.input, partials, 0);
    std::vector<std::uint32_t> groups(table.rows);
    std::vector<ColumnRef> keys;
    for (const std::uint32_t column : plan_.shape.key) keys.push_back(table.columns[column]);
    state_.table().find_or_insert(keys, table.selection(), groups.data());
    if (!fill_new(plan_.shape, state_, context, out)) return {};
    state_.touch(groups, context.tick.time_ms);
    if (!rounds_.run({table, groups}, state_, context, out)) return {};
    if (plan_.timeout_ms > 0) time_out(context, out);
    state_.tidy();
    return {};
  }

 private:
  void time_out(const flow::BatchContext& context, flow::Emitter& out) {
    const std::vector<std::uint32_t> groups = state_.expired(context.tick.time_ms - plan_.timeout_ms);
    if (groups.empty()) return;
    settled_ = false;
    if (!plan_.timed_out.empty() && !emit_timed_out(groups, context, out)) return;
    for (const std::uint32_t group : groups) state_.erase(group);
  }

  bool emit_timed_out(const std::vector<std::uint32_t>& groups, const flow::BatchContext& context, flow::Emitter& out) {
    const auto count = static_cast<std::uint32_t>(groups.size());
    std::vector<ColumnRef> columns = state_.table().keys(groups);
    const std::vector<ColumnRef> keys = columns;
    for (ColumnRef& value : state_.values(groups)) columns.push_back(std::move(value));
    const expr::EvalInput input{columns, count, Selection{nullptr, count}, &context.tick, context.seed};
    expr::RowErrors errors;
    Chunk result{plan_.rounds.schema, {}, count, nullptr, nullptr};
    for (std::size_t i = 0; i < plan_.timed_out.size(); ++i) {
      const expr::BoundRef& column = plan_.timed_out[i];
      result.columns.push_back(column ? expr::evaluate(*column, input, errors)
                                      : null_column(plan_.rounds.schema->fields[i].type, count));
    }
    for (const expr::RowErrors::Item& item : errors.sorted()) {
      if (!out.fail_row(key_json(plan_.shape, keys, item.row), "on_timeout: " + item.message)) return false;
    }
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < count; ++row) {
      const bool some =
          std::any_of(result.columns.begin(), result.columns.end(), [&](const ColumnRef& c) { return c->valid(row); });
      if (some && (errors.empty() || !errors.failed(row))) rows.push_back(row);
    }
    flow::emit_rows(result, rows, out);
    return true;
  }

  const MapStatePlan plan_;
  StateRounds rounds_;
};

bool bind_updates(const MapStateConfig& config, const expr::Scope& scope, specs::BindContext& context,
                  MapStatePlan& plan) {
  bool good = true;
  for (const specs::NamedExpr& item : config.update) {
    const auto column = state_column(plan.shape, item, "update", context);
    if (!column) {
      good = false;
      continue;
    }
    const Field& field = plan.shape.state[*column];
    expr::BoundRef value = fit_state(context.bind(item.expr, scope, field.type), field, item.expr.value.span, context);
    good = good && value;
    plan.rounds.updates.push_back({*column, std::move(value)});
  }
  return good;
}

bool bind_emit(const MapStateConfig& config, const expr::Scope& scope, specs::BindContext& context,
               MapStatePlan& plan) {
  std::vector<Field> fields;
  bool good = true;
  for (const specs::NamedExpr& item : config.emit) {
    expr::BoundRef value = context.bind(item.expr, scope);
    good = good && value;
    context.add_column(fields, item.name, value ? value->type : nullptr, item.name_span);
    plan.rounds.emit.push_back(std::move(value));
  }
  plan.rounds.schema = std::make_shared<const Schema>(std::move(fields));
  return good && !context.failed();
}

bool bind_timeout(const MapStateConfig& config, specs::BindContext& context, MapStatePlan& plan) {
  plan.timeout_ms = config.timeout ? config.timeout->ms : 0;
  if (config.on_timeout.empty()) return true;
  if (!config.timeout) {
    context.error("SR4309", context.key_span("on_timeout"), "`on_timeout` has no effect without `timeout`", "",
                  "add `timeout: 1h`, or take it out");
    return false;
  }
  expr::Scope scope;
  scope.what = "the key and the state";
  add_keys(plan.shape, scope);
  add_state(plan.shape, scope);
  plan.timed_out.resize(plan.rounds.schema->size());
  bool good = true;
  for (const specs::NamedExpr& item : config.on_timeout) {
    const auto column = plan.rounds.schema->find(item.name);
    if (!column) {
      const std::string near = nearest(item.name, plan.rounds.schema->names());
      context.report({.code = "SR4310",
                      .message = "`" + item.name + "` in `on_timeout` is no column of `emit`",
                      .span = item.name_span,
                      .label = near.empty() ? "not in `emit`" : "did you mean `" + near + "`?",
                      .help = "columns of `emit`: " + plan.rounds.schema->to_text(),
                      .suggestion = near});
      good = false;
      continue;
    }
    const TypeRef& type = plan.rounds.schema->fields[*column].type;
    if (!type) continue;
    expr::BoundRef value = context.bind(item.expr, scope, type);
    if (value) value = expr::cast_to(std::move(value), type);
    good = good && value;
    plan.timed_out[*column] = std::move(value);
  }
  return good;
}

// What readers can count on where the rest is unknown.
specs::BoundNode named_columns(const MapStateConfig& config) {
  std::vector<Field> fields;
  for (const specs::NamedExpr& item : config.emit) fields.push_back({item.name, nullptr});
  specs::BoundNode bound;
  bound.ports = {{"", std::make_shared<const Schema>(std::move(fields))}};
  return bound;
}

std::optional<specs::BoundNode> bind_map_with_state(const MapStateConfig& config, specs::BindContext& context) {
  MapStatePlan plan;
  auto shape = bind_state_shape({&config.key, &config.state, &config.init, &config.update}, context);
  if (!shape) return named_columns(config);
  plan.shape = std::move(*shape);
  plan.rounds.input = plan.shape.input;
  plan.rounds.state = plan.shape.state_types();
  expr::Scope scope = context.scope();
  add_state(plan.shape, scope);
  const bool updates = bind_updates(config, scope, context, plan);
  const bool emit = bind_emit(config, scope, context, plan);
  const bool timeout = emit && bind_timeout(config, context, plan);
  const bool initial = bind_initial(config.initial, plan.shape, context, plan.initial);
  specs::BoundNode bound;
  bound.ports = {{"", plan.rounds.schema}};
  if (!emit || !updates || !timeout || !initial || context.failed()) return bound;
  bound.keeps_event_time = false;
  bound.stateful = true;
  bound.state = plan.shape.key_fields;
  bound.state.insert(bound.state.end(), plan.shape.state.begin(), plan.shape.state.end());
  bound.state_key_columns = plan.shape.key.size();
  bound.state_shape = plan.timeout_ms > 0 ? "timeout" : "";
  std::set<std::uint32_t> read(plan.shape.key.begin(), plan.shape.key.end());
  const auto inputs = static_cast<std::uint32_t>(plan.shape.input->size());
  for (const RoundsPlan::Update& update : plan.rounds.updates) expr::collect_columns(*update.value, read);
  for (const expr::BoundRef& column : plan.rounds.emit) expr::collect_columns(*column, read);
  read.erase(read.lower_bound(inputs), read.end());
  // Of the dataset of `initial` all is read.
  if (!plan.initial.input) bound.reads = [read](std::uint32_t, const std::set<std::uint32_t>&) { return read; };
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<MapWithState>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<MapStateConfig>> map_with_state_options() {
  auto table = std::make_shared<specs::OptionTable<MapStateConfig>>();
  table->option("key", &MapStateConfig::key)
      .required()
      .doc("The columns that make a key; `[]` is one state for the whole stream.")
      .example("user");
  table->option("state", &MapStateConfig::state)
      .required()
      .doc("The columns of the state and their types.")
      .example("{n: bigint}");
  table->option("init", &MapStateConfig::init)
      .required()
      .doc("What each state column is before the key's first row.")
      .example("{n: 0}");
  table->option("update", &MapStateConfig::update)
      .required()
      .doc("The new state, from the row's columns and `state.x`; a column left out keeps its value.")
      .example("{n: state.n + 1}");
  table->option("emit", &MapStateConfig::emit)
      .required()
      .doc("The output row; `state.x` is the new state. A row of which every column is NULL is not emitted.")
      .example("{user: user, n: state.n}");
  table->option("timeout", &MapStateConfig::timeout)
      .at_least(1)
      .doc("A key without rows for so long is forgotten.")
      .example("1h");
  table->option("on_timeout", &MapStateConfig::on_timeout)
      .doc("The last output row of a forgotten key, from the key and `state.x`; columns left out are NULL.")
      .example("{user: user, n: -1}");
  table->option("initial", &MapStateConfig::initial)
      .doc("States to start from: a list of rows, or a dataset.")
      .example("[{user: ann, n: 7}]");
  return table;
}

}  // namespace

void register_map_with_state(specs::Registry& registry) {
  registry.add(specs::node<MapStateConfig>(
      {.name = "map_with_state",
       .group = "stateful",
       .summary = "Keeps a state per key, updated row by row in arrival order, with an output row for each.",
       .example =
           "visits:\n  type: map_with_state\n  input: clicks\n  key: user\n  state: {n: bigint}\n  init: {n: 0}\n"
           "  update: {n: state.n + 1}\n  emit: {user: user, n: state.n}\n",
       .capabilities = {.stateful = true, .needs_checkpoint = true},
       .dataset_option = "initial"},
      map_with_state_options(), bind_map_with_state));
}

}  // namespace sr::operators
