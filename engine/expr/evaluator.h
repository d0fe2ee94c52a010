// The evaluation of one expression tree over one chunk, private to eval*.cc. Use evaluate and select_true of eval.h.
#pragma once

#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/expr/eval.h"

namespace sr::expr {

using RowList = Vec<std::uint32_t>;

inline Selection listed(const RowList& rows) {
  return {rows.data(), static_cast<std::uint32_t>(rows.size())};
}

// A part of a result: the values of `column` at the rows of `rows`.
struct Piece {
  ColumnRef column;
  RowList rows;
};

class Evaluator {
 public:
  Evaluator(const EvalInput& input, RowErrors& errors) : input_(input), errors_(errors) {}

  // Gives a column of input.rows rows, defined at the selected rows that did not fail.
  ColumnRef run(const BoundExpr& expr, Selection selection);
  // Appends those of the selected rows where the predicate is true.
  void select(const BoundExpr& predicate, Selection selection, RowList& selected);

 private:
  ColumnRef compute(const BoundExpr& expr, Selection selection);
  ColumnRef batch_time() const;

  // eval_call.cc
  ColumnRef call(const BoundExpr& expr, Selection selection);
  ColumnRef call_constant(const BoundExpr& expr, std::span<const ColumnRef> args, Selection selection);
  ColumnRef call_propagating(const BoundExpr& expr, std::span<const ColumnRef> args, Selection selection);
  ColumnRef cast(const BoundExpr& expr, Selection selection);
  std::shared_ptr<Column> invoke(const BoundExpr& expr, CallContext& context, std::span<const ColumnRef> args) const;
  CallContext context_of(const BoundExpr& expr, Selection selection, RowErrors& errors) const;
  // The selection without the rows that have failed; `storage` keeps it.
  Selection sound(Selection selection, RowList& storage) const;

  // eval_branches.cc
  ColumnRef case_of(const BoundExpr& expr, Selection selection);
  ColumnRef coalesce(const BoundExpr& expr, Selection selection);
  ColumnRef logic(const BoundExpr& expr, Selection selection);
  ColumnRef assemble(const TypeRef& type, std::vector<Piece>& pieces) const;

  // eval_lambda.cc
  ColumnRef lambda(const BoundExpr& expr, Selection selection);
  ColumnRef fold_step(const BoundExpr& expr, const RowList& rows, std::vector<ColumnRef> params);
  ColumnRef fold_end(const BoundExpr& expr, const ColumnRef& accumulator, const RowList& rows);
  ColumnRef fold_elements(const BoundExpr& expr, const ColumnRef& array, Selection selection);

  const EvalInput& input_;
  RowErrors& errors_;
  std::unordered_map<const BoundExpr*, ColumnRef> memo_;
};

// Appends the selected rows where a boolean column is valid and true.
void append_true(const Column& column, Selection selection, const RowErrors& errors, RowList& rows);

}  // namespace sr::expr
