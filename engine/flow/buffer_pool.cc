#include "engine/flow/buffer_pool.h"

namespace sr::flow {
namespace {
constexpr std::size_t kIdleBuffers = 16;
}

std::shared_ptr<Vec<char>> BufferPool::take() {
  std::unique_ptr<Vec<char>> buffer;
  {
    const std::lock_guard lock(idle_->mutex);
    if (!idle_->buffers.empty()) {
      buffer = std::move(idle_->buffers.back());
      idle_->buffers.pop_back();
    }
  }
  if (!buffer) buffer = std::make_unique<Vec<char>>();
  buffer->clear();
  return {buffer.release(), [idle = idle_](Vec<char>* done) {
            std::unique_ptr<Vec<char>> back(done);
            const std::lock_guard lock(idle->mutex);
            if (idle->buffers.size() < kIdleBuffers) idle->buffers.push_back(std::move(back));
          }};
}

}  // namespace sr::flow
