// File watching over libuv: the kernel's events where they can be had, else a look twice a second. Entry point:
// UvLoop::watch. Tested in tests/unit/loop.
#include <utility>

#include "engine/loop/uv_loop.h"

namespace sr {

namespace {

constexpr unsigned kPollMs = 500;

class UvEventWatch final : public FileWatch {
 public:
  UvEventWatch(UvLoop& loop, Task changed) : body_(new Body{{}, std::move(changed), false}) {
    uv_fs_event_init(loop.raw(), &body_->handle);
    body_->handle.data = body_;
  }
  ~UvEventWatch() override {
    body_->gone = true;
    close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle));
  }
  UvEventWatch(const UvEventWatch&) = delete;
  UvEventWatch& operator=(const UvEventWatch&) = delete;

  // Gives 0 or a libuv error: ENOENT, or that the kernel's watches are used up.
  int open(const std::string& path) {
    return uv_fs_event_start(
        &body_->handle,
        [](uv_fs_event_t* handle, const char*, int, int) {
          auto* body = static_cast<Body*>(handle->data);
          if (!body->gone) body->changed();
        },
        path.c_str(), 0);
  }

 private:
  struct Body {
    uv_fs_event_t handle;
    Task changed;
    bool gone;
  };
  Body* body_;
};

class UvPollWatch final : public FileWatch {
 public:
  UvPollWatch(UvLoop& loop, Task changed) : body_(new Body{{}, std::move(changed), false}) {
    uv_fs_poll_init(loop.raw(), &body_->handle);
    body_->handle.data = body_;
  }
  ~UvPollWatch() override {
    body_->gone = true;
    close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle));
  }
  UvPollWatch(const UvPollWatch&) = delete;
  UvPollWatch& operator=(const UvPollWatch&) = delete;

  int open(const std::string& path) {
    return uv_fs_poll_start(
        &body_->handle,
        [](uv_fs_poll_t* handle, int, const uv_stat_t*, const uv_stat_t*) {
          auto* body = static_cast<Body*>(handle->data);
          if (!body->gone) body->changed();
        },
        path.c_str(), kPollMs);
  }

 private:
  struct Body {
    uv_fs_poll_t handle;
    Task changed;
    bool gone;
  };
  Body* body_;
};

}  // namespace

Result<std::unique_ptr<FileWatch>> UvLoop::watch(const std::string& path, Task changed) {
  auto events = std::make_unique<UvEventWatch>(*this, changed);
  if (events->open(path) == 0) return std::unique_ptr<FileWatch>(std::move(events));
  auto poll = std::make_unique<UvPollWatch>(*this, std::move(changed));
  if (const int failed = poll->open(path)) return uv_failure("cannot watch " + path, failed);
  return std::unique_ptr<FileWatch>(std::move(poll));
}

}  // namespace sr
