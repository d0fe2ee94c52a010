// ValueCells: one value of any type per group, or nothing: what min, max, first, last, min_by and their like keep.
// Values that win within a chunk are copied in one go when the chunk is done. Entry points: begin, set, commit; adopt.
// Tested in tests/unit/expr/aggregates_test.cc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/builder.h"
#include "engine/expr/aggregate.h"

namespace sr::expr {

class ValueCells {
 public:
  explicit ValueCells(TypeRef type) : type_(std::move(type)) {}

  void resize(std::uint32_t groups) { cells_.resize(groups, Cell{kNothing, 0}); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(cells_.size()); }

  bool has(std::uint32_t group) const { return cells_[group].block != kNothing; }
  // Where the value of a group stands; only if it has one.
  const Column& column(std::uint32_t group) const {
    const Cell& cell = cells_[group];
    return cell.block == kPending ? *pending_ : *blocks_[cell.block].column;
  }
  std::uint32_t row(std::uint32_t group) const { return cells_[group].row; }

  // Starts a chunk; `column` must live until commit().
  void begin(const Column& column) { pending_ = &column; }
  // Lets the value of a group be that of a row of the chunk.
  void set(std::uint32_t group, std::uint32_t row) {
    Cell& cell = cells_[group];
    if (cell.block != kPending) {
      drop(cell);
      touched_.push_back(group);
    }
    cell = {kPending, row};
  }
  // Copies what the chunk has set.
  void commit();

  // Lets the value of a group be that of another object's group (which must have one). Shares its memory; call settle()
  // after the last.
  void adopt(std::uint32_t group, const ValueCells& from, std::uint32_t from_group);

  void settle() { collect_waste(); }

  // The values of groups, NULL where there is nothing.
  std::shared_ptr<Column> values(std::span<const std::uint32_t> groups) const;

  void reset(std::span<const std::uint32_t> groups);
  void clear();
  std::size_t memory_bytes() const;
  void encode(std::string& out, std::span<const std::uint32_t> groups) const;
  Status decode(std::string_view* input, std::uint32_t count);

 private:
  static constexpr std::uint32_t kNothing = ~std::uint32_t{0};
  static constexpr std::uint32_t kPending = kNothing - 1;
  // Dead values are collected when they outnumber the living by this and by half.
  static constexpr std::size_t kWasteRows = 8192;

  struct Cell {
    std::uint32_t block;  // kNothing, kPending or an index into blocks_
    std::uint32_t row;
  };
  struct Block {
    ColumnRef column;
    std::uint32_t live = 0;
  };

  void drop(const Cell& cell) {
    if (cell.block >= kPending) return;
    Block& block = blocks_[cell.block];
    --live_;
    if (--block.live == 0) release(cell.block);
  }
  void release(std::uint32_t block);
  std::uint32_t add_block(ColumnRef column);
  void collect_waste();

  TypeRef type_;
  Vec<Cell> cells_;
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> free_;
  Vec<std::uint32_t> touched_;  // groups with a pending value
  const Column* pending_ = nullptr;
  std::uint32_t adopted_ = 0;  // block of the latest adopt()
  std::size_t live_ = 0;       // cells with a block
  std::size_t rows_ = 0;       // in all blocks
};

}  // namespace sr::expr
