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
  return where(owner_.sink);
}

std::string CommitRow::where(const std::string& sink) const {
  return fmt::format("job = {} AND sink = {}", SqlDialect::literal(owner_.job), SqlDialect::literal(sink));
}

// Gives a renamed sink its former row, in the open transaction.
Status CommitRow::rename(SqlDriver& driver) const {
  if (owner_.was.empty()) return {};
  const auto own = read(driver, "");
  if (!own.ok()) return own.error();
  if (*own) return {};
  return driver.execute(
      fmt::format("UPDATE {} SET sink = {} WHERE {}", kTable, SqlDialect::literal(owner_.sink), where(owner_.was)));
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

Result<std::optional<CommitRow::Found>> CommitRow::read(SqlDriver& driver, std::string_view lock) const {
  auto rows = driver.query(fmt::format("SELECT folder, epoch, batch FROM {} WHERE {}{}", kTable, where(), lock));
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
  // Every start takes a number of its own, durable before it claims anything: whoever has this one runs on a copy.
  if (!claimed_ && found.epoch >= owner_.epoch && !left_out(Failpoint::table_start)) {
    return Error{
        fmt::format("another process with the same checkpoint folder has written to the table: it was start {} of this "
                    "job, and this one is start {}. A copy of the folder has run, or this folder is an older copy put "
                    "back. Go on with the one whose journal is newer; if that is this one, and no other process runs "
                    "the job, `streamrun state adopt` takes the table over",
                    found.epoch, owner_.epoch)};
  }
  if (claimed_ && found.epoch > owner_.epoch && !left_out(Failpoint::table_epoch)) {
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

Status CommitRow::is_ahead(std::int64_t there, const CommitMark& mark) const {
  std::string known = mark.sent == 0 ? "knows no batch" : fmt::format("ends with batch {}", mark.sent);
  if (mark.sent_ms > 0) known += fmt::format(" at {} ms", mark.sent_ms);
  const std::string extra =
      there == mark.sent + 1 ? fmt::format("batch {}", there) : fmt::format("batches {} to {}", mark.sent + 1, there);
  return Error{fmt::format(
      "the table holds batch {}, but the journal of this job {}: the checkpoint folder is older than the table, as it "
      "was put back from a copy or `state repair` has dropped the rest, or another process writes. Going on would "
      "leave out rows. Put the newer folder back if there is one; else `streamrun state adopt` goes on from this one: "
      "the rows of {} stay in the table, and are read and written a second time",
      there, known, extra)};
}

Result<std::int64_t> CommitRow::claim(SqlDriver& driver, const CommitMark& mark) {
  std::int64_t batch = 0;
  const auto work = [&]() -> Status {
    SR_TRY(rename(driver));
    const auto found = read(driver, dialect_.for_update());
    if (!found.ok()) return found.error();
    if (!*found) {
      if (mark.last && *mark.last > 0) return went_back(0, *mark.last);
      return driver.execute(fmt::format("INSERT INTO {} (job, sink, folder, epoch, batch) VALUES ({}, {}, {}, {}, 0)",
                                        kTable, SqlDialect::literal(owner_.job), SqlDialect::literal(owner_.sink),
                                        SqlDialect::literal(owner_.folder_id), owner_.epoch));
    }
    SR_TRY(check_owner(**found));
    batch = (*found)->batch;
    const bool older = mark.last && batch < *mark.last;
    if (older && !left_out(Failpoint::table_batch_at_start)) return went_back(batch, *mark.last);
    if (batch > mark.sent && !left_out(Failpoint::table_ahead_at_start)) return is_ahead(batch, mark);
    if ((*found)->epoch == owner_.epoch) return {};
    return driver.execute(fmt::format("UPDATE {} SET epoch = {} WHERE {}", kTable, owner_.epoch, where()));
  };
  const Status done = in_transaction(dialect_, driver, work);
  claimed_ = claimed_ || done.ok() || done.error().code == kOutcomeUnknown;
  if (!done.ok()) return done.error();
  return batch;
}

Result<std::int64_t> CommitRow::check(SqlDriver& driver, std::int64_t batch, const CommitMark& mark) const {
  const auto found = read(driver, dialect_.for_update());
  if (!found.ok()) return found.error();
  if (!*found) return went_back(0, mark.last.value_or(0)).error();
  if (const Status owner = check_owner(**found); !owner.ok()) return owner.error();
  const std::int64_t there = (*found)->batch;
  // What this run has not sent, nobody else may have.
  if (there > mark.sent && !left_out(Failpoint::table_ahead_before)) return is_ahead(there, mark).error();
  const bool other = there < batch && there != mark.sent && mark.last && there != *mark.last;
  if (other && !left_out(Failpoint::table_batch_before)) return went_back(there, *mark.last).error();
  return there;
}

Result<std::int64_t> CommitRow::held(SqlDriver& driver) const {
  const auto found = read(driver, "");
  if (!found.ok()) return found.error();
  return *found ? (*found)->batch : 0;
}

Status CommitRow::advance(SqlDriver& driver, std::int64_t batch) const {
  return driver.execute(fmt::format("UPDATE {} SET batch = {} WHERE {}", kTable, batch, where()));
}

Result<std::int64_t> CommitRow::adopt(SqlDriver& driver, const CommitMark& mark) const {
  SR_TRY(prepare(driver));
  std::int64_t stood = 0;
  const Status done = in_transaction(dialect_, driver, [&]() -> Status {
    const auto found = read(driver, dialect_.for_update());
    if (!found.ok()) return found.error();
    std::int64_t batch = mark.last.value_or(0);
    if (*found) stood = (*found)->batch;
    // The table may be this folder's already, and hold a batch whose commit a crash has kept from the journal.
    if (*found && (*found)->folder == owner_.folder_id) batch = std::min(std::max(batch, stood), mark.sent);
    SR_TRY(driver.execute(fmt::format("DELETE FROM {} WHERE {}", kTable, where())));
    return driver.execute(fmt::format("INSERT INTO {} (job, sink, folder, epoch, batch) VALUES ({}, {}, {}, {}, {})",
                                      kTable, SqlDialect::literal(owner_.job), SqlDialect::literal(owner_.sink),
                                      SqlDialect::literal(owner_.folder_id), owner_.epoch, batch));
  });
  if (!done.ok()) return done.error();
  return stood;
}

}  // namespace sr::operators
