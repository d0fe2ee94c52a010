// Binding: names to columns, calls to typed kernels, with every implicit cast made explicit. Entry points: bind,
// bind_aggregates, bind_order. Knows nothing of YAML. Tested in tests/unit/expr.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/expr/aggregate.h"
#include "engine/expr/ast.h"
#include "engine/expr/function.h"

namespace sr::expr {

struct BoundExpr;
using BoundRef = std::shared_ptr<const BoundExpr>;

// One column that an expression may name: `name` alone, or `qualifier.name` (left, right, state). A column with
// qualified_only needs its qualifier. Its place in Scope::columns is the index into EvalInput::columns.
struct ScopeColumn {
  std::string qualifier;
  std::string name;
  TypeRef type;
  bool qualified_only = false;
};

// A macro of `functions:`: name(params) = expr.
struct Macro {
  std::vector<Field> params;
  std::shared_ptr<const Expr> body;
  std::string text;
};
using Macros = std::map<std::string, Macro>;  // by lower-case name

struct Scope {
  std::vector<ScopeColumn> columns;
  bool open = false;  // an input's columns are unknown because of an earlier error: unknown names raise nothing
  const Macros* macros = nullptr;
  bool allows_row = false;  // `row` and seeded rand(): the generate source
  // The text of help for an unknown column is made from `columns`; this names what they are ("columns of `orders`").
  std::string what = "the input";
  // Columns that may still be looked at for suggestions, by all expressions together: a thousand mistakes among as many
  // columns get none.
  std::shared_ptr<std::size_t> suggestions = std::make_shared<std::size_t>(200'000);

  // Adds the columns of a schema.
  void add(const Schema& schema, std::string qualifier = {}, bool qualified_only = false);
};

struct BoundExpr {
  enum class Kind : std::uint8_t { column, literal, call, cast, case_of, logic, coalesce, lambda, batch_time };
  Kind kind = Kind::literal;
  TypeRef type;
  std::uint32_t index =
      0;              // column; lambda parameter columns stand behind the scope's. lambda: index of its first parameter
  ColumnRef value;    // literal: one row
  ResolvedCall call;  // call
  std::string name;   // call, logic: as in the registry
  std::vector<BoundRef> args;
  bool has_else = false;
  bool try_cast = false;
  bool can_fail = false;  // some row may raise an error
  bool deterministic = true;
  bool shared = false;    // stands in several places of its tree: evaluated once
  bool written = false;   // literal: stands in the text as it is, instead of being folded
  std::string detail;     // call: what `call.prepared` says, for texts (a path, a list, an interval)
  std::size_t begin = 0;  // in the text
  std::size_t end = 0;

  bool is_constant() const { return kind == Kind::literal; }
};

// Binds a scalar expression; `expected` (may be null) is the type its place asks for, to which lossless widening
// applies and a bare NULL turns. On errors appends to `errors` and gives nullptr; with an open scope nullptr without
// errors means "unknown, say nothing".
BoundRef bind(const Expr& expr, const Scope& scope, const TypeRef& expected, std::vector<ExprError>& errors);

// One aggregate call of an aggregating node, e.g. the sum(a) of `sum(a) / count(*)`. Equal calls appear once.
struct AggregateCall {
  ResolvedAggregate aggregate;
  std::vector<BoundRef> args;  // over the row scope
  std::string text;            // canonical text, for plans and state shapes
};

// Aggregating expressions of one node. Each result is evaluated once per group over: the columns of the outer scope,
// then one column per call.
struct BoundAggregates {
  std::vector<AggregateCall> calls;
  std::vector<BoundRef> results;  // in the order of the given expressions; nullptr where one failed
};
// Row columns (scope `row`) may stand only inside aggregate calls; `outer` columns (keys, state.x) only outside. Errors
// name the token and its index in `expressions`.
struct AggregateInput {
  const Expr* expr = nullptr;
  TypeRef expected;  // may be null
};
struct IndexedError {
  std::size_t index = 0;
  ExprError error;
};
BoundAggregates bind_aggregates(const std::vector<AggregateInput>& expressions, const Scope& row, const Scope& outer,
                                std::vector<IndexedError>& errors);

// A bound order key.
struct BoundOrder {
  BoundRef expr;
  bool descending = false;
  bool nulls_first = true;
};
std::vector<BoundOrder> bind_order(const std::vector<OrderItem>& items, const Scope& scope,
                                   std::vector<ExprError>& errors);

// A cast of a bound expression to a type (lossless widening only unless `explicit_cast`); nullptr when there is none.
BoundRef cast_to(BoundRef expr, const TypeRef& type, bool explicit_cast = false);
// The type both convert to without loss (bigint < decimal < double; null takes the other); nullptr when there is none.
TypeRef common_type(const TypeRef& a, const TypeRef& b);

// Makes equal parts of several expressions of one node one part, so that evaluate_all computes them once.
void share_common(std::vector<BoundRef>& expressions);

// The scope columns that the expression reads.
void collect_columns(const BoundExpr& expr, std::set<std::uint32_t>& columns);
// Canonical text of a bound expression: names resolved, casts shown; for plans, fingerprints of state and tests.
std::string to_text(const BoundExpr& expr, const Scope& scope);

}  // namespace sr::expr
