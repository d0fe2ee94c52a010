// Expansion of the macros of `functions:`: the body is bound in place of the call, its parameters stand for the
// arguments, cast to the declared types. Findings inside a body are put at the call. Tested in
// tests/unit/expr/bind_test.cc.
#include <algorithm>

#include "engine/expr/binder.h"
#include "engine/expr/cast.h"
#include "engine/expr/codes.h"

namespace sr::expr {

BoundRef Binder::bind_macro(const Expr& expr, const Macro& macro) {
  if (!macro.body) {  // wrong itself, and reported where it stands
    for (const ExprPtr& arg : expr.args) bind(*arg);
    return nullptr;
  }
  std::string signature = expr.name + "(";
  for (std::size_t i = 0; i < macro.params.size(); ++i) signature += (i ? ", " : "") + macro.params[i].name;
  const int count = static_cast<int>(macro.params.size());
  if (!check_count(expr, signature + ")", count, count)) return nullptr;
  int depth = 0;
  for (const Frame* frame = frame_; frame; frame = frame->outer) {
    if (++depth == kMaxExpressionDepth) {
      return fail_name(expr, codes::kTooLarge,
                       "macros are nested deeper than " + std::to_string(kMaxExpressionDepth) + " levels");
    }
    if (frame->macro == &macro) return fail_name(expr, codes::kMacro, "the macro `" + expr.name + "` calls itself");
  }
  Frame frame;
  frame.outer = frame_;
  frame.macro = &macro;
  frame.name = expr.name;
  frame.call = &expr;
  frame.lambda_floor = lambda_params_.size();
  for (const ExprPtr& arg : expr.args) frame.arguments.push_back({arg.get(), {}, {}});
  bool complete = true;
  for (std::size_t i = 0; i < frame.arguments.size() && !calls_; ++i) complete = bind_argument(frame, i) && complete;
  if (!complete) return nullptr;
  Frame* const outer = frame_;
  frame_ = &frame;
  BoundRef result = bind(*macro.body);
  frame_ = outer;
  return result;
}

// Binds an argument where the call stands, once outside and once inside of aggregates.
BoundRef Binder::bind_argument(Frame& frame, std::size_t index) {
  Frame::Argument& argument = frame.arguments[index];
  if (argument.done[inside_]) return argument.bound[inside_];
  argument.done[inside_] = true;
  Frame* const here = frame_;
  frame_ = frame.outer;
  const std::size_t floor = std::min(frame.lambda_floor, lambda_params_.size());
  const std::vector<LambdaParam> inner(lambda_params_.begin() + static_cast<std::ptrdiff_t>(floor),
                                       lambda_params_.end());
  lambda_params_.resize(floor);
  BoundRef bound = bind(*argument.expr);
  if (bound) {
    const Field& param = frame.macro->params[index];
    BoundRef cast = cast_to(bound, param.type);
    if (!cast) {
      fail_at(*argument.expr, codes::kArgumentType,
              "`" + frame.name + "`: expected " + param.type->name() + " for `" + param.name + "`, got " +
                  bound->type->name());
    }
    argument.bound[inside_] = std::move(cast);
  }
  frame_ = here;
  lambda_params_.insert(lambda_params_.end(), inner.begin(), inner.end());
  return argument.bound[inside_];
}

}  // namespace sr::expr
