// When a job reads and where it cuts its batches, by trigger.
#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/job.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kAvailableAhead = 2;  // batches cut and not yet executed
constexpr std::int64_t kLazyReadMs = 20;
constexpr std::size_t kNamedStates = 3;  // in an error

}  // namespace

// Does whatever can be done now: reads, cuts, ends.
void Job::advance() {
  if (phase_ == Phase::running || phase_ == Phase::draining) {
    switch (options_.trigger) {
      case Trigger::interval:
        advance_interval();
        break;
      case Trigger::available_now:
        advance_available();
        break;
      case Trigger::eager:
        advance_eager();
        break;
    }
    intake_->regulate();
    intake_->measure();
    if (phase_ == Phase::running && intake_->rate_wait_ms() > 0) wake_later(intake_->rate_wait_ms());
  }
  if (phase_ != Phase::finishing || commits_ != cuts_sent_) return;
  const Status finished = finish_checkpoint();
  finished.ok() ? end({}) : fail({{}, finished.error().message, {}, finished.error().code});
}

void Job::advance_interval() {
  const bool draining = phase_ == Phase::draining;
  while (true) {
    const bool room = cuts_waiting() < options_.max_queued;
    if (draining) {
      intake_->read_received();
    } else if (room) {
      intake_->read();
    }
    const bool ended = intake_->all_ended();
    if (due_.empty() && !draining && !ended) return;
    if (!room && !draining) return;  // the tick waits: late, but never merged
    if (!draining) intake_->read_received();
    const std::int64_t due_us = due_.empty() ? options_.env->clock->monotonic_us() : due_.front().due_us;
    const bool full = intake_->batch_full();
    if (!due_.empty()) due_.pop_front();
    cut(due_us);
    if (phase_ == Phase::finishing || phase_ == Phase::over) return;
    if (draining && !full) {
      phase_ = Phase::finishing;
      return;
    }
    // Behind a cut that a drain or the end of input has brought forward, batches still have times of their own.
    const std::int64_t next = due_.empty() ? ticker_->next_ms() : due_.front().time_ms;
    begin_batch(std::max(next, tick_.time_ms + graph_.interval_ms));
  }
}

void Job::advance_available() {
  const bool draining = phase_ == Phase::draining;
  while (cuts_sent_ - cuts_executed_ < kAvailableAhead || draining) {
    draining ? intake_->read_received() : static_cast<void>(intake_->read());
    const bool ended = intake_->all_ended();
    if (!intake_->batch_full() && !ended && !draining && !intake_->wants_next_batch()) return wake_later(kLazyReadMs);
    const bool full = intake_->batch_full();
    cut(options_.env->clock->monotonic_us());
    if (phase_ == Phase::finishing || phase_ == Phase::over) return;
    if (draining && !full) {
      phase_ = Phase::finishing;
      return;
    }
    begin_batch(tick_.time_ms + graph_.interval_ms);
  }
}

void Job::advance_eager() {
  if (cuts_sent_ != commits_ && phase_ == Phase::running) return;
  tick_.time_ms = std::max(options_.env->clock->wall_ms(), tick_.previous_ms + 1);
  intake_->begin_batch(tick_);
  phase_ == Phase::draining ? intake_->read_received() : static_cast<void>(intake_->read());
  const bool drained = phase_ == Phase::draining;
  if (!intake_->batch_has_input() && !drained && !intake_->all_ended()) return wake_later(kLazyReadMs);
  cut(options_.env->clock->monotonic_us());
  if (phase_ == Phase::finishing || phase_ == Phase::over) return;
  if (drained) {
    phase_ = Phase::finishing;
    return;
  }
  begin_batch(tick_.time_ms + 1);
}

// Ends the open batch where every source stands now.
void Job::cut(std::int64_t due_us) {
  EngineCut cut;
  cut.due_us = due_us;
  cut.ended = intake_->newly_ended();
  tick_.last = intake_->all_ended();
  cut.tick = tick_;
  BatchCut logged;
  logged.plan.tick = tick_;
  logged.plan.positions = intake_->positions();
  for (const std::uint32_t source : cut.ended) ended_.push_back(graph_.nodes[source].id);
  logged.plan.ended = ended_;
  logged.has_input = intake_->batch_has_input();
  if (batch_log_->wants_standings(logged.has_input)) logged.standings = intake_->standings();
  positions_[tick_.id] = logged.plan.positions;
  if (const Status planned = batch_log_->plan(std::move(logged)); !planned.ok())
    return fail({{}, planned.error().message, {}, planned.error().code});
  ++cuts_sent_;
  engine_->cut(std::move(cut));
  if (tick_.last) phase_ = Phase::finishing;
}

// Sources and batches get what the state leaves of the memory. A state that needs more than all of it ends the job
// while the machine still has some.
void Job::state_holds(std::vector<NodeState> states) {
  std::uint64_t all = 0;
  for (const NodeState& state : states) all += state.bytes;
  intake_->state_holds(static_cast<std::int64_t>(all));
  if (static_cast<std::int64_t>(all) <= options_.max_memory) return;
  std::sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  std::string largest;
  for (std::size_t i = 0; i < std::min<std::size_t>(states.size(), kNamedStates); ++i)
    largest += fmt::format("\n  `{}`: {} MiB in {} keys", graph_.nodes[states[i].node].id, states[i].bytes >> 20,
                           states[i].keys);
  fail({{},
        fmt::format("the state of the nodes needs {} MiB, more than `batch.max_memory` ({} MiB):{}\n  let it forget "
                    "(a shorter window, `ttl`, `timeout` or `within`), give it fewer keys, or raise `batch.max_memory` "
                    "and start again: nothing is lost that has a checkpoint",
                    all >> 20, options_.max_memory >> 20, largest),
        {},
        "memory"});
}

}  // namespace sr::runtime
