// Binding of calls by the registry: counts and types of arguments, implicit casts, errors at the exact argument.
// Tested in tests/unit/expr/bind_test.cc.
#include <algorithm>

#include "engine/base/diagnostic.h"
#include "engine/expr/binder.h"
#include "engine/expr/cast.h"
#include "engine/expr/codes.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

constexpr std::size_t kWholeCall = static_cast<std::size_t>(-1);

int digits_of(std::int64_t value) {
  int digits = 1;
  while (value > 9 || value < -9) {
    value /= 10;
    ++digits;
  }
  return digits;
}

std::string plural(int count) {
  return std::to_string(count) + (count == 1 ? " argument" : " arguments");
}

std::string count_message(const Expr& expr, int least, int most) {
  std::string wanted = most < 0        ? "at least " + plural(least)
                       : least == most ? plural(least)
                                       : std::to_string(least) + " to " + plural(most);
  if (most == 0) wanted = "no arguments";
  return "`" + expr.name + "` takes " + wanted + ", got " + std::to_string(expr.args.size());
}

}  // namespace

bool Binder::check_count(const Expr& expr, std::string_view signature, int least, int most) {
  const int count = static_cast<int>(expr.args.size());
  if (count >= least && (most < 0 || count <= most)) return true;
  fail_name(expr, codes::kArgumentCount, count_message(expr, least, most),
            "its form is `" + std::string(signature) + "`");
  return false;
}

void Binder::literal_digits(std::vector<BoundRef>& args) {
  const bool beside_decimal =
      std::any_of(args.begin(), args.end(), [](const BoundRef& arg) { return arg->type->id == TypeId::decimal; });
  if (!beside_decimal) return;
  for (BoundRef& arg : args) {
    if (!arg->is_constant() || !arg->written || arg->type->id != TypeId::bigint || !arg->value->valid(0)) continue;
    const std::int64_t value = arg->value->get<std::int64_t>(0);
    auto literal = std::make_shared<BoundExpr>(*arg);
    literal->value = literal_decimal(value, digits_of(value), 0);
    literal->type = literal->value->type;
    arg = std::move(literal);
  }
}

BoundRef Binder::bind_call(const Expr& expr) {
  if (macros_) {
    const auto macro = macros_->find(expr.name);
    if (macro != macros_->end()) return bind_macro(expr, macro->second);
  }
  if (expr.distinct && !aggregates().find(expr.name)) {
    return fail_name(expr, codes::kSyntax, "`distinct` stands only in aggregates such as `count(distinct x)`");
  }
  if (const Form form = form_of(expr.name)) return (this->*form)(expr);
  if (const FunctionInfo* info = functions().find(expr.name)) return bind_function(expr, *info);
  if (const AggregateInfo* info = aggregates().find(expr.name)) return bind_aggregate(expr, *info);
  return unknown_function(expr);
}

BoundRef Binder::unknown_function(const Expr& expr) {
  // It may be an aggregate's name misspelt: then its columns stand where they should.
  const bool may_be_aggregate = calls_ && !inside_;
  std::vector<BoundRef> ignored;
  for (const ExprPtr& arg : expr.args) {
    if (may_be_aggregate) break;
    if (arg->kind != ExprKind::lambda && arg->kind != ExprKind::star && arg->kind != ExprKind::interval)
      ignored.push_back(bind(*arg));
  }
  fail_name(expr, codes::kUnknownFunction, "unknown function `" + expr.name + "`");
  if (frame_) return nullptr;
  std::vector<std::string> names = functions().names();
  for (std::string& name : aggregates().names()) names.push_back(std::move(name));
  if (macros_) {
    for (const auto& [name, macro] : *macros_) names.push_back(name);
  }
  for (const char* form : {"cast", "try_cast", "extract", "now", "struct"}) names.emplace_back(form);
  ExprError& error = errors_->back();
  error.suggestion = nearest(expr.name, names);
  if (!error.suggestion.empty()) error.label = "did you mean `" + error.suggestion + "`?";
  return nullptr;
}

BoundRef Binder::bind_function(const Expr& expr, const FunctionInfo& info) {
  std::vector<BoundRef> args;
  const bool counted = check_count(expr, info.signature, info.min_args, info.max_args);
  if (!bind_all(expr, args) || !counted) return nullptr;
  return call_node(expr, info, std::move(args));
}

BoundRef Binder::call_node(const Expr& expr, const FunctionInfo& info, std::vector<BoundRef> args) {
  if (info.literal_digits) literal_digits(args);
  std::vector<TypeRef> types;
  std::vector<ColumnRef> constants;
  for (const BoundRef& arg : args) {
    types.push_back(arg->type);
    constants.push_back(arg->is_constant() ? arg->value : nullptr);
  }
  auto node = std::make_shared<BoundExpr>();
  node->kind = BoundExpr::Kind::call;
  node->name = info.alias_of.empty() ? info.name : info.alias_of;
  ResolveError problem;
  if (!info.resolve({types, constants}, &node->call, &problem)) {
    const std::string where = "`" + info.name + "`: ";
    const bool at_argument =
        problem.argument != kWholeCall && problem.argument < expr.args.size() && expr.kind == ExprKind::call;
    const std::string help = info.is_operator ? std::string() : "its form is `" + info.signature + "`";
    if (at_argument) return fail_at(*expr.args[problem.argument], codes::kArgumentType, where + problem.message, help);
    if (expr.name_end > expr.name_begin) return fail_name(expr, codes::kArgumentType, where + problem.message, help);
    return fail_at(expr, codes::kArgumentType, where + problem.message, help);
  }
  for (std::size_t i = 0; i < args.size() && i < node->call.params.size(); ++i) {
    if (node->call.params[i]) args[i] = convert(args[i], node->call.params[i]);
  }
  node->type = node->call.result;
  node->can_fail = node->call.can_fail;
  node->deterministic = node->call.deterministic;
  node->args = std::move(args);
  return finish(std::move(node), expr);
}

}  // namespace sr::expr
