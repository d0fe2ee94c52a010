// Binding of functions that take lambdas: transform, filter, exists, forall, aggregate, transform_values, map_filter. A
// node of kind lambda has the function's name, the collection, then the bodies; its index is that of its first
// parameter column. Tested in tests/unit/expr/lambda_test.cc.
#include <algorithm>

#include "engine/expr/binder.h"
#include "engine/expr/cast.h"
#include "engine/expr/codes.h"

namespace sr::expr {

std::uint32_t Binder::next_lambda_index() const {
  const std::size_t base = inside_ ? row_->columns.size() : lambda_base_;
  return static_cast<std::uint32_t>(
      lambda_params_.empty() ? base : std::max<std::size_t>(base, lambda_params_.back().index + 1));
}

// Binds a lambda's body with parameters of the given types (a lambda may name fewer).
BoundRef Binder::bind_lambda_body(const Expr& lambda, const std::vector<TypeRef>& types) {
  if (lambda.kind != ExprKind::lambda) {
    return fail_at(lambda, codes::kLambda, "expected a lambda such as `x -> x + 1`");
  }
  if (lambda.params.size() > types.size()) {
    return fail(lambda.part_spans[types.size()].first, lambda.part_spans[types.size()].second, codes::kLambda,
                "this lambda has " + std::to_string(lambda.params.size()) + " parameters, expected " +
                    std::to_string(types.size()));
  }
  const std::size_t depth = lambda_params_.size();
  std::uint32_t index = next_lambda_index();
  for (std::size_t i = 0; i < types.size(); ++i) {
    lambda_params_.push_back({i < lambda.params.size() ? lambda.params[i] : std::string(), types[i], index++});
  }
  BoundRef body = bind(*lambda.args[0]);
  lambda_params_.resize(depth);
  return body;
}

BoundRef Binder::bind_lambda_call(const Expr& expr) {
  const FunctionInfo& info = *functions().find(expr.name);
  const bool folds = expr.name == "aggregate" || expr.name == "reduce";
  if (!check_count(expr, info.signature, info.min_args, info.max_args)) return nullptr;
  BoundRef collection = bind(*expr.args[0]);
  if (!collection) return nullptr;
  const bool of_map = expr.name == "transform_values" || expr.name == "map_filter";
  if (collection->type->id == TypeId::variant || collection->type->id != (of_map ? TypeId::map : TypeId::array)) {
    return fail_at(
        *expr.args[0], codes::kArgumentType,
        "`" + expr.name + "`: expected " + (of_map ? "a map" : "an array") + ", got " + collection->type->name());
  }
  return folds ? bind_fold_call(expr, std::move(collection)) : bind_elementwise(expr, std::move(collection));
}

BoundRef Binder::bind_elementwise(const Expr& expr, BoundRef collection) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::lambda;
  node->name = expr.name;
  node->index = next_lambda_index();
  const TypeRef element = collection->type->element();
  const bool of_map = collection->type->id == TypeId::map;
  std::vector<TypeRef> params = of_map ? std::vector<TypeRef>{types::string(), element} : std::vector<TypeRef>{element};
  if (expr.name == "transform" || expr.name == "filter") params.push_back(types::bigint());
  BoundRef body = bind_lambda_body(*expr.args[1], params);
  if (!body) return nullptr;
  const bool condition = expr.name != "transform" && expr.name != "transform_values";
  if (condition) {
    BoundRef cast = cast_to(body, types::boolean());
    if (!cast)
      return fail_at(*expr.args[1]->args[0], codes::kNotBoolean, "expected boolean, got " + body->type->name());
    body = std::move(cast);
  }
  if (expr.name == "transform") {
    node->type = types::array(body->type);
  } else if (expr.name == "transform_values") {
    node->type = types::map(body->type);
  } else {
    node->type = expr.name == "exists" || expr.name == "forall" ? types::boolean() : collection->type;
  }
  node->args = {std::move(collection), std::move(body)};
  return finish(std::move(node), expr);
}

// aggregate(array, start, (acc, x) -> …, [acc -> …]): the accumulator has the start's type.
BoundRef Binder::bind_fold_call(const Expr& expr, BoundRef array) {
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::lambda;
  node->name = "aggregate";
  node->index = next_lambda_index();
  BoundRef start = bind(*expr.args[1]);
  if (!start) return nullptr;
  const TypeRef element = array->type->element();
  BoundRef step = bind_lambda_body(*expr.args[2], {start->type, element});
  if (!step) return nullptr;
  if (!same_type(step->type, start->type)) {
    const TypeRef wider = common_type(start->type, step->type);
    if (wider && !same_type(wider, start->type)) {
      start = convert(std::move(start), wider);
      step = bind_lambda_body(*expr.args[2], {wider, element});
      if (!step) return nullptr;
    }
    BoundRef cast = cast_to(step, start->type);
    if (!cast) {
      return fail_at(*expr.args[2]->args[0], codes::kNoCommonType,
                     "the step gives " + step->type->name() + ", but the start is " + start->type->name(),
                     "cast one of them");
    }
    step = std::move(cast);
  }
  node->type = start->type;
  const TypeRef accumulator = start->type;
  node->args = {std::move(array), std::move(start), std::move(step)};
  if (expr.args.size() == 4) {
    BoundRef last = bind_lambda_body(*expr.args[3], {accumulator});
    if (!last) return nullptr;
    node->type = last->type;
    node->args.push_back(std::move(last));
  }
  return finish(std::move(node), expr);
}

}  // namespace sr::expr
