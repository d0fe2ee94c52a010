// DurableLog: the batch log in a checkpoint folder. It writes a batch's plan while the batch executes, its commit
// behind the sinks, and snapshots of state in the background when they are due. Batches that change nothing are not
// written. Entry point: DurableLog. Knows nothing of sources and sinks but their ids. Tested in tests/unit/runtime and
// by every job test that is killed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "engine/durability/store.h"
#include "engine/runtime/background_thread.h"
#include "engine/runtime/batch_log.h"
#include "engine/runtime/input_log.h"
#include "engine/runtime/state_copy.h"

namespace sr::runtime {

struct DurableLogOptions {
  Environment* env = nullptr;
  Logger* log = nullptr;
  const flow::Graph* graph = nullptr;
  std::int64_t interval_ms = 10'000;                // between two snapshots
  bool snapshots_sync = false;                      // the next batch's sinks wait for a snapshot
  bool background = true;                           // threads of its own; without them everything happens in the calls
  std::uint64_t copy_above_bytes = 4 << 20;         // of state: more is encoded in a copy of the process, in background
  std::function<void(std::int64_t batch)> covered;  // every retained snapshot contains the batch. Any thread
  std::function<void(const Error&)> failed;         // the job cannot go on. Any thread
};

class DurableLog final : public BatchLog {
 public:
  // `input` may be null.
  DurableLog(durability::Store& store, InputLog* input, DurableLogOptions options);
  ~DurableLog() override;

  // Takes up the log where a recovery has left it, before the first batch.
  void begin_after(const Tick& last, std::map<std::string, durability::SinkMark> sinks, bool planned);

  bool wants_standings(bool has_input) override;
  Status plan(BatchCut cut) override;
  Status executed(const BatchResult& result, const Executor& executor, std::int64_t work_us) override;
  Status await_plan(const Tick& tick) override;
  Status commit(const BatchCommit& commit) override;

  // Ends waits for room on the disk: the job stops.
  void stop();

  // Ends the run in order, when every batch is committed and no other thread is in the log: a last snapshot if
  // anything has happened since the one before, and the mark of a clean end.
  Status finish(const Executor& executor, const std::map<std::string, flow::Position>& standings);

 private:
  // A batch between its cut and its commit.
  struct Open {
    BatchPlan plan;
    bool has_input = false;
    bool decided = false;  // it was executed, or has input: known to be planned or not
    bool planned = false;
    bool appended = false;
    std::map<std::string, std::string> answers;  // by node; wait for the plan
    std::optional<std::map<std::string, flow::Position>> standings;
  };
  // The version of a dataset that was kept last.
  struct KeptDataset {
    std::shared_ptr<const flow::DatasetVersion> version;
    std::string hash;
  };
  Status append_plans();
  Status append(Open& open, bool& any);
  Status keep_datasets(const Executor& executor, BatchPlan& plan);
  void settle_snapshot();
  bool due() const;
  bool presses() const { return input_ != nullptr && input_->short_of_room(); }
  // A snapshot whose nodes are still in a copy of the process, or not.
  struct Taken {
    durability::Snapshot snapshot;
    std::optional<StateCopy> copy;
  };
  Taken take(const Tick& tick, const Executor& executor, std::map<std::string, flow::Position> standings, bool in_copy);
  void add_nodes(durability::Snapshot& snapshot, std::vector<SavedState> states) const;
  void receive(std::unique_lock<std::mutex>& lock);
  Status save(durability::Snapshot snapshot);
  Status when_there_is_room(const std::function<Status()>& write);
  void work();
  void sync_plans();

  durability::Store& store_;
  InputLog* input_;
  DurableLogOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Open> open_;  // in order
  Tick last_planned_;
  std::int64_t last_committed_ = 0;
  std::map<std::string, durability::SinkMark> sinks_;
  std::map<std::string, KeptDataset> datasets_;
  bool has_datasets_ = false;
  bool planned_since_ = false;  // something was planned since the last snapshot
  std::int64_t snapshot_us_ = 0;
  std::int64_t work_us_ = 0;                   // of executing since the last snapshot
  std::int64_t cost_us_ = 0;                   // of a snapshot
  std::optional<durability::Snapshot> taken_;  // waits for its copy's states and for its batch's commit
  std::optional<StateCopy> copy_;              // has the states of taken_
  bool ready_ = false;                         // nothing is waited for any more
  bool taking_ = false;
  bool receiving_ = false;
  bool copy_failed_ = false;  // the next snapshot is taken without one
  bool saving_ = false;
  bool sync_asked_ = false;
  bool stopping_ = false;
  BackgroundThread snapshots_;
  BackgroundThread plans_;
};

}  // namespace sr::runtime
