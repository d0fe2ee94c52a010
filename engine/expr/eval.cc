// Entry points of evaluation and the dispatch over kinds of nodes. Tested in tests/unit/expr/eval_test.cc.
#include "engine/expr/eval.h"

#include "engine/expr/evaluator.h"
#include "engine/expr/literal.h"

namespace sr::expr {

void append_true(const Column& column, Selection selection, const RowErrors& errors, RowList& rows) {
  const std::size_t before = rows.size();
  rows.resize(before + selection.count);
  std::uint32_t* to = rows.data() + before;
  const Reader<std::uint8_t> values(column);
  if (values.no_nulls()) {
    selection.for_each([&](std::uint32_t row) {
      *to = row;
      to += values[row] != 0;
    });
  } else {
    selection.for_each([&](std::uint32_t row) {
      *to = row;
      to += values.valid(row) && values[row] != 0;
    });
  }
  if (!errors.empty()) {
    std::uint32_t* kept = rows.data() + before;
    for (const std::uint32_t* row = kept; row != to; ++row) {
      if (!errors.failed(*row)) *kept++ = *row;
    }
    to = kept;
  }
  rows.resize(static_cast<std::size_t>(to - rows.data()));
}

ColumnRef Evaluator::run(const BoundExpr& expr, Selection selection) {
  if (expr.kind == BoundExpr::Kind::column) return input_.columns[expr.index];
  if (expr.kind == BoundExpr::Kind::literal) return spread(expr.value, input_.rows);
  if (selection.count == 0) return null_column(expr.type, input_.rows);
  if (!expr.shared) return compute(expr, selection);
  const auto found = memo_.find(&expr);
  if (found != memo_.end()) return found->second;
  ColumnRef result = compute(expr, selection);
  const bool whole = selection.rows == input_.selection.rows && selection.count == input_.selection.count;
  if (whole) memo_.emplace(&expr, result);
  return result;
}

ColumnRef Evaluator::batch_time() const {
  return spread(literal_int(types::timestamp(), input_.tick ? input_.tick->time_ms * 1000 : 0), input_.rows);
}

ColumnRef Evaluator::compute(const BoundExpr& expr, Selection selection) {
  switch (expr.kind) {
    case BoundExpr::Kind::column:
    case BoundExpr::Kind::literal:
      break;
    case BoundExpr::Kind::call:
      return call(expr, selection);
    case BoundExpr::Kind::cast:
      return cast(expr, selection);
    case BoundExpr::Kind::case_of:
      return case_of(expr, selection);
    case BoundExpr::Kind::logic:
      return logic(expr, selection);
    case BoundExpr::Kind::coalesce:
      return coalesce(expr, selection);
    case BoundExpr::Kind::lambda:
      return lambda(expr, selection);
    case BoundExpr::Kind::batch_time:
      return batch_time();
  }
  return nullptr;
}

// A chain of `and` whose later parts cannot fail narrows the selection part by part.
void Evaluator::select(const BoundExpr& predicate, Selection selection, RowList& selected) {
  bool narrows = predicate.kind == BoundExpr::Kind::logic && predicate.name == "and" && !predicate.shared;
  for (std::size_t i = 1; narrows && i < predicate.args.size(); ++i) narrows = !predicate.args[i]->can_fail;
  if (!narrows) {
    const ColumnRef column = run(predicate, selection);
    return append_true(*column, selection, errors_, selected);
  }
  RowList rows, next;
  for (const BoundRef& part : predicate.args) {
    const ColumnRef column = run(*part, selection);
    next.clear();
    append_true(*column, selection, errors_, next);
    rows.swap(next);
    selection = listed(rows);
    if (rows.empty()) return;
  }
  selected.append(rows.data(), rows.size());
}

ColumnRef evaluate(const BoundExpr& expr, const EvalInput& input, RowErrors& errors) {
  return Evaluator(input, errors).run(expr, input.selection);
}

std::vector<ColumnRef> evaluate_all(std::span<const BoundRef> expressions, const EvalInput& input, RowErrors& errors) {
  Evaluator evaluator(input, errors);
  std::vector<ColumnRef> columns;
  columns.reserve(expressions.size());
  for (const BoundRef& expression : expressions) {
    columns.push_back(expression ? evaluator.run(*expression, input.selection) : nullptr);
  }
  return columns;
}

void select_true(const BoundExpr& predicate, const EvalInput& input, RowErrors& errors, Vec<std::uint32_t>& selected) {
  Evaluator(input, errors).select(predicate, input.selection, selected);
}

}  // namespace sr::expr
