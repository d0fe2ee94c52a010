// Aggregating expressions: each call of an aggregate becomes a column of the group, once for equal calls; what stands
// around is bound over the group. Entry point: bind_aggregates. Tested in tests/unit/expr/bind_aggregates_test.cc.
#include <algorithm>

#include "engine/expr/aggregates/distinct.h"
#include "engine/expr/binder.h"
#include "engine/expr/codes.h"

namespace sr::expr {

namespace {

// Bounds the number of aggregate calls that expressions can make, macros expanded; gives up where binding will, too.
class CallCounter {
 public:
  explicit CallCounter(const Macros* macros) : macros_(macros) {}

  void visit(const Expr& expr, int depth = 0) {
    if (++visited_ > 4 * static_cast<std::size_t>(kMaxExpressionNodes)) return;
    if (expr.kind == ExprKind::call && aggregates().find(expr.name)) ++calls_;
    for (const ExprPtr& arg : expr.args) visit(*arg, depth);
    if (expr.kind != ExprKind::call || !macros_ || depth > kMaxExpressionDepth) return;
    const auto macro = macros_->find(expr.name);
    if (macro == macros_->end() || !macro->second.body) return;
    visit(*macro->second.body, depth + 1);
  }
  std::size_t calls() const { return calls_; }

 private:
  const Macros* macros_;
  std::size_t visited_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace

void Binder::collect_aggregates(const Scope& row, std::vector<AggregateCall>* calls, std::size_t bound) {
  row_ = &row;
  outer_ = scope_;
  calls_ = calls;
  lambda_base_ += bound;
  if (!macros_) macros_ = row.macros;
}

BoundRef Binder::bind_aggregate(const Expr& expr, const AggregateInfo& info) {
  if (!calls_) {
    return fail_name(expr, codes::kAggregateHere, "the aggregate `" + expr.name + "` cannot stand here",
                     "aggregates stand in aggregating nodes such as reduce and reduce_by_key");
  }
  if (inside_)
    return fail_name(expr, codes::kNestedAggregate, "the aggregate `" + expr.name + "` stands inside another one");
  const bool star = info.name == "count" && expr.args.size() == 1 && expr.args[0]->kind == ExprKind::star;
  if (!star && !check_count(expr, info.signature, std::max(info.min_args, info.name == "count" ? 1 : 0), info.max_args))
    return nullptr;
  AggregateCall call;
  inside_ = true;
  scope_ = row_;
  const std::vector<LambdaParam> params = std::move(lambda_params_);
  lambda_params_.clear();
  const bool complete = star || bind_all(expr, call.args);
  lambda_params_ = params;
  std::vector<TypeRef> types;
  std::vector<ColumnRef> constants;
  for (const BoundRef& arg : call.args) {
    types.push_back(arg ? arg->type : nullptr);
    constants.push_back(arg && arg->is_constant() ? arg->value : nullptr);
  }
  ResolveError problem;
  const ResolveInput input{types, constants};
  const bool resolved = complete && info.resolve(input, expr.distinct, &call.aggregate, &problem) &&
                        (!expr.distinct || make_distinct(info, input, &call.aggregate, &problem));
  for (std::size_t i = 0; resolved && i < call.args.size() && i < call.aggregate.params.size(); ++i) {
    if (call.aggregate.params[i]) call.args[i] = convert(call.args[i], call.aggregate.params[i]);
  }
  inside_ = false;
  scope_ = outer_;
  if (!complete) return nullptr;
  if (!resolved) {
    const std::string message = "`" + expr.name + "`: " + problem.message;
    if (problem.argument < expr.args.size())
      return fail_at(*expr.args[problem.argument], codes::kArgumentType, message);
    return fail_name(expr, codes::kArgumentType, message, "its form is `" + info.signature + "`");
  }
  call.text = expr.name + (expr.distinct ? "(distinct " : "(") + (star ? "*" : "");
  for (std::size_t i = 0; i < call.args.size(); ++i) call.text += (i ? ", " : "") + to_text(*call.args[i], *row_);
  call.text += ")";
  std::string key = expr.name + (expr.distinct ? "|d" : "|");
  for (const BoundRef& arg : call.args) {
    key += arg->is_constant() ? "|" + arg->type->name() + ":" + to_text(*arg, *row_)
                              : "|" + std::to_string(reinterpret_cast<std::uintptr_t>(arg.get()));
  }
  const auto [place, fresh] = call_index_.emplace(std::move(key), static_cast<std::uint32_t>(calls_->size()));
  const auto index = static_cast<std::uint32_t>(outer_->columns.size() + place->second);
  const TypeRef result = call.aggregate.result;
  if (fresh) calls_->push_back(std::move(call));
  return column_node(index, result, expr);
}

BoundAggregates bind_aggregates(const std::vector<AggregateInput>& expressions, const Scope& row, const Scope& outer,
                                std::vector<IndexedError>& errors) {
  BoundAggregates bound;
  CallCounter counter(outer.macros ? outer.macros : row.macros);
  for (const AggregateInput& input : expressions) {
    if (input.expr) counter.visit(*input.expr);
  }
  std::vector<ExprError> found;
  Binder binder(outer, found);
  binder.collect_aggregates(row, &bound.calls, counter.calls());
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const std::size_t before = found.size();
    BoundRef result = expressions[i].expr ? binder.bind_as(*expressions[i].expr, expressions[i].expected) : nullptr;
    bound.results.push_back(found.size() == before ? std::move(result) : nullptr);
    for (std::size_t at = before; at < found.size(); ++at) errors.push_back({i, found[at]});
  }
  return bound;
}

}  // namespace sr::expr
