// Programs over posix_spawn, with pipes and poll.
#include "engine/loop/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/base/posix_error.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace sr {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr std::size_t kMostErrorLine = 4096;  // bytes of a line of standard error that are told at once
constexpr int kExitGraceMs = 1000;            // for a program that has closed its output to end

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
  bool make() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
    return true;
  }
};

std::string status_text(int status) {
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

class RealProgram final : public Program {
 public:
  RealProgram(Clock& clock, std::string name, int stop_fd, std::function<void(std::string_view)> told)
      : clock_(clock), name_(std::move(name)), stop_fd_(stop_fd), told_(std::move(told)) {}

  ~RealProgram() override {
    if (pid_ > 0 && !reaped_) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
    }
  }
  RealProgram(const RealProgram&) = delete;
  RealProgram& operator=(const RealProgram&) = delete;

  Status start(const std::vector<std::string>& command);
  Result<std::string> call(std::string_view input, const ProgramCall& how) override;

 private:
  void fill(std::array<pollfd, 4>& polled) const;
  void write_some(std::string_view& input, bool last);
  // False: the program has closed the stream.
  bool read_output(std::string& answer);
  void read_errors();
  Result<std::string> finish(std::string answer);
  Error ended_early();
  void reap();

  std::int64_t now_ms() const { return clock_.monotonic_us() / 1000; }

  Clock& clock_;
  std::string name_;
  int stop_fd_;
  std::function<void(std::string_view)> told_;
  pid_t pid_ = 0;
  bool reaped_ = false;
  int status_ = 0;
  Descriptor input_;
  Descriptor output_;
  Descriptor errors_;
  std::string error_line_;
};

Status RealProgram::start(const std::vector<std::string>& command) {
  Pipe in;
  Pipe out;
  Pipe err;
  if (!in.make() || !out.make() || !err.make()) return posix_error("start", name_, errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = command;
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  const int failed = posix_spawnp(&pid_, args[0], &actions, &attributes, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    pid_ = 0;
    return posix_error("start", name_, failed);
  }
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  errors_ = std::move(err.read);
  for (const Descriptor* fd : {&input_, &output_, &errors_}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  return {};
}

// A closed descriptor is -1, which poll leaves out.
void RealProgram::fill(std::array<pollfd, 4>& polled) const {
  polled = {pollfd{input_.get(), POLLOUT, 0}, pollfd{output_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0},
            pollfd{stop_fd_, POLLIN, 0}};
}

void RealProgram::write_some(std::string_view& input, bool last) {
  while (!input.empty()) {
    const ssize_t wrote = ::write(input_.get(), input.data(), input.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) return;
    if (wrote < 0) {
      input = {};
      return input_.close();  // it wants no more: whether that is right, its answer says
    }
    input.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (last) input_.close();
}

bool RealProgram::read_output(std::string& answer) {
  for (;;) {
    const std::size_t size = answer.size();
    answer.resize(size + kReadBytes);
    const ssize_t got = ::read(output_.get(), answer.data() + size, kReadBytes);
    answer.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got > 0) continue;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    output_.close();
    return false;
  }
}

void RealProgram::read_errors() {
  char room[kMostErrorLine];
  for (;;) {
    const ssize_t got = ::read(errors_.get(), room, sizeof room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      errors_.close();
      break;
    }
    error_line_.append(room, static_cast<std::size_t>(got));
  }
  std::string_view rest = error_line_;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    if (end > 0) told_(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  const bool whole = !errors_.open() || rest.size() >= kMostErrorLine;
  if (whole && !rest.empty()) told_(rest);
  error_line_ = whole ? std::string() : std::string(rest);
}

void RealProgram::reap() {
  const std::int64_t until = now_ms() + kExitGraceMs;
  while (!reaped_) {
    const pid_t done = ::waitpid(pid_, &status_, WNOHANG);
    if (done == pid_) {
      reaped_ = true;
    } else if (now_ms() >= until) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      reaped_ = true;
    } else {
      ::poll(nullptr, 0, 1);
    }
  }
}

Error RealProgram::ended_early() {
  reap();
  if (errors_.open()) read_errors();
  return Error{name_ + " " + status_text(status_) + " before its answer was whole", true, "ECHILD"};
}

// The output has ended, as it should.
Result<std::string> RealProgram::finish(std::string answer) {
  reap();
  if (errors_.open()) read_errors();
  if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0)
    return Error{name_ + " " + status_text(status_), true, "ECHILD"};
  return answer;
}

// Length of an answer that ends with an empty line, without that line.
std::size_t answer_end(std::string_view text, std::size_t from) {
  if (from == 0 && text.starts_with('\n')) return 0;
  const std::size_t found = text.find("\n\n", from == 0 ? 0 : from - 1);
  return found == std::string_view::npos ? found : found + 1;
}

Result<std::string> RealProgram::call(std::string_view input, const ProgramCall& how) {
  const std::int64_t deadline = now_ms() + how.timeout_ms;
  std::string answer;
  bool writing = true;
  for (;;) {
    std::array<pollfd, 4> polled{};
    fill(polled);
    if (!writing) polled[0].fd = -1;
    const std::int64_t left = deadline - now_ms();
    if (left <= 0) {
      return Error{name_ + " gave no answer within " + std::to_string(how.timeout_ms) + " ms", true, "ETIMEDOUT"};
    }
    if (::poll(polled.data(), polled.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) {
      if (errno == EINTR) continue;
      return posix_error("wait for", name_, errno);
    }
    if (polled[3].revents != 0) return Error{"the job stops", false, "ECANCELED"};
    if (polled[2].revents != 0) read_errors();
    if (polled[0].revents != 0) {
      write_some(input, how.last);
      writing = !input.empty();
    }
    if (polled[1].revents == 0) continue;
    const std::size_t before = answer.size();
    const bool more = read_output(answer);
    if (answer.size() > how.most_bytes) return Error{name_ + " writes too much for one batch", false, "EFBIG"};
    if (!how.last) {
      const std::size_t end = answer_end(answer, before);
      if (end != std::string::npos && end + 1 < answer.size()) {
        return Error{name_ + " writes behind the empty line that ends its answer", true, "EPROTO"};
      }
      if (end != std::string::npos) {
        answer.resize(end);
        return answer;
      }
    }
    if (!more) return how.last ? finish(std::move(answer)) : Result<std::string>(ended_early());
  }
}

class RealPrograms final : public Programs {
 public:
  RealPrograms(Clock& clock, int fd) : clock_(clock), stop_(fd) {}

  Result<std::unique_ptr<Program>> start(const std::vector<std::string>& command,
                                         std::function<void(std::string_view)> told) override {
    if (command.empty()) return Error{"cannot start a program: the command is empty", false, "EINVAL"};
    auto program = std::make_unique<RealProgram>(clock_, command.front(), stop_.get(), std::move(told));
    SR_TRY(program->start(command));
    return std::unique_ptr<Program>(std::move(program));
  }

  bool wait(std::int64_t ms) override {
    pollfd polled{stop_.get(), POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(ms, 3'600'000))) <= 0;
  }

  void stop() override {
    const std::uint64_t one = 1;
    const ssize_t wrote = ::write(stop_.get(), &one, sizeof one);
    static_cast<void>(wrote);  // it only fails when it is set already
  }

 private:
  Clock& clock_;
  Descriptor stop_;
};

}  // namespace

std::unique_ptr<Programs> make_real_programs(Clock& clock) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return nullptr;
  return std::make_unique<RealPrograms>(clock, fd);
}

}  // namespace sr
