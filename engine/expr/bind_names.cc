// Binding of names: lambda parameters, macro parameters, columns, batch.time, and paths into structures, maps and
// variants. Tested in tests/unit/expr/bind_test.cc.
#include <algorithm>
#include <unordered_set>

#include "engine/base/diagnostic.h"
#include "engine/expr/binder.h"
#include "engine/expr/codes.h"
#include "engine/expr/functions/internal.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

constexpr std::size_t kShownColumns = 12;

std::string joined(const std::vector<std::string>& parts, std::size_t from = 0) {
  std::string out;
  for (std::size_t i = from; i < parts.size(); ++i) out += (i > from ? "." : "") + parts[i];
  return out;
}

std::vector<std::string> column_names(const Scope& scope) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const ScopeColumn& column : scope.columns) {
    if (column.name.empty()) continue;  // of a side that has no columns in the result
    std::string name = column.qualified_only ? column.qualifier + "." + column.name : column.name;
    if (seen.insert(name).second) names.push_back(std::move(name));
  }
  return names;
}

std::string listed(const std::vector<std::string>& names, const std::string& what) {
  if (names.empty()) return what + " has no columns";
  std::string out = "columns of " + what + ": ";
  for (std::size_t i = 0; i < names.size() && i < kShownColumns; ++i) out += (i ? ", `" : "`") + names[i] + "`";
  if (names.size() > kShownColumns) out += " and " + std::to_string(names.size() - kShownColumns) + " more";
  return out;
}

// Whether several columns bear the name, each to be called by its side.
bool on_both_sides(std::string_view name, const Scope& scope) {
  return std::count_if(scope.columns.begin(), scope.columns.end(), [&](const ScopeColumn& column) {
           return column.qualified_only && same_name(column.name, name);
         }) > 1;
}

// Tells how to write a name that several sides have.
std::string qualified_names(std::string_view column, const std::string& name, const Scope& scope) {
  std::string help;
  std::string_view first;
  for (const ScopeColumn& side : scope.columns) {
    if (!side.qualified_only || !same_name(side.name, column)) continue;
    if (!help.empty() && same_name(side.qualifier, first))
      return "two sides are called `" + side.qualifier + "`: name one of them with AS";
    if (help.empty()) first = side.qualifier;
    help += (help.empty() ? "write `" : " or `") + side.qualifier + "." + name + "`";
  }
  return help;
}

bool has_qualifier(const Scope& scope, std::string_view word) {
  return std::any_of(scope.columns.begin(), scope.columns.end(), [&](const ScopeColumn& column) {
    return !column.qualifier.empty() && same_name(column.qualifier, word);
  });
}

}  // namespace

BoundRef Binder::column_node(std::uint32_t index, const TypeRef& type, const Expr& expr) {
  if (!type) return nullptr;  // unknown because of an earlier error: nothing is said of it
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::column;
  node->type = type;
  node->index = index;
  return finish(std::move(node), expr);
}

BoundRef Binder::batch_time(const Expr& expr) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::batch_time;
  node->type = types::timestamp();
  return finish(std::move(node), expr);
}

// Finds the column that the first one or two parts name; *used says how many. Ambiguity is an error, absence is not.
BoundRef Binder::bind_column(const Expr& expr, const Scope& scope, std::size_t* used) {
  const auto find = [&](auto&& matches) -> std::vector<std::uint32_t> {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < scope.columns.size(); ++i) {
      if (matches(scope.columns[i])) found.push_back(i);
    }
    return found;
  };
  *used = 0;
  std::vector<std::uint32_t> found;
  if (expr.parts.size() > 1) {
    found = find([&](const ScopeColumn& c) {
      return !c.qualifier.empty() && same_name(c.qualifier, expr.parts[0]) && same_name(c.name, expr.parts[1]);
    });
    *used = 2;
  }
  if (found.empty()) {
    found = find([&](const ScopeColumn& c) { return !c.qualified_only && same_name(c.name, expr.parts[0]); });
    *used = 1;
  }
  if (found.empty()) {
    *used = 0;
    return nullptr;
  }
  if (found.size() == 1) return column_node(found[0], scope.columns[found[0]].type, expr);
  std::string help;
  for (const std::uint32_t index : found) {
    const ScopeColumn& column = scope.columns[index];
    if (!column.qualifier.empty())
      help += (help.empty() ? "write `" : " or `") + column.qualifier + "." + column.name + "`";
  }
  return fail_name(expr, codes::kAmbiguous, "the name `" + joined(expr.parts) + "` is ambiguous", help);
}

BoundRef Binder::bind_name(const Expr& expr) {
  const std::size_t floor = frame_ ? frame_->lambda_floor : 0;  // a macro does not see its caller's lambdas
  for (std::size_t i = lambda_params_.size(); i-- > floor;) {
    const LambdaParam& param = lambda_params_[i];
    if (same_name(param.name, expr.parts[0])) return bind_path(column_node(param.index, param.type, expr), expr, 1);
  }
  if (frame_) return bind_param(expr);
  std::size_t used = 0;
  BoundRef column = bind_column(expr, *scope_, &used);
  if (column) return bind_path(std::move(column), expr, used);
  if (used) return nullptr;  // ambiguous
  if (expr.parts.size() == 2 && same_name(expr.parts[0], "batch") && same_name(expr.parts[1], "time"))
    return batch_time(expr);
  if (expr.parts.size() == 1) {
    const std::string& word = expr.parts[0];
    if (same_name(word, "current_timestamp") || same_name(word, "current_date")) return bind_now(expr);
    if (scope_->allows_row && same_name(word, "row")) return bind_rand(expr);
  }
  return unknown_name(expr);
}

BoundRef Binder::bind_param(const Expr& expr) {
  Frame& frame = *frame_;
  for (std::size_t i = 0; i < frame.arguments.size(); ++i) {
    if (same_name(frame.macro->params[i].name, expr.parts[0])) {
      BoundRef bound = bind_argument(frame, i);
      return bound ? bind_path(std::move(bound), expr, 1) : nullptr;
    }
  }
  if (expr.parts.size() == 2 && same_name(expr.parts[0], "batch") && same_name(expr.parts[1], "time"))
    return batch_time(expr);
  return fail_name(expr, codes::kUnknownColumn,
                   "unknown name `" + joined(expr.parts) + "`: a macro sees only its parameters");
}

// Suggests the column that was surely meant. The marked text is the part that is wrong: behind a known qualifier the
// column alone.
void Binder::suggest_column(const Expr& expr, const Scope& scope) {
  if (frame_ || *scope.suggestions < scope.columns.size()) return;
  *scope.suggestions -= scope.columns.size();
  ExprError& error = errors_->back();
  std::vector<std::string> names = column_names(scope);
  error.help = listed(names, scope.what);
  const bool qualified = expr.parts.size() > 1 && has_qualifier(scope, expr.parts[0]);
  std::string whole;  // with its qualifier, where the suggestion stands without
  if (qualified) {
    std::vector<std::string> columns;
    for (const ScopeColumn& column : scope.columns) {
      if (same_name(column.qualifier, expr.parts[0])) columns.push_back(column.name);
    }
    error.suggestion = nearest(expr.parts[1], columns);
    if (!error.suggestion.empty()) whole = expr.parts[0] + "." + error.suggestion;
  } else {
    for (const LambdaParam& param : lambda_params_) names.push_back(param.name);
    for (const char* qualifier : {"left", "right", "state"}) {
      if (expr.parts.size() > 1 && has_qualifier(scope, qualifier)) names.emplace_back(qualifier);
    }
    error.suggestion = nearest(expr.parts[0], names);
    if (error.suggestion.empty() && expr.parts.size() == 1)
      error.suggestion = nearest(expr.parts[0], {"true", "false", "null"});
    if (error.suggestion.empty() && !nearest(joined(expr.parts), {"batch.time"}).empty())
      error.suggestion = "batch.time";
    for (const ScopeColumn& column : scope.columns) {
      if (!error.suggestion.empty() || !column.qualified_only || nearest(expr.parts[0], {column.name}).empty())
        continue;
      error.suggestion = column.qualifier + "." + column.name;
    }
  }
  if (error.suggestion.empty()) return;
  error.label = "did you mean `" + error.suggestion + "`?";
  if (!whole.empty()) error.help = "write `" + whole + "`; " + error.help;
}

BoundRef Binder::unknown_name(const Expr& expr) {
  const std::string name = joined(expr.parts);
  if (calls_) {
    const Scope& other = inside_ ? *outer_ : *row_;
    std::size_t used = 0;
    const std::size_t before = errors_->size();
    const BoundRef elsewhere = bind_column(expr, other, &used);
    errors_->resize(before);
    if (used && inside_)
      return fail_name(expr, codes::kColumnOutside, "`" + name + "` stands only outside of aggregates");
    if (elsewhere || used) {
      return fail_name(expr, codes::kColumnOutside, "the column `" + name + "` stands outside of an aggregate",
                       "a group has many rows: say which value, e.g. `any_value(" + name + ")` or `sum(" + name + ")`");
    }
  }
  if (scope_->open || (calls_ && (row_->open || outer_->open))) return nullptr;
  if (on_both_sides(expr.parts[0], *scope_)) {
    return fail_name(expr, codes::kAmbiguous, "the name `" + name + "` is ambiguous: both sides have it",
                     qualified_names(expr.parts[0], name, *scope_));
  }
  const bool qualified = expr.parts.size() > 1 && has_qualifier(*scope_, expr.parts[0]);
  const std::size_t begin = qualified ? expr.part_spans[1].first : expr.part_spans[0].first;
  const std::size_t end = qualified ? expr.part_spans[1].second : expr.part_spans[0].second;
  fail(begin, end, codes::kUnknownColumn,
       "unknown column `" + (qualified ? expr.parts[0] + "." + expr.parts[1] : expr.parts[0]) + "`");
  if (calls_ && !inside_ && scope_->columns.empty()) {
    suggest_column(expr, *row_);
  } else {
    suggest_column(expr, *scope_);
  }
  return nullptr;
}

// Applies the parts of a name from `from` on: fields of structures, keys of maps, paths of variants.
BoundRef Binder::bind_path(BoundRef base, const Expr& expr, std::size_t from) {
  for (std::size_t part = from; base && part < expr.parts.size(); ++part) base = field(std::move(base), expr, part);
  return base;
}

BoundRef Binder::field(BoundRef base, const Expr& expr, std::size_t part) {
  const std::string& name = expr.parts[part];
  const auto [begin, end] = expr.part_spans[part];
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::call;
  if (base->type->id == TypeId::variant) {
    resolve_variant_step(base, name, node.get());
    return finish(std::move(node), expr);
  }
  const bool in_array = base->type->id == TypeId::array && base->type->element()->id == TypeId::structure;
  const Type& owner = in_array ? *base->type->element() : *base->type;
  if (owner.id == TypeId::map) {
    auto key = std::make_shared<BoundExpr>();
    key->value = literal_text(types::string(), name);
    key->type = types::string();
    return call_node(expr, *functions().find("[]"), {base, key});
  }
  if (owner.id == TypeId::null) return base;
  if (owner.id != TypeId::structure) {
    return fail(begin, end, codes::kArgumentType, "a " + owner.name() + " has no field `" + name + "`");
  }
  for (std::size_t i = 0; i < owner.fields.size(); ++i) {
    if (!same_name(owner.fields[i].name, name)) continue;
    resolve_field(base, i, node.get());
    return finish(std::move(node), expr);
  }
  fail(begin, end, codes::kUnknownField, "unknown field `" + name + "` of " + owner.name());
  if (frame_) return nullptr;
  std::vector<std::string> names;
  for (const Field& field : owner.fields) names.push_back(field.name);
  ExprError& error = errors_->back();
  error.suggestion = nearest(name, names);
  if (!error.suggestion.empty()) error.label = "did you mean `" + error.suggestion + "`?";
  error.help = listed(names, "the structure");
  return nullptr;
}

}  // namespace sr::expr
