// Reads ranges of files for workers, into buffers that are used again. Entry point: read_range. Knows
// nothing of formats but that a newline ends a record. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>

#include "engine/flow/buffer_pool.h"
#include "engine/flow/source.h"

namespace sr::runtime {

// Reads the records that start in the range. Of a record longer than `max_record` at the range's end no more than
// max_record + 1 bytes are read.
Result<flow::RawPiece> read_range(const flow::InputPiece::FileRange& range, std::int64_t max_record,
                                  flow::BufferPool& pool);

}  // namespace sr::runtime
