#include "operators/support/commit_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sr::operators {
namespace {

constexpr const char* kTable = "streamrun_commit";

std::int64_t number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  return text && parse_bigint(*text, &value) ? value : 0;
}

}  // namespace

std::string CommitRows::of_job() const {
  return "job = " + SqlDialect::literal(owner_.job);
}

std::string CommitRows::where(const std::string& sink, unsigned lane, unsigned lanes) const {
  return fmt::format("{} AND sink = {}", of_job(), SqlDialect::literal(name(sink, lane, lanes)));
}

std::string CommitRows::where(const std::vector<Found>& rows) const {
  if (rows.size() == 1) return where(owner_.sink, rows[0].lane, rows[0].lanes);
  std::string names;
  for (const Found& row : rows) {
    names += names.empty() ? "" : ", ";
    names += SqlDialect::literal(name(owner_.sink, row.lane, row.lanes));
  }
  return fmt::format("{} AND sink IN ({})", of_job(), names);
}

// The id of a sink has no spaces, so that no other sink has such a name.
std::string CommitRows::name(const std::string& sink, unsigned lane, unsigned lanes) {
  return lanes == 1 ? sink : fmt::format("{} ({} of {})", sink, lane + 1, lanes);
}

std::optional<CommitRows::Found> CommitRows::lane_of(const std::string& there, const std::string& sink) {
  Found row;
  if (there == sink) return row;
  const std::string_view text(there);
  if (!text.starts_with(sink + " (")) return std::nullopt;
  const char* end = text.data() + text.size();
  unsigned number = 0;
  const char* behind = std::from_chars(text.data() + sink.size() + 2, end, number).ptr;
  const std::string_view rest(behind, static_cast<std::size_t>(end - behind));
  if (!rest.starts_with(" of ")) return std::nullopt;
  std::from_chars(rest.data() + 4, end, row.lanes);
  row.lane = number - 1;
  const bool ours = number >= 1 && number <= row.lanes && row.lanes > 1 && name(sink, row.lane, row.lanes) == there;
  return ours ? std::optional(row) : std::nullopt;
}

// Gives a renamed sink its former rows, in the open transaction.
Status CommitRows::rename(SqlDriver& driver) const {
  if (owner_.was.empty()) return {};
  const auto own = find(driver, owner_.sink);
  if (!own.ok()) return own.error();
  if (!own->empty()) return {};
  const auto former = find(driver, owner_.was);
  if (!former.ok()) return former.error();
  for (const Found& row : *former) {
    SR_TRY(driver.execute(fmt::format("UPDATE {} SET sink = {} WHERE {}", kTable,
                                      SqlDialect::literal(name(owner_.sink, row.lane, row.lanes)),
                                      where(owner_.was, row.lane, row.lanes))));
  }
  return {};
}

Status CommitRows::prepare(SqlDriver& driver) const {
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

// The rows of a sink that `where` finds, by number of lanes and lane.
Result<std::vector<CommitRows::Found>> CommitRows::select(SqlDriver& driver, const std::string& sink,
                                                          const std::string& where) const {
  const auto rows = driver.query(fmt::format("SELECT sink, folder, epoch, batch FROM {} WHERE {}", kTable, where));
  if (!rows.ok()) return rows.error();
  std::vector<Found> found;
  for (const SqlRow& row : *rows) {
    auto lane = lane_of(row[0].value_or(""), sink);
    if (!lane) continue;
    lane->folder = row[1].value_or("");
    lane->epoch = number(row[2]);
    lane->batch = number(row[3]);
    found.push_back(std::move(*lane));
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return std::pair(a.lanes, a.lane) < std::pair(b.lanes, b.lane); });
  return found;
}

Result<std::vector<CommitRows::Found>> CommitRows::find(SqlDriver& driver, const std::string& sink) const {
  return select(driver, sink, of_job());
}

// Locks the rows of this sink, of however many lanes, and no others.
Result<std::vector<CommitRows::Found>> CommitRows::lock(SqlDriver& driver) const {
  auto seen = find(driver, owner_.sink);
  if (!seen.ok() || seen->empty()) return seen;
  auto locked = select(driver, owner_.sink, where(*seen) + " ORDER BY sink" + dialect_.for_update());
  if (locked.ok() && locked->size() != seen->size()) {
    return Error{fmt::format("the rows of this sink in {} have been replaced just now", kTable), true};
  }
  return locked;
}

CommitHeld CommitRows::held_of(const std::vector<Found>& rows) {
  CommitHeld held;
  for (const Found& row : rows) held.batches.push_back(row.batch);
  return held;
}

Status CommitRows::check_whole(const std::vector<Found>& rows) const {
  const bool mixed = rows.front().lanes != rows.back().lanes;
  if ((!mixed && rows.size() == rows.front().lanes) || left_out(Failpoint::table_lanes_whole)) return {};
  std::string names;
  for (const Found& row : rows) {
    names += names.empty() ? "`" : ", `";
    names += name(owner_.sink, row.lane, row.lanes) + "`";
  }
  return Error{fmt::format(
      "{} has the rows {} of this sink, which are not those of one number of connections: an older version of "
      "streamrun may have written to the table, or rows were deleted. `streamrun state adopt` goes on as it is",
      kTable, names)};
}

Status CommitRows::check_owner(const Found& found) const {
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

Status CommitRows::check_owner(const std::vector<Found>& rows) const {
  for (const Found& row : rows) SR_TRY(check_owner(row));
  return {};
}

Status CommitRows::went_back(std::int64_t there, std::int64_t last) const {
  return Error{fmt::format(
      "the table holds {}, but this job has written batch {} to it: the database was restored from an older copy, "
      "or the job was edited and writes to another one, and rows are missing there. `streamrun state adopt` goes on as "
      "it is",
      there == 0 ? "no batch" : fmt::format("batch {}", there), last)};
}

Status CommitRows::is_ahead(std::int64_t there, const CommitMark& mark) const {
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

Status CommitRows::check_batches(const CommitHeld& held, const CommitMark& mark, const Points& points) const {
  const bool older = mark.last && held.least() < *mark.last;
  if (older && !left_out(points.back)) return went_back(held.least(), *mark.last);
  // What this run has not sent, nobody else may have.
  if (held.most() > mark.sent && !left_out(points.ahead)) return is_ahead(held.most(), mark);
  return {};
}

Result<CommitHeld> CommitRows::claim(SqlDriver& driver, const CommitMark& mark) {
  CommitHeld held;
  const auto work = [&]() -> Status {
    SR_TRY(rename(driver));
    const auto found = lock(driver);
    if (!found.ok()) return found.error();
    if (found->empty()) {
      if (mark.last && *mark.last > 0) return went_back(0, *mark.last);
      held.batches.assign(owner_.lanes, 0);
      return insert(driver, held);
    }
    SR_TRY(check_whole(*found));
    SR_TRY(check_owner(*found));
    held = held_of(*found);
    SR_TRY(check_batches(held, mark, {Failpoint::table_batch_at_start, Failpoint::table_ahead_at_start}));
    if (held.batches.size() != owner_.lanes && (held.even() || left_out(Failpoint::table_lanes_even))) {
      held.batches.assign(owner_.lanes, held.most());
      return replace(driver, *found, held);
    }
    const bool taken =
        std::all_of(found->begin(), found->end(), [&](const Found& row) { return row.epoch == owner_.epoch; });
    if (taken) return {};
    return driver.execute(fmt::format("UPDATE {} SET epoch = {} WHERE {}", kTable, owner_.epoch, where(*found)));
  };
  const Status done = in_transaction(dialect_, driver, work);
  claimed_ = claimed_ || done.ok() || done.error().code == kOutcomeUnknown;
  if (!done.ok()) return done.error();
  return held;
}

// A lane has no row any more: a later run may have come with another number of lanes, else the table went back.
Error CommitRows::missing(SqlDriver& driver, const CommitMark& mark) const {
  const auto others = find(driver, owner_.sink);
  if (!others.ok()) return others.error();
  if (const Status owner = check_owner(*others); !owner.ok()) return owner.error();
  return went_back(0, mark.last.value_or(0)).error();
}

Result<std::int64_t> CommitRows::check(SqlDriver& driver, unsigned lane, const CommitMark& mark) const {
  const auto found = select(driver, owner_.sink, where(owner_.sink, lane, owner_.lanes) + dialect_.for_update());
  if (!found.ok()) return found.error();
  if (found->empty()) return missing(driver, mark);
  SR_TRY(check_owner(*found));
  const Status known =
      check_batches(held_of(*found), mark, {Failpoint::table_batch_before, Failpoint::table_ahead_before});
  if (!known.ok()) return known.error();
  return found->front().batch;
}

Result<CommitHeld> CommitRows::check_all(SqlDriver& driver, const CommitMark& mark) const {
  const auto found = lock(driver);
  if (!found.ok()) return found.error();
  if (found->empty()) return went_back(0, mark.last.value_or(0)).error();
  SR_TRY(check_whole(*found));
  SR_TRY(check_owner(*found));
  CommitHeld held = held_of(*found);
  SR_TRY(check_batches(held, mark, {Failpoint::table_batch_before, Failpoint::table_ahead_before}));
  return held;
}

Result<std::int64_t> CommitRows::held(SqlDriver& driver) const {
  const auto found = find(driver, owner_.sink);
  if (!found.ok()) return found.error();
  if (found->empty()) return 0;
  const CommitHeld held = held_of(*found);
  return left_out(Failpoint::table_lanes_any) ? held.least() : held.most();
}

Status CommitRows::advance(SqlDriver& driver, unsigned lane, std::int64_t batch) const {
  return driver.execute(
      fmt::format("UPDATE {} SET batch = {} WHERE {}", kTable, batch, where(owner_.sink, lane, owner_.lanes)));
}

Status CommitRows::advance_all(SqlDriver& driver, std::int64_t batch) const {
  const auto found = find(driver, owner_.sink);
  if (!found.ok()) return found.error();
  if (found->size() == owner_.lanes) {
    return driver.execute(fmt::format("UPDATE {} SET batch = {} WHERE {}", kTable, batch, where(*found)));
  }
  return replace(driver, *found, {std::vector<std::int64_t>(owner_.lanes, batch)});
}

// Adds a row for each lane.
Status CommitRows::insert(SqlDriver& driver, const CommitHeld& held) const {
  std::string rows;
  const auto lanes = static_cast<unsigned>(held.batches.size());
  for (unsigned lane = 0; lane < lanes; ++lane) {
    rows += fmt::format("{}({}, {}, {}, {}, {})", lane == 0 ? "" : ", ", SqlDialect::literal(owner_.job),
                        SqlDialect::literal(name(owner_.sink, lane, lanes)), SqlDialect::literal(owner_.folder_id),
                        owner_.epoch, held.batches[lane]);
  }
  return driver.execute(fmt::format("INSERT INTO {} (job, sink, folder, epoch, batch) VALUES {}", kTable, rows));
}

Status CommitRows::replace(SqlDriver& driver, const std::vector<Found>& rows, const CommitHeld& held) const {
  if (!rows.empty()) SR_TRY(driver.execute(fmt::format("DELETE FROM {} WHERE {}", kTable, where(rows))));
  return insert(driver, held);
}

Result<std::int64_t> CommitRows::adopt(SqlDriver& driver, const CommitMark& mark) const {
  SR_TRY(prepare(driver));
  std::int64_t stood = 0;
  const Status done = in_transaction(dialect_, driver, [&]() -> Status {
    const auto found = lock(driver);
    if (!found.ok()) return found.error();
    const std::int64_t known = mark.last.value_or(0);
    CommitHeld held{std::vector<std::int64_t>(owner_.lanes, known)};
    if (!found->empty()) {
      const CommitHeld there = held_of(*found);
      stood = there.most();
      const bool ours =
          std::all_of(found->begin(), found->end(), [&](const Found& row) { return row.folder == owner_.folder_id; });
      // The table may be this folder's already, and hold a batch whose commit a crash has kept from the journal. Where
      // rows are missing, what a lane holds counts for all.
      if (ours) {
        held = check_whole(*found).ok() ? there : CommitHeld{std::vector<std::int64_t>(owner_.lanes, stood)};
        for (std::int64_t& batch : held.batches) batch = std::min(std::max(known, batch), mark.sent);
      }
    }
    return replace(driver, *found, held);
  });
  if (!done.ok()) return done.error();
  return stood;
}

}  // namespace sr::operators
