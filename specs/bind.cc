// What operators ask of a BindContext: scopes, expressions, keys, columns. Windows are in bind_window.cc, rows in
// rows.cc, unions in bind_union.cc.
#include "specs/bind.h"

#include <algorithm>

#include "engine/expr/ast.h"

namespace sr::specs {

namespace {

Diagnostic at_token(const expr::ExprError& error, const SpecValue& value) {
  return {.code = error.code,
          .message = error.message,
          .span = value.locate(error.begin, std::max(error.end, error.begin + 1)),
          .label = error.label,
          .help = error.help,
          .suggestion = error.suggestion};
}

bool is_unknown(const ExprOption& option) {
  return option.value.opaque;
}

}  // namespace

void BindContext::error(std::string code, Span span, std::string message, std::string label, std::string help) {
  report({.code = std::move(code),
          .message = std::move(message),
          .span = span,
          .label = std::move(label),
          .help = std::move(help)});
}

void BindContext::warn(std::string code, Span span, std::string message, std::string label, std::string help) {
  report({.severity = Severity::warning,
          .code = std::move(code),
          .message = std::move(message),
          .span = span,
          .label = std::move(label),
          .help = std::move(help)});
}

expr::Scope BindContext::scope(std::size_t input) const {
  expr::Scope scope;
  scope.macros = job().macros;
  if (input >= inputs().size() || !inputs()[input].schema) {
    scope.open = true;
    return scope;
  }
  const InputInfo& info = inputs()[input];
  scope.add(*info.schema);
  scope.what = "`" + info.id + (info.port.empty() ? "" : "." + info.port) + "`";
  return scope;
}

expr::Scope BindContext::two_sided_scope() const {
  expr::Scope scope;
  scope.macros = job().macros;
  scope.what = "the input";
  const std::vector<InputInfo>& sides = inputs();
  if (sides.size() != 2 || !sides[0].schema || !sides[1].schema) {
    scope.open = true;
    if (sides.size() != 2) return scope;
  }
  for (std::size_t side = 0; side < 2; ++side) {
    const SchemaRef& schema = sides[side].schema;
    const SchemaRef& other = sides[1 - side].schema;
    if (!schema) continue;
    for (const Field& field : schema->fields) {
      const bool both = other && other->find(field.name);
      scope.columns.push_back({side == 0 ? "left" : "right", field.name, field.type, both || !other});
    }
  }
  return scope;
}

expr::BoundRef BindContext::bind(const ExprOption& option, const expr::Scope& scope, const TypeRef& expected) {
  if (is_unknown(option) || !option.present()) return nullptr;
  expr::ExprError syntax;
  const expr::ExprPtr tree = expr::parse_expression(option.text, &syntax);
  if (!tree) {
    report(at_token(syntax, option.value));
    return nullptr;
  }
  std::vector<expr::ExprError> errors;
  expr::BoundRef bound = expr::bind(*tree, scope, expected, errors);
  for (const expr::ExprError& found : errors) report(at_token(found, option.value));
  return errors.empty() ? bound : nullptr;
}

expr::BoundRef BindContext::bind_condition(const ExprOption& option, const expr::Scope& scope, std::string_view what) {
  expr::BoundRef bound = bind(option, scope);
  if (!bound || bound->type->id == TypeId::boolean) return bound;
  if (bound->type->id == TypeId::null) return expr::cast_to(bound, types::boolean());
  if (bound->type->id == TypeId::variant) return expr::cast_to(bound, types::boolean(), true);
  error("SR3017", option.value.locate(0, option.text.size()),
        std::string(what) + " is a condition, but `" + option.text + "` is of type " + bound->type->name() +
            ", not boolean");
  return nullptr;
}

std::optional<expr::BoundAggregates> BindContext::bind_aggregates(const ExprMap& expressions, const expr::Scope& row,
                                                                  const expr::Scope& outer) {
  std::vector<expr::ExprPtr> trees;
  std::vector<expr::AggregateInput> input;
  std::vector<std::size_t> places;
  bool complete = true;
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const ExprOption& option = expressions[i].expr;
    expr::ExprError syntax;
    expr::ExprPtr tree = is_unknown(option) ? nullptr : expr::parse_expression(option.text, &syntax);
    if (!tree) {
      if (!is_unknown(option)) report(at_token(syntax, option.value));
      complete = false;
      continue;
    }
    input.push_back({tree.get(), nullptr});
    places.push_back(i);
    trees.push_back(std::move(tree));
  }
  std::vector<expr::IndexedError> errors;
  expr::BoundAggregates bound = expr::bind_aggregates(input, row, outer, errors);
  for (const expr::IndexedError& found : errors)
    report(at_token(found.error, expressions[places[found.index]].expr.value));
  complete = complete && errors.empty() &&
             std::all_of(bound.results.begin(), bound.results.end(), [](const auto& r) { return r != nullptr; });
  if (!complete) return std::nullopt;
  return bound;
}

std::optional<std::vector<expr::BoundOrder>> BindContext::bind_order(const ExprOption& option,
                                                                     const expr::Scope& scope) {
  if (is_unknown(option)) return std::nullopt;
  expr::ExprError syntax;
  const std::vector<expr::OrderItem> items = expr::parse_order(option.text, &syntax);
  if (items.empty()) {
    report(at_token(syntax, option.value));
    return std::nullopt;
  }
  std::vector<expr::ExprError> errors;
  std::vector<expr::BoundOrder> bound = expr::bind_order(items, scope, errors);
  for (const expr::ExprError& found : errors) report(at_token(found, option.value));
  const bool complete = bound.size() == items.size() &&
                        std::all_of(bound.begin(), bound.end(), [](const auto& b) { return b.expr != nullptr; });
  if (!errors.empty() || !complete) return std::nullopt;
  return bound;
}

std::optional<std::vector<std::uint32_t>> BindContext::key_columns(const std::vector<KeyOption::Column>& key,
                                                                   const SchemaRef& schema) {
  if (!schema) return std::nullopt;
  std::vector<std::uint32_t> columns;
  bool sound = true;
  for (const KeyOption::Column& column : key) {
    const auto found = schema->find(column.name);
    if (!found) {
      const std::string near = nearest(column.name, schema->names());
      if (const auto meant = schema->find(near)) {
        columns.push_back(static_cast<std::uint32_t>(*meant));  // so that readers know the columns of the result
      } else {
        sound = false;
      }
      const bool is_expression = column.name.find_first_of("( +-*/.|") != std::string::npos;
      report({.code = "SR3010",
              .message = "unknown column `" + column.name + "` in `key`",
              .span = column.span,
              .label = near.empty() ? "" : "did you mean `" + near + "`?",
              .help = is_expression ? "a key is a column: compute the expression in a `map` first"
                                    : "columns: " + schema->to_text(),
              .suggestion = near});
      continue;
    }
    const TypeRef& type = schema->fields[*found].type;
    if (type && (type->id == TypeId::variant || type->id == TypeId::map)) {
      sound = false;
      error("SR3015", column.span, "`" + column.name + "` is of type " + type->name() + " and cannot be a key", "",
            "compute a value of another type in a `map` first, such as `cast(" + column.name + " as string)`");
      continue;
    }
    columns.push_back(static_cast<std::uint32_t>(*found));
  }
  if (!sound) return std::nullopt;
  return columns;
}

bool BindContext::add_column(std::vector<Field>& fields, std::string name, TypeRef type, Span span) {
  const auto twice =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return same_name(field.name, name); });
  if (twice == fields.end()) {
    fields.push_back({std::move(name), std::move(type)});
    return true;
  }
  error("SR2111", span,
        twice->name == name ? "column `" + name + "` is there already"
                            : "columns `" + twice->name + "` and `" + name + "` differ only in case",
        "", "column names are compared without regard to case");
  return false;
}

}  // namespace sr::specs
