#include "engine/runtime/job.h"

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/loop/back_off.h"
#include "engine/loop/program.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kAvailableBatchBytes = 64 << 20;
constexpr std::int64_t kWorthReading = 256 << 10;  // received bytes that are read before the tick
constexpr std::int64_t kLazyReadMs = 20;
constexpr std::int64_t kCopyTurnMs = 10;  // between two looks at a copy of the process

}  // namespace

Job::Job(flow::Graph graph, JobOptions options) : graph_(std::move(graph)), options_(std::move(options)) {
  if (options_.trigger == Trigger::available_now && !options_.max_bytes) options_.max_bytes = kAvailableBatchBytes;
}

Job::~Job() = default;

Status Job::open_sink(flow::Node& node) {
  flow::SinkContext context;
  context.env = options_.env;
  context.log = options_.log;
  context.metrics = options_.metrics;
  context.out = options_.out;
  context.job = graph_.job;
  context.id = node.id;
  context.was = node.was;
  context.epoch = 1;
  context.claimed = opened_.contains(node.was) || !opened_.insert(node.id).second;
  if (checkpoint_) checkpoint_->fill(context);
  const auto& policy = node.on_error.retry;
  BackOff back_off(policy ? BackOffOptions{policy->initial_ms, policy->max_ms, policy->jitter} : BackOffOptions{});
  while (true) {
    const Status opened = [&] {
      const Activities::Mark opening = doing("sink `" + node.id + "` is being opened");
      return std::get<flow::SinkNode>(node.work).sink->open(context);
    }();
    if (opened.ok()) return {};
    const Error failed{"sink `" + node.id + "`: " + opened.error().message, false, opened.error().code};
    // A table of another shape stays one, however often it is looked at.
    if (!opened.error().retriable) return failed;
    if (policy && policy->attempts > 0 && back_off.failures() + 1 >= policy->attempts) return failed;
    const std::int64_t wait = back_off.next_ms(*options_.env->random);
    if (options_.log) options_.log->warn(opened.error().message, {{"sink", node.id}, {"next_attempt_ms", wait}});
    if (!wait_before_opening(wait)) return failed;
  }
}

// Nothing is read yet: only signals and failures are heard meanwhile. False: the job is to end.
bool Job::wait_before_opening(std::int64_t ms) {
  phase_ = Phase::opening;
  const auto timer = options_.loop->timer([this] { options_.loop->stop(); });
  timer->arm(options_.loop->clock().monotonic_us() + ms * 1000);
  options_.loop->run();
  if (phase_ == Phase::over) return false;
  phase_ = Phase::running;
  return true;
}

// The loop turns now and then, for signals and the supervisor's watchdog.
bool Job::wait_in_recovery(std::int64_t ms) {
  constexpr std::int64_t kTurnUs = 20'000;
  const std::int64_t now = options_.env->clock->monotonic_us();
  if (ms == 0 && now - turned_us_ < kTurnUs) return true;
  turned_us_ = now;
  return wait_before_opening(ms);
}

Status Job::open_sinks() {
  for (flow::Node& node : graph_.nodes) {
    if (std::holds_alternative<flow::SinkNode>(node.work)) SR_TRY(open_sink(node));
  }
  return {};
}

Activities::Mark Job::doing(std::string what) {
  return activities().begin(std::move(what), options_.env->clock->monotonic_us());
}

Status Job::open() {
  options_.loop->on_signal([this](int signal, int count) { signalled(signal, count); });
  history_ = std::make_unique<TickHistory>(*options_.metrics);
  node_counters_ = std::make_unique<NodeCounters>(graph_, *options_.metrics);
  pool_ = std::make_unique<WorkerPool>(std::max(1U, options_.workers));
  if (options_.checkpoint) SR_TRY(open_checkpoint());
  const ExecutorOptions executing{pool_.get(), kChunkRows, options_.env,
                                  flow::Services{options_.programs, options_.log, options_.metrics, nullptr},
                                  checkpoint_ != nullptr};
  executor_ = std::make_unique<Executor>(graph_, executing);
  sink_commits_ = std::make_unique<SinkCommits>(graph_, *options_.env, options_.log,
                                                SinkCommitsOptions{true, checkpoint_ != nullptr, {}});
  sink_commits_->show(activities());
  wake_timer_ = options_.loop->timer([this] {
    wake_armed_ = false;
    advance();
  });
  if (!checkpoint_) {
    SR_TRY(open_sinks());
    start_threads();
    return open_intake({});
  }
  RecoveryOptions options;
  options.env = options_.env;
  options.log = options_.log;
  options.executor = executing;
  options.open_sink = [this](flow::Node& node) { return open_sink(node); };
  options.wait = [this](std::int64_t ms) { return wait_in_recovery(ms); };
  options.in_copy = [this](const std::function<void()>& work) {
    return run_in_copy(work, [this] { return wait_in_recovery(kCopyTurnMs); });
  };
  SinkCommits recovering(graph_, *options_.env, options_.log, {false, true, options.wait});
  Recovery recovery(*checkpoint_, std::move(options));
  recovering.show(activities());
  std::map<std::string, flow::Position> standings;
  Activities::Mark restoring = doing("the state is being restored");
  SR_TRY(recovery.restore(graph_, *executor_, standings));
  restoring = {};
  SR_TRY(open_sinks());
  start_threads();
  SR_TRY(open_intake(standings));
  intake_->hold();
  const Activities::Mark replaying = doing("batches of the last run are executed again");
  auto resumed = recovery.replay(graph_, *executor_, recovering);
  if (!resumed.ok()) return resumed.error();
  durable_log_->begin_after(resumed->last, std::move(resumed->sinks), resumed->ran);
  tick_ = resumed->last;
  positions_ = std::move(resumed->positions);
  warn_of_ended_time();
  return {};
}

// A source that ends lifts its event time to the end, and no later input can come before that.
void Job::warn_of_ended_time() {
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto* source = std::get_if<flow::SourceNode>(&graph_.nodes[i].work);
    if (!source || !source->event_time || executor_->watermark(i) != kEndOfTime || source->source->ended()) continue;
    if (!options_.log) continue;
    options_.log->warn(
        "the source had ended before, and with it its event time: what it brings now is late everywhere. A source that "
        "goes on is a `directory`, or a `file` with `follow: true`; under another id it begins anew",
        {{"source", graph_.nodes[i].id}});
  }
}

Status Job::open_checkpoint() {
  const auto failed = [this](const Error& error) {
    options_.loop->post([this, error] { fail({{}, error.message, {}, error.code}); });
  };
  auto opened = Checkpoint::open(*options_.checkpoint, {options_.env, options_.log, true, failed}, graph_.job);
  if (!opened.ok()) return Error{"checkpoint: " + opened.error().message, false, opened.error().code};
  checkpoint_ = std::move(*opened);
  checkpoint_->wrap_sources(graph_, true);
  SR_TRY(checkpoint_->begin());
  DurableLogOptions options;
  options.env = options_.env;
  options.log = options_.log;
  options.graph = &graph_;
  options.interval_ms = options_.checkpoint->interval_ms;
  options.snapshots_sync = options_.checkpoint->snapshots_sync;
  options.covered = [this](std::int64_t batch) { options_.loop->post([this, batch] { covered(batch); }); };
  options.failed = failed;
  durable_log_ = std::make_unique<DurableLog>(checkpoint_->store(), checkpoint_->input(), std::move(options));
  batch_log_ = durable_log_.get();
  return {};
}

void Job::start_threads() {
  const auto failed = [this](const Failure& failure) { options_.loop->post([this, failure] { fail(failure); }); };
  committer_ = std::make_unique<CommitThread>(
      graph_, *batch_log_, *sink_commits_, *options_.env,
      CommitCallbacks{
          [this](const ExecutedBatch& batch, std::int64_t us, std::uint64_t dropped) { committed(batch, us, dropped); },
          failed});
  EngineCallbacks callbacks;
  callbacks.failed = failed;
  callbacks.relieved = [this] { options_.loop->post([this] { advance(); }); };
  callbacks.executed = [this, failed](ExecutedBatch batch) {
    const Status logged = batch_log_->executed(batch.result, *executor_, batch.processing_us);
    if (!logged.ok()) return failed({{}, logged.error().message, {}, logged.error().code});
    std::vector<NodeState> states = batch.result.states;
    if (!committer_->submit(std::move(batch))) return;
    options_.loop->post([this, states = std::move(states)]() mutable { executed(std::move(states)); });
  };
  engine_ = std::make_unique<EngineThread>(*executor_, *options_.env->clock, activities(), std::move(callbacks));
}

Status Job::open_intake(const std::map<std::string, flow::Position>& standings) {
  IntakeOptions intake;
  intake.loop = options_.loop;
  intake.env = options_.env;
  intake.log = options_.log;
  intake.metrics = options_.metrics;
  intake.available_now = options_.trigger == Trigger::available_now;
  intake.resumes = checkpoint_ != nullptr;
  intake.ticks = options_.trigger == Trigger::interval;
  intake.max_records = options_.max_records;
  intake.max_bytes = options_.max_bytes;
  intake.max_memory = options_.max_memory;
  if (checkpoint_ && checkpoint_->input() != nullptr)
    intake.unlogged_bytes = [log = checkpoint_->input()] { return log->wal().pending_bytes(); };
  intake.wake = [this] { woken(); };
  intake.fail = [this](const Failure& failure) { options_.loop->post([this, failure] { fail(failure); }); };
  intake_ = std::make_unique<Intake>(graph_, *engine_, std::move(intake));
  return intake_->open(standings);
}

// Before the first batch begins.
void Job::begin_pressure() {
  if (!options_.backpressure || options_.trigger != Trigger::interval) return;
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!std::holds_alternative<flow::SourceNode>(graph_.nodes[i].work)) continue;
    pressure_.emplace(i, RateEstimator(graph_.interval_ms, *options_.backpressure));
    intake_->limit_records(i, records_of_a_batch(options_.backpressure->initial_rate));
  }
}

JobOutcome Job::run() {
  if (const Status opened = open(); !opened.ok()) {
    end({4, false, opened.error().message});
    if (!outcome_.forced) shut_down();
    return outcome_;
  }
  if (options_.opened) options_.opened();
  begin_pressure();
  if (options_.trigger == Trigger::interval) {
    TickerOptions ticks{graph_.interval_ms, options_.suspended_us, [this](std::int64_t jump_ms) { held(jump_ms); }};
    ticker_ = std::make_unique<Ticker>(*options_.loop, *options_.env->clock, std::move(ticks), [this](Ticker::Due due) {
      due_.push_back(due);
      advance();
    });
    ticker_->start(tick_.time_ms);
    begin_batch(ticker_->next_ms());
  } else {
    begin_batch(wall_multiple());
  }
  if (options_.progress && options_.trigger == Trigger::available_now) {
    progress_ = std::make_unique<ProgressLine>(*options_.loop, *intake_, *history_, options_.say);
  }
  options_.loop->post([this] { advance(); });
  options_.loop->run();
  if (!outcome_.forced) shut_down();
  return outcome_;
}

void Job::held(std::int64_t jump_ms) const {
  if (options_.log)
    options_.log->warn(
        "the clock has jumped far ahead though the machine was awake: batch times go on without it; start the job "
        "again "
        "if the new time is right",
        {{"jump_ms", jump_ms}});
}

// The next multiple of the interval since the epoch, behind the last batch.
std::int64_t Job::wall_multiple() const {
  return (std::max(options_.env->clock->wall_ms(), tick_.time_ms) / graph_.interval_ms + 1) * graph_.interval_ms;
}

void Job::begin_batch(std::int64_t time_ms) {
  tick_ = Tick{tick_.id + 1, time_ms, tick_.time_ms, false};
  intake_->begin_batch(tick_);
}

// Something came. Little is left for the tick, or for a little later.
void Job::woken() {
  if (phase_ != Phase::running) return;
  const bool little = options_.trigger == Trigger::interval && intake_->queued_bytes() < kWorthReading;
  little ? wake_later(kLazyReadMs) : wake_later(0);
}

void Job::wake_later(std::int64_t ms) {
  if (wake_armed_ && ms > 0) return;
  wake_armed_ = true;
  wake_timer_->arm(options_.loop->clock().monotonic_us() + ms * 1000);
}

void Job::executed(std::vector<NodeState> states) {
  ++cuts_executed_;
  if (!states.empty()) state_holds(std::move(states));
  advance();
}

// Commit thread: hands the news to the loop.
void Job::committed(const ExecutedBatch& batch, std::int64_t commit_us, std::uint64_t dropped) {
  node_counters_->add(batch.result.counts);
  TickStats stats;
  stats.batch_time_ms = batch.result.tick.time_ms;
  stats.records_in = batch.records_in;
  for (const SinkBatch& sink : batch.result.sinks) stats.records_out += sink.rows;
  for (const NodeCounts& counts : batch.result.counts) {
    stats.bytes_in += counts.bytes_in;
    stats.rows_skipped += counts.rows_failed + counts.rows_late;
  }
  stats.rows_skipped += dropped;
  stats.scheduling_delay_us = batch.scheduling_delay_us;
  stats.processing_us = batch.processing_us;
  stats.commit_us = commit_us;
  SourceRecords records;
  for (const auto& [source, pressure] : pressure_) {
    const NodeCounts& counts = batch.result.counts[source];
    records.emplace_back(source, counts.rows_out + counts.rows_failed);
  }
  options_.loop->post([this, stats, number = batch.result.tick.id, records = std::move(records)] {
    told_committed(stats, number, records);
  });
}

void Job::told_committed(const TickStats& stats, std::int64_t number, const SourceRecords& records) {
  ++commits_;
  history_->add(stats);
  intake_->batch_done(number);
  estimate_rates(stats, records);
  if (options_.verbose && options_.say) options_.say(to_line(stats) + "\n");
  if (!checkpoint_ || left_out(Failpoint::input_until_snapshot)) covered(number);
  advance();
}

// What batches up to this one were made of is never asked for again, whichever retained snapshot a start takes.
void Job::covered(std::int64_t batch) {
  while (!positions_.empty() && positions_.begin()->first <= batch) {
    intake_->committed(positions_.begin()->second);
    positions_.erase(positions_.begin());
  }
}

// Executing and committing go on at the same time: the slower one says what the job can take.
void Job::estimate_rates(const TickStats& stats, const SourceRecords& records) {
  const std::int64_t now = options_.env->clock->monotonic_us();
  const std::int64_t slowest_us = std::max(stats.processing_us, stats.commit_us);
  for (const auto& [source, taken] : records) {
    RateEstimator& pressure = pressure_.at(source);
    pressure.add({now, taken, slowest_us, stats.scheduling_delay_us});
    if (const auto rate = pressure.rate()) intake_->limit_records(source, records_of_a_batch(*rate));
  }
}

void Job::signalled(int signal, int count) {
  constexpr int kSignalBase = 128;
  if (count > 1) return end({kSignalBase + signal, true, {}});
  if (phase_ == Phase::opening) return end({});  // nothing was begun
  if (phase_ != Phase::running && phase_ != Phase::finishing) return;
  if (!options_.graceful) return end({});
  if (options_.log) options_.log->info("stopping: what was received is processed first");
  shutdown_timer_ = options_.loop->timer([this] {
    const std::string busy = activities().list();
    end({4, true,
         "the drain took longer than `shutdown.timeout`" + (busy.empty() ? "" : " (still at work: " + busy + ")") +
             "; what was not committed is done again at the next start"});
  });
  shutdown_timer_->arm(options_.loop->clock().monotonic_us() + options_.shutdown_timeout_ms * 1000);
  if (phase_ == Phase::running) drain();
}

void Job::drain() {
  phase_ = Phase::draining;
  if (ticker_) ticker_->stop();
  intake_->stop();
  advance();
}

// The job ends in order: its state is safe, and nothing need be done again at the next start. One that has come to the
// end of its input is done with it; one that was stopped goes on, and keeps what an older snapshot would need.
Status Job::finish_checkpoint() {
  if (!durable_log_) return {};
  const Activities::Mark saving = doing("the last snapshot is being written");
  SR_TRY(durable_log_->finish(*executor_, intake_->standings()));
  if (!intake_->stopped()) covered(INT64_MAX);
  return {};
}

void Job::fail(const Failure& failure) {
  if (phase_ == Phase::over) return;
  // Nobody reads what the job prints any more: it has done its work.
  if (failure.code == "EPIPE") return end({});
  end({4, false, failure.to_text()});
}

void Job::end(JobOutcome outcome) {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  outcome_ = std::move(outcome);
  if (options_.guard != nullptr) options_.guard->ending(outcome_.exit_code, outcome_.error);
  options_.loop->stop();
}

// Ends the threads, then closes what is open.
void Job::shut_down() {
  if (progress_) progress_->finish();
  if (options_.programs) options_.programs->stop();
  if (durable_log_) durable_log_->stop();
  if (committer_) committer_->stop();
  if (engine_) engine_->stop();
  ticker_.reset();
  wake_timer_.reset();
  shutdown_timer_.reset();
  progress_.reset();
  if (intake_) intake_->close();
  for (flow::Node& node : graph_.nodes) {
    auto* sink = std::get_if<flow::SinkNode>(&node.work);
    if (sink == nullptr) continue;
    const Activities::Mark closing = doing("sink `" + node.id + "` is being closed");
    const Status closed = sink->sink->close();
    // A job that fails has said why; what did not become visible shows at its next start.
    if (!closed.ok() && outcome_.exit_code == 0) outcome_ = {4, false, "`" + node.id + "`: " + closed.error().message};
  }
}

}  // namespace sr::runtime
