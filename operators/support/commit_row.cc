#include "operators/support/commit_row.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"

namespace sr::operators {
namespace {

constexpr const char* kTable = "streamrun_commit";

std::int64_t number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  return text && parse_bigint(*text, &value) ? value : 0;
}

}  // namespace

std::string CommitRow::where() const {
  return fmt::format("job = {} AND sink = {}", SqlDialect::literal(owner_.job), SqlDialect::literal(owner_.sink));
}

Status CommitRow::prepare(SqlDriver& driver) const {
  const auto there = driver.query(dialect_.columns_query(kTable));
  if (!there.ok()) return there.error();
  if (!there->empty()) return {};
  const char* text = dialect_.which() == SqlSystem::mysql ? "varchar(255)" : "text";
  const std::string create = fmt::format(
      "CREATE TABLE IF NOT EXISTS {0} (job {1} NOT NULL, sink {1} NOT NULL, folder {1} NOT NULL, epoch bigint NOT "
      "NULL, "
      "batch bigint NOT NULL, PRIMARY KEY (job, sink)){2}",
      kTable, text, dialect_.table_suffix());
  // Two jobs may make it at the same time: PostgreSQL then fails one of them.
  if (driver.execute(create).ok()) return {};
  return driver.connected() ? driver.execute(create) : Error{"the connection was lost", true};
}

Result<std::optional<CommitRow::Found>> CommitRow::lock(SqlDriver& driver) const {
  auto rows = driver.query(
      fmt::format("SELECT folder, epoch, batch FROM {} WHERE {}{}", kTable, where(), dialect_.for_update()));
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return std::optional<Found>{};
  const SqlRow& row = rows->front();
  return std::optional(Found{row[0].value_or(""), number(row[1]), number(row[2])});
}

Status CommitRow::check_owner(const Found& found) const {
  if (found.folder != owner_.folder_id && !left_out(Failpoint::table_folder)) {
    return Error{
        fmt::format("the table holds batches of this job and sink from another checkpoint folder: {} has the id {}, "
                    "this job's is {}. "
                    "If the old folder is gone for good, `streamrun state adopt` takes the table over",
                    kTable, found.folder, owner_.folder_id)};
  }
  if (found.epoch > owner_.epoch && !left_out(Failpoint::table_epoch)) {
    return Error{
        fmt::format("another process runs this job: it started later (epoch {}, this one has {}), so this one may not "
                    "write any more",
                    found.epoch, owner_.epoch)};
  }
  return {};
}

Status CommitRow::went_back(std::int64_t there, std::int64_t last) const {
  return Error{fmt::format(
      "the table holds {}, but this job has written batch {} to it: the database was restored from an older copy, "
      "and rows are missing. `streamrun state adopt` goes on as it is",
      there == 0 ? "no batch" : fmt::format("batch {}", there), last)};
}

// A sink that was renamed goes on with the row that it had under its former name.
Status CommitRow::take_over_former(SqlDriver& driver) const {
  if (owner_.was.empty()) return {};
  const auto own = lock(driver);
  if (!own.ok()) return own.error();
  if (*own && (*own)->batch > 0) return {};
  const std::string former = fmt::format("job = {} AND sink = {} AND folder = {}", SqlDialect::literal(owner_.job),
                                         SqlDialect::literal(owner_.was), SqlDialect::literal(owner_.folder_id));
  const auto rows = driver.query(fmt::format("SELECT batch FROM {} WHERE {}{}", kTable, former, dialect_.for_update()));
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return {};
  if (*own) SR_TRY(driver.execute(fmt::format("DELETE FROM {} WHERE {}", kTable, where())));
  return driver.execute(
      fmt::format("UPDATE {} SET sink = {} WHERE {}", kTable, SqlDialect::literal(owner_.sink), former));
}

Result<std::int64_t> CommitRow::claim(SqlDriver& driver, std::optional<std::int64_t> last) const {
  std::int64_t batch = 0;
  const auto work = [&]() -> Status {
    SR_TRY(take_over_former(driver));
    const auto found = lock(driver);
    if (!found.ok()) return found.error();
    if (!*found) {
      if (last && *last > 0) return went_back(0, *last);
      return driver.execute(fmt::format("INSERT INTO {} (job, sink, folder, epoch, batch) VALUES ({}, {}, {}, {}, 0)",
                                        kTable, SqlDialect::literal(owner_.job), SqlDialect::literal(owner_.sink),
                                        SqlDialect::literal(owner_.folder_id), owner_.epoch));
    }
    SR_TRY(check_owner(**found));
    const bool older = last && (*found)->batch < *last;
    if (older && !left_out(Failpoint::table_batch_at_start)) return went_back((*found)->batch, *last);
    batch = (*found)->batch;
    if ((*found)->epoch == owner_.epoch) return {};
    return driver.execute(fmt::format("UPDATE {} SET epoch = {} WHERE {}", kTable, owner_.epoch, where()));
  };
  const Status done = in_transaction(dialect_, driver, work);
  if (!done.ok()) return done.error();
  return batch;
}

Result<std::int64_t> CommitRow::check(SqlDriver& driver, std::int64_t batch, std::optional<std::int64_t> last) const {
  const auto found = lock(driver);
  if (!found.ok()) return found.error();
  if (!*found) return went_back(0, last.value_or(0)).error();
  if (const Status owner = check_owner(**found); !owner.ok()) return owner.error();
  const std::int64_t there = (*found)->batch;
  const bool other = there < batch && last && there != *last;
  if (other && !left_out(Failpoint::table_batch_before)) return went_back(there, *last).error();
  return there;
}

Status CommitRow::advance(SqlDriver& driver, std::int64_t batch) const {
  return driver.execute(fmt::format("UPDATE {} SET batch = {} WHERE {}", kTable, batch, where()));
}

Status CommitRow::adopt(SqlDriver& driver, std::int64_t last) const {
  SR_TRY(prepare(driver));
  return in_transaction(dialect_, driver, [&]() -> Status {
    const auto found = lock(driver);
    if (!found.ok()) return found.error();
    // The table may be this folder's already, and hold a batch whose commit a crash has kept from the journal.
    if (*found && (*found)->folder == owner_.folder_id) last = std::max(last, (*found)->batch);
    SR_TRY(driver.execute(fmt::format("DELETE FROM {} WHERE {}", kTable, where())));
    return driver.execute(fmt::format("INSERT INTO {} (job, sink, folder, epoch, batch) VALUES ({}, {}, {}, {}, {})",
                                      kTable, SqlDialect::literal(owner_.job), SqlDialect::literal(owner_.sink),
                                      SqlDialect::literal(owner_.folder_id), owner_.epoch, last));
  });
}

}  // namespace sr::operators
