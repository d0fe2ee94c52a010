// Binding of literals, casts and case, and the entry points bind and bind_order. Knows the grammar's tree and the
// scope; names, calls and forms have files of their own. Tested in tests/unit/expr/bind_test.cc.
#include "engine/expr/bind.h"

#include <algorithm>

#include "engine/expr/binder.h"
#include "engine/expr/cast.h"
#include "engine/expr/codes.h"
#include "engine/expr/literal.h"

namespace sr::expr {

void Scope::add(const Schema& schema, std::string qualifier, bool qualified_only) {
  columns.reserve(columns.size() + schema.size());
  for (const Field& field : schema.fields) columns.push_back({qualifier, field.name, field.type, qualified_only});
}

BoundRef Binder::fail(std::size_t begin, std::size_t end, const char* code, std::string message, std::string help) {
  if (frame_) {
    const Frame* outermost = frame_;
    while (outermost->outer) outermost = outermost->outer;
    message = "in `" + frame_->name + "`: " + message;
    begin = outermost->call->name_begin;
    end = outermost->call->name_end;
  }
  errors_->push_back({begin, end, code, std::move(message), {}, std::move(help)});
  return nullptr;
}

BoundRef Binder::finish(std::shared_ptr<BoundExpr> node, const Expr& expr) {
  if (++nodes_ > kMaxExpressionNodes) {
    if (nodes_ == kMaxExpressionNodes + 1)
      fail_at(expr, codes::kTooLarge, "this expression grows beyond " + std::to_string(kMaxExpressionNodes) + " parts");
    return nullptr;
  }
  node->begin = expr.begin;
  node->end = expr.end;
  for (BoundRef& arg : node->args) {
    if (arg->is_constant()) arg = pools_[inside_].intern(std::make_shared<BoundExpr>(*arg));
    node->can_fail = node->can_fail || arg->can_fail;
    node->deterministic = node->deterministic && arg->deterministic;
  }
  BoundRef folded = fold(node);
  return folded.get() == node.get() ? pools_[inside_].intern(std::move(node)) : folded;
}

BoundRef Binder::bind(const Expr& expr) {
  if (nodes_ > kMaxExpressionNodes) return nullptr;  // macros would go on growing
  switch (expr.kind) {
    case ExprKind::literal:
      return bind_literal(expr);
    case ExprKind::name:
      return bind_name(expr);
    case ExprKind::call:
      return bind_call(expr);
    case ExprKind::cast:
      return bind_cast(expr);
    case ExprKind::case_of:
      return bind_case(expr);
    case ExprKind::interval:
      return fail_at(expr, codes::kInterval, "an interval stands only right of `+` or `-`",
                     "write `t + interval 90 minutes`");
    case ExprKind::lambda:
      return fail_at(expr, codes::kLambda,
                     "a lambda stands only in functions of arrays and maps, such as `transform(arr, x -> x + 1)`");
    case ExprKind::star:
      return fail_at(expr, codes::kSyntax, "`*` stands only in `count(*)`");
  }
  return nullptr;
}

BoundRef Binder::bind_as(const Expr& expr, const TypeRef& expected) {
  const std::size_t before = errors_->size();
  BoundRef bound = bind(expr);
  if (!bound || errors_->size() != before || !expected) return bound;
  BoundRef cast = cast_to(bound, expected);
  if (cast) return cast;
  const bool condition = expected->id == TypeId::boolean;
  return fail_at(
      expr, condition ? codes::kNotBoolean : codes::kResultType,
      "expected " + expected->name() + ", got " + bound->type->name(),
      can_cast(*bound->type, *expected) && !condition ? "write `cast(… as " + expected->name() + ")`" : std::string());
}

BoundRef Binder::convert(BoundRef expr, const TypeRef& type) {
  if (same_type(expr->type, type)) return expr;
  BoundRef cast = make_cast(std::move(expr), type, false);
  return cast->is_constant() ? cast : pools_[inside_].intern(std::make_shared<BoundExpr>(*cast));
}

bool Binder::bind_all(const Expr& expr, std::vector<BoundRef>& bound, std::size_t from) {
  bool complete = true;
  for (std::size_t i = from; i < expr.args.size(); ++i) {
    bound.push_back(bind(*expr.args[i]));
    complete = complete && bound.back();
  }
  return complete;
}

BoundRef Binder::bind_literal(const Expr& expr) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::literal;
  node->type = expr.type;
  node->value = expr.value;
  node->written = true;
  node->begin = expr.begin;
  node->end = expr.end;
  if (++nodes_ > kMaxExpressionNodes) return finish(std::move(node), expr);
  return node;
}

BoundRef Binder::bind_cast(const Expr& expr) {
  BoundRef value = bind(*expr.args[0]);
  if (!value) return nullptr;
  if (!can_cast(*value->type, *expr.type)) {
    return fail_at(expr, codes::kBadCast, "cannot cast " + value->type->name() + " to " + expr.type->name());
  }
  BoundRef cast = make_cast(value, expr.type, expr.name == "try_cast");
  if (cast->is_constant() || cast == value) {
    if (!cast->is_constant() || !cast->written) return cast;
    auto plain = std::make_shared<BoundExpr>(*cast);  // `cast(1 as bigint)` is no written literal
    plain->written = false;
    return plain;
  }
  auto node = std::make_shared<BoundExpr>(*cast);
  node->name = expr.name;
  return finish(std::move(node), expr);
}

BoundRef Binder::condition(const Expr& expr) {
  BoundRef bound = bind(expr);
  if (!bound) return nullptr;
  BoundRef cast = cast_to(bound, types::boolean());
  if (cast) return cast;
  return fail_at(expr, codes::kNotBoolean, "expected boolean, got " + bound->type->name());
}

bool Binder::unify(std::vector<BoundRef>& values, const std::vector<const Expr*>& places, const char* what) {
  literal_digits(values);
  TypeRef type = types::null();
  for (std::size_t i = 0; i < values.size(); ++i) {
    TypeRef wider = common_type(type, values[i]->type);
    if (!wider) {
      fail_at(
          *places[i], codes::kNoCommonType,
          std::string(what) + " need a common type: " + type->name() + " and " + values[i]->type->name() + " have none",
          "cast one of them");
      return false;
    }
    type = std::move(wider);
  }
  for (BoundRef& value : values) value = convert(std::move(value), type);
  return true;
}

BoundRef Binder::bind_case(const Expr& expr) {
  std::size_t at = 0;
  BoundRef operand;
  bool complete = true;
  if (expr.has_operand) {
    operand = bind(*expr.args[at++]);
    complete = operand != nullptr;
  }
  std::vector<BoundRef> conditions, values;
  std::vector<const Expr*> places;
  for (; at + 1 < expr.args.size(); at += 2) {
    const Expr& when = *expr.args[at];
    if (!expr.has_operand) {
      conditions.push_back(condition(when));
    } else {
      BoundRef value = bind(when);
      conditions.push_back(operand && value ? call_node(when, *functions().find("="), {operand, value}) : nullptr);
    }
    complete = complete && conditions.back();
    values.push_back(bind(*expr.args[at + 1]));
    places.push_back(expr.args[at + 1].get());
    complete = complete && values.back();
  }
  if (expr.has_else) {
    values.push_back(bind(*expr.args[at]));
    places.push_back(expr.args[at].get());
    complete = complete && values.back();
  }
  if (!complete || !unify(values, places, "the branches of `case`")) return nullptr;
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::case_of;
  node->type = values[0]->type;
  node->has_else = expr.has_else;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i < conditions.size()) node->args.push_back(conditions[i]);
    node->args.push_back(values[i]);
  }
  return finish(std::move(node), expr);
}

BoundRef bind(const Expr& expr, const Scope& scope, const TypeRef& expected, std::vector<ExprError>& errors) {
  return Binder(scope, errors).bind_as(expr, expected);
}

std::vector<BoundOrder> bind_order(const std::vector<OrderItem>& items, const Scope& scope,
                                   std::vector<ExprError>& errors) {
  std::vector<BoundOrder> order;
  for (const OrderItem& item : items) {
    BoundRef bound = Binder(scope, errors).bind_as(*item.expr, nullptr);
    if (!bound) continue;
    if (bound->type->id == TypeId::map || bound->type->id == TypeId::variant) {
      errors.push_back({item.expr->begin,
                        item.expr->end,
                        codes::kArgumentType,
                        "a " + bound->type->name() + " has no order",
                        {},
                        bound->type->id == TypeId::variant ? "cast it first, e.g. `cast(… as bigint)`" : ""});
      continue;
    }
    order.push_back({std::move(bound), item.descending, item.nulls_first});
  }
  return order;
}

}  // namespace sr::expr
