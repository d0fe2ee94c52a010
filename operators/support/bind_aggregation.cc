#include "operators/support/bind_aggregation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/diagnostic.h"

namespace sr::operators {

namespace {

expr::BoundRef column_of(std::uint32_t index, const TypeRef& type) {
  auto bound = std::make_shared<expr::BoundExpr>();
  bound->kind = expr::BoundExpr::Kind::column;
  bound->type = type;
  bound->index = index;
  return bound;
}

void append_field(Aggregation& aggregation, Field field) {
  std::vector<Field> fields = aggregation.output->fields;
  fields.push_back(std::move(field));
  aggregation.output = std::make_shared<const Schema>(std::move(fields));
}

bool append_column(Aggregation& aggregation, const Field& field, Span span, specs::BindContext& context) {
  std::vector<Field> fields = aggregation.output->fields;
  const bool added = context.add_column(fields, field.name, field.type, span);
  aggregation.output = std::make_shared<const Schema>(std::move(fields));
  return added;
}

void add_window_facts(specs::BoundNode& bound, const Aggregation& aggregation, const specs::WindowPlan& window) {
  bound.window = window;
  bound.stateful = true;
  bound.state = aggregation.key_schema->fields;
  bound.state_key_columns = bound.state.size();
  for (std::size_t call = 0; call < aggregation.texts.size(); ++call) {
    bound.state.push_back({"a" + std::to_string(call), aggregation.shape.calls[call].result});
    bound.state_shape += aggregation.texts[call] + "; ";
  }
  bound.state_shape += window_text(window);
  if (window.time == specs::WindowTime::event) {
    bound.gives_event_time = true;
    bound.needs_event_time = true;
    bound.ports.push_back({"late", aggregation.input});
  }
}

}  // namespace

std::optional<specs::WindowPlan> bind_window_option(const WindowedConfig& config, specs::BindContext& context) {
  std::optional<specs::WindowPlan> plan;
  if (config.window.present) plan = context.window(config.window);
  if (!config.emit) return plan;
  const bool event = config.window.present && (config.window.time == specs::WindowTime::event ||
                                               config.window.type == specs::WindowType::session);
  if (!event) {
    context.error("SR4038", context.key_span("emit"), "`emit` is for windows of event time",
                  config.window.present ? "this window goes by processing time" : "there is no window",
                  "leave `emit` out, or add `time: event` to the window");
  } else if (plan) {
    plan->emit = *config.emit;
  }
  return plan;
}

std::string window_text(const specs::WindowPlan& window) {
  // A session knows its gap alone; it is looked at in each batch, whatever their interval.
  if (window.type == specs::WindowType::session) return fmt::format("session {}", window.size_ms);
  return fmt::format("window {}/{}+{}{}", window.size_ms, window.slide_ms, window.offset_ms,
                     window.time == specs::WindowTime::event ? " event" : "");
}

std::optional<Aggregation> start_aggregation(specs::BindContext& context, const std::vector<std::uint32_t>& keys) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema) return std::nullopt;
  Aggregation aggregation;
  aggregation.input = schema;
  aggregation.keys = keys;
  std::vector<Field> fields;
  for (const std::uint32_t column : keys) {
    fields.push_back(schema->fields[column]);
    aggregation.shape.keys.push_back(schema->fields[column].type);
  }
  aggregation.key_schema = std::make_shared<const Schema>(fields);
  aggregation.output = aggregation.key_schema;
  return aggregation;
}

bool add_expressions(Aggregation& aggregation, const AggregateConfig& config, specs::BindContext& context) {
  specs::ExprMap expressions = config.aggregate;
  if (config.expr.present()) {
    if (!expressions.empty()) {
      context.error("SR4041", context.key_span("expr"), "`expr` and `aggregate` are two ways to say the same",
                    "leave one out");
      return false;
    }
    expressions.push_back({"value", context.value_span("expr"), config.expr});
  }
  if (expressions.empty()) {
    context.error("SR4040", context.node_span(), "`" + context.id() + "` computes nothing", "needs `aggregate`",
                  "for example `aggregate: {total: sum(x), rows: count(*)}`");
    return false;
  }
  expr::Scope outer;
  outer.add(*aggregation.key_schema);
  outer.what = "the key";
  std::optional<expr::BoundAggregates> bound = context.bind_aggregates(expressions, context.scope(), outer);
  if (!bound) return false;
  for (expr::AggregateCall& call : bound->calls) {
    aggregation.args.push_back(std::move(call.args));
    aggregation.texts.push_back(std::move(call.text));
    aggregation.shape.calls.push_back(std::move(call.aggregate));
  }
  bool sound = true;
  std::vector<Field> fields = aggregation.output->fields;
  std::vector<Field> keys = fields;
  const std::size_t key_count = keys.size();
  for (std::size_t i = 0; i < expressions.size(); ++i) {  // an ExprMap repeats no name: only a key's may be taken
    const expr::BoundRef& result = bound->results[i];
    sound = context.add_column(keys, expressions[i].name, result->type, expressions[i].name_span) && sound;
    keys.resize(key_count);
    fields.push_back({expressions[i].name, result->type});
    aggregation.results.push_back(result);
  }
  aggregation.output = std::make_shared<const Schema>(std::move(fields));
  return sound;
}

bool add_call(Aggregation& aggregation, std::string name, expr::AggregateCall call, specs::BindContext& context) {
  const auto index = static_cast<std::uint32_t>(aggregation.keys.size() + aggregation.args.size());
  const TypeRef type = call.aggregate.result;
  aggregation.args.push_back(std::move(call.args));
  aggregation.texts.push_back(std::move(call.text));
  aggregation.shape.calls.push_back(std::move(call.aggregate));
  aggregation.results.push_back(column_of(index, type));
  return append_column(aggregation, {name, type}, context.node_span(), context);
}

expr::AggregateCall count_rows() {
  expr::AggregateCall call;
  expr::ResolveError error;
  const bool resolved = expr::aggregates().find("count")->resolve({{}, {}}, false, &call.aggregate, &error);
  SR_CHECK(resolved);
  call.text = "count(*)";
  return call;
}

expr::AggregateCall collect_column(const Schema& input, std::uint32_t column) {
  const TypeRef& type = input.fields[column].type;
  expr::AggregateCall call;
  call.aggregate = expr::collect_all(type);
  call.args.push_back(column_of(column, type));
  call.text = "collect_all(" + input.fields[column].name + ")";
  return call;
}

void check_expressions(const AggregateConfig& config, specs::BindContext& context) {
  specs::ExprMap expressions = config.aggregate;
  if (config.expr.present()) expressions.push_back({"value", context.value_span("expr"), config.expr});
  expr::Scope outer;
  outer.open = true;
  context.bind_aggregates(expressions, context.scope(), outer);
}

std::optional<specs::BoundNode> known_columns(const std::vector<specs::KeyOption::Column>& keys,
                                              const AggregateConfig& config, specs::BindContext& context) {
  const SchemaRef input = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (config.aggregate.empty() && !config.expr.present()) return std::nullopt;
  std::vector<Field> fields;
  const auto add = [&](const std::string& name, TypeRef type) {
    const auto same = [&](const Field& field) { return same_name(field.name, name); };
    if (std::none_of(fields.begin(), fields.end(), same)) fields.push_back({name, std::move(type)});
  };
  for (const specs::KeyOption::Column& key : keys) {
    auto found = input ? input->find(key.name) : std::nullopt;
    if (input && !found) found = input->find(nearest(key.name, input->names()));  // what was surely meant
    if (input && !found) return std::nullopt;
    add(found ? input->fields[*found].name : key.name, found ? input->fields[*found].type : nullptr);
  }
  for (const specs::NamedExpr& item : config.aggregate) add(item.name, nullptr);
  if (config.expr.present()) add("value", nullptr);
  const bool event = config.window.present && config.window.time == specs::WindowTime::event;
  if (event || (config.window.present && config.window.type == specs::WindowType::session)) {
    fields.push_back({"window_start", types::timestamp()});
    fields.push_back({"window_end", types::timestamp()});
  }
  specs::BoundNode bound;
  bound.ports = {{"", std::make_shared<const Schema>(std::move(fields))}};
  if (config.window.present) bound.ports.push_back({"late", input});
  bound.gives_event_time = event;
  return bound;
}

std::optional<specs::BoundNode> finish_aggregation(std::optional<Aggregation> aggregation, const WindowedConfig& config,
                                                   specs::BindContext& context) {
  const std::optional<specs::WindowPlan> window = bind_window_option(config, context);
  if (!aggregation) return std::nullopt;
  if (config.window.present && !window) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", aggregation->output}};
  bound.keeps_event_time = false;
  if (window) {
    add_window_facts(bound, *aggregation, *window);
    if (bound.gives_event_time || window->type == specs::WindowType::session) {
      append_field(*aggregation, {"window_start", types::timestamp()});
      append_field(*aggregation, {"window_end", types::timestamp()});
      bound.ports[0].schema = aggregation->output;
    }
  }
  std::set<std::uint32_t> read(aggregation->keys.begin(), aggregation->keys.end());
  for (const auto& args : aggregation->args) {
    for (const expr::BoundRef& arg : args) expr::collect_columns(*arg, read);
  }
  const bool late = bound.gives_event_time;
  const auto columns = static_cast<std::uint32_t>(aggregation->input->size());
  bound.reads = [read, late, columns](std::uint32_t, const std::set<std::uint32_t>&) {
    std::set<std::uint32_t> all = read;
    if (late) {
      for (std::uint32_t i = 0; i < columns; ++i) all.insert(i);
    }
    return all;
  };
  const AggregationRef plan = std::make_shared<const Aggregation>(std::move(*aggregation));
  bound.make = [plan, window](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = make_aggregation(plan, window);
    return made;
  };
  return bound;
}

}  // namespace sr::operators
