// Reads ranges of files for workers, into buffers that are used again. Entry points: BufferPool, read_range. Knows
// nothing of formats but that a newline ends a record. Tested in tests/unit/runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/data/vec.h"
#include "engine/flow/source.h"

namespace sr::runtime {

// Buffers that go back to the pool when their last holder is gone. Any thread; may die before its buffers.
class BufferPool {
 public:
  BufferPool() : idle_(std::make_shared<Idle>()) {}
  std::shared_ptr<Vec<char>> take();

 private:
  struct Idle {
    std::mutex mutex;
    std::vector<std::unique_ptr<Vec<char>>> buffers;
  };
  std::shared_ptr<Idle> idle_;
};

// Reads the records that start in the range. Of a record longer than `max_record` at the range's end no more than
// max_record + 1 bytes are read.
Result<flow::RawPiece> read_range(const flow::InputPiece::FileRange& range, std::int64_t max_record, BufferPool& pool);

}  // namespace sr::runtime
