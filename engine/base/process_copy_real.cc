// Copies of the process, by fork(2). Entry point: process_copy.h.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "engine/base/posix_error.h"
#include "engine/base/process_copy.h"

namespace sr {
namespace {

// A copy that does not even get as far as its work has another status than one that has done it.
constexpr int kFinished = 0;
constexpr int kOrphan = 1;
constexpr int kTurnMs = 10;  // between two questions whether to go on
constexpr int kPipeBytes = 1 << 20;

// Signals are blocked around the fork, so that no handler of the original runs in the copy: it would speak to the
// original's loop.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(to, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Makes the process a copy: what is said of it in the header.
void become_copy(pid_t original) {
  for (const int asks : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE}) ::signal(asks, SIG_IGN);
  static_cast<void>(::prctl(PR_SET_PDEATHSIG, SIGKILL));
  if (::getppid() != original) ::_exit(kOrphan);  // it died before the line above
  const rlimit no_core{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &no_core));
  if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
    static_cast<void>(::write(score, "1000", 4));
    ::close(score);
  }
}

class ForkedCopy final : public ProcessCopy {
 public:
  ForkedCopy(pid_t child, int pipe) : child_(child), pipe_(pipe) {}
  ~ForkedCopy() override {
    ::close(pipe_);
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    static_cast<void>(reap(0));
  }
  ForkedCopy(const ForkedCopy&) = delete;
  ForkedCopy& operator=(const ForkedCopy&) = delete;

  Status receive(char* to, std::size_t size, const GoOn& go_on) override {
    while (size > 0) {
      const auto got = read_some(to, size, go_on);
      SR_TRY(got);
      if (*got == 0) return Error{"a copy of the process ended before its work", false, "ended"};
      to += *got;
      size -= *got;
    }
    return {};
  }

  Result<CopyEnd> wait(const GoOn& go_on) override {
    std::array<char, 4096> dropped;
    while (true) {
      const auto got = read_some(dropped.data(), dropped.size(), go_on);
      SR_TRY(got);
      if (*got == 0) break;
    }
    // The pipe was closed, by the end of the copy or by its work: then there is more to wait for.
    while (true) {
      const auto status = reap(WNOHANG);
      SR_TRY(status);
      if (child_ == 0) {
        CopyEnd end;
        end.finished = WIFEXITED(*status) && WEXITSTATUS(*status) == kFinished;
        end.signal = WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
        return end;
      }
      if (!go_on()) return canceled();
      static_cast<void>(::poll(nullptr, 0, 1));
    }
  }

 private:
  static Error canceled() { return Error{"the job is to end", false, "ECANCELED"}; }

  // 0: the copy has closed its end.
  Result<std::size_t> read_some(char* to, std::size_t size, const GoOn& go_on) {
    while (true) {
      pollfd readable{pipe_, POLLIN, 0};
      const int ready = ::poll(&readable, 1, kTurnMs);
      if (ready < 0 && errno != EINTR) return posix_error("wait for", "a copy of the process", errno);
      if (ready <= 0) {
        if (!go_on()) return canceled();
        continue;
      }
      const ssize_t got = ::read(pipe_, to, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return posix_error("read from", "a copy of the process", errno);
    }
  }

  // The status of the copy if it has ended; child_ is 0 then.
  Result<int> reap(int options) {
    int status = 0;
    pid_t ended = 0;
    do {
      ended = ::waitpid(child_, &status, options);
    } while (ended < 0 && errno == EINTR);
    if (ended < 0) return posix_error("wait for", "a copy of the process", errno);
    if (ended == child_) child_ = 0;
    return status;
  }

  pid_t child_;  // 0: it has ended
  const int pipe_;
};

}  // namespace

Result<std::unique_ptr<ProcessCopy>> ProcessCopy::start(const std::function<void(const Send&)>& work, bool keep_files) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return posix_error("make", "a pipe", errno);
  static_cast<void>(::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes));  // the default will do
  const pid_t original = ::getpid();
  pid_t child = 0;
  int failed = 0;
  {
    const SignalsBlocked blocked;
    child = ::fork();
    failed = errno;
    if (child == 0) become_copy(original);
  }
  if (child == 0) {
    int to = ends[1];
    ::close(ends[0]);
    if (!keep_files) {
      constexpr int kFirst = 3;  // behind the standard streams
      to = ::dup2(ends[1], kFirst);
      static_cast<void>(::close_range(kFirst + 1, ~0U, 0));
    }
    work([to](std::string_view bytes) { return write_all(to, bytes); });
    ::_exit(kFinished);
  }
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return posix_error("copy", "the process", failed);
  }
  return std::unique_ptr<ProcessCopy>(std::make_unique<ForkedCopy>(child, ends[0]));
}

Result<CopyEnd> run_in_copy(const std::function<void()>& work, const GoOn& go_on) {
  const auto copy = ProcessCopy::start([&](const ProcessCopy::Send&) { work(); }, true);
  SR_TRY(copy);
  return (*copy)->wait(go_on);
}

}  // namespace sr
