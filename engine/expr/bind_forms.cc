// Binding of calls with rules of their own: and, or, between, if, coalesce, in, struct, fields, `+ interval`, now. What
// stays a registry call goes on to bind_function. Tested in tests/unit/expr/bind_test.cc.
#include <map>

#include "engine/expr/binder.h"
#include "engine/expr/cast.h"
#include "engine/expr/codes.h"
#include "engine/expr/functions/internal.h"
#include "engine/expr/literal.h"

namespace sr::expr {

Binder::Form Binder::form_of(const std::string& name) {
  static const std::map<std::string, Form, std::less<>> forms = {
      {"and", &Binder::bind_logic},
      {"or", &Binder::bind_logic},
      {"between", &Binder::bind_between},
      {"if", &Binder::bind_if},
      {"iff", &Binder::bind_if},
      {"nvl2", &Binder::bind_nvl2},
      {"coalesce", &Binder::bind_coalesce},
      {"nvl", &Binder::bind_coalesce},
      {"ifnull", &Binder::bind_coalesce},
      {"struct", &Binder::bind_struct},
      {".", &Binder::bind_field},
      {"+", &Binder::bind_sum},
      {"-", &Binder::bind_sum},
      {"||", &Binder::bind_concat},
      {"in", &Binder::bind_in},
      {"[]", &Binder::bind_index},
      {"now", &Binder::bind_now},
      {"current_timestamp", &Binder::bind_now},
      {"current_date", &Binder::bind_now},
      {"rand", &Binder::bind_rand},
      {"random", &Binder::bind_rand},
      {"transform", &Binder::bind_lambda_call},
      {"filter", &Binder::bind_lambda_call},
      {"exists", &Binder::bind_lambda_call},
      {"forall", &Binder::bind_lambda_call},
      {"aggregate", &Binder::bind_lambda_call},
      {"reduce", &Binder::bind_lambda_call},
      {"transform_values", &Binder::bind_lambda_call},
      {"map_filter", &Binder::bind_lambda_call},
  };
  const auto found = forms.find(name);
  return found == forms.end() ? nullptr : found->second;
}

BoundRef Binder::bind_logic(const Expr& expr) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::logic;
  node->name = expr.name;
  node->type = types::boolean();
  bool complete = true;
  for (const ExprPtr& arg : expr.args) {
    node->args.push_back(condition(*arg));
    complete = complete && node->args.back();
  }
  return complete ? finish(std::move(node), expr) : nullptr;
}

BoundRef Binder::bind_between(const Expr& expr) {
  std::vector<BoundRef> args;
  if (!bind_all(expr, args)) return nullptr;
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::logic;
  node->name = "and";
  node->type = types::boolean();
  node->args.push_back(call_node(expr, *functions().find(">="), {args[0], args[1]}));
  if (!node->args[0]) return nullptr;
  node->args.push_back(call_node(expr, *functions().find("<="), {args[0], args[2]}));
  return node->args[1] ? finish(std::move(node), expr) : nullptr;
}

BoundRef Binder::bind_if(const Expr& expr) {
  if (!check_count(expr, "if(b, v, v)", 3, 3)) return nullptr;
  BoundRef when = condition(*expr.args[0]);
  std::vector<BoundRef> values;
  if (!bind_all(expr, values, 1) || !when) return nullptr;
  if (!unify(values, {expr.args[1].get(), expr.args[2].get()}, "the branches of `if`")) return nullptr;
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::case_of;
  node->type = values[0]->type;
  node->has_else = true;
  node->args = {std::move(when), values[0], values[1]};
  return finish(std::move(node), expr);
}

BoundRef Binder::bind_nvl2(const Expr& expr) {
  if (!check_count(expr, "nvl2(v, v1, v2)", 3, 3)) return nullptr;
  std::vector<BoundRef> values;
  if (!bind_all(expr, values)) return nullptr;
  BoundRef when = call_node(expr, *functions().find("isnotnull"), {values[0]});
  values.erase(values.begin());
  if (!when || !unify(values, {expr.args[1].get(), expr.args[2].get()}, "the values of `nvl2`")) return nullptr;
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::case_of;
  node->type = values[0]->type;
  node->has_else = true;
  node->args = {std::move(when), values[0], values[1]};
  return finish(std::move(node), expr);
}

BoundRef Binder::bind_coalesce(const Expr& expr) {
  const bool two = expr.name != "coalesce";
  if (!check_count(expr, two ? expr.name + "(v, v)" : "coalesce(v, …)", two ? 2 : 1, two ? 2 : -1)) return nullptr;
  std::vector<BoundRef> values;
  if (!bind_all(expr, values)) return nullptr;
  std::vector<const Expr*> places;
  for (const ExprPtr& arg : expr.args) places.push_back(arg.get());
  if (!unify(values, places, "the arguments of `coalesce`")) return nullptr;
  if (values.size() == 1) return values[0];
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::coalesce;
  node->name = "coalesce";
  node->type = values[0]->type;
  node->args = std::move(values);
  return finish(std::move(node), expr);
}

// struct(a, st.b, x + 1 as c): the names of columns and fields, of other values col1, col2, …
BoundRef Binder::bind_struct(const Expr& expr) {
  if (!check_count(expr, "struct(v [as name], …)", 1, -1)) return nullptr;
  std::vector<BoundRef> values;
  if (!bind_all(expr, values)) return nullptr;
  std::vector<BoundRef> args;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Expr& arg = *expr.args[i];
    std::string name = i < expr.params.size() ? expr.params[i] : std::string();
    if (name.empty() && (arg.kind == ExprKind::name || (arg.kind == ExprKind::call && arg.name == ".")))
      name = arg.parts.back();
    if (name.empty()) name = "col" + std::to_string(i + 1);
    auto literal = std::make_shared<BoundExpr>();
    literal->value = literal_text(types::string(), name);
    literal->type = types::string();
    args.push_back(std::move(literal));
    args.push_back(std::move(values[i]));
  }
  return call_node(expr, *functions().find("named_struct"), std::move(args));
}

BoundRef Binder::bind_field(const Expr& expr) {
  BoundRef base = bind(*expr.args[0]);
  return base ? field(std::move(base), expr, 0) : nullptr;
}

BoundRef Binder::bind_sum(const Expr& expr) {
  if (expr.args.size() == 2 && expr.args[1]->kind == ExprKind::interval) return bind_interval_sum(expr);
  return bind_function(expr, *functions().find(expr.name));
}

BoundRef Binder::bind_interval_sum(const Expr& expr) {
  BoundRef base = bind(*expr.args[0]);
  if (!base) return nullptr;
  if (base->type->id == TypeId::null || base->type->id == TypeId::variant) base = convert(base, types::timestamp());
  if (base->type->id != TypeId::date && base->type->id != TypeId::timestamp) {
    return fail_at(*expr.args[0], codes::kArgumentType,
                   "`" + expr.name + "` interval: expected timestamp or date, got " + base->type->name());
  }
  const Expr& interval = *expr.args[1];
  const std::int64_t sign = expr.name == "-" ? -1 : 1;
  constexpr std::int64_t kDay = 86400000000;
  if (base->type->id == TypeId::date && interval.micros % kDay != 0) base = convert(base, types::timestamp());
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::call;
  resolve_interval_sum(std::move(base), sign * interval.months, sign * interval.micros, node.get());
  return finish(std::move(node), expr);
}

// `a || b || c` is concat(a, b, c).
BoundRef Binder::bind_concat(const Expr& expr) {
  return bind_function(expr, *functions().find("concat"));
}

// A list of constants becomes a set; other lists are compared one by one.
BoundRef Binder::bind_in(const Expr& expr) {
  std::vector<BoundRef> values;
  if (!bind_all(expr, values)) return nullptr;
  std::vector<const Expr*> places;
  for (const ExprPtr& arg : expr.args) places.push_back(arg.get());
  bool typed = false;
  for (const BoundRef& value : values)
    typed = typed || (value->type->id != TypeId::variant && value->type->id != TypeId::null);
  if (values[0]->type->id == TypeId::variant && !typed) {
    return fail_at(*expr.args[0], codes::kArgumentType, "`in`: a variant needs a cast to be compared");
  }
  if (!unify(values, places, "the values of `in`")) return nullptr;
  if (values[0]->type->id == TypeId::map)
    return fail_at(*expr.args[0], codes::kArgumentType, "`in`: maps cannot be compared");
  bool constant = true;
  std::vector<ColumnRef> items;
  for (std::size_t i = 1; i < values.size(); ++i) {
    constant = constant && values[i]->is_constant();
    if (constant) items.push_back(values[i]->value);
  }
  if (!constant) return call_node(expr, *functions().find("in"), std::move(values));
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::call;
  resolve_in_constants(values[0], items, node.get());
  return finish(std::move(node), expr);
}

BoundRef Binder::bind_index(const Expr& expr) {
  std::vector<BoundRef> args;
  if (!bind_all(expr, args)) return nullptr;
  const BoundExpr& index = *args[1];
  if (args[0]->type->id == TypeId::variant && index.is_constant() && index.value->valid(0)) {
    auto node = std::make_shared<BoundExpr>();
    node->kind = BoundExpr::Kind::call;
    if (index.type->id == TypeId::bigint) {
      resolve_variant_index(args[0], index.value->get<std::int64_t>(0), node.get());
      return finish(std::move(node), expr);
    }
    if (index.type->id == TypeId::string) {
      resolve_variant_step(args[0], std::string(index.value->data<Str>()[0].view()), node.get());
      return finish(std::move(node), expr);
    }
  }
  return call_node(expr, *functions().find("[]"), std::move(args));
}

BoundRef Binder::bind_now(const Expr& expr) {
  const bool called = expr.kind == ExprKind::call;
  if (called && !check_count(expr, expr.name + "()", 0, 0)) return nullptr;
  BoundRef time = batch_time(expr);
  const bool date = called ? expr.name == "current_date" : same_name(expr.parts[0], "current_date");
  return date && time ? convert(std::move(time), types::date()) : time;
}

// rand([seed]) and `row` of a generating source.
BoundRef Binder::bind_rand(const Expr& expr) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::call;
  if (expr.kind == ExprKind::name) {
    resolve_row(node.get());
    return finish(std::move(node), expr);
  }
  if (!scope_->allows_row) {
    return fail_name(expr, codes::kUnknownFunction,
                     "`" + expr.name + "` stands only in the columns of a `generate` source",
                     "results must not change when a batch is computed again");
  }
  if (!check_count(expr, "rand([seed])", 0, 1)) return nullptr;
  std::int64_t seed = 0;
  if (expr.args.size() == 1) {
    const BoundRef bound = bind(*expr.args[0]);
    if (!bound) return nullptr;
    if (!bound->is_constant() || bound->type->id != TypeId::bigint || !bound->value->valid(0)) {
      return fail_at(*expr.args[0], codes::kArgumentType, "`rand`: expected a constant bigint");
    }
    seed = bound->value->get<std::int64_t>(0);
  }
  resolve_rand(seed, node.get());
  return finish(std::move(node), expr);
}

}  // namespace sr::expr
