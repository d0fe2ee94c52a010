// BufferPool: large buffers of raw input that are used again, since the first touch of fresh memory is dear. Entry
// point: BufferPool::take. Tested in tests/unit/runtime.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/data/vec.h"

namespace sr::flow {

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

}  // namespace sr::flow
