// EngineThread: the thread on which a job's executor runs. It takes input and cuts in order and gives each batch's
// result; the loop thread never waits for it. Entry point: EngineThread. Tested in tests/unit/runtime/job_test.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "engine/base/env.h"
#include "engine/runtime/activities.h"
#include "engine/runtime/executor.h"

namespace sr::runtime {

// Input of one source for the batch of `tick`.
struct EngineInput {
  Tick tick;
  std::uint32_t source = 0;
  flow::SourceSlice slice;
  std::int64_t charge = 0;  // bytes that it counts for until it is executed
};

// The end of a batch.
struct EngineCut {
  Tick tick;
  std::int64_t due_us = 0;           // monotonic time at which it should have been cut
  std::vector<std::uint32_t> ended;  // sources that have ended with this batch
};

// A batch that was executed, and what that cost.
struct ExecutedBatch {
  BatchResult result;
  std::int64_t scheduling_delay_us = 0;
  std::int64_t processing_us = 0;
  std::uint64_t records_in = 0;
};

struct EngineCallbacks {
  // Takes a batch; may wait (until its predecessor is committed). Engine thread.
  std::function<void(ExecutedBatch)> executed;
  // The job cannot go on; nothing more is executed. Engine thread.
  std::function<void(Failure)> failed;
  // Some input was executed, and somebody asked to be told. Engine thread.
  std::function<void()> relieved;
};

class EngineThread {
 public:
  EngineThread(Executor& executor, Clock& clock, Activities& activities, EngineCallbacks callbacks);
  // Stops after the present message; what waits is dropped.
  ~EngineThread();

  void add(EngineInput input);
  void cut(EngineCut cut);
  void stop();

  // Bytes handed in and not yet executed.
  std::int64_t charged() const { return charged_.load(std::memory_order_relaxed); }
  // Asks for one call of `relieved` when input was executed.
  void ask_relief() { relief_asked_.store(true, std::memory_order_relaxed); }

 private:
  using Message = std::variant<EngineInput, EngineCut>;
  void post(Message message);
  void work();
  bool begin(const Tick& tick);
  bool run(EngineInput& input);
  bool run(EngineCut& cut);
  void fail(Failure failure);
  Activities::Mark mark(const Tick& tick);

  Executor& executor_;
  Clock& clock_;
  Activities& activities_;
  EngineCallbacks callbacks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Message> messages_;
  bool stopping_ = false;
  std::atomic<std::int64_t> charged_ = 0;
  std::atomic<bool> relief_asked_ = false;
  // Of the batch that is being executed; engine thread only.
  std::int64_t begun_ = 0;  // its number
  std::int64_t busy_us_ = 0;
  bool dead_ = false;
  std::thread thread_;
};

}  // namespace sr::runtime
