// Chunk: applying a selection, counting memory. Tested in tests/unit/data/column_test.cc.
#include "engine/data/chunk.h"

#include "engine/data/builder.h"

namespace sr {

Chunk Chunk::compact() const {
  if (!selected) return *this;
  Chunk out;
  out.schema = schema;
  out.rows = live_rows();
  out.columns.reserve(columns.size());
  for (const ColumnRef& column : columns) out.columns.push_back(gather(column, selection()));
  if (event_time) out.event_time = gather(event_time, selection());
  return out;
}

std::size_t Chunk::memory_bytes() const {
  std::size_t total = sizeof(Chunk);
  for (const ColumnRef& column : columns) total += column ? column->memory_bytes() : 0;
  if (event_time) total += event_time->memory_bytes();
  if (selected) total += selected->capacity() * sizeof(std::uint32_t);
  return total;
}

}  // namespace sr
