#include "operators/support/stateful.h"

#include <algorithm>
#include <numeric>

#include "engine/data/codec.h"

namespace sr::operators {

std::vector<TypeRef> StateShape::key_types() const {
  std::vector<TypeRef> types;
  for (const Field& field : key_fields) types.push_back(field.type);
  return types;
}

std::vector<TypeRef> StateShape::state_types() const {
  std::vector<TypeRef> types;
  for (const Field& field : state) types.push_back(field.type);
  return types;
}

void add_keys(const StateShape& shape, expr::Scope& scope) {
  for (const Field& field : shape.key_fields) scope.columns.push_back({"", field.name, field.type, false});
}

void add_state(const StateShape& shape, expr::Scope& scope) {
  for (const Field& field : shape.state) scope.columns.push_back({"state", field.name, field.type, true});
}

expr::BoundRef fit_state(expr::BoundRef value, const Field& column, Span span, specs::BindContext& context) {
  if (!value) return nullptr;
  const bool decimal = column.type->id == TypeId::decimal && value->type->is_number();
  const TypeRef from = value->type;
  expr::BoundRef fitted = expr::cast_to(std::move(value), column.type, decimal);
  if (!fitted) {
    context.error(
        "SR4301", span,
        "`" + column.name + "` is declared as " + column.type->name() + " in `state`, and this is " + from->name(),
        from->name(), "cast it: `cast(… as " + column.type->name() + ")`");
  }
  return fitted;
}

std::optional<std::size_t> state_column(const StateShape& shape, const specs::NamedExpr& item, const char* where,
                                        specs::BindContext& context) {
  for (std::size_t i = 0; i < shape.state.size(); ++i) {
    if (same_name(shape.state[i].name, item.name)) return i;
  }
  std::vector<std::string> names;
  for (const Field& field : shape.state) names.push_back(field.name);
  const std::string near = nearest(item.name, names);
  context.report({.code = "SR4302",
                  .message = "`" + item.name + "` in `" + where + "` is no column of `state`",
                  .span = item.name_span,
                  .label = near.empty() ? "not in `state`" : "did you mean `" + near + "`?",
                  .help = "columns of the state: " + Schema(shape.state).to_text(),
                  .suggestion = near});
  return std::nullopt;
}

namespace {

void bind_init(const StateOptions& options, StateShape& shape, specs::BindContext& context) {
  expr::Scope scope;
  scope.what = "the key";
  add_keys(shape, scope);
  shape.init.resize(shape.state.size());
  std::vector<bool> named(shape.state.size(), false);
  for (const specs::NamedExpr& item : *options.init) {
    const auto column = state_column(shape, item, "init", context);
    if (!column) continue;
    named[*column] = true;
    const expr::BoundRef value = context.bind(item.expr, scope, shape.state[*column].type);
    shape.init[*column] = fit_state(value, shape.state[*column], item.expr.value.span, context);
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i]) continue;
    context.error("SR4303", context.key_span("init"),
                  "`init` does not say what `" + shape.state[i].name + "` starts as", "",
                  "`init` names every column of `state`");
  }
}

}  // namespace

std::optional<StateShape> bind_state_shape(const StateOptions& options, specs::BindContext& context) {
  StateShape shape;
  shape.input = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto key = context.key_columns(options.key->columns, shape.input);
  shape.state = options.state->fields;
  if (key && shape.input) {
    shape.key = *key;
    for (const std::uint32_t column : *key) shape.key_fields.push_back(shape.input->fields[column]);
  }
  for (std::size_t i = 0; i < shape.state.size(); ++i) {
    for (const specs::KeyOption::Column& column : options.key->columns) {
      if (!same_name(column.name, shape.state[i].name)) continue;
      context.error("SR4305", options.state->spans[i],
                    "`" + shape.state[i].name + "` is a key column and cannot be one of `state` too");
    }
  }
  bind_init(options, shape, context);
  if (!key || !shape.input) return std::nullopt;
  return shape;
}

bool fill_new(const StateShape& shape, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out) {
  const std::uint32_t first = state.filled(), count = state.table().size() - first;
  if (count == 0) return true;
  const std::vector<ColumnRef> keys = state.table().keys(first, count);
  const expr::EvalInput input{keys, count, Selection{nullptr, count}, &context.tick, context.seed};
  expr::RowErrors errors;
  std::vector<ColumnRef> values;
  for (const expr::BoundRef& init : shape.init) values.push_back(expr::evaluate(*init, input, errors));
  state.fill(values, context.tick.time_ms);
  if (errors.empty()) return true;
  const auto item = errors.sorted()[0];
  return out.fail_row(key_json(shape, keys, item.row), "init: " + item.message);
}

Status migrate_state(const StateShape& shape, KeyedState& state, std::string_view in, const flow::StateShape& saved) {
  std::vector<TypeRef> types;
  for (std::size_t i = saved.key_columns; i < saved.fields.size(); ++i) types.push_back(saved.fields[i].type);
  std::vector<std::optional<std::size_t>> from;
  for (const Field& field : shape.state) {
    std::optional<std::size_t>& place = from.emplace_back();
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (saved.fields[saved.key_columns + i].name == field.name) place = i;
    }
  }
  const auto first = [&](std::span<const ColumnRef> keys, std::uint32_t count) -> Result<std::vector<ColumnRef>> {
    const Tick tick{};
    const expr::EvalInput input{keys, count, Selection{nullptr, count}, &tick, 0};
    expr::RowErrors errors;
    std::vector<ColumnRef> values;
    for (const expr::BoundRef& init : shape.init) values.push_back(expr::evaluate(*init, input, errors));
    if (!errors.empty()) return Error{"init: " + errors.sorted()[0].message};
    return values;
  };
  return state.decode_as(&in, types, from, first);
}

std::string key_json(const StateShape& shape, const std::vector<ColumnRef>& keys, std::uint32_t row) {
  TextBuffer text;
  text.push('{');
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i != 0) text.push(',');
    write_json_string(text, shape.key_fields[i].name);
    text.push(':');
    write_json(text, *keys[i], row);
  }
  text.push('}');
  return std::string(text.view());
}

}  // namespace sr::operators
