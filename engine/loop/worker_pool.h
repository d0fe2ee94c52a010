// A fixed set of threads for work on data. Entry points: parallel_for and submit. Knows nothing of chunks or the event
// loop. Tested in tests/unit/loop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace sr {

class WorkerPool {
 public:
  // `workers` >= 1 counts the thread that calls parallel_for: workers - 1 threads are made. With 1 nothing leaves the
  // caller's thread.
  explicit WorkerPool(unsigned workers);
  // Waits for the tasks that run and drops those that have not begun.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  unsigned workers() const { return workers_; }

  // Calls fn(item) or fn(item, worker) for each item in [0, count), each once, in any order and on any worker, and
  // returns when all are done. `worker` < workers() is never shared by two threads at once within this call, for
  // scratch memory; 0 is the caller. What the items wrote is visible afterwards. May be called from several threads and
  // from within an item. `fn` must not throw.
  template <class Fn>
  void parallel_for(std::size_t count, Fn&& fn) {
    run_items(count, &fn, [](void* context, std::size_t item, unsigned worker) {
      auto& call = *static_cast<std::remove_reference_t<Fn>*>(context);
      if constexpr (std::is_invocable_v<std::remove_reference_t<Fn>&, std::size_t, unsigned>) {
        call(item, worker);
      } else {
        call(item);
      }
    });
  }

  // Runs `task` on a worker, later; with one worker it runs now, before submit returns. From any thread. `task` must
  // not throw.
  void submit(std::function<void()> task);

 private:
  struct Batch;
  using ItemFn = void (*)(void* context, std::size_t item, unsigned worker);

  void run_items(std::size_t count, void* context, ItemFn call);
  void work();

  unsigned workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sr
