// Calls and casts: arguments first, then NULLs and failed rows taken out, then the kernel over what is left. Constant
// arguments are computed once. Tested in tests/unit/expr/eval_test.cc.
#include <algorithm>

#include "engine/expr/cast.h"
#include "engine/expr/evaluator.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

// Marks as NULL in `to` what is NULL in `from`.
void and_validity(Column& to, const Column& from) {
  if (from.validity.empty()) return;
  to.ensure_validity();
  const std::size_t words = (static_cast<std::size_t>(to.size) + 63) / 64;
  for (std::size_t i = 0; i < words; ++i) to.validity[i] &= from.validity[i];
}

bool is_null_constant(const ColumnRef& column) {
  return column->constant && column->size > 0 && !column->valid(0);
}

// Appends the selected rows in which all arguments have a value.
void append_valid(std::span<const ColumnRef> args, Selection selection, RowList& rows) {
  rows.resize(selection.count);
  std::uint32_t* to = rows.data();
  selection.for_each([&](std::uint32_t row) {
    bool valid = true;
    for (const ColumnRef& arg : args) valid = valid && arg->valid(row);
    *to = row;
    to += valid;
  });
  rows.resize(static_cast<std::size_t>(to - rows.data()));
}

// A result that the kernel gave as a constant, made a full column so that rows may become NULL.
std::shared_ptr<Column> expanded(const std::shared_ptr<Column>& column) {
  if (!column->constant) return column;
  return std::make_shared<Column>(*flatten(column));
}

}  // namespace

Selection Evaluator::sound(Selection selection, RowList& storage) const {
  if (errors_.empty()) return selection;
  storage.clear();
  selection.for_each([&](std::uint32_t row) {
    if (!errors_.failed(row)) storage.push_back(row);
  });
  return storage.size() == selection.count ? selection : listed(storage);
}

CallContext Evaluator::context_of(const BoundExpr& expr, Selection selection, RowErrors& errors) const {
  CallContext context;
  context.selection = selection;
  context.rows = input_.rows;
  context.errors = &errors;
  context.tick = input_.tick;
  context.seed = input_.seed;
  context.first_ordinal = input_.first_ordinal;
  context.prepared = expr.call.prepared.get();
  context.result = expr.type;
  return context;
}

std::shared_ptr<Column> Evaluator::invoke(const BoundExpr& expr, CallContext& context,
                                          std::span<const ColumnRef> args) const {
  if (expr.kind == BoundExpr::Kind::call) return expr.call.kernel(context, args);
  if (!expr.name.empty()) context.prepared = &expr;  // a cast that was written: see cast_variant
  if (!expr.try_cast) return cast_column(context, args[0]);
  RowErrors failed;
  context.errors = &failed;
  std::shared_ptr<Column> column = cast_column(context, args[0]);
  if (failed.empty()) return column;
  column = expanded(column);
  for (const RowErrors::Item& item : failed.sorted()) column->set_null(item.row);
  return column;
}

ColumnRef Evaluator::call(const BoundExpr& expr, Selection selection) {
  std::vector<ColumnRef> args;
  args.reserve(expr.args.size());
  bool constant = expr.deterministic;
  for (const BoundRef& arg : expr.args) {
    args.push_back(run(*arg, selection));
    constant = constant && args.back()->constant;
  }
  RowList storage;
  selection = sound(selection, storage);
  if (selection.count == 0) return null_column(expr.type, input_.rows);
  if (constant) return call_constant(expr, args, selection);
  if (expr.call.nulls == Nulls::propagate) return call_propagating(expr, args, selection);
  CallContext context = context_of(expr, selection, errors_);
  return invoke(expr, context, args);
}

ColumnRef Evaluator::call_constant(const BoundExpr& expr, std::span<const ColumnRef> args, Selection selection) {
  std::vector<ColumnRef> single;
  single.reserve(args.size());
  for (const ColumnRef& arg : args) {
    if (expr.call.nulls == Nulls::propagate && is_null_constant(arg)) return null_column(expr.type, input_.rows);
    single.push_back(spread(arg, 1));
  }
  RowErrors failed;
  CallContext context = context_of(expr, {nullptr, 1}, failed);
  context.rows = 1;
  ColumnRef result = invoke(expr, context, single);
  if (!failed.empty()) {
    const std::string message = failed.sorted()[0].message;
    selection.for_each([&](std::uint32_t row) { errors_.add(row, message); });
    return null_column(expr.type, input_.rows);
  }
  return spread(result, input_.rows);
}

ColumnRef Evaluator::call_propagating(const BoundExpr& expr, std::span<const ColumnRef> args, Selection selection) {
  bool nulls = false;
  for (const ColumnRef& arg : args) {
    if (is_null_constant(arg) || arg->type->id == TypeId::null) return null_column(expr.type, input_.rows);
    nulls = nulls || (!arg->constant && arg->may_have_nulls());
  }
  RowList valid;
  if (nulls && !expr.call.any_bits) {
    append_valid(args, selection, valid);
    if (valid.empty()) return null_column(expr.type, input_.rows);
    if (valid.size() < selection.count) selection = listed(valid);
  }
  CallContext context = context_of(expr, selection, errors_);
  std::shared_ptr<Column> result = invoke(expr, context, args);
  if (!nulls) return result;
  result = expanded(result);
  for (const ColumnRef& arg : args) {
    if (!arg->constant) and_validity(*result, *arg);
  }
  return result;
}

ColumnRef Evaluator::cast(const BoundExpr& expr, Selection selection) {
  const ColumnRef from = run(*expr.args[0], selection);
  RowList storage;
  selection = sound(selection, storage);
  if (selection.count == 0 || from->type->id == TypeId::null) return null_column(expr.type, input_.rows);
  const ColumnRef args[] = {from};
  return from->constant ? call_constant(expr, args, selection) : call_propagating(expr, args, selection);
}

}  // namespace sr::expr
