// The binder's state, private to bind*.cc. Use bind, bind_aggregates and bind_order of bind.h.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/expr/bind.h"

namespace sr::expr {

// Makes a cast node without asking whether it is lossless; folds constants.
BoundRef make_cast(BoundRef expr, const TypeRef& type, bool try_cast);

// Keeps one node of each structure. Nodes go in bottom-up, so that children compare by address.
class NodePool {
 public:
  // Gives the node that stands for all equal ones; marks it as shared when it is met again.
  BoundRef intern(std::shared_ptr<BoundExpr> node);

 private:
  std::unordered_map<std::string, std::shared_ptr<BoundExpr>> nodes_;
};

// Evaluates a deterministic node over constants; the node itself where that fails.
BoundRef fold(std::shared_ptr<BoundExpr> node);

class Binder {
 public:
  Binder(const Scope& scope, std::vector<ExprError>& errors)
      : scope_(&scope), errors_(&errors), macros_(scope.macros), lambda_base_(scope.columns.size()) {}

  // Turns the binder into one of aggregating expressions: `row` is seen inside aggregates, the scope outside. `bound`
  // bounds the number of different calls.
  void collect_aggregates(const Scope& row, std::vector<AggregateCall>* calls, std::size_t bound);

  BoundRef bind(const Expr& expr);
  // Binds and converts to the type that the place asks for.
  BoundRef bind_as(const Expr& expr, const TypeRef& expected);

 private:
  // The parameters of a macro during its expansion, with the place of the call.
  struct Frame {
    Frame* outer = nullptr;
    const Macro* macro = nullptr;
    std::string name;
    const Expr* call = nullptr;
    std::size_t lambda_floor = 0;  // lambda parameters below belong to the caller
    struct Argument {
      const Expr* expr;
      BoundRef bound[2];  // outside and inside an aggregate
      bool done[2] = {false, false};
    };
    std::vector<Argument> arguments;
  };
  struct LambdaParam {
    std::string name;
    TypeRef type;
    std::uint32_t index;
  };

  // bind.cc
  BoundRef bind_literal(const Expr& expr);
  BoundRef bind_cast(const Expr& expr);
  BoundRef bind_case(const Expr& expr);
  BoundRef finish(std::shared_ptr<BoundExpr> node, const Expr& expr);
  // Binds every argument; false if one failed (all were tried).
  bool bind_all(const Expr& expr, std::vector<BoundRef>& bound, std::size_t from = 0);
  // Brings values to their common type; false (with an error) if there is none.
  bool unify(std::vector<BoundRef>& values, const std::vector<const Expr*>& places, const char* what);
  BoundRef condition(const Expr& expr);
  // Casts without asking: the types were checked.
  BoundRef convert(BoundRef expr, const TypeRef& type);

  // bind_names.cc
  BoundRef bind_name(const Expr& expr);
  BoundRef bind_param(const Expr& expr);
  BoundRef bind_column(const Expr& expr, const Scope& scope, std::size_t* used);
  BoundRef column_node(std::uint32_t index, const TypeRef& type, const Expr& expr);
  BoundRef batch_time(const Expr& expr);
  BoundRef bind_path(BoundRef base, const Expr& expr, std::size_t from);
  BoundRef field(BoundRef base, const Expr& expr, std::size_t part);
  BoundRef unknown_name(const Expr& expr);
  void suggest_column(const Expr& expr, const Scope& scope);

  // bind_calls.cc
  BoundRef bind_call(const Expr& expr);
  BoundRef bind_function(const Expr& expr, const FunctionInfo& info);
  BoundRef call_node(const Expr& expr, const FunctionInfo& info, std::vector<BoundRef> args);
  bool check_count(const Expr& expr, std::string_view signature, int least, int most);
  BoundRef unknown_function(const Expr& expr);
  void literal_digits(std::vector<BoundRef>& args);

  // bind_forms.cc
  using Form = BoundRef (Binder::*)(const Expr&);
  static Form form_of(const std::string& name);
  BoundRef bind_logic(const Expr& expr);
  BoundRef bind_between(const Expr& expr);
  BoundRef bind_if(const Expr& expr);
  BoundRef bind_nvl2(const Expr& expr);
  BoundRef bind_coalesce(const Expr& expr);
  BoundRef bind_struct(const Expr& expr);
  BoundRef bind_field(const Expr& expr);
  BoundRef bind_sum(const Expr& expr);
  BoundRef bind_concat(const Expr& expr);
  BoundRef bind_in(const Expr& expr);
  BoundRef bind_index(const Expr& expr);
  BoundRef bind_now(const Expr& expr);
  BoundRef bind_rand(const Expr& expr);
  BoundRef bind_interval_sum(const Expr& expr);

  // bind_lambda.cc
  BoundRef bind_lambda_call(const Expr& expr);
  BoundRef bind_lambda_body(const Expr& lambda, const std::vector<TypeRef>& types);
  BoundRef bind_elementwise(const Expr& expr, BoundRef collection);
  BoundRef bind_fold_call(const Expr& expr, BoundRef array);
  std::uint32_t next_lambda_index() const;

  // bind_macro.cc, bind_aggregates.cc
  BoundRef bind_macro(const Expr& expr, const Macro& macro);
  BoundRef bind_argument(Frame& frame, std::size_t index);
  BoundRef bind_aggregate(const Expr& expr, const AggregateInfo& info);

  // Records an error; inside a macro it is put at the call.
  BoundRef fail(std::size_t begin, std::size_t end, const char* code, std::string message, std::string help = {});
  BoundRef fail_at(const Expr& expr, const char* code, std::string message, std::string help = {}) {
    return fail(expr.begin, expr.end, code, std::move(message), std::move(help));
  }
  BoundRef fail_name(const Expr& expr, const char* code, std::string message, std::string help = {}) {
    return fail(expr.name_begin, expr.name_end, code, std::move(message), std::move(help));
  }

  const Scope* scope_;
  std::vector<ExprError>* errors_;
  const Macros* macros_;
  NodePool pools_[2];  // outside and inside an aggregate, whose columns differ
  std::size_t lambda_base_;
  std::vector<LambdaParam> lambda_params_;
  std::size_t nodes_ = 0;
  Frame* frame_ = nullptr;

  // Aggregating expressions only.
  const Scope* row_ = nullptr;
  const Scope* outer_ = nullptr;
  std::vector<AggregateCall>* calls_ = nullptr;
  std::unordered_map<std::string, std::uint32_t> call_index_;
  bool inside_ = false;
};

}  // namespace sr::expr
