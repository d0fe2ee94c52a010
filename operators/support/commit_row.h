// CommitRow: the row of `streamrun_commit` that says which batch a table holds of a sink, changed in the same
// transaction as the rows. It is what makes a table exactly-once: a batch that is there already is not written again, a
// database that went back in time is noticed, a second job or process is fenced off. Entry points: claim, check.
// Tested in tests/unit/operators/table_sink_test.cc and tests/servers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "operators/support/sql_dialect.h"
#include "operators/support/sql_driver.h"

namespace sr::operators {

// Who writes.
struct CommitOwner {
  std::string job;
  std::string sink;
  std::string folder_id;
  std::int64_t epoch = 0;
  std::string was;  // the sink's former id, whose row it takes if it has none; empty: none
};

// What the job's journal knows of the table.
struct CommitMark {
  std::optional<std::int64_t> last;  // the last batch that was written to it; absent: unknown
  std::int64_t sent = 0;             // the newest batch that can have been sent to it
  std::int64_t sent_ms = 0;          // time of that batch; 0: unknown
};

class CommitRow {
 public:
  // `claimed`: this run of the job has claimed the row before.
  CommitRow(SqlDialect dialect, CommitOwner owner, bool claimed)
      : dialect_(dialect), owner_(std::move(owner)), claimed_(claimed) {}

  // Makes the table of commit rows if it is missing.
  Status prepare(SqlDriver& driver) const;
  // Takes the row for this epoch, or makes it. Gives the last batch that the table holds; 0 for none. Refused: a row of
  // another folder; one of this epoch that this run has not claimed itself, or of a later one; a table that holds less
  // than `mark.last` or more than `mark.sent`. In a transaction of its own.
  Result<std::int64_t> claim(SqlDriver& driver, const CommitMark& mark);
  // Locks the row in the open transaction and gives the last batch that the table holds, after the same checks. It
  // holds `batch` already, or the one before it that this run has written.
  Result<std::int64_t> check(SqlDriver& driver, std::int64_t batch, const CommitMark& mark) const;
  // The last batch that the table holds; 0 for none. Changes nothing.
  Result<std::int64_t> held(SqlDriver& driver) const;
  // Notes in the open transaction that the table holds `batch`.
  Status advance(SqlDriver& driver, std::int64_t batch) const;
  // Gives the row to this folder, whoever had it, with a batch that the journal knows: what the table holds, as far as
  // the journal goes; `mark.last` if another folder wrote it. Gives the batch that stood there.
  Result<std::int64_t> adopt(SqlDriver& driver, const CommitMark& mark) const;

 private:
  struct Found {
    std::string folder;
    std::int64_t epoch = 0;
    std::int64_t batch = 0;
  };
  Result<std::optional<Found>> read(SqlDriver& driver, std::string_view lock) const;
  Status check_owner(const Found& found) const;
  Status went_back(std::int64_t there, std::int64_t last) const;
  Status is_ahead(std::int64_t there, const CommitMark& mark) const;
  std::string where() const;
  std::string where(const std::string& sink) const;
  Status rename(SqlDriver& driver) const;

  SqlDialect dialect_;
  CommitOwner owner_;
  bool claimed_;
};

// Runs `work` in a transaction: commits if it succeeds, else rolls back. A connection that is lost while it commits
// gives an error with code kOutcomeUnknown.
inline constexpr const char* kOutcomeUnknown = "outcome_unknown";
template <class Work>
Status in_transaction(const SqlDialect& dialect, SqlDriver& driver, Work&& work) {
  SR_TRY(driver.execute(dialect.begin()));
  Status status = work();
  if (status.ok()) {
    status = driver.execute("COMMIT");
    if (status.ok()) return status;
    if (!driver.connected()) return Error{status.error().message, true, kOutcomeUnknown};
  }
  if (driver.connected() && !driver.execute("ROLLBACK").ok()) driver.disconnect();
  return status;
}

}  // namespace sr::operators
