#include "engine/runtime/durable_log.h"

#include <algorithm>
#include <chrono>

#include "engine/base/failpoint.h"
#include "engine/observe/log.h"
#include "engine/runtime/dataset_versions.h"

namespace sr::runtime {
namespace {

constexpr std::int64_t kRedoUs = 1'000'000;  // what a restart may have to do again, at least
constexpr std::int64_t kCostFactor = 10;     // and as many times what a snapshot costs
constexpr std::chrono::milliseconds kRoomCheck(500);

// Who waits for a plan writes it as soon as there is room.
Status unless_full(Status status) {
  return !status.ok() && status.error().code == "ENOSPC" ? Status{} : status;
}

}  // namespace

DurableLog::DurableLog(durability::Store& store, InputLog* input, DurableLogOptions options)
    : store_(store), input_(input), options_(std::move(options)), snapshot_us_(options_.env->clock->monotonic_us()) {
  const auto& nodes = options_.graph->nodes;
  has_datasets_ = std::any_of(nodes.begin(), nodes.end(), [](const flow::Node& node) {
    return std::holds_alternative<flow::DatasetNode>(node.work);
  });
  if (!options_.background) return;
  snapshots_.start([this] { work(); });
  plans_.start([this] { sync_plans(); });
}

void DurableLog::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

DurableLog::~DurableLog() {
  stop();
  snapshots_.join();
  plans_.join();
}

void DurableLog::begin_after(const Tick& last, std::map<std::string, durability::SinkMark> sinks, bool planned) {
  const std::lock_guard lock(mutex_);
  last_planned_ = last;
  last_committed_ = last.id;
  sinks_ = std::move(sinks);
  planned_since_ = planned;
  snapshot_us_ = options_.env->clock->monotonic_us();  // what the recovery took is no reason for a snapshot at once
}

bool DurableLog::due() const {
  if (input_ && input_->wants_snapshot()) return true;
  return options_.env->clock->monotonic_us() - snapshot_us_ >= options_.interval_ms * 1000 ||
         work_us_ >= std::max(kRedoUs, cost_us_ * kCostFactor);
}

bool DurableLog::wants_standings(bool has_input) {
  const std::lock_guard lock(mutex_);
  const bool busy = taken_ || taking_ || saving_ || std::any_of(open_.begin(), open_.end(), [](const Open& open) {
                      return open.standings.has_value();
                    });
  return !busy && (has_input || planned_since_ || !open_.empty() || presses()) && due();
}

Status DurableLog::plan(BatchCut cut) {
  const std::lock_guard lock(mutex_);
  Open open;
  open.plan = std::move(cut.plan);
  open.has_input = cut.has_input;
  // Which version of a dataset a batch sees is known when it has begun.
  open.decided = open.planned = cut.has_input && !has_datasets_;
  open.standings = std::move(cut.standings);
  open_.push_back(std::move(open));
  return unless_full(append_plans());
}

// Writes the plans of the batches of which it is known that they are to be planned, in order.
Status DurableLog::append_plans() {
  bool any = false;
  for (Open& open : open_) {
    if (!open.decided) break;
    if (open.planned) SR_TRY(append(open, any));
  }
  if (any) {
    sync_asked_ = true;
    changed_.notify_all();
  }
  return {};
}

// Appends of a batch what is not in the journal yet: its plan, then what its nodes were told. Sets `any` if there was
// something.
Status DurableLog::append(Open& open, bool& any) {
  if (!open.appended) {
    SR_TRY(store_.plan(open.plan));
    open.appended = any = true;
    last_planned_ = open.plan.tick;
    planned_since_ = true;
  }
  while (!open.answers.empty()) {
    const auto& [node, answer] = *open.answers.begin();
    if (!left_out(Failpoint::answer_before_sinks)) SR_TRY(store_.output(open.plan.tick.id, node, answer));
    open.answers.erase(open.answers.begin());
    any = true;
  }
  return {};
}

Status DurableLog::executed(const BatchResult& result, const Executor& executor, std::int64_t work_us) {
  std::unique_lock lock(mutex_);
  work_us_ += work_us;
  const auto open =
      std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.plan.tick.id == result.tick.id; });
  SR_CHECK(open != open_.end());
  const Tick before = last_planned_;  // of this batch, unless it is planned itself: it holds back the plans behind it
  open->answers = result.answers;
  if (!open->decided) {
    const bool rows =
        std::any_of(result.sinks.begin(), result.sinks.end(), [](const SinkBatch& sink) { return sink.rows > 0; });
    open->decided = true;
    open->planned = open->has_input || rows || executor.changes_with_time();
    if (open->planned) SR_TRY(keep_datasets(executor, open->plan));
  }
  SR_TRY(unless_full(append_plans()));
  auto standings = std::exchange(open->standings, std::nullopt);
  if (!standings || !(planned_since_ || presses())) return {};
  // Behind a batch that was not planned the state is that of the last one that was.
  const Tick tick = open->planned ? open->plan.tick : before;
  planned_since_ = last_planned_.id > tick.id;
  taking_ = true;
  work_us_ = 0;
  snapshot_us_ = options_.env->clock->monotonic_us();
  lock.unlock();
  const bool in_copy = options_.background && !options_.snapshots_sync && !copy_failed_ &&
                       result.state_bytes > options_.copy_above_bytes;
  Taken taken = take(tick, executor, std::move(*standings), in_copy);
  lock.lock();
  cost_us_ = options_.env->clock->monotonic_us() - snapshot_us_;
  taken_ = std::move(taken.snapshot);
  copy_ = std::move(taken.copy);
  taking_ = copy_failed_ = false;
  if (copy_) changed_.notify_all();
  settle_snapshot();
  return {};
}

// A snapshot may be saved when it is whole and its batch is committed.
void DurableLog::settle_snapshot() {
  if (!taken_ || copy_ || receiving_ || ready_) return;
  if (taken_->tick.id > last_committed_ && !left_out(Failpoint::commit_before_snapshot)) return;
  taken_->sinks = sinks_;
  ready_ = true;
  changed_.notify_all();
}

// Keeps the versions of datasets that a batch sees, for its replay.
Status DurableLog::keep_datasets(const Executor& executor, BatchPlan& plan) {
  for (const auto& [node, version] : executor.datasets()) {
    const std::string& id = options_.graph->nodes[node].id;
    KeptDataset& kept = datasets_[id];
    if (kept.version != version) {
      const std::string bytes = encode_dataset(*version);
      const std::string hash = dataset_hash(bytes);
      if (!left_out(Failpoint::dataset_before_plan)) SR_TRY(store_.save_dataset(id, hash, bytes));
      kept = {version, hash};
    }
    plan.datasets[id] = kept.hash;
  }
  return {};
}

DurableLog::Taken DurableLog::take(const Tick& tick, const Executor& executor,
                                   std::map<std::string, flow::Position> standings, bool in_copy) {
  Taken taken;
  taken.snapshot.tick = tick;
  taken.snapshot.standings = std::move(standings);
  if (in_copy) {
    auto copy = StateCopy::start(executor);
    if (copy.ok()) {
      taken.copy = std::move(*copy);
      return taken;
    }
  }
  add_nodes(taken.snapshot, executor.snapshot());
  return taken;
}

void DurableLog::add_nodes(durability::Snapshot& snapshot, std::vector<SavedState> states) const {
  for (SavedState& state : states) {
    const auto node = options_.graph->find(state.node);
    snapshot.nodes.push_back(
        {state.node, node ? options_.graph->nodes[*node].state : flow::StateShape{}, std::move(state.bytes)});
  }
}

// Takes the states of the snapshot out of the copy of the process. If that has come to nothing, neither has the
// snapshot: the journal still holds all, and the next one is taken here.
void DurableLog::receive(std::unique_lock<std::mutex>& lock) {
  auto copy = std::exchange(copy_, std::nullopt);
  receiving_ = true;
  lock.unlock();
  const std::int64_t start = options_.env->clock->monotonic_us();
  auto states = copy->receive([this] {
    const std::lock_guard stopping(mutex_);
    return !stopping_;
  });
  copy.reset();
  const std::int64_t took = options_.env->clock->monotonic_us() - start;
  lock.lock();
  receiving_ = false;
  if (states.ok()) {
    add_nodes(*taken_, std::move(*states));
    cost_us_ += took;
    settle_snapshot();
    return;
  }
  taken_.reset();
  planned_since_ = copy_failed_ = true;
  changed_.notify_all();
  if (options_.log && !stopping_)
    options_.log->warn("a snapshot was put off, as the copy of the process that encoded it has failed",
                       {{"reason", states.error().message}});
}

// On a full disk the batch waits here, and behind it the job: its queues fill, and it takes no more input. It goes on
// by itself when there is room.
Status DurableLog::when_there_is_room(const std::function<Status()>& write) {
  for (bool told = false;; told = true) {
    Status status = write();
    if (status.ok() || status.error().code != "ENOSPC" || !options_.background) return status;
    if (!told && options_.log)
      options_.log->error("the disk is full: the job waits until there is room: " + status.error().message, {});
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kRoomCheck, [&] { return stopping_; })) return status;
  }
}

Status DurableLog::await_plan(const Tick& tick) {
  const auto append = [&]() -> Status {
    const std::lock_guard lock(mutex_);
    return append_plans();
  };
  SR_TRY(when_there_is_room(append));
  {
    const std::lock_guard lock(mutex_);
    const bool planned = std::any_of(open_.begin(), open_.end(),
                                     [&](const Open& open) { return open.plan.tick.id == tick.id && open.planned; });
    if (!planned) return {};
  }
  if (input_ && !left_out(Failpoint::input_before_sinks)) SR_TRY(when_there_is_room([&] { return input_->await(); }));
  if (left_out(Failpoint::plan_before_sinks)) return {};
  return when_there_is_room([&] { return store_.sync(); });
}

Status DurableLog::commit(const BatchCommit& commit) {
  std::unique_lock lock(mutex_);
  SR_CHECK(!open_.empty() && open_.front().plan.tick.id == commit.tick.id);
  const bool planned = open_.front().planned;
  open_.pop_front();
  if (planned) {
    for (const auto& [sink, token] : commit.tokens) sinks_[sink] = {commit.tick.id, token};
    SR_TRY(store_.commit(commit));
    last_committed_ = commit.tick.id;
  }
  settle_snapshot();
  if (!ready_ || (options_.background && !options_.snapshots_sync)) return {};
  durability::Snapshot snapshot = std::move(*taken_);
  taken_.reset();
  ready_ = false;
  lock.unlock();
  return save(std::move(snapshot));
}

// Makes a snapshot durable. A full disk is no reason to stop: the journal holds what it would have held.
Status DurableLog::save(durability::Snapshot snapshot) {
  const std::int64_t start = options_.env->clock->monotonic_us();
  auto kept = store_.save(snapshot);
  if (!kept.ok() && kept.error().code == "ENOSPC") {
    if (options_.log) options_.log->warn("the disk is full: a snapshot was put off: " + kept.error().message, {});
    const std::lock_guard lock(mutex_);
    planned_since_ = true;
    return {};
  }
  if (!kept.ok()) return kept.error();
  {
    const std::lock_guard lock(mutex_);
    cost_us_ += options_.env->clock->monotonic_us() - start;
  }
  if (kept->oldest_batch == 0) return {};
  if (input_) SR_TRY(input_->recycle(kept->standings));
  if (options_.covered) options_.covered(kept->oldest_batch);
  return {};
}

void DurableLog::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || copy_ || ready_; });
    if (stopping_) return;
    if (copy_) {
      receive(lock);
      continue;
    }
    durability::Snapshot snapshot = std::move(*taken_);
    taken_.reset();
    ready_ = false;
    saving_ = true;
    lock.unlock();
    const Status saved = save(std::move(snapshot));
    if (!saved.ok()) options_.failed(saved.error());
    lock.lock();
    saving_ = false;
    changed_.notify_all();
    if (!saved.ok()) return;
  }
}

// Makes plans durable while their batches execute, so that the sinks need not wait. Who needs it waits for it himself
// and sees its errors.
void DurableLog::sync_plans() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || sync_asked_; });
    if (stopping_) return;
    sync_asked_ = false;
    lock.unlock();
    static_cast<void>(store_.sync());
    lock.lock();
  }
}

Status DurableLog::finish(const Executor& executor, const std::map<std::string, flow::Position>& standings) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return !(saving_ || copy_ || receiving_ || (ready_ && options_.background)) || stopping_; });
  const bool needed = planned_since_ || taken_;
  taken_.reset();
  ready_ = false;
  planned_since_ = false;
  if (needed) {
    durability::Snapshot snapshot = take(last_planned_, executor, standings, false).snapshot;
    snapshot.sinks = sinks_;
    lock.unlock();
    SR_TRY(save(std::move(snapshot)));
  }
  SR_TRY(store_.clean());
  return store_.sync();
}

}  // namespace sr::runtime
