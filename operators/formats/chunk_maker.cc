// ChunkMaker: starting and handing out chunks. Tested in tests/unit/operators/json_format_test.cc and
// csv_format_test.cc.
#include "operators/formats/chunk_maker.h"

#include <algorithm>

namespace sr::operators {

ChunkMaker::ChunkMaker(const flow::DecoderOptions& options, const flow::RawPiece& piece, flow::DecodeSink& out)
    : options_(options), piece_(piece), out_(out) {
  const std::vector<Field>& fields = options.schema->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!options.needed.empty() && !options.needed[i]) continue;
    Slot slot;
    slot.type = fields[i].type.get();
    slot.id = slot.type->id;
    slot.name = &fields[i].name;
    slot.column = static_cast<std::uint32_t>(i);
    if (slot.type->is_nested()) slot.nested = std::make_unique<ColumnBuilder>(fields[i].type);
    slots_.push_back(std::move(slot));
  }
  for (Slot& slot : slots_) {
    if (slot.nested) nested_slots_.push_back(&slot);
  }
  columns_.resize(slots_.size());
  present_.resize(slots_.size());
}

void ChunkMaker::start_chunk(std::size_t bytes_left) {
  flush();
  capacity_ = static_cast<std::uint32_t>(std::min<std::size_t>(kChunkRows, bytes_left + 1));
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.nested) continue;
    const TypeRef& type = options_.schema->fields[slot.column].type;
    columns_[i] = std::make_shared<Column>(type, 0);
    columns_[i]->values.resize(capacity_ * value_width(type->id));
    slot.values = columns_[i]->values.data();
    present_[i].clear();
    present_[i].resize((static_cast<std::size_t>(capacity_) + 63) / 64, 0);
    slot.present = present_[i].data();
  }
}

ColumnRef ChunkMaker::finish_column(Slot& slot) {
  if (slot.nested) return slot.nested->finish();
  const std::size_t index = static_cast<std::size_t>(&slot - slots_.data());
  std::shared_ptr<Column> column = std::move(columns_[index]);
  const std::size_t width = value_width(slot.type->id);
  column->size = row_;
  column->values.resize(row_ * width);
  std::uint32_t valid = 0;
  for (std::uint32_t w = 0; w * 64 < row_; ++w)
    valid += static_cast<std::uint32_t>(__builtin_popcountll(slot.present[w]));
  if (valid != row_) {  // values of NULLs are zero: kernels may touch them
    for (std::uint32_t i = 0; i < row_; ++i) {
      if (!((slot.present[i >> 6] >> (i & 63)) & 1)) std::memset(column->values.data() + i * width, 0, width);
    }
    present_[index].resize((static_cast<std::size_t>(row_) + 63) / 64);
    column->validity = std::move(present_[index]);
    present_[index] = {};
  }
  if (slot.type->is_text()) {
    column->holders.push_back(piece_.holder);
    if (arena_) column->holders.push_back(arena_);
  }
  return column;
}

void ChunkMaker::flush() {
  if (row_ == 0) return;
  Chunk chunk;
  chunk.schema = options_.schema;
  chunk.rows = row_;
  chunk.columns.resize(options_.schema->size());
  for (Slot& slot : slots_) chunk.columns[slot.column] = finish_column(slot);
  for (std::size_t i = 0; i < chunk.columns.size(); ++i) {
    if (!chunk.columns[i]) chunk.columns[i] = null_column(options_.schema->fields[i].type, row_);
  }
  arena_.reset();
  row_ = capacity_ = 0;
  out_.chunk(std::move(chunk));
}

}  // namespace sr::operators
