// TableLanes: the connections of a table sink (lanes), and how a batch is written by all of them at once. Each writes
// the rows that their cells give it, in a transaction of its own; all commit when each has written its share, so that a
// row that is refused leaves nothing of the batch. A commit that fails on some lanes only leaves a part: the next
// attempt finds it and writes the rest. Entry point: TableLanes::write. Tested in
// tests/unit/operators/table_lanes_test.cc and tests/servers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/loop/worker_pool.h"
#include "operators/support/commit_rows.h"
#include "operators/support/sql_driver.h"

namespace sr::operators {

using MakeDriver = std::function<Result<std::unique_ptr<SqlDriver>>(const SqlDialect&)>;

struct TableTarget {
  SqlDialect dialect;
  SqlInsert insert;
  SqlConnect connect;
  unsigned lanes = 1;
  MakeDriver driver;
};

// A batch on its way.
struct LaneBatch {
  std::int64_t id = 0;
  std::span<const RowRef> rows;  // of equal keys one row only
  const CommitRows* noted;       // where it is noted; null without a checkpoint folder
  const CommitMark& mark;
};

struct LaneOutcome {
  Status status;
  bool sent = false;       // the table may hold the batch, or a part
  unsigned committed = 0;  // lanes that have committed, though another one has not
  bool blocked = false;    // lanes may have waited for locks of one another
};

class TableLanes {
 public:
  explicit TableLanes(TableTarget target);

  // Connects the first lane anew, and loads the driver before; the others connect when they are needed.
  Status connect();
  // Connects the first lane if it is not.
  Status reach();
  // The first lane's connection, after connect().
  SqlDriver& first() { return *drivers_.front(); }
  // What the claim has found. Rows of another number of lanes are replaced with the first batch.
  void claimed(const CommitHeld& held) { settled_ = held.batches.size() == target_.lanes; }
  // Writes the batch: all of it, or what the lanes do not hold of it. After an error that may pass no lane is
  // connected.
  LaneOutcome write(const LaneBatch& batch);
  void disconnect();

 private:
  using Shares = std::vector<std::vector<RowRef>>;
  enum class Stage : std::uint8_t { working, written, failed, undone };
  struct Attempt {
    Status status;
    Stage stage = Stage::working;  // of the transaction; guarded by mutex_
  };

  Status reach(unsigned lane);
  unsigned lane_of(const RowRef& row, std::size_t lanes) const;
  Shares shares_of(const LaneBatch& batch) const;
  template <class Work>
  void each(std::vector<Attempt>& attempts, Work&& work);
  Status write_share(unsigned lane, const LaneBatch& batch, std::span<const RowRef> rows);
  Status write_alone(const LaneBatch& batch);
  void stand_together(Attempt& attempt, std::vector<Attempt>& attempts);
  LaneOutcome give_up(const std::vector<Attempt>& attempts);
  LaneOutcome take_stock(const LaneBatch& batch, const std::vector<Attempt>& attempts, bool alone);

  TableTarget target_;
  std::vector<std::unique_ptr<SqlDriver>> drivers_;  // by lane
  std::optional<WorkerPool> pool_;
  std::mutex mutex_;
  std::vector<std::int64_t> known_;  // by lane: the last batch that it has committed in this run
  bool settled_ = true;              // the table has a row for each of our lanes
  unsigned turns_alone_ = 0;         // so many more batches are written by the first lane
  unsigned last_turns_ = 0;          // how many it was when lanes were blocked before
};

}  // namespace sr::operators
