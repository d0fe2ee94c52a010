// join: combines the rows of two inputs that have equal keys: within a batch, over windows on either side, or with a
// dataset on one side. NULL keys never match.
//
//   placed:
//     type: join
//     how: left_outer
//     input: {left: trips, right: {from: zones, window: {size: 1m}}}
//     key: zone
//
// Over windows of event time both sides have the same one; each window is joined once, when it closes, and its bounds
// are columns of the result. The interval join (`within`) is interval_join.cc. Tested in tests/jobs/join.yaml,
// join_window.yaml, join_event_window.yaml, join_dataset.yaml.
#include <algorithm>

#include "engine/flow/emit_rows.h"
#include "operators/support/batch_join.h"
#include "operators/support/event_join.h"
#include "operators/support/interval_join.h"
#include "operators/support/side_rows.h"
#include "specs/registry.h"

namespace sr::specs {
template <>
struct EnumNames<operators::JoinHow> {
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> list{"inner",      "left_outer", "right_outer",
                                               "full_outer", "left_semi",  "left_anti"};
    return list;
  }
};
}  // namespace sr::specs

namespace sr::operators {
namespace {

struct JoinConfig {
  JoinHow how = JoinHow::inner;
  specs::KeyOption key;
  specs::ExprOption on;
  specs::ExprMap select;
  std::optional<Duration> within;
};

// Joins a stream on the left with a dataset on the right, chunk by chunk: every join that needs no look at all left
// rows.
class DatasetJoin final : public flow::Stateless {
 public:
  explicit DatasetJoin(JoinOutput output) : output_(std::move(output)) {}

  Status begin_batch(const flow::BatchContext& context) override {
    const auto& dataset = context.datasets[kRight];
    if (index_ && version_ == dataset->version) return {};
    version_ = dataset->version;
    table_ = flow::concat_chunks(dataset->schema, dataset->chunks);
    expr::RowErrors errors;
    keys_ = evaluate_keys(output_.keys.right, table_, context, errors);
    if (!errors.empty()) return Error{"the key of a dataset's row: " + errors.sorted()[0].message};
    index_ = std::make_unique<KeyIndex>(output_.keys.types, keys_, table_.selection());
    return {};
  }

  Status process(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) const override {
    expr::RowErrors errors;
    const auto left_keys = evaluate_keys(output_.keys.left, chunk, context, errors);
    Vec<std::uint32_t> kept;
    Selection rows = chunk.selection();
    if (!errors.empty()) {
      if (!out.drop_failed(chunk, errors, kept)) return {};
      rows = {kept.data(), static_cast<std::uint32_t>(kept.size())};
    }
    const JoinPairs pairs = match(output_.how, *index_, {left_keys, rows}, table_.selection());
    return emit_joined({output_, {&chunk, &table_, left_keys, keys_}}, pairs, context, out);
  }

 private:
  JoinOutput output_;
  std::uint64_t version_ = 0;
  Chunk table_;
  std::vector<ColumnRef> keys_;
  std::unique_ptr<KeyIndex> index_;
};

bool is_key(const std::vector<specs::KeyOption::Column>& key, const std::string& name) {
  return std::any_of(key.begin(), key.end(), [&](const auto& column) { return same_name(column.name, name); });
}

// The scope of `select`: left.x, right.x, x where one side alone has it, and the key by its left name.
expr::Scope select_scope(const JoinConfig& config, const JoinOutput& output) {
  expr::Scope scope;
  const auto& right_key = config.key.two_sided ? config.key.right : config.key.columns;
  auto add = [&](const Schema& schema, const Schema& other, const std::vector<specs::KeyOption::Column>& key,
                 const char* side) {
    for (const Field& field : schema.fields) {
      const bool only_qualified = other.find(field.name).has_value() || (output.by_key && is_key(key, field.name));
      scope.columns.push_back({side, field.name, field.type, only_qualified});
    }
  };
  add(*output.left, *output.right, config.key.columns, "left");
  add(*output.right, *output.left, right_key, "right");
  if (output.how == JoinHow::left_semi || output.how == JoinHow::left_anti) {
    // The right side only decides; its columns keep their places but cannot be named.
    for (expr::ScopeColumn& column : scope.columns) {
      if (column.qualifier == "right") column = {"", "", column.type, true};
      if (column.qualifier == "left") column.qualified_only = false;
    }
  }
  for (std::size_t i = 0; i < output.keys.left.size(); ++i) {  // keys of `on` keep their places but have no names
    const std::string name = output.by_key ? config.key.columns[i].name : "";
    scope.columns.push_back({"", name, output.keys.types[i], !output.by_key});
  }
  if (output.bounded) {
    for (const Field& bound : window_bounds()) scope.columns.push_back({"", bound.name, bound.type, false});
  }
  scope.what = "the two sides of the join";
  return scope;
}

// One side of the join, as its columns enter the result.
struct JoinedSide {
  const Schema& schema;
  JoinColumn::From from;
  const std::vector<specs::KeyOption::Column>& key;
};

// Adds the columns of a side; a clash is reported once, for all columns that both sides have.
void add_side(const JoinedSide& side, std::vector<Field>& fields, JoinOutput& output,
              std::vector<std::string>& clashes) {
  const Schema& schema = side.schema;
  for (std::uint32_t i = 0; i < schema.size(); ++i) {
    if (output.by_key && is_key(side.key, schema.fields[i].name)) continue;
    const bool taken = std::any_of(fields.begin(), fields.end(),
                                   [&](const Field& f) { return same_name(f.name, schema.fields[i].name); });
    if (taken) {
      clashes.push_back(schema.fields[i].name);
      continue;
    }
    fields.push_back(schema.fields[i]);
    output.columns.push_back({side.from, i});
  }
}

// Adds the bounds of the window.
void add_bounds(std::vector<Field>& fields, JoinOutput& output, std::vector<std::string>& clashes) {
  auto at = static_cast<std::uint32_t>(output.keys.left.size());
  for (const Field& bound : window_bounds()) {
    if (std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return same_name(f.name, bound.name); }))
      clashes.push_back(bound.name);
    fields.push_back(bound);
    output.columns.push_back({JoinColumn::From::key, at++});
  }
}

bool bind_columns(const JoinConfig& config, specs::BindContext& context, JoinOutput& output) {
  const bool left_only = output.how == JoinHow::left_semi || output.how == JoinHow::left_anti;
  const auto& right_key = config.key.two_sided ? config.key.right : config.key.columns;
  std::vector<Field> fields;
  std::vector<std::string> clashes;
  if (output.by_key) {
    for (std::uint32_t i = 0; i < output.keys.left.size(); ++i) {
      fields.push_back(
          {output.left->fields[*output.left->find(config.key.columns[i].name)].name, output.keys.types[i]});
      output.columns.push_back({JoinColumn::From::key, i});
    }
  }
  add_side({*output.left, JoinColumn::From::left, config.key.columns}, fields, output, clashes);
  if (!left_only) add_side({*output.right, JoinColumn::From::right, right_key}, fields, output, clashes);
  if (output.bounded) add_bounds(fields, output, clashes);
  output.schema = std::make_shared<const Schema>(std::move(fields));
  if (clashes.empty()) return true;
  std::string names;
  for (const std::string& name : clashes) names += (names.empty() ? "`" : ", `") + name + "`";
  context.error("SR4404", context.node_span(), "both sides of `" + context.id() + "` have " + names, "needs a `select`",
                "name the columns of the result, for example `select: {" + clashes[0] + ": left." + clashes[0] +
                    ", right_" + clashes[0] + ": right." + clashes[0] + "}`");
  return false;
}

bool bind_select(const JoinConfig& config, specs::BindContext& context, JoinOutput& output) {
  const expr::Scope scope = select_scope(config, output);
  std::vector<Field> fields;
  bool good = true;
  for (const specs::NamedExpr& item : config.select) {
    expr::BoundRef bound = context.bind(item.expr, scope);
    good = good && bound;
    context.add_column(fields, item.name, bound ? bound->type : nullptr, item.name_span);
    output.select.push_back(std::move(bound));
  }
  output.schema = std::make_shared<const Schema>(std::move(fields));
  return good && !context.failed();
}

// The columns of a join that is wrong elsewhere, as far as `select` names them.
std::optional<specs::BoundNode> named_columns(const JoinConfig& config, specs::BindContext& context) {
  if (config.select.empty()) return std::nullopt;
  std::vector<Field> fields;
  for (const specs::NamedExpr& item : config.select) fields.push_back({item.name, nullptr});
  specs::BoundNode bound;
  bound.ports = {{"", std::make_shared<const Schema>(std::move(fields))}};
  bound.gives_event_time = context.inputs()[kLeft].has_event_time || context.inputs()[kRight].has_event_time;
  return bound;
}

// One of `key` and `on`, and not both.
bool check_shape(const JoinConfig& config, specs::BindContext& context) {
  const bool key = context.has_option("key"), on = context.has_option("on");
  if (key && on) {
    context.error("SR4405", context.key_span("on"), "a join takes `key` or `on`, not both");
  } else if (!key && !on) {
    context.error("SR4406", context.node_span(), "join `" + context.id() + "` says neither `key` nor `on`", "",
                  "`key: column` where both sides have it, or `on: left.a = right.b`");
  } else if (key && config.key.columns.empty()) {
    context.error("SR4407", context.value_span("key"), "a join needs at least one key column");
  }
  if (context.inputs()[kLeft].is_dataset && context.inputs()[kRight].is_dataset) {
    context.error("SR4408", context.value_span("input"), "both sides of the join are datasets; one must be a stream");
  }
  check_side_windows("join", context);
  return !context.failed();
}

// The node's own batches: at the slides of its windowed sides, which must agree.
std::optional<specs::WindowPlan> node_window(specs::BindContext& context) {
  const auto& inputs = context.inputs();
  std::optional<specs::WindowPlan> plan;
  std::string times[2];
  for (const std::uint32_t side : {kLeft, kRight}) {
    flow::NodeTiming timing = inputs[side].timing;
    if (inputs[side].window) timing = {inputs[side].window->slide_ms, inputs[side].window->offset_ms};
    times[side] = "every " + to_text(Duration{timing.slide_ms});
    const std::int64_t offset = timing.slide_ms > 0 ? timing.offset_ms % timing.slide_ms : 0;
    if (offset != 0) times[side] += " + " + to_text(Duration{offset});
    if (inputs[side].window) plan = inputs[side].window;
  }
  if (!inputs[kLeft].is_dataset && !inputs[kRight].is_dataset && times[kLeft] != times[kRight]) {
    context.error("SR4410", context.value_span("input"),
                  "the sides of `" + context.id() + "` have batches at different times: " + times[kLeft] +
                      " on the left, " + times[kRight] + " on the right",
                  "", "give both sides windows with the same `slide` and `offset`");
  }
  return plan;
}

specs::BoundNode bound_join(JoinOutput output, specs::BindContext& context,
                            const std::optional<specs::WindowPlan>& window) {
  const auto& inputs = context.inputs();
  specs::BoundNode bound;
  bound.ports = {{"", output.schema}};
  bound.window = window;
  bound.gives_event_time = inputs[kLeft].has_event_time || inputs[kRight].has_event_time;
  bound.stateful = window.has_value();
  bound.state_shape = "join rows of " + output.left->to_text() + " and " + output.right->to_text();
  bound.reads = [output](std::uint32_t side, const std::set<std::uint32_t>& needed) {
    return columns_read(output, side, needed);
  };
  const bool streaming =
      inputs[kRight].is_dataset && output.how != JoinHow::right_outer && output.how != JoinHow::full_outer;
  if (streaming && !inputs[kLeft].window) {
    bound.make = [output](const specs::MakeOptions&) {
      specs::Made made;
      made.stateless = std::make_unique<DatasetJoin>(output);
      return made;
    };
    return bound;
  }
  flow::NodeTiming timing = inputs[inputs[kLeft].is_dataset ? kRight : kLeft].timing;
  if (window) timing = {window->slide_ms, window->offset_ms};
  const BatchJoinPlan plan{output,
                           {inputs[kLeft].window, inputs[kRight].window},
                           {inputs[kLeft].is_dataset, inputs[kRight].is_dataset},
                           timing};
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = make_batch_join(plan);
    return made;
  };
  return bound;
}

std::optional<specs::BoundNode> bind_join(const JoinConfig& config, specs::BindContext& context) {
  if (context.inputs().size() != 2 || !check_shape(config, context)) return std::nullopt;
  JoinOutput output;
  output.how = config.how;
  output.by_key = config.key.present;
  output.left = context.inputs()[kLeft].schema;
  output.right = context.inputs()[kRight].schema;
  auto keys = output.by_key ? bind_join_key(config.key, context) : bind_join_on(config.on, context);
  const auto window = node_window(context);
  if (!keys || !output.left || !output.right) return named_columns(config, context);
  output.keys = std::move(*keys);
  output.bounded = event_window_of(context).has_value();
  if (output.bounded) {
    for (const Field& bound : window_bounds()) output.keys.types.push_back(bound.type);
  }
  const bool columns =
      context.has_option("select") ? bind_select(config, context, output) : bind_columns(config, context, output);
  if (!columns || context.failed()) return named_columns(config, context);
  if (config.within) return bind_interval_join(std::move(output), *config.within, context);
  if (output.bounded) return bound_event_join(std::move(output), *window);
  return bound_join(std::move(output), context, window);
}

std::shared_ptr<const specs::OptionTable<JoinConfig>> join_options() {
  auto table = std::make_shared<specs::OptionTable<JoinConfig>>();
  table->option("how", &JoinConfig::how)
      .required()
      .doc("Which rows stay that have no match, and which columns come.")
      .example("inner");
  table->option("key", &JoinConfig::key)
      .doc("Columns that both sides have, or `{left: a, right: b}`; the result has them once, named as on the left.")
      .example("user");
  table->option("on", &JoinConfig::on)
      .doc("Equalities of a left and a right expression, joined by `and`; the result has all columns of both sides.")
      .example("left.user = right.owner and left.ad = right.ad");
  table->option("select", &JoinConfig::select)
      .doc("The columns of the result; `left.x` and `right.x` name a side.")
      .example("{user: user, seen_at: left.at, clicked_at: right.at}");
  table->option("within", &JoinConfig::within)
      .doc("Matches rows of different batches whose event times are at most this far apart.")
      .example("10m");
  return table;
}

}  // namespace

void register_join(specs::Registry& registry) {
  registry.add(specs::node<JoinConfig>(
      {.name = "join",
       .group = "joins",
       .summary = "Combines the rows of two inputs that have equal keys.",
       .example = "placed:\n  type: join\n  how: inner\n  input: {left: trips, right: zones}\n  key: zone\n",
       .inputs = specs::Inputs::two_sided,
       .ports = {"late"}},
      join_options(), bind_join));
}

}  // namespace sr::operators
