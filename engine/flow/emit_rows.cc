#include "engine/flow/emit_rows.h"

#include <algorithm>

namespace sr::flow {

Chunk concat_chunks(const SchemaRef& schema, std::span<const Chunk> chunks) {
  std::vector<Chunk> dense;
  dense.reserve(chunks.size());
  bool event_time = false;
  for (const Chunk& chunk : chunks) {
    if (chunk.live_rows() == 0) continue;
    dense.push_back(chunk.compact());
    event_time = event_time || dense.back().event_time;
  }
  if (dense.size() == 1) return dense[0];
  Chunk table{schema, {}, 0, nullptr, nullptr};
  for (const Chunk& chunk : dense) table.rows += chunk.rows;
  std::vector<ColumnRef> parts;
  for (std::size_t column = 0; column < schema->size(); ++column) {
    parts.clear();
    for (const Chunk& chunk : dense) parts.push_back(chunk.columns[column]);
    table.columns.push_back(concat_columns(schema->fields[column].type, parts));
  }
  if (event_time) {
    parts.clear();
    for (const Chunk& chunk : dense) parts.push_back(chunk.event_time);
    table.event_time = concat_columns(types::timestamp(), parts);
  }
  return table;
}

Chunk gather_input(const SchemaRef& schema, std::span<PlacedPartial> partials, std::uint32_t input) {
  std::vector<Chunk> chunks;
  for (PlacedPartial& placed : partials) {
    if (placed.input != input) continue;
    for (Chunk& chunk : static_cast<ChunksPartial&>(*placed.partial).chunks) chunks.push_back(std::move(chunk));
  }
  return concat_chunks(schema, chunks);
}

void emit_rows(const Chunk& table, std::span<const std::uint32_t> rows, Emitter& out, PortIndex port) {
  for (std::size_t at = 0; at < rows.size(); at += kChunkRows) {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(kChunkRows, rows.size() - at));
    const Selection selection{rows.data() + at, count};
    Chunk chunk{table.schema, {}, count, nullptr, nullptr};
    chunk.columns.reserve(table.columns.size());
    for (const ColumnRef& column : table.columns) chunk.columns.push_back(gather(column, selection));
    if (table.event_time) chunk.event_time = gather(table.event_time, selection);
    out.emit(std::move(chunk), port);
  }
}

void emit_table(const Chunk& table, Emitter& out, PortIndex port) {
  for (std::uint32_t at = 0; at < table.rows; at += kChunkRows) {
    const std::uint32_t count = std::min(kChunkRows, table.rows - at);
    Chunk chunk{table.schema, {}, count, nullptr, nullptr};
    chunk.columns.reserve(table.columns.size());
    for (const ColumnRef& column : table.columns) chunk.columns.push_back(slice(column, at, count));
    if (table.event_time) chunk.event_time = slice(table.event_time, at, count);
    out.emit(std::move(chunk), port);
  }
}

}  // namespace sr::flow
