// The two sides of a join: its key expressions, matched by hash. Used by `join` and `cogroup`. Knows nothing of windows
// or batches. Tested in tests/jobs/join.yaml and tests/unit/operators.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/operator.h"
#include "engine/state/group_table.h"
#include "specs/bind.h"

namespace sr::operators {

inline constexpr std::uint32_t kLeft = 0;
inline constexpr std::uint32_t kRight = 1;
// Stands for "no row" in a pair.
inline constexpr std::uint32_t kNoRow = ~std::uint32_t{0};

// Key expressions of both sides, cast to common types; position i of one side matches position i of the other.
struct JoinKeys {
  std::vector<expr::BoundRef> left;   // over the left side's columns
  std::vector<expr::BoundRef> right;  // over the right side's
  std::vector<TypeRef> types;
};

// Rows that belong together: left[i] with right[i]; kNoRow where a side has none.
struct JoinPairs {
  std::vector<std::uint32_t> left;
  std::vector<std::uint32_t> right;
  void add(std::uint32_t l, std::uint32_t r) {
    left.push_back(l);
    right.push_back(r);
  }
};

// Evaluates key expressions over all rows of a dense table.
std::vector<ColumnRef> evaluate_keys(const std::vector<expr::BoundRef>& keys, const Chunk& table,
                                     const flow::BatchContext& context, expr::RowErrors& errors);

// An index of rows by key: rows of a key in their order. Rows with a NULL in the key are left out, unless `with_nulls`.
class KeyIndex {
 public:
  KeyIndex(const std::vector<TypeRef>& types, std::span<const ColumnRef> keys, Selection rows, bool with_nulls = false);

  // For each selected row the key's number, or kNoRow; `keys` are columns of the index's types.
  std::vector<std::uint32_t> lookup(std::span<const ColumnRef> keys, Selection rows) const;
  std::span<const std::uint32_t> rows_of(std::uint32_t key) const {
    return {rows_.data() + begin_[key], begin_[key + 1] - begin_[key]};
  }
  std::uint32_t keys() const { return static_cast<std::uint32_t>(begin_.size() - 1); }

 private:
  bool with_nulls_;
  GroupTable table_;
  std::vector<std::uint32_t> begin_;
  std::vector<std::uint32_t> rows_;
};

// Rows of `rows` in which every key column is valid.
std::vector<std::uint32_t> rows_with_keys(std::span<const ColumnRef> keys, Selection rows);

// Key expressions of a `key` option: the named columns, cast to common types. Reports columns that do not exist or
// cannot be compared.
std::optional<JoinKeys> bind_join_key(const specs::KeyOption& key, specs::BindContext& context);
// Key expressions of an `on` option: equalities of a left and a right expression, joined by AND. Reports anything else.
std::optional<JoinKeys> bind_join_on(const specs::ExprOption& on, specs::BindContext& context);

// A column as an expression.
expr::BoundRef bound_column(const TypeRef& type, std::uint32_t index);

// Like gather, but kNoRow gives NULL.
ColumnRef gather_or_null(const ColumnRef& column, std::span<const std::uint32_t> rows);

}  // namespace sr::operators
