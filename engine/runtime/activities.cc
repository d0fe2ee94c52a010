#include "engine/runtime/activities.h"

namespace sr::runtime {

Activities::Mark Activities::begin(std::string what, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  return {this, all_.insert(all_.end(), {std::move(what), now_us})};
}

void Activities::end(std::list<One>::iterator at) {
  const std::lock_guard lock(mutex_);
  all_.erase(at);
}

std::string Activities::list() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const One& one : all_) text += (text.empty() ? "" : ", ") + one.what;
  return text;
}

std::int64_t Activities::oldest_us(std::int64_t now_us) const {
  const std::lock_guard lock(mutex_);
  return all_.empty() ? now_us : all_.front().since_us;
}

}  // namespace sr::runtime
