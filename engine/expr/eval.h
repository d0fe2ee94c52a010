// Evaluation of bound expressions, a column at a time. Row errors (ANSI) are collected by row; a failed row's value is
// arbitrary. Entry points: evaluate, select_true. Any thread; a bound expression is immutable. Tested in
// tests/unit/expr.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/chunk.h"
#include "engine/expr/bind.h"

namespace sr::expr {

// The rows of a chunk that failed, each with its first message.
class RowErrors {
 public:
  // Records a failure; the first message of a row stays.
  void add(std::uint32_t row, std::string_view message);
  bool empty() const { return rows_.empty(); }
  std::size_t count() const { return rows_.size(); }
  bool failed(std::uint32_t row) const;
  struct Item {
    std::uint32_t row;
    std::string message;
  };
  // The failures by row.
  std::vector<Item> sorted() const;
  void clear();

 private:
  std::vector<Item> rows_;
  std::vector<bool> seen_;
};

// What an expression sees. `columns` are those of the Scope it was bound in, each of `rows` rows (or constant).
struct EvalInput {
  std::span<const ColumnRef> columns;
  std::uint32_t rows = 0;
  Selection selection;
  const Tick* tick = nullptr;       // for now(), batch.time
  std::uint64_t seed = 0;           // for rand(): fixed by job and batch
  std::uint64_t first_ordinal = 0;  // of row 0, for rand()
};

// Gives a column of `input.rows` rows in which the selected rows that did not fail are defined.
ColumnRef evaluate(const BoundExpr& expr, const EvalInput& input, RowErrors& errors);

// Evaluates several expressions over the same rows; what share_common made one is computed once. An absent one (null)
// gives null.
std::vector<ColumnRef> evaluate_all(std::span<const BoundRef> expressions, const EvalInput& input, RowErrors& errors);

// Appends to `selected` those of the selected rows where the predicate is true; failed rows are left out.
void select_true(const BoundExpr& predicate, const EvalInput& input, RowErrors& errors, Vec<std::uint32_t>& selected);

}  // namespace sr::expr
