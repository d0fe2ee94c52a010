// Expressions that evaluate only what a row needs: case, coalesce, and, or. Each part sees the rows that are left; a
// part that cannot fail may be computed for all rows at once. Tested in tests/unit/expr/eval_test.cc.
#include <algorithm>

#include "engine/data/builder.h"
#include "engine/expr/evaluator.h"

namespace sr::expr {

namespace {

// Splits the selected rows by a condition: true to `taken`, false and NULL to `rest`, failed ones to neither.
void split(const Column& condition, Selection selection, const RowErrors& errors, RowList& taken, RowList& rest) {
  const Reader<std::uint8_t> values(condition);
  taken.resize(selection.count);
  rest.resize(selection.count);
  std::uint32_t* yes = taken.data();
  std::uint32_t* no = rest.data();
  const bool clean = errors.empty();
  selection.for_each([&](std::uint32_t row) {
    const bool is_true = values.valid(row) && values[row] != 0;
    const bool sound = clean || !errors.failed(row);
    *yes = row;
    *no = row;
    yes += is_true && sound;
    no += !is_true && sound;
  });
  taken.resize(static_cast<std::size_t>(yes - taken.data()));
  rest.resize(static_cast<std::size_t>(no - rest.data()));
}

template <class T>
void scatter(const Piece& piece, Column& out) {
  const Reader<T> from(*piece.column);
  T* const to = out.data<T>();
  for (const std::uint32_t row : piece.rows) to[row] = from[row];
}

void scatter_piece(const Piece& piece, Column& out) {
  if (piece.column->type->id != TypeId::null) {
    switch (value_width(out.type->id)) {
      case 1:
        scatter<std::uint8_t>(piece, out);
        break;
      case 8:
        scatter<std::int64_t>(piece, out);
        break;
      default:
        scatter<Int128>(piece, out);
    }
  }
  if (piece.column->may_have_nulls()) {
    for (const std::uint32_t row : piece.rows) {
      if (!piece.column->valid(row)) out.set_null(row);
    }
  }
  out.hold(*piece.column);
}

ColumnRef assemble_nested(const TypeRef& type, const std::vector<Piece>& pieces, std::uint32_t rows,
                          const RowErrors& errors) {
  std::vector<const Column*> source(rows, nullptr);
  for (const Piece& piece : pieces) {
    for (const std::uint32_t row : piece.rows) source[row] = piece.column.get();
  }
  ColumnBuilder builder(type);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (source[row] && !errors.failed(row)) {
      builder.append_from(*source[row], row);
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

}  // namespace

ColumnRef Evaluator::assemble(const TypeRef& type, std::vector<Piece>& pieces) const {
  const std::size_t width = value_width(type->id);
  if (width == 0) return assemble_nested(type, pieces, input_.rows, errors_);
  auto out = std::make_shared<Column>(type, input_.rows);
  out->values.resize(width * input_.rows);
  std::memset(out->values.data(), 0, out->values.size());
  for (const Piece& piece : pieces) scatter_piece(piece, *out);
  return out;
}

ColumnRef Evaluator::case_of(const BoundExpr& expr, Selection selection) {
  std::vector<Piece> pieces;
  RowList left_storage;
  Selection left = selection;
  std::size_t at = 0;
  for (; at + 1 < expr.args.size() && left.count > 0; at += 2) {
    const ColumnRef condition = run(*expr.args[at], left);
    Piece piece;
    RowList rest;
    split(*condition, left, errors_, piece.rows, rest);
    if (!piece.rows.empty()) {
      const bool whole = piece.rows.size() == selection.count;
      piece.column = run(*expr.args[at + 1], whole ? selection : listed(piece.rows));
      if (whole) return piece.column;
      pieces.push_back(std::move(piece));
    }
    left_storage.swap(rest);
    left = listed(left_storage);
  }
  if (left.count > 0) {
    const bool whole = left.count == selection.count;
    Piece piece;
    piece.rows.append(left.rows, left.count);
    piece.column = expr.has_else ? run(*expr.args.back(), whole ? selection : listed(piece.rows))
                                 : null_column(expr.type, input_.rows);
    if (whole) return piece.column;
    pieces.push_back(std::move(piece));
  }
  return assemble(expr.type, pieces);
}

ColumnRef Evaluator::coalesce(const BoundExpr& expr, Selection selection) {
  std::vector<Piece> pieces;
  RowList left_storage;
  Selection left = selection;
  for (std::size_t i = 0; i < expr.args.size() && left.count > 0; ++i) {
    const ColumnRef column = run(*expr.args[i], left);
    const bool last = i + 1 == expr.args.size();
    if (pieces.empty() && left.count == selection.count && (last || !column->may_have_nulls())) return column;
    Piece piece;
    RowList rest;
    left.for_each([&](std::uint32_t row) {
      if (errors_.failed(row)) return;
      (last || column->valid(row) ? piece.rows : rest).push_back(row);
    });
    piece.column = column;
    if (!piece.rows.empty()) pieces.push_back(std::move(piece));
    left_storage.swap(rest);
    left = listed(left_storage);
  }
  return assemble(expr.type, pieces);
}

namespace {

// Joins two boolean columns by Kleene's rules at the given rows into `out`, which may be `left` itself.
void combine(bool is_and, const Column& left, const Column& right, Selection rows, Column& out) {
  const Reader<std::uint8_t> a(left), b(right);
  std::uint8_t* const to = out.data<std::uint8_t>();
  if (a.no_nulls() && b.no_nulls()) {
    rows.for_each([&](std::uint32_t row) { to[row] = is_and ? (a[row] & b[row]) : (a[row] | b[row]); });
    return;
  }
  const std::uint8_t deciding = is_and ? 0 : 1;
  rows.for_each([&](std::uint32_t row) {
    const bool valid_a = a.valid(row), valid_b = b.valid(row);
    const bool decided = (valid_a && a[row] == deciding) || (valid_b && b[row] == deciding);
    const bool known = decided || (valid_a && valid_b);
    to[row] = decided ? deciding : static_cast<std::uint8_t>(1 - deciding);
    if (known) {
      out.set_valid(row);
    } else {
      out.set_null(row);
    }
  });
}

// A full boolean column with the values of `from` at the selected rows; what is not selected is false.
std::shared_ptr<Column> boolean_copy(const Column& from, Selection selection, std::uint32_t rows) {
  auto out = std::make_shared<Column>(types::boolean(), rows);
  std::uint8_t* const to = out->make_values<std::uint8_t>(rows);
  const Reader<std::uint8_t> values(from);
  if (!selection.is_all()) std::memset(to, 0, rows);
  if (values.no_nulls()) {
    selection.for_each([&](std::uint32_t row) { to[row] = values[row]; });
    return out;
  }
  selection.for_each([&](std::uint32_t row) {
    to[row] = values.valid(row) ? values[row] : 0;
    if (!values.valid(row)) out->set_null(row);
  });
  return out;
}

}  // namespace

ColumnRef Evaluator::logic(const BoundExpr& expr, Selection selection) {
  const bool is_and = expr.name == "and";
  const std::uint8_t deciding = is_and ? 0 : 1;
  const ColumnRef first = run(*expr.args[0], selection);
  std::shared_ptr<Column> out = boolean_copy(*first, selection, input_.rows);
  RowList open;
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    Selection rows = selection;
    if (expr.args[i]->can_fail) {
      open.clear();
      selection.for_each([&](std::uint32_t row) {
        const bool decided = out->valid(row) && out->data<std::uint8_t>()[row] == deciding;
        if (!decided && !errors_.failed(row)) open.push_back(row);
      });
      if (open.empty()) continue;
      if (open.size() < selection.count) rows = listed(open);
    }
    const ColumnRef next = run(*expr.args[i], rows);
    combine(is_and, *out, *next, rows, *out);
  }
  return out;
}

}  // namespace sr::expr
