#include "engine/runtime/end_guard.h"

#include <algorithm>
#include <chrono>

namespace sr::runtime {
namespace {

constexpr int kSignalBase = 128;
constexpr std::int64_t kLoopMs = 300;  // more for the job's own loop, which can say more, to see the same deadline

}  // namespace

EndGuard::EndGuard(EndGuardOptions options) : options_(std::move(options)) {
  thread_.start([this] { work(); });
}

EndGuard::~EndGuard() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EndGuard::signalled(int signal, int count) {
  if (count > 1) return options_.leave(kSignalBase + signal, {});
  const std::lock_guard lock(mutex_);
  end_within(options_.graceful ? options_.timeout_ms + kLoopMs : options_.return_ms);
}

void EndGuard::ending(int code, const std::string& error) {
  const std::lock_guard lock(mutex_);
  if (code != 0) code_ = code;
  error_ = error;
  decided_ = true;
  end_within(code != 0 || !options_.graceful ? options_.return_ms : options_.timeout_ms);
}

void EndGuard::told() {
  const std::lock_guard lock(mutex_);
  error_.clear();
}

// The earliest deadline stays.
void EndGuard::end_within(std::int64_t ms) {
  const std::int64_t end = options_.clock->monotonic_us() + ms * 1000;
  deadline_us_ = deadline_us_ ? std::min(*deadline_us_, end) : end;
  changed_.notify_all();
}

void EndGuard::work() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (!deadline_us_) {
      changed_.wait(lock);
      continue;
    }
    if (const std::int64_t left = *deadline_us_ - options_.clock->monotonic_us(); left > 0) {
      changed_.wait_for(lock, std::chrono::microseconds(left));
      continue;
    }
    const int code = code_;
    const std::string why = text();
    lock.unlock();
    return options_.leave(code, why);
  }
}

std::string EndGuard::text() const {
  const std::string busy = activities_.list();
  const std::string stuck = busy.empty() ? std::string() : "still at work: " + busy;
  if (!error_.empty()) return stuck.empty() ? error_ : error_ + "\n  left while " + stuck;
  const std::string late = !decided_ && options_.graceful ? "the stop took longer than `shutdown.timeout`"
                                                          : "the job was stopped but did not come to its end";
  return late + (stuck.empty() ? "" : " (" + stuck + ")") + "; what was not committed is done again at the next start";
}

}  // namespace sr::runtime
