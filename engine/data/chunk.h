// Chunk: up to kChunkRows rows as columns, immutable and shared by reference, with an optional selection of the rows
// that count. Also Tick, the time of a batch. Tested in tests/unit/data.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/data/column.h"

namespace sr {

// The clock, the transaction and the checkpoint cut of one batch.
struct Tick {
  std::int64_t id = 0;           // 1, 2, …; grows by one a batch within a run of the job's state
  std::int64_t time_ms = 0;      // the end of the batch's interval, since 1970
  std::int64_t previous_ms = 0;  // time of the batch before; 0 before the first
  bool last = false;             // every source has ended: nothing comes after this batch
};

// No watermark yet, and the watermark of an input that has ended.
inline constexpr std::int64_t kNoWatermark = INT64_MIN;
inline constexpr std::int64_t kEndOfTime = INT64_MAX;

struct Chunk {
  SchemaRef schema;
  std::vector<ColumnRef> columns;                      // one per field; an unused one may be a column of NULLs
  std::uint32_t rows = 0;                              // physical rows of every column
  std::shared_ptr<const Vec<std::uint32_t>> selected;  // null: all rows
  ColumnRef event_time;                                // hidden: µs since 1970 per row (timestamp type), or null

  Selection selection() const {
    return selected ? Selection{selected->data(), static_cast<std::uint32_t>(selected->size())}
                    : Selection{nullptr, rows};
  }
  std::uint32_t live_rows() const { return selected ? static_cast<std::uint32_t>(selected->size()) : rows; }
  // Gives the chunk with the selection applied: dense columns, no selection.
  Chunk compact() const;
  std::size_t memory_bytes() const;
};

}  // namespace sr
