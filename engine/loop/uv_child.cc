// Child processes over libuv, with pipes for their three streams. Entry point: UvLoop::spawn. Tested in
// tests/unit/loop.
#include <csignal>
#include <cstdlib>
#include <utility>

#include "engine/loop/uv_loop.h"
#include "engine/loop/uv_stream.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace sr {

namespace {

// Passes on only that the child's input has drained: its other ends belong to the output's handler.
class InputHandler final : public StreamHandler {
 public:
  explicit InputHandler(StreamHandler* output) : output_(output) {}
  WriteSpace on_alloc() override { return {}; }
  void on_data(std::size_t) override {}
  void on_end() override {}
  void on_error(const Error&) override {}
  void on_drained() override { output_->on_drained(); }

 private:
  StreamHandler* output_;
};

class UvChild final : public ChildProcess {
 public:
  UvChild(UvLoop& loop, ChildHandlers handlers)
      : input_handler_(handlers.output), body_(new Body{{}, std::move(handlers.on_exit), false}) {
    for (UvStreamBody** pipe : {&input_, &output_, &errors_}) {
      *pipe = new UvStreamBody;
      uv_pipe_init(loop.raw(), &(*pipe)->handle.pipe, 0);
      (*pipe)->handle.any.data = *pipe;
    }
    input_->handler = &input_handler_;
    input_->reports_writes = false;
    output_->handler = handlers.output;
    errors_->handler = handlers.errors;
  }

  ~UvChild() override {
    for (UvStreamBody* pipe : {input_, output_, errors_}) close_stream(pipe);
    body_->on_exit = nullptr;
    body_->owned = false;
    if (running()) {
      uv_process_kill(&body_->handle, SIGKILL);  // the handle stays until the exit is seen, so that no zombie is left
    } else if (body_->exited) {
      close_body(body_, reinterpret_cast<uv_handle_t*>(&body_->handle));
    } else {
      delete body_;
    }
  }
  UvChild(const UvChild&) = delete;
  UvChild& operator=(const UvChild&) = delete;

  // Gives 0 or a libuv error.
  int open(const SpawnOptions& options);

  int pid() const override { return uv_process_get_pid(&body_->handle); }
  void write(std::string data) override { input_->write(std::move(data)); }
  std::size_t unsent() const override { return input_->unsent; }
  void end_input() override { input_->end_writing(); }
  void pause_output() override {
    output_->paused = true;
    output_->stop();
  }
  void resume_output() override {
    output_->paused = false;
    output_->start();
  }
  void kill(int signal) override {
    if (running()) uv_process_kill(&body_->handle, signal);
  }

 private:
  struct Body {
    uv_process_t handle;
    std::function<void(std::int64_t, int)> on_exit;
    bool started = false;
    bool exited = false;
    bool owned = true;
  };

  bool running() const { return body_->started && !body_->exited; }

  static void exited(uv_process_t* handle, std::int64_t status, int signal) {
    auto* body = static_cast<Body*>(handle->data);
    body->exited = true;
    if (!body->owned) return close_body(body, reinterpret_cast<uv_handle_t*>(handle));
    const auto told = std::move(body->on_exit);  // the call may destroy the child
    if (told) told(status, signal);
  }

  InputHandler input_handler_;
  Body* body_;
  UvStreamBody* input_ = nullptr;
  UvStreamBody* output_ = nullptr;
  UvStreamBody* errors_ = nullptr;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> found;
  for (std::string& text : texts) found.push_back(text.data());
  found.push_back(nullptr);
  return found;
}

// Gives our environment with the additions, which win.
std::vector<std::string> child_environment(const std::vector<std::string>& additions) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string entry = *at;
    const std::string name = entry.substr(0, entry.find('=') + 1);
    bool replaced = false;
    for (const std::string& addition : additions) replaced = replaced || addition.starts_with(name);
    if (!replaced) all.push_back(entry);
  }
  all.insert(all.end(), additions.begin(), additions.end());
  return all;
}

int UvChild::open(const SpawnOptions& options) {
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment = child_environment(options.environment);
  std::vector<char*> args = pointers(command);
  std::vector<char*> variables = pointers(environment);
  uv_stdio_container_t streams[3];
  const auto create = [](int flags) { return static_cast<uv_stdio_flags>(UV_CREATE_PIPE | flags); };
  streams[0].flags = create(UV_READABLE_PIPE);  // as the child sees it
  streams[0].data.stream = &input_->handle.stream;
  streams[1].flags = create(UV_WRITABLE_PIPE);
  streams[1].data.stream = &output_->handle.stream;
  streams[2].flags = create(UV_WRITABLE_PIPE);
  streams[2].data.stream = &errors_->handle.stream;

  uv_process_options_t settings{};
  settings.file = args[0];
  settings.args = args.data();
  settings.env = variables.data();
  settings.cwd = options.directory.empty() ? nullptr : options.directory.c_str();
  settings.stdio = streams;
  settings.stdio_count = 3;
  settings.exit_cb = exited;
  body_->handle.data = body_;
  const int failed = uv_spawn(output_->handle.any.loop, &body_->handle, &settings);
  if (failed != 0) {
    body_->exited = true;  // uv_spawn has initialised the handle: it needs closing, not killing
    return failed;
  }
  body_->started = true;
  for (UvStreamBody* pipe : {output_, errors_}) {
    pipe->name = command.front();
    pipe->open = true;
    pipe->start();
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> UvLoop::spawn(const SpawnOptions& options, ChildHandlers handlers) {
  if (options.command.empty()) return Error{"cannot start a program: the command is empty", false, "EINVAL"};
  auto child = std::make_unique<UvChild>(*this, std::move(handlers));
  if (const int failed = child->open(options)) return uv_failure("cannot start " + options.command.front(), failed);
  return std::unique_ptr<ChildProcess>(std::move(child));
}

}  // namespace sr
