// Arrays made of the elements of other columns: list which elements each row takes, then gather them once; strings stay
// views. Entry points: ListPicks, JoinedElements. Tested in tests/unit/expr/arrays_test.cc.
#pragma once

#include <utility>
#include <vector>

#include "engine/expr/kernel.h"

namespace sr::expr {

// Calls are in the order of rows: begin_row(r), any pick(i), begin_row(r'), …, take(). Rows without a begin_row are
// empty.
class ListPicks {
 public:
  explicit ListPicks(const CallContext& context) : column_(std::make_shared<Column>(context.result, context.rows)) {
    column_->offsets.resize(context.rows + 1);
  }

  void begin_row(std::uint32_t row) {
    for (; next_ <= row; ++next_) column_->offsets[next_] = size();
  }
  // The row of the last begin_row is NULL: pick nothing.
  void set_null() { column_->set_null(next_ - 1); }
  void pick(std::uint32_t element) { picks_.push_back(element); }
  void pick_range(std::uint32_t begin, std::uint32_t end) {
    for (; begin < end; ++begin) picks_.push_back(begin);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(picks_.size()); }
  // The picks of the current row, to be put in order.
  std::uint32_t* row_begin() { return picks_.begin() + column_->offsets[next_ - 1]; }
  std::uint32_t* row_end() { return picks_.end(); }

  // Gives the arrays of the elements of `source` that were picked.
  std::shared_ptr<Column> take(const ColumnRef& source) {
    begin_row(column_->size);
    const std::uint32_t none = 0;
    column_->children.push_back(gather(source, {picks_.empty() ? &none : picks_.data(), size()}));
    return std::move(column_);
  }

 private:
  std::shared_ptr<Column> column_;
  Vec<std::uint32_t> picks_;
  std::uint32_t next_ = 0;  // the first row whose offset is not set
};

// The elements of several arrays (or values of plain columns) as one column, to pick from.
class JoinedElements {
 public:
  explicit JoinedElements(TypeRef element) : element_(std::move(element)) {}

  // Gives the number by which the column's own indexes are moved.
  std::uint32_t add(const ColumnRef& column) {
    const std::uint32_t base = size_;
    columns_.push_back(flatten(column));
    size_ += columns_.back()->size;
    return base;
  }
  ColumnRef take() const { return concat_columns(element_, columns_); }

 private:
  TypeRef element_;
  std::vector<ColumnRef> columns_;
  std::uint32_t size_ = 0;
};

// The element column of an array argument.
inline const ColumnRef& elements_of(const ColumnRef& array) {
  return array->children[0];
}

// Calls visit(begin, end) with the range of elements of each selected row of args[0], after picks.begin_row.
template <class F>
std::shared_ptr<Column> pick_lists(const CallContext& context, const ColumnRef& array, F&& visit) {
  ListPicks picks(context);
  context.selection.for_each([&](std::uint32_t row) {
    picks.begin_row(row);
    visit(picks, row, array->begin_of(row), array->end_of(row));
  });
  return picks.take(elements_of(array));
}

}  // namespace sr::expr
