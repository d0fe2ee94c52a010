// run: compiles a job and runs it on the real loop, clock and files until it ends. Tested in tests/cli.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>

#include "cli/durable.h"
#include "cli/exit_codes.h"
#include "cli/session.h"
#include "cli/stdout_writer.h"
#include "cli/verbs.h"
#include "engine/base/machine.h"
#include "engine/base/supervisor.h"
#include "engine/loop/program.h"
#include "engine/loop/signal_watch.h"
#include "engine/observe/metrics.h"
#include "engine/runtime/job.h"
#include "specs/instantiate.h"

namespace sr::cli {

namespace {

runtime::JobOptions job_options(const Options& options, const specs::JobSpec& spec) {
  runtime::JobOptions job;
  job.env = &real_environment();
  job.suspended_us = suspended_us;
  job.trigger = static_cast<runtime::Trigger>(spec.batch.trigger);
  job.max_records = spec.batch.max_records;
  if (spec.batch.max_bytes) job.max_bytes = spec.batch.max_bytes->bytes;
  job.max_queued = spec.batch.max_queued;
  job.max_memory = spec.batch.max_memory ? spec.batch.max_memory->bytes : usable_memory() / 2;
  job.workers = options.workers      ? *options.workers
                : spec.batch.workers ? static_cast<unsigned>(*spec.batch.workers)
                                     : usable_processors();
  const specs::BackpressureConfig& pid = spec.batch.backpressure;
  if (pid.enabled)
    job.backpressure = {pid.proportional, pid.integral, pid.derivative, pid.min_rate.per_second,
                        pid.initial_rate.per_second};
  job.graceful = spec.shutdown.graceful;
  job.shutdown_timeout_ms = spec.shutdown.timeout.ms;
  job.verbose = options.verbose;
  job.progress = !options.quiet && stderr_is_terminal();
  return job;
}

LogOptions log_options(const Options& options, const specs::JobSpec& spec, bool colour) {
  LogOptions log;
  log.level = options.quiet ? std::max(spec.logging.level, LogLevel::error) : spec.logging.level;
  log.format = options.log_format.empty()     ? spec.logging.format
               : options.log_format == "json" ? LogFormat::json
                                              : LogFormat::human;
  log.color = colour;
  return log;
}

// Tells the supervisor that the job runs, and again and again that it goes on: its loop turns, and no call of a sink
// and no work on a batch has been under way for longer than the supervisor waits. A sink that is tried again goes on.
class Heartbeat {
 public:
  Heartbeat(const Supervisor& supervisor, EventLoop& loop, const runtime::Activities& activities)
      : supervisor_(supervisor), loop_(loop), activities_(activities) {
    if (supervisor_.watchdog_us() <= 0) return;
    timer_ = loop_.timer([this] { beat(); });
    loop_.post([this] { beat(); });
  }

 private:
  void beat() {
    const std::int64_t now = loop_.clock().monotonic_us();
    if (now - activities_.oldest_us(now) < supervisor_.watchdog_us()) supervisor_.alive();
    timer_->arm(now + supervisor_.watchdog_us() / 2);
  }

  const Supervisor& supervisor_;
  EventLoop& loop_;
  const runtime::Activities& activities_;
  std::unique_ptr<Timer> timer_;
};

// Leaves the process while its threads are stuck anywhere, in a lock of stdio maybe: nothing here waits for them.
[[noreturn]] void leave(int code, const std::string& text) {
  constexpr int kWaitMs = 200;
  std::string_view left = text;
  while (!left.empty()) {
    pollfd errors{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&errors, 1, kWaitMs) != 1) break;
    const ssize_t wrote = ::write(STDERR_FILENO, left.data(), std::min<std::size_t>(left.size(), PIPE_BUF));
    if (wrote <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  _exit(code);
}

}  // namespace

int run_job(const Options& options) {
  if (options.files.size() != 1) {
    std::fprintf(stderr, "streamrun: run takes one job file\n");
    return kUsage;
  }
  Session session(options);
  if (const auto code = session.begin()) return *code;
  const auto job = session.compile(options.files[0], false);
  if (!job) return kUsage;
  if (const int code = session.report(&job->secrets); code != kOk) return code;
  if (job->spec.server.present) {
    std::fprintf(stderr,
                 "streamrun: `server` asks for the status server, which this version does not have yet; take it out to "
                 "run the job\n");
    return kJobFailed;
  }
  Logger log(*real_environment().clock, log_options(options, job->spec, session.colour()));
  Metrics metrics;
  const auto loop = make_real_loop(*real_environment().clock);
  FileStdout out;
  runtime::JobOptions run = job_options(options, job->spec);
  run.loop = loop.get();
  run.log = &log;
  run.metrics = &metrics;
  run.out = &out;
  const auto programs = make_real_programs(*real_environment().clock);
  run.programs = programs.get();
  run.checkpoint = checkpoint_options(session, *job);
  run.say = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
  if (run.trigger != runtime::Trigger::available_now) release_startup_memory();
  runtime::EndGuardOptions limits;
  limits.clock = run.env->clock;
  limits.graceful = run.graceful;
  limits.timeout_ms = run.shutdown_timeout_ms;
  limits.leave = [&](int code, const std::string& text) {
    leave(code, text.empty() ? text : "streamrun: " + job->secrets.redact(text) + "\n");
  };
  runtime::EndGuard guard(std::move(limits));
  run.guard = &guard;
  const Supervisor supervisor = Supervisor::from_environment();
  run.opened = [&] { supervisor.ready(); };
  runtime::Job running(specs::instantiate(*job->bound, session.registry()), run);
  const Heartbeat heartbeat(supervisor, *loop, guard.activities());
  const auto signals = make_signal_watch([&](int signal, int count) { guard.signalled(signal, count); });
  const runtime::JobOutcome outcome = running.run();
  supervisor.stopping();
  if (!outcome.error.empty()) std::fprintf(stderr, "streamrun: %s\n", job->secrets.redact(outcome.error).c_str());
  guard.told();
  if (outcome.forced) _exit(outcome.exit_code);
  return outcome.exit_code;
}

}  // namespace sr::cli
