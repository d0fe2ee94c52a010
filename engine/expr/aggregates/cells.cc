// ValueCells: values live in immutable blocks, one per chunk or merge; cells point into them.
#include "engine/expr/aggregates/cells.h"

#include "engine/data/codec.h"

namespace sr::expr {

void ValueCells::release(std::uint32_t block) {
  rows_ -= blocks_[block].column->size;
  blocks_[block].column.reset();
  free_.push_back(block);
}

std::uint32_t ValueCells::add_block(ColumnRef column) {
  rows_ += column->size;
  if (free_.empty()) {
    blocks_.push_back({std::move(column), 0});
    return static_cast<std::uint32_t>(blocks_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  blocks_[index] = {std::move(column), 0};
  return index;
}

void ValueCells::commit() {
  if (!touched_.empty()) {
    const auto count = static_cast<std::uint32_t>(touched_.size());
    Vec<std::uint32_t> rows(count);
    for (std::uint32_t i = 0; i < count; ++i) rows[i] = cells_[touched_[i]].row;
    const std::uint32_t block = add_block(copy_rows(*pending_, Selection{rows.data(), count}));
    for (std::uint32_t i = 0; i < count; ++i) cells_[touched_[i]] = {block, i};
    blocks_[block].live = count;
    live_ += count;
    touched_.clear();
    collect_waste();
  }
  pending_ = nullptr;
}

void ValueCells::adopt(std::uint32_t group, const ValueCells& from, std::uint32_t from_group) {
  const ColumnRef& column = from.blocks_[from.cells_[from_group].block].column;
  // Neighbouring groups mostly come from one block.
  if (adopted_ >= blocks_.size() || blocks_[adopted_].column != column) adopted_ = add_block(column);
  ++blocks_[adopted_].live;
  ++live_;
  drop(cells_[group]);
  cells_[group] = {adopted_, from.cells_[from_group].row};
}

void ValueCells::collect_waste() {
  if (rows_ < live_ * 2 + kWasteRows) return;
  ColumnBuilder builder(type_);
  Vec<Cell> moved = cells_;
  std::uint32_t next = 0;
  for (Cell& cell : moved) {
    if (cell.block == kNothing) continue;
    builder.append_from(*blocks_[cell.block].column, cell.row);
    cell = {0, next++};
  }
  blocks_.clear();
  free_.clear();
  rows_ = live_ = next;
  blocks_.push_back({builder.finish(), next});
  cells_.swap(moved);
  if (next == 0) blocks_.clear();
}

std::shared_ptr<Column> ValueCells::values(std::span<const std::uint32_t> groups) const {
  ColumnBuilder builder(type_);
  for (const std::uint32_t group : groups) {
    if (has(group)) {
      builder.append_from(column(group), row(group));
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

void ValueCells::reset(std::span<const std::uint32_t> groups) {
  for (const std::uint32_t group : groups) {
    drop(cells_[group]);
    cells_[group] = {kNothing, 0};
  }
  collect_waste();
}

void ValueCells::clear() {
  cells_.clear();
  blocks_.clear();
  free_.clear();
  live_ = rows_ = 0;
}

std::size_t ValueCells::memory_bytes() const {
  std::size_t bytes = cells_.capacity() * sizeof(Cell);
  for (const Block& block : blocks_) {
    if (block.column) bytes += block.column->memory_bytes();
  }
  return bytes;
}

void ValueCells::encode(std::string& out, std::span<const std::uint32_t> groups) const {
  for (const std::uint32_t group : groups) out.push_back(has(group) ? 1 : 0);
  const std::shared_ptr<Column> column = values(groups);
  encode_column(out, *column, Selection{nullptr, column->size});
}

Status ValueCells::decode(std::string_view* input, std::uint32_t count) {
  if (input->size() < count) return Error{"the values of an aggregate end too early"};
  const std::string_view present = input->substr(0, count);
  input->remove_prefix(count);
  Result<ColumnRef> column = decode_column(input, type_);
  SR_TRY(column);
  if ((*column)->size != count) return Error{"the values of an aggregate are damaged"};
  const std::uint32_t first = size();
  resize(first + count);
  std::uint32_t live = 0;
  for (const char here : present) live += here != 0;
  if (live == 0) return {};
  const std::uint32_t block = add_block(*column);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (present[i] != 0) cells_[first + i] = {block, i};
  }
  blocks_[block].live = live;
  live_ += live;
  return {};
}

}  // namespace sr::expr
