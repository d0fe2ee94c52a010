// Activities: what the threads of a job are at, where they may be long: a call of a sink, the execution of input, a
// snapshot. For whoever has to say what a job waits for, or whether it is stuck. Entry points: Activities::begin, list,
// oldest_us. Any thread. Tested in tests/unit/runtime/end_guard_test.cc.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <utility>

namespace sr::runtime {

class Activities {
  struct One {
    std::string what;
    std::int64_t since_us = 0;
  };

 public:
  // The activity lasts as long as its mark.
  class Mark {
   public:
    Mark() = default;
    Mark(Activities* of, std::list<One>::iterator at) : of_(of), at_(at) {}
    Mark(Mark&& other) noexcept : of_(std::exchange(other.of_, nullptr)), at_(other.at_) {}
    Mark& operator=(Mark&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(at_, other.at_);
      return *this;
    }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    ~Mark() {
      if (of_ != nullptr) of_->end(at_);
    }

   private:
    Activities* of_ = nullptr;
    std::list<One>::iterator at_;
  };

  // `what` reads as in "still at work: <what>"; `now_us` is monotonic.
  [[nodiscard]] Mark begin(std::string what, std::int64_t now_us);
  // All that last, the oldest first, separated by commas.
  std::string list() const;
  // When the oldest began; `now_us` if there is none.
  std::int64_t oldest_us(std::int64_t now_us) const;

 private:
  void end(std::list<One>::iterator at);

  mutable std::mutex mutex_;
  std::list<One> all_;  // in the order of their beginning
};

}  // namespace sr::runtime
