#include "engine/loop/uv_loop.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "engine/base/check.h"

namespace sr {

namespace {

class UvTimer final : public Timer {
 public:
  UvTimer(UvLoop& loop, Task task) : body_(new Body{{}, &loop.clock(), std::move(task), 0}) {
    uv_timer_init(loop.raw(), &body_->handle);
    body_->handle.data = body_;
  }
  ~UvTimer() override { close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle)); }
  UvTimer(const UvTimer&) = delete;
  UvTimer& operator=(const UvTimer&) = delete;

  void arm(std::int64_t deadline_us) override {
    body_->deadline_us = deadline_us;
    uv_update_time(body_->handle.loop);
    start(body_);
  }
  void cancel() override { uv_timer_stop(&body_->handle); }

 private:
  struct Body {
    uv_timer_t handle;
    Clock* clock;
    Task task;
    std::int64_t deadline_us;
  };

  // libuv counts whole milliseconds from a time it has rounded down, so it may fire up to one too early: then the rest
  // is waited for.
  static void start(Body* body) {
    const std::int64_t left_us = body->deadline_us - body->clock->monotonic_us();
    const std::int64_t left_ms = left_us <= 0 ? 0 : std::max<std::int64_t>(1, left_us / 1000);
    uv_timer_start(&body->handle, fired, static_cast<std::uint64_t>(left_ms), 0);
  }

  static void fired(uv_timer_t* handle) {
    auto* body = static_cast<Body*>(handle->data);
    if (body->clock->monotonic_us() < body->deadline_us) {
      uv_update_time(handle->loop);
      return start(body);
    }
    body->task();
  }

  Body* body_;
};

}  // namespace

Error uv_failure(const std::string& what, int number) {
  const bool hopeless = number == UV_EINVAL || number == UV_EACCES || number == UV_EPERM || number == UV_EBADF ||
                        number == UV_ENOTSUP || number == UV_ENOENT;
  return Error{what + ": " + uv_strerror(number), !hopeless, uv_err_name(number)};
}

std::unique_ptr<UvLoop> UvLoop::make(Clock& clock) {
  std::unique_ptr<UvLoop> made(new UvLoop(clock));
  if (uv_loop_init(&made->loop_) != 0) return nullptr;
  made->ready_ = true;
  made->wake_.data = made.get();
  if (uv_async_init(&made->loop_, &made->wake_,
                    [](uv_async_t* wake) { static_cast<UvLoop*>(wake->data)->run_posted(); }) != 0) {
    made->wake_.data = nullptr;
    return nullptr;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a broken pipe is an error of the write instead
  return made;
}

UvLoop::~UvLoop() {
  if (!ready_) return;
  if (wake_.data != nullptr) uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  if (signal_told_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&interrupt_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&terminate_), nullptr);
  }
  // Until every handle is closed and every killed child is reaped; a stop() that no run() has seen ends one turn.
  while (uv_run(&loop_, UV_RUN_DEFAULT) != 0) {
  }
  SR_CHECK(uv_loop_close(&loop_) == 0);
}

void UvLoop::run() {
  while (!stopped_) uv_run(&loop_, UV_RUN_DEFAULT);
  stopped_ = false;
}

void UvLoop::stop() {
  stopped_ = true;
  uv_stop(&loop_);
}

void UvLoop::post(Task task) {
  {
    const std::lock_guard guard(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  uv_async_send(&wake_);
}

void UvLoop::run_posted() {
  {
    const std::lock_guard guard(posted_mutex_);
    running_.swap(posted_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

std::unique_ptr<Timer> UvLoop::timer(Task task) {
  return std::make_unique<UvTimer>(*this, std::move(task));
}

void UvLoop::on_signal(std::function<void(int signal, int count)> told) {
  const bool first = !signal_told_;
  signal_told_ = std::move(told);
  if (!first) return;
  for (uv_signal_t* handle : {&interrupt_, &terminate_}) {
    uv_signal_init(&loop_, handle);
    handle->data = this;
    uv_signal_start(handle, signal_came, handle == &interrupt_ ? SIGINT : SIGTERM);
  }
}

void UvLoop::signal_came(uv_signal_t* handle, int signal) {
  auto* loop = static_cast<UvLoop*>(handle->data);
  loop->signal_told_(signal, ++loop->signals_);
}

std::unique_ptr<EventLoop> make_real_loop(Clock& clock) {
  return UvLoop::make(clock);
}

}  // namespace sr
