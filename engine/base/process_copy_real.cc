// Copies of the process, by fork(2). Entry point: process_copy.h.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/posix_error.h"
#include "engine/base/process_copy.h"

namespace sr {
namespace {

// A copy that does not even get as far as its work has another status than one that has done it.
constexpr int kFinished = 0;

[[noreturn]] void do_work(const std::function<void()>& work) {
  ::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C goes to the whole group: the original decides
  const rlimit no_core{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &no_core));
  if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
    static_cast<void>(::write(score, "1000", 4));
    ::close(score);
  }
  work();
  ::_exit(kFinished);
}

}  // namespace

Result<CopyEnd> run_in_copy(const std::function<void()>& work, const std::function<bool()>& wait) {
  const pid_t child = ::fork();
  if (child < 0) return posix_error("copy", "the process", errno);
  if (child == 0) do_work(work);
  int status = 0;
  bool killed = false;
  while (true) {
    const pid_t ended = ::waitpid(child, &status, killed ? 0 : WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return posix_error("wait for", "a copy of the process", errno);
    if (ended == 0 && !wait()) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  if (killed) return Error{"the job is to end", false, "ECANCELED"};
  CopyEnd end;
  end.finished = WIFEXITED(status) && WEXITSTATUS(status) == kFinished;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return end;
}

}  // namespace sr
