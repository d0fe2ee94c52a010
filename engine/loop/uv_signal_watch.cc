// Signals on a libuv loop of their own. Entry point: signal_watch.h.
#include <uv.h>

#include <csignal>
#include <thread>

#include "engine/loop/signal_watch.h"

namespace sr {
namespace {

class UvSignalWatch final : public SignalWatch {
 public:
  explicit UvSignalWatch(std::function<void(int, int)> told) : told_(std::move(told)) {}
  UvSignalWatch(const UvSignalWatch&) = delete;
  UvSignalWatch& operator=(const UvSignalWatch&) = delete;

  ~UvSignalWatch() override {
    if (!thread_.joinable()) return;
    uv_async_send(&end_);
    thread_.join();
    uv_loop_close(&loop_);
  }

  bool start() {
    if (uv_loop_init(&loop_) != 0) return false;
    if (uv_async_init(&loop_, &end_, [](uv_async_t* end) { static_cast<UvSignalWatch*>(end->data)->close(); }) != 0)
      return false;
    end_.data = this;
    for (uv_signal_t* handle : {&interrupt_, &terminate_}) {
      uv_signal_init(&loop_, handle);
      handle->data = this;
      uv_signal_start(handle, came, handle == &interrupt_ ? SIGINT : SIGTERM);
    }
    thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
    return true;
  }

 private:
  static void came(uv_signal_t* handle, int signal) {
    auto* watch = static_cast<UvSignalWatch*>(handle->data);
    watch->told_(signal, ++watch->count_);
  }
  // Without handles the loop ends.
  void close() {
    for (uv_handle_t* handle : {reinterpret_cast<uv_handle_t*>(&end_), reinterpret_cast<uv_handle_t*>(&interrupt_),
                                reinterpret_cast<uv_handle_t*>(&terminate_)})
      uv_close(handle, nullptr);
  }

  std::function<void(int, int)> told_;
  int count_ = 0;
  uv_loop_t loop_{};
  uv_async_t end_{};
  uv_signal_t interrupt_{};
  uv_signal_t terminate_{};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<SignalWatch> make_signal_watch(std::function<void(int signal, int count)> told) {
  auto watch = std::make_unique<UvSignalWatch>(std::move(told));
  if (!watch->start()) return nullptr;
  return watch;
}

}  // namespace sr
