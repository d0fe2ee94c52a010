// Functions with lambdas: the body is evaluated once over all elements of the chunk's arrays, with the row's columns
// repeated beside them. Tested in tests/unit/expr/lambda_test.cc.
#include <algorithm>
#include <set>

#include "engine/data/builder.h"
#include "engine/expr/evaluator.h"
#include "engine/expr/literal.h"

namespace sr::expr {

namespace {

// The elements of the selected, non-NULL lists, one behind the other.
struct Elements {
  RowList rows;       // of each element: its row
  RowList positions;  // of each element: its place in the child column
  RowList indexes;    // of each element: its index in its list
};

Elements elements_of(const Column& list, Selection selection, const RowErrors& errors) {
  Elements elements;
  selection.for_each([&](std::uint32_t row) {
    if (!list.valid(row) || errors.failed(row)) return;
    const std::uint32_t begin = list.begin_of(row), end = list.end_of(row);
    for (std::uint32_t at = begin; at < end; ++at) {
      elements.rows.push_back(row);
      elements.positions.push_back(at);
      elements.indexes.push_back(at - begin);
    }
  });
  return elements;
}

ColumnRef index_column(const RowList& indexes) {
  auto column = std::make_shared<Column>(types::bigint(), static_cast<std::uint32_t>(indexes.size()));
  std::int64_t* const to = column->make_values<std::int64_t>(column->size);
  for (std::size_t i = 0; i < indexes.size(); ++i) to[i] = indexes[i];
  return column;
}

// The columns that a lambda's body sees: those of the rows it names, repeated, then its parameters.
std::vector<ColumnRef> body_columns(const BoundExpr& expr, const BoundExpr& body, const EvalInput& input,
                                    const RowList& rows, std::vector<ColumnRef> params) {
  std::vector<ColumnRef> columns(expr.index + params.size());
  std::set<std::uint32_t> used;
  collect_columns(body, used);
  for (const std::uint32_t index : used) {
    if (index < expr.index && index < input.columns.size()) columns[index] = gather(input.columns[index], listed(rows));
  }
  std::move(params.begin(), params.end(), columns.begin() + expr.index);
  return columns;
}

EvalInput body_input(const EvalInput& outer, const std::vector<ColumnRef>& columns, std::uint32_t rows) {
  return {.columns = columns,
          .rows = rows,
          .selection = {nullptr, rows},
          .tick = outer.tick,
          .seed = outer.seed,
          .first_ordinal = outer.first_ordinal};
}

// Puts the errors of elements at their rows.
void raise(const RowErrors& from, const RowList& rows, RowErrors& to) {
  for (const RowErrors::Item& item : from.sorted()) to.add(rows[item.row], item.message);
}

bool is_true(const Column& column, std::uint32_t at) {
  return column.valid(at) && column.get<std::uint8_t>(at) != 0;
}

// exists and forall by three-valued logic over the elements [begin, end) of the body's result.
void append_quantified(bool exists, const Column& body, std::uint32_t begin, std::uint32_t end, ColumnBuilder& out) {
  bool unknown = false;
  for (std::uint32_t at = begin; at < end; ++at) {
    if (!body.valid(at)) {
      unknown = true;
    } else if ((body.get<std::uint8_t>(at) != 0) == exists) {
      return out.append_bool(exists);
    }
  }
  if (unknown) return out.append_null();
  out.append_bool(!exists);
}

// The elements of a column of lists and what the body made of each.
struct Mapped {
  const Column& list;
  const Elements& elements;
  const Column& body;
};

// Appends the result of one row whose elements are [begin, end).
void append_result(const BoundExpr& expr, const Mapped& mapped, std::pair<std::uint32_t, std::uint32_t> range,
                   ColumnBuilder& out) {
  const auto& [list, elements, body] = mapped;
  const auto [begin, end] = range;
  if (expr.name == "exists" || expr.name == "forall")
    return append_quantified(expr.name == "exists", body, begin, end, out);
  const bool of_map = list.type->id == TypeId::map;
  const bool filters = expr.name == "filter" || expr.name == "map_filter";
  for (std::uint32_t at = begin; at < end; ++at) {
    if (filters && !is_true(body, at)) continue;
    if (of_map) out.child(0).append_from(*list.children[0], elements.positions[at]);
    ColumnBuilder& values = out.child(of_map ? 1 : 0);
    if (filters) {
      values.append_from(*list.children[of_map ? 1 : 0], elements.positions[at]);
    } else {
      values.append_from(body, at);
    }
  }
  out.end_list();
}

}  // namespace

ColumnRef Evaluator::lambda(const BoundExpr& expr, Selection selection) {
  const ColumnRef list = run(*expr.args[0], selection);
  RowList storage;
  selection = sound(selection, storage);
  if (expr.name == "aggregate") return fold_elements(expr, list, selection);
  const Elements elements = elements_of(*list, selection, errors_);
  const auto count = static_cast<std::uint32_t>(elements.rows.size());
  const bool of_map = list->type->id == TypeId::map;
  std::vector<ColumnRef> params = {gather(list->children[0], listed(elements.positions))};
  params.push_back(of_map ? gather(list->children[1], listed(elements.positions)) : index_column(elements.indexes));
  const std::vector<ColumnRef> columns = body_columns(expr, *expr.args[1], input_, elements.rows, std::move(params));
  RowErrors failed;
  const EvalInput inner = body_input(input_, columns, count);
  const ColumnRef body = evaluate(*expr.args[1], inner, failed);
  raise(failed, elements.rows, errors_);
  ColumnBuilder out(expr.type);
  std::uint32_t next = 0, at = 0;
  selection.for_each([&](std::uint32_t row) {
    for (; next < row; ++next) out.append_null();
    ++next;
    std::uint32_t end = at;
    while (end < count && elements.rows[end] == row) ++end;
    if (!list->valid(row) || errors_.failed(row)) {
      out.append_null();
    } else {
      append_result(expr, {*list, elements, *body}, {at, end}, out);
    }
    at = end;
  });
  for (; next < input_.rows; ++next) out.append_null();
  return out.finish();
}

// One round of a fold: the accumulators and elements of `rows`, and the accumulators after it, at their rows' own
// places.
ColumnRef Evaluator::fold_step(const BoundExpr& expr, const RowList& rows, std::vector<ColumnRef> params) {
  const std::vector<ColumnRef> columns = body_columns(expr, *expr.args[2], input_, rows, std::move(params));
  RowErrors failed;
  const EvalInput inner = body_input(input_, columns, static_cast<std::uint32_t>(rows.size()));
  const ColumnRef step = evaluate(*expr.args[2], inner, failed);
  raise(failed, rows, errors_);
  RowList places;
  places.resize(input_.rows, 0);
  for (std::uint32_t i = 0; i < rows.size(); ++i) places[rows[i]] = i;
  return gather(step, listed(places));
}

// The last lambda of a fold, over the accumulators of `rows`.
ColumnRef Evaluator::fold_end(const BoundExpr& expr, const ColumnRef& accumulator, const RowList& rows) {
  RowList all;
  for (std::uint32_t row = 0; row < input_.rows; ++row) all.push_back(row);
  const std::vector<ColumnRef> columns = body_columns(expr, *expr.args[3], input_, all, {accumulator});
  EvalInput inner = body_input(input_, columns, input_.rows);
  inner.selection = listed(rows);
  return evaluate(*expr.args[3], inner, errors_);
}

// aggregate: one round per index, over the rows whose arrays are that long.
ColumnRef Evaluator::fold_elements(const BoundExpr& expr, const ColumnRef& array, Selection selection) {
  ColumnRef accumulator = run(*expr.args[1], selection);
  RowList known, nulls;
  selection.for_each([&](std::uint32_t row) {
    if (!errors_.failed(row)) (array->valid(row) ? known : nulls).push_back(row);
  });
  std::vector<Piece> pieces;
  RowList open = known;
  for (std::uint32_t index = 0; !open.empty(); ++index) {
    RowList positions, rows, done;
    for (const std::uint32_t row : open) {
      const bool more = array->begin_of(row) + index < array->end_of(row);
      (more ? rows : done).push_back(row);
      if (more) positions.push_back(array->begin_of(row) + index);
    }
    if (!done.empty()) pieces.push_back({accumulator, std::move(done)});
    if (rows.empty()) break;
    accumulator =
        fold_step(expr, rows, {gather(accumulator, listed(rows)), gather(array->children[0], listed(positions))});
    open.clear();
    for (const std::uint32_t row : rows) {
      if (!errors_.failed(row)) open.push_back(row);
    }
  }
  if (expr.args.size() == 4) {
    const ColumnRef ended = fold_end(expr, assemble(accumulator->type, pieces), known);
    pieces.clear();
    pieces.push_back({ended, std::move(known)});
  }
  pieces.push_back({null_column(expr.type, input_.rows), std::move(nulls)});
  return assemble(expr.type, pieces);
}

}  // namespace sr::expr
