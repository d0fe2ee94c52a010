#include "engine/runtime/engine_thread.h"

#include <algorithm>

namespace sr::runtime {

EngineThread::EngineThread(Executor& executor, Clock& clock, Activities& activities, EngineCallbacks callbacks)
    : executor_(executor), clock_(clock), activities_(activities), callbacks_(std::move(callbacks)), thread_([this] {
        work();
      }) {}

EngineThread::~EngineThread() {
  stop();
}

void EngineThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EngineThread::add(EngineInput input) {
  charged_.fetch_add(input.charge, std::memory_order_relaxed);
  post(std::move(input));
}

void EngineThread::cut(EngineCut cut) {
  post(std::move(cut));
}

void EngineThread::post(Message message) {
  {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }
  wake_.notify_one();
}

void EngineThread::work() {
  std::deque<Message> taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !messages_.empty(); });
      if (stopping_) return;
      taken.swap(messages_);
    }
    for (Message& message : taken) {
      if (!dead_) std::visit([&](auto& one) { dead_ = !run(one); }, message);
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    taken.clear();
  }
}

void EngineThread::fail(Failure failure) {
  callbacks_.failed(std::move(failure));
}

Activities::Mark EngineThread::mark(const Tick& tick) {
  return activities_.begin("batch " + std::to_string(tick.id) + " is executed", clock_.monotonic_us());
}

bool EngineThread::begin(const Tick& tick) {
  if (begun_ == tick.id) return true;
  begun_ = tick.id;
  busy_us_ = 0;
  const Status status = executor_.begin_batch(tick);
  if (!status.ok()) fail({{}, status.error().message, {}, status.error().code});
  return status.ok();
}

bool EngineThread::run(EngineInput& input) {
  const std::int64_t start = clock_.monotonic_us();
  const std::int64_t charge = input.charge;
  const Activities::Mark executing = mark(input.tick);
  if (!begin(input.tick)) return false;
  executor_.add(input.source, std::move(input.slice));
  input.slice = {};
  busy_us_ += clock_.monotonic_us() - start;
  charged_.fetch_sub(charge, std::memory_order_relaxed);
  if (relief_asked_.exchange(false, std::memory_order_relaxed)) callbacks_.relieved();
  if (!executor_.has_failed()) return true;
  fail(*executor_.end_batch().failure);
  return false;
}

bool EngineThread::run(EngineCut& cut) {
  const std::int64_t start = clock_.monotonic_us();
  Activities::Mark executing = mark(cut.tick);
  if (!begin(cut.tick)) return false;
  for (const std::uint32_t source : cut.ended) executor_.source_ended(source);
  ExecutedBatch batch;
  batch.result = executor_.end_batch(cut.tick.last);
  if (batch.result.failure) {
    fail(*batch.result.failure);
    return false;
  }
  batch.scheduling_delay_us = std::max<std::int64_t>(0, start - cut.due_us);
  batch.processing_us = busy_us_ + clock_.monotonic_us() - start;
  batch.records_in = executor_.records_in(batch.result);
  executing = {};  // what follows may wait for the batch before
  callbacks_.executed(std::move(batch));
  return true;
}

}  // namespace sr::runtime
