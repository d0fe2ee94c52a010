// ChunkMaker: the columns of a chunk while a decoder fills them row by row, only those that are needed. A row may be
// dropped half-way. Shared by json and csv. Knows no format. Tested in tests/unit/operators/json_format_test.cc and
// csv_format_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/builder.h"
#include "engine/flow/format.h"

namespace sr::operators {

// A needed column of the chunk in the making.
struct Slot {
  TypeId id = TypeId::null;
  const Type* type = nullptr;
  const std::string* name = nullptr;
  std::uint32_t column = 0;          // in the schema
  std::byte* values = nullptr;       // null for nested types
  std::uint64_t* present = nullptr;  // bit per row: not NULL
  std::unique_ptr<ColumnBuilder> nested;
};

class ChunkMaker {
 public:
  // `options`, `piece` and `out` outlive the maker.
  ChunkMaker(const flow::DecoderOptions& options, const flow::RawPiece& piece, flow::DecodeSink& out);

  std::vector<Slot>& slots() { return slots_; }

  // Begins a row; `bytes_left` bounds how many rows may still come (each has a byte at least).
  void begin_row(std::size_t bytes_left) {
    if (row_ == capacity_) start_chunk(bytes_left);
  }
  template <class T>
  void set(Slot& slot, const T& value) {
    reinterpret_cast<T*>(slot.values)[row_] = value;
    slot.present[row_ >> 6] |= std::uint64_t{1} << (row_ & 63);
  }
  void set_null(Slot& slot) {
    if (slot.nested)
      slot.nested->truncate(row_);
    else
      slot.present[row_ >> 6] &= ~(std::uint64_t{1} << (row_ & 63));
  }
  // Sets a text that must be copied.
  void set_copied(Slot& slot, std::string_view text) { set(slot, arena().add(text)); }
  // Gives the builder of a nested column, to append one value to.
  ColumnBuilder& nested(Slot& slot) {
    slot.nested->truncate(row_);
    return *slot.nested;
  }
  // Keeps the row; columns that were not set are NULL.
  void end_row() {
    for (Slot* slot : nested_slots_) {
      if (slot->nested->size() == row_) slot->nested->append_null();
    }
    ++row_;
  }
  // Forgets the row.
  void drop_row() {
    for (Slot& slot : slots_) set_null(slot);
  }
  // Hands out what there is.
  void flush();

 private:
  StrArena& arena() {
    if (!arena_) arena_ = std::make_shared<StrArena>();
    return *arena_;
  }
  void start_chunk(std::size_t bytes_left);
  ColumnRef finish_column(Slot& slot);

  const flow::DecoderOptions& options_;
  const flow::RawPiece& piece_;
  flow::DecodeSink& out_;
  std::vector<Slot> slots_;
  std::vector<Slot*> nested_slots_;
  std::vector<std::shared_ptr<Column>> columns_;  // per slot; null for nested types
  std::vector<Vec<std::uint64_t>> present_;       // per slot
  std::shared_ptr<StrArena> arena_;
  std::uint32_t row_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace sr::operators
