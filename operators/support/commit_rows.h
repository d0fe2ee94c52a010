// CommitRows: the rows of `streamrun_commit` that say which batch a table holds of a sink, changed in the same
// transactions as the table's own. They are what makes a table exactly-once: a batch that is there already is not
// written again, a database that went back in time is noticed, a second job or process is fenced off. A sink has a row
// for each of its connections (lanes): `totals`, or `totals (1 of 4)` to `totals (4 of 4)`, so that the rows tell how
// many there were. Entry points: claim, check. Tested in tests/unit/operators/table_sink_test.cc, table_lanes_test.cc
// and tests/servers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/failpoint.h"
#include "operators/support/sql_dialect.h"
#include "operators/support/sql_driver.h"

namespace sr::operators {

// Who writes.
struct CommitOwner {
  std::string job;
  std::string sink;
  std::string folder_id;
  std::int64_t epoch = 0;
  std::string was;     // the sink's former id, whose rows it takes if it has none; empty: none
  unsigned lanes = 1;  // connections that write at once
};

// What the job's journal knows of the table.
struct CommitMark {
  std::optional<std::int64_t> last;  // the last batch that was written to it whole; absent: unknown
  std::int64_t sent = 0;             // the newest batch that can have been sent to it
  std::int64_t sent_ms = 0;          // time of that batch; 0: unknown
};

// The last batch that the table holds of each lane, of as many lanes as it has rows for; 0 for none.
struct CommitHeld {
  std::vector<std::int64_t> batches;  // by lane, of one at least
  std::int64_t least() const { return *std::min_element(batches.begin(), batches.end()); }
  std::int64_t most() const { return *std::max_element(batches.begin(), batches.end()); }
  bool even() const { return least() == most(); }
};

class CommitRows {
 public:
  // `claimed`: this run of the job has claimed the rows before.
  CommitRows(SqlDialect dialect, CommitOwner owner, bool claimed)
      : dialect_(dialect), owner_(std::move(owner)), claimed_(claimed) {}

  // Makes the table of commit rows if it is missing.
  Status prepare(SqlDriver& driver) const;
  // Takes the rows for this epoch, or makes them. Refused: rows of another folder; of this epoch where this run has not
  // claimed them itself, or of a later one; a table that holds less than `mark.last` or more than `mark.sent`. The rows
  // of a run with another number of lanes become rows for this one's if all of them hold the same batch; otherwise
  // they stay, and what is given has their number. In a transaction of its own.
  Result<CommitHeld> claim(SqlDriver& driver, const CommitMark& mark);
  // Locks the row of a lane (from 0) in the open transaction and gives the last batch that it holds, after the same
  // checks.
  Result<std::int64_t> check(SqlDriver& driver, unsigned lane, const CommitMark& mark) const;
  // The same of all lanes that the table has rows for.
  Result<CommitHeld> check_all(SqlDriver& driver, const CommitMark& mark) const;
  // The last batch that any lane holds; 0 for none. Changes nothing.
  Result<std::int64_t> held(SqlDriver& driver) const;
  // Notes in the open transaction that a lane holds `batch`.
  Status advance(SqlDriver& driver, unsigned lane, std::int64_t batch) const;
  // Notes in the open transaction that all lanes hold `batch`; rows of another number of lanes become rows for this
  // one's. After check_all.
  Status advance_all(SqlDriver& driver, std::int64_t batch) const;
  // Gives the rows to this folder, whoever had them, with batches that the journal knows: what the table holds, as far
  // as the journal goes; `mark.last` if another folder wrote it. Gives the newest batch that stood there.
  Result<std::int64_t> adopt(SqlDriver& driver, const CommitMark& mark) const;

 private:
  struct Found {
    unsigned lane = 0;
    unsigned lanes = 1;
    std::string folder;
    std::int64_t epoch = 0;
    std::int64_t batch = 0;
  };
  // Which failpoint leaves out which check.
  struct Points {
    Failpoint back;
    Failpoint ahead;
  };

  static CommitHeld held_of(const std::vector<Found>& rows);
  static std::string name(const std::string& sink, unsigned lane, unsigned lanes);
  // The lanes of a row of `sink` by its name; nothing for the row of another sink.
  static std::optional<Found> lane_of(const std::string& name, const std::string& sink);
  Result<std::vector<Found>> select(SqlDriver& driver, const std::string& sink, const std::string& where) const;
  Result<std::vector<Found>> find(SqlDriver& driver, const std::string& sink) const;
  Result<std::vector<Found>> lock(SqlDriver& driver) const;
  Status check_whole(const std::vector<Found>& rows) const;
  Status check_owner(const Found& found) const;
  Status check_owner(const std::vector<Found>& rows) const;
  Status check_batches(const CommitHeld& held, const CommitMark& mark, const Points& points) const;
  Status went_back(std::int64_t there, std::int64_t last) const;
  Status is_ahead(std::int64_t there, const CommitMark& mark) const;
  Error missing(SqlDriver& driver, const CommitMark& mark) const;
  std::string of_job() const;
  std::string where(const std::string& sink, unsigned lane, unsigned lanes) const;
  std::string where(const std::vector<Found>& rows) const;
  Status rename(SqlDriver& driver) const;
  Status insert(SqlDriver& driver, const CommitHeld& held) const;
  Status replace(SqlDriver& driver, const std::vector<Found>& rows, const CommitHeld& held) const;

  SqlDialect dialect_;
  CommitOwner owner_;
  bool claimed_;
};

// Undoes the open transaction, or lets the connection go.
inline void roll_back(SqlDriver& driver) {
  if (driver.connected() && !driver.execute("ROLLBACK").ok()) driver.disconnect();
}

// Runs `work` in a new transaction, which is open afterwards if it succeeds, and else rolled back.
template <class Work>
Status open_transaction(const SqlDialect& dialect, SqlDriver& driver, Work&& work) {
  SR_TRY(driver.execute(dialect.begin()));
  Status status = work();
  if (!status.ok()) roll_back(driver);
  return status;
}

// Commits the open transaction. A connection that is lost meanwhile gives an error with code kOutcomeUnknown; after
// another error it is rolled back.
inline constexpr const char* kOutcomeUnknown = "outcome_unknown";
inline Status commit_transaction(SqlDriver& driver) {
  Status status = driver.execute("COMMIT");
  if (status.ok()) return status;
  if (!driver.connected()) return Error{status.error().message, true, kOutcomeUnknown};
  roll_back(driver);
  return status;
}

// Both, one after the other.
template <class Work>
Status in_transaction(const SqlDialect& dialect, SqlDriver& driver, Work&& work) {
  SR_TRY(open_transaction(dialect, driver, work));
  return commit_transaction(driver);
}

}  // namespace sr::operators
