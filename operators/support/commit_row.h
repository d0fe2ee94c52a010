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
  std::string was;  // the id that the sink had before, if it was renamed
};

class CommitRow {
 public:
  CommitRow(SqlDialect dialect, CommitOwner owner) : dialect_(dialect), owner_(std::move(owner)) {}

  // Makes the table of commit rows if it is missing.
  Status prepare(SqlDriver& driver) const;
  // Takes the row for this epoch, or makes it. `last`: the last batch that the job knows it wrote there, if any. Gives
  // the last batch that the table holds; 0 for none. In a transaction of its own.
  Result<std::int64_t> claim(SqlDriver& driver, std::optional<std::int64_t> last) const;
  // Locks the row in the open transaction and gives the last batch that the table holds, after the same checks. A table
  // may hold `batch` or more; else it must hold `last`.
  Result<std::int64_t> check(SqlDriver& driver, std::int64_t batch, std::optional<std::int64_t> last) const;
  // Notes in the open transaction that the table holds `batch`.
  Status advance(SqlDriver& driver, std::int64_t batch) const;
  // Gives the row to this folder, whoever had it, with `last` as the batch that the table holds. A table of this folder
  // that holds more keeps that.
  Status adopt(SqlDriver& driver, std::int64_t last) const;

 private:
  struct Found {
    std::string folder;
    std::int64_t epoch = 0;
    std::int64_t batch = 0;
  };
  Status take_over_former(SqlDriver& driver) const;
  Result<std::optional<Found>> lock(SqlDriver& driver) const;
  Status check_owner(const Found& found) const;
  Status went_back(std::int64_t there, std::int64_t last) const;
  std::string where() const;

  SqlDialect dialect_;
  CommitOwner owner_;
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
