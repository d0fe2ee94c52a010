#include "engine/state/row_store.h"

#include "engine/data/codec.h"
#include "engine/state/byte_io.h"

namespace sr {

void RowStore::append(const Chunk& rows, std::int64_t time) {
  const Selection selection = rows.selection();
  if (selection.count == 0) return;
  Stored stored{time, next_order_++, Chunk{schema_, {}, selection.count, nullptr, nullptr}};
  stored.rows.columns.reserve(rows.columns.size());
  for (const ColumnRef& column : rows.columns) stored.rows.columns.push_back(copy_rows(*column, selection));
  if (rows.event_time) stored.rows.event_time = copy_rows(*rows.event_time, selection);
  chunks_.push_back(std::move(stored));
}

void RowStore::drop_until(std::int64_t time) {
  drop_if([time](std::int64_t stored) { return stored <= time; });
}

void RowStore::drop_if(const std::function<bool(std::int64_t)>& done) {
  std::erase_if(chunks_, [&](const Stored& stored) { return done(stored.time); });
}

std::uint64_t RowStore::rows() const {
  std::uint64_t rows = 0;
  for (const Stored& stored : chunks_) rows += stored.rows.rows;
  return rows;
}

std::size_t RowStore::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Stored& stored : chunks_) bytes += stored.rows.memory_bytes();
  return bytes;
}

void RowStore::encode(std::string& out) const {
  put_value(out, next_order_);
  put_value(out, static_cast<std::uint32_t>(chunks_.size()));
  for (const Stored& stored : chunks_) {
    put_value(out, stored.time);
    put_value(out, stored.order);
    put_value(out, stored.rows.rows);
    put_value<std::uint32_t>(out, stored.rows.event_time ? 1 : 0);
    for (const ColumnRef& column : stored.rows.columns) encode_column(out, *column, stored.rows.selection());
    if (stored.rows.event_time) encode_column(out, *stored.rows.event_time, stored.rows.selection());
  }
}

Status RowStore::decode(std::string_view* input) {
  const Error damaged{"the kept rows of a window are damaged"};
  std::uint32_t count = 0;
  if (!take_value(input, &next_order_) || !take_value(input, &count)) return damaged;
  for (std::uint32_t i = 0; i < count; ++i) {
    Stored stored;
    std::uint32_t timed = 0;
    if (!take_value(input, &stored.time) || !take_value(input, &stored.order)) return damaged;
    if (!take_value(input, &stored.rows.rows) || !take_value(input, &timed)) return damaged;
    stored.rows.schema = schema_;
    for (const Field& field : schema_->fields) {
      Result<ColumnRef> column = decode_column(input, field.type);
      SR_TRY(column);
      if ((*column)->size != stored.rows.rows) return damaged;
      stored.rows.columns.push_back(std::move(*column));
    }
    if (timed != 0) {
      Result<ColumnRef> column = decode_column(input, types::timestamp());
      SR_TRY(column);
      stored.rows.event_time = std::move(*column);
    }
    chunks_.push_back(std::move(stored));
  }
  return {};
}

}  // namespace sr
