#include "engine/loop/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "engine/base/check.h"

namespace sr {

// One call of parallel_for. Helpers hold it by shared_ptr, since one may come when the call is long over.
struct WorkerPool::Batch {
  std::size_t count = 0;
  void* context = nullptr;
  ItemFn call = nullptr;
  std::atomic<std::size_t> next = 0;
  std::atomic<unsigned> slots = 1;  // 0 is the caller's
  std::mutex mutex;
  std::condition_variable finished;
  std::size_t done = 0;

  // Takes items until none is left.
  void run(unsigned worker) {
    std::size_t mine = 0;
    for (std::size_t item = next++; item < count; item = next++) {
      call(context, item, worker);
      ++mine;
    }
    if (mine == 0) return;
    const std::lock_guard guard(mutex);
    done += mine;
    if (done == count) finished.notify_all();
  }
};

WorkerPool::WorkerPool(unsigned workers) : workers_(workers) {
  SR_CHECK(workers >= 1);
  for (unsigned i = 1; i < workers; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(std::function<void()> task) {
  if (workers_ == 1) return task();
  {
    const std::lock_guard guard(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void WorkerPool::run_items(std::size_t count, void* context, ItemFn call) {
  if (workers_ == 1 || count <= 1) {
    for (std::size_t item = 0; item < count; ++item) call(context, item, 0);
    return;
  }
  auto batch = std::make_shared<Batch>();
  batch->count = count;
  batch->context = context;
  batch->call = call;
  const std::size_t helpers = std::min<std::size_t>(workers_ - 1, count - 1);
  {
    const std::lock_guard guard(mutex_);
    // Ahead of submitted tasks: somebody waits for these.
    for (std::size_t i = 0; i < helpers; ++i) {
      tasks_.emplace_front([batch] {
        if (batch->next.load(std::memory_order_relaxed) < batch->count) batch->run(batch->slots++);
      });
    }
  }
  if (helpers == 1) {
    wake_.notify_one();
  } else {
    wake_.notify_all();
  }
  batch->run(0);
  std::unique_lock lock(batch->mutex);
  batch->finished.wait(lock, [&] { return batch->done == batch->count; });
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace sr
