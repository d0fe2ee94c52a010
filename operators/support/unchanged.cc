#include "operators/support/unchanged.h"

#include <algorithm>

#include "engine/expr/eval.h"

namespace sr::operators {

namespace {

using expr::BoundExpr;
using expr::BoundRef;
using Kind = BoundExpr::Kind;

BoundRef literal(ColumnRef value) {
  auto bound = std::make_shared<BoundExpr>();
  bound->kind = Kind::literal;
  bound->type = value->type;
  bound->value = std::move(value);
  return bound;
}

// The value of an aggregate that has seen no rows.
BoundRef empty_value(const expr::AggregateCall& call) {
  const auto states = call.aggregate.make();
  states->resize(1);
  const std::uint32_t group = 0;
  expr::RowErrors errors;
  return literal(states->finish(std::span(&group, 1), errors));
}

bool is_null(const BoundRef& e) {
  return e->kind == Kind::literal && !e->value->valid(0);
}
bool is_true(const BoundRef& e) {
  return e->kind == Kind::literal && e->value->valid(0) && e->value->get<std::uint8_t>(0) != 0;
}

bool is_zero(const BoundRef& e) {
  if (e->kind != Kind::literal || !e->value->valid(0)) return false;
  switch (e->type->id) {
    case TypeId::bigint:
      return e->value->get<std::int64_t>(0) == 0;
    case TypeId::float64:
      return e->value->get<double>(0) == 0;
    case TypeId::decimal:
      return e->value->get<Int128>(0) == 0;
    default:
      return false;
  }
}

bool is_empty(const BoundRef& e) {
  if (e->kind != Kind::literal || !e->value->valid(0)) return false;
  if (e->type->id == TypeId::array) return e->value->begin_of(0) == e->value->end_of(0);
  return e->type->id == TypeId::string && e->value->get<Str>(0).size == 0;
}

// The result keeps its type: an argument of another type must not stand for the call.
BoundRef as_result(const BoundExpr& call, const BoundRef& argument) {
  return same_type(call.type, argument->type) ? argument : nullptr;
}

BoundRef one_left(const BoundExpr& call, const std::vector<BoundRef>& args, bool (*gone)(const BoundRef&)) {
  std::vector<BoundRef> left;
  std::copy_if(args.begin(), args.end(), std::back_inserter(left), [&](const BoundRef& a) { return !gone(a); });
  return left.size() == 1 ? as_result(call, left[0]) : nullptr;
}

// case when c1 then v1 … [else v] whose conditions are known.
BoundRef known_branch(const BoundExpr& call) {
  for (std::size_t i = 0; i + 1 < call.args.size(); i += 2) {
    if (call.args[i]->kind != Kind::literal) return nullptr;
    if (is_true(call.args[i])) return as_result(call, call.args[i + 1]);
  }
  return call.has_else ? as_result(call, call.args.back()) : nullptr;
}

BoundRef simpler(const BoundExpr& call) {
  const auto& args = call.args;
  if (call.kind == Kind::coalesce) {
    std::size_t first = 0;
    while (first + 1 < args.size() && is_null(args[first])) ++first;
    return first + 1 == args.size() || args[first]->kind == Kind::literal ? as_result(call, args[first]) : nullptr;
  }
  if (call.kind == Kind::case_of) return known_branch(call);
  if (call.kind == Kind::cast) return as_result(call, args[0]);
  if (call.kind != Kind::call) return nullptr;
  if (call.name == "+" && args.size() == 2) return one_left(call, args, is_zero);
  if (call.name == "-" && args.size() == 2 && is_zero(args[1])) return as_result(call, args[0]);
  if (call.name == "greatest" || call.name == "least") return one_left(call, args, is_null);
  if (call.name == "concat" || call.name == "||" || call.name == "array_union") return one_left(call, args, is_empty);
  return nullptr;
}

BoundRef fold(const BoundRef& e) {
  const bool constant =
      e->deterministic && !e->args.empty() && e->kind != Kind::batch_time && e->kind != Kind::lambda &&
      std::all_of(e->args.begin(), e->args.end(), [](const BoundRef& a) { return a->kind == Kind::literal; });
  if (!constant) return nullptr;
  expr::RowErrors errors;
  const expr::EvalInput input{{}, 1, Selection{nullptr, 1}};
  const ColumnRef value = expr::evaluate(*e, input, errors);
  return errors.empty() ? literal(value) : nullptr;
}

BoundRef simplify(const BoundRef& e, std::uint32_t before_calls, const std::vector<BoundRef>& empties) {
  if (e->kind == Kind::column && e->index >= before_calls) return empties[e->index - before_calls];
  if (e->args.empty() || e->kind == Kind::lambda) return e;
  auto copy = std::make_shared<BoundExpr>(*e);
  for (BoundRef& arg : copy->args) arg = simplify(arg, before_calls, empties);
  if (BoundRef folded = fold(copy)) return folded;
  if (BoundRef simple = simpler(*copy)) return simple;
  return copy;
}

}  // namespace

bool is_unchanged_without_rows(const BoundRef& update, std::uint32_t before_calls,
                               const std::vector<expr::AggregateCall>& calls, std::uint32_t state) {
  std::vector<BoundRef> empties;
  for (const expr::AggregateCall& call : calls) empties.push_back(empty_value(call));
  const BoundRef simple = simplify(update, before_calls, empties);
  return simple->kind == Kind::column && simple->index == state;
}

}  // namespace sr::operators
