// Job: the life of a running job. It opens what the graph needs, cuts batches when they are due, hands them to the
// engine and the sinks, and ends by itself, by a signal, or by a failure. Entry point: Job::run. Everything here is on
// the loop thread. Tested in tests/unit/runtime/job_test.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/flow/graph.h"
#include "engine/loop/event_loop.h"
#include "engine/observe/log.h"
#include "engine/observe/tick_stats.h"
#include "engine/runtime/commit_thread.h"
#include "engine/runtime/durable_log.h"
#include "engine/runtime/end_guard.h"
#include "engine/runtime/intake.h"
#include "engine/runtime/node_counters.h"
#include "engine/runtime/progress_line.h"
#include "engine/runtime/rate_estimator.h"
#include "engine/runtime/recovery.h"
#include "engine/runtime/ticker.h"

namespace sr::runtime {

enum class Trigger : std::uint8_t { interval, available_now, eager };

struct JobOptions {
  Environment* env = nullptr;
  EventLoop* loop = nullptr;
  Logger* log = nullptr;
  Metrics* metrics = nullptr;
  flow::StdoutWriter* out = nullptr;
  Programs* programs = nullptr;  // for nodes that run one
  Trigger trigger = Trigger::interval;
  std::optional<std::int64_t> max_records;
  std::optional<std::int64_t> max_bytes;  // default: none, 64 MiB under available_now
  std::int64_t max_queued = 4;
  std::int64_t max_memory = std::int64_t{1} << 30;
  unsigned workers = 1;
  std::optional<PidConstants> backpressure;  // null: only memory and max_queued hold the sources back
  bool graceful = true;
  std::int64_t shutdown_timeout_ms = 30'000;
  std::optional<CheckpointOptions> checkpoint;  // null: state lives in memory only
  std::function<std::int64_t()> suspended_us;   // of the machine, for the clock; null: never
  bool verbose = false;                         // a line for each batch
  bool progress = false;                        // a line that shows how far the job is; for terminals
  std::function<void(std::string_view)> say;    // takes what is for people, lines with \n
  std::function<void()> opened;                 // called once when the job has recovered and everything is open
  EndGuard* guard = nullptr;                    // null: a thread that is stuck holds up the end
};

struct JobOutcome {
  int exit_code = 0;    // 0, 4, 130 or 143
  bool forced = false;  // threads may still be at work: the process must be left at once, without destroying the job
  std::string error;    // for a person; empty after a clean stop
};

class Job {
 public:
  Job(flow::Graph graph, JobOptions options);
  ~Job();

  // Runs until the job ends. With a checkpoint it first brings the job to where its last run has stopped.
  JobOutcome run();

 private:
  // opening: it waits for a sink that cannot be opened yet.
  enum class Phase : std::uint8_t { opening, running, draining, finishing, over };

  Status open();
  Status open_sink(flow::Node& node);
  Status open_sinks();
  bool wait_before_opening(std::int64_t ms);
  bool wait_in_recovery(std::int64_t ms);
  Status open_checkpoint();
  void warn_of_ended_time();
  void start_threads();
  Status open_intake(const std::map<std::string, flow::Position>& standings);
  Status finish_checkpoint();
  void covered(std::int64_t batch);
  void begin_batch(std::int64_t time_ms);
  void advance();
  void advance_interval();
  void advance_available();
  void advance_eager();
  void cut(std::int64_t due_us);
  void wake_later(std::int64_t ms);
  void woken();
  std::int64_t cuts_waiting() const { return std::max<std::int64_t>(0, cuts_sent_ - cuts_executed_ - 1); }

  void executed(std::vector<NodeState> states);
  void state_holds(std::vector<NodeState> states);
  void committed(const ExecutedBatch& batch, std::int64_t commit_us, std::uint64_t dropped);
  using SourceRecords = std::vector<std::pair<std::uint32_t, std::uint64_t>>;  // by node
  void told_committed(const TickStats& stats, std::int64_t number, const SourceRecords& records);
  void begin_pressure();
  std::int64_t records_of_a_batch(double rate) const {
    return static_cast<std::int64_t>(rate * static_cast<double>(graph_.interval_ms) / 1000);
  }
  void estimate_rates(const TickStats& stats, const SourceRecords& records);
  void signalled(int signal, int count);
  void drain();
  void fail(const Failure& failure);
  void end(JobOutcome outcome);
  void shut_down();
  Activities& activities() { return options_.guard != nullptr ? options_.guard->activities() : own_activities_; }
  Activities::Mark doing(std::string what);
  std::int64_t wall_multiple() const;
  void held(std::int64_t jump_ms) const;

  flow::Graph graph_;
  JobOptions options_;
  Activities own_activities_;
  NoBatchLog no_log_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<DurableLog> durable_log_;
  BatchLog* batch_log_ = &no_log_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<SinkCommits> sink_commits_;
  std::unique_ptr<CommitThread> committer_;
  std::unique_ptr<EngineThread> engine_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Ticker> ticker_;
  std::unique_ptr<Timer> wake_timer_;
  std::unique_ptr<Timer> shutdown_timer_;
  std::unique_ptr<TickHistory> history_;
  std::unique_ptr<NodeCounters> node_counters_;
  std::unique_ptr<ProgressLine> progress_;
  std::map<std::uint32_t, RateEstimator> pressure_;  // by source; empty without back-pressure

  Phase phase_ = Phase::running;
  JobOutcome outcome_;
  Tick tick_;                    // of the open batch
  std::deque<Ticker::Due> due_;  // ticks that wait for room
  std::int64_t cuts_sent_ = 0;
  std::int64_t cuts_executed_ = 0;
  std::int64_t commits_ = 0;
  std::map<std::int64_t, std::map<std::string, flow::Position>> positions_;  // of batches whose input may not go yet
  std::vector<std::string> ended_;                                           // sources that have ended
  std::set<std::string> opened_;                                             // sinks that this run has opened
  std::int64_t turned_us_ = 0;  // when the loop last turned during recovery
  bool wake_armed_ = false;
};

}  // namespace sr::runtime
