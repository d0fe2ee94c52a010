// Types that two expressions share, and casts of bound expressions. Entry points: common_type, cast_to. Tested in
// tests/unit/expr.
#include <algorithm>

#include "engine/expr/bind.h"
#include "engine/expr/cast.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

// The larger scale and the larger count of integer digits; beyond 38 digits the scale gives way.
TypeRef common_decimal(int precision_a, int scale_a, int precision_b, int scale_b) {
  const int scale = std::max(scale_a, scale_b);
  const int whole = std::max(precision_a - scale_a, precision_b - scale_b);
  if (whole + scale <= 38) return types::decimal(std::max(whole + scale, 1), scale);
  return types::decimal(38, std::max(38 - whole, 0));
}

TypeRef common_number(const Type& a, const Type& b) {
  if (a.id == TypeId::float64 || b.id == TypeId::float64) return types::float64();
  const auto precision = [](const Type& type) { return type.id == TypeId::bigint ? 20 : type.precision; };
  return common_decimal(precision(a), a.scale, precision(b), b.scale);
}

TypeRef common_nested(const Type& a, const Type& b) {
  if (a.id != b.id || a.fields.size() != b.fields.size()) return nullptr;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (a.id == TypeId::structure && !same_name(a.fields[i].name, b.fields[i].name)) return nullptr;
    TypeRef type = common_type(a.fields[i].type, b.fields[i].type);
    if (!type) return nullptr;
    fields.push_back({a.fields[i].name, std::move(type)});
  }
  if (a.id == TypeId::array) return types::array(fields[0].type);
  if (a.id == TypeId::map) return types::map(fields[0].type);
  return types::structure(std::move(fields));
}

// A literal cast to a decimal that holds it, though its type in general does not.
bool holds_literal(const BoundExpr& expr, const Type& to) {
  const bool number = expr.type->id == TypeId::bigint || expr.type->id == TypeId::decimal;
  if (!expr.is_constant() || !number || to.id != TypeId::decimal) return false;
  if (!expr.value->valid(0)) return true;
  if (expr.type->id == TypeId::decimal && expr.type->scale > to.scale) return false;
  return cast_constant(expr.value, types::decimal(to.precision, to.scale)) != nullptr;
}

}  // namespace

TypeRef common_type(const TypeRef& a, const TypeRef& b) {
  if (same_type(a, b)) return a;
  if (a->id == TypeId::null) return b;
  if (b->id == TypeId::null) return a;
  if (a->id == TypeId::variant) return b;
  if (b->id == TypeId::variant) return a;
  if (a->is_number() && b->is_number()) return common_number(*a, *b);
  const bool times =
      (a->id == TypeId::date && b->id == TypeId::timestamp) || (a->id == TypeId::timestamp && b->id == TypeId::date);
  if (times) return types::timestamp();
  return a->is_nested() ? common_nested(*a, *b) : nullptr;
}

BoundRef make_cast(BoundRef expr, const TypeRef& type, bool try_cast) {
  if (same_type(expr->type, type)) return expr;
  auto cast = std::make_shared<BoundExpr>();
  cast->begin = expr->begin;
  cast->end = expr->end;
  cast->type = type;
  if (expr->is_constant()) {
    ColumnRef value = expr->value->valid(0) ? cast_constant(expr->value, type) : null_column(type, 1);
    if (value || try_cast) {
      cast->kind = BoundExpr::Kind::literal;
      cast->value = value ? value : null_column(type, 1);
      return cast;
    }
  }
  cast->kind = BoundExpr::Kind::cast;
  cast->try_cast = try_cast;
  cast->can_fail = expr->can_fail || (!try_cast && cast_can_fail(*expr->type, *type));
  cast->deterministic = expr->deterministic;
  cast->args.push_back(std::move(expr));
  return cast;
}

BoundRef cast_to(BoundRef expr, const TypeRef& type, bool explicit_cast) {
  if (same_type(expr->type, type)) return expr;
  const bool allowed =
      explicit_cast ? can_cast(*expr->type, *type) : widens(*expr->type, *type) || holds_literal(*expr, *type);
  return allowed ? make_cast(std::move(expr), type, false) : nullptr;
}

}  // namespace sr::expr
