#include "operators/support/table_lanes.h"

#include <algorithm>

#include "engine/base/hash.h"

namespace sr::operators {
namespace {

// Lanes that block one another cost a lock wait; a table where they always do pays it once in so many batches.
constexpr unsigned kMostTurnsAlone = 63;

// What a person should hear of first: what waiting does not heal, then what nobody knows.
template <class Attempts>
const Error* worst_of(const Attempts& attempts) {
  const auto rank = [](const Error& error) { return !error.retriable ? 2 : error.code == kOutcomeUnknown ? 1 : 0; };
  const Error* worst = nullptr;
  for (const auto& attempt : attempts) {
    if (attempt.status.ok()) continue;
    if (worst == nullptr || rank(attempt.status.error()) > rank(*worst)) worst = &attempt.status.error();
  }
  return worst;
}

}  // namespace

TableLanes::TableLanes(TableTarget target) : target_(std::move(target)), known_(target_.lanes, -1) {
  if (target_.lanes > 1) pool_.emplace(target_.lanes);
}

Status TableLanes::connect() {
  while (drivers_.size() < target_.lanes) {
    auto made = target_.driver(target_.dialect);
    if (!made.ok()) return made.error();
    drivers_.push_back(std::move(*made));
  }
  disconnect();
  std::fill(known_.begin(), known_.end(), -1);
  return reach(0);
}

Status TableLanes::reach() {
  return reach(0);
}

Status TableLanes::reach(unsigned lane) {
  SqlDriver& driver = *drivers_[lane];
  if (driver.connected()) return {};
  SR_TRY(driver.connect(target_.connect));
  const std::string setup = target_.dialect.side_by_side();
  return target_.lanes == 1 || setup.empty() ? Status{} : driver.execute(setup);
}

void TableLanes::disconnect() {
  for (const auto& driver : drivers_) driver->disconnect();
}

// By the key, or by all cells where there is none: the same rows go to the same lanes, in whatever order they come. A
// batch that was committed in part is sent again by the next start, maybe of a later version: neither this nor the text
// of a cell may change.
unsigned TableLanes::lane_of(const RowRef& row, std::size_t lanes) const {
  if (lanes == 1) return 0;
  const std::vector<std::uint32_t>& key = target_.insert.key;
  std::uint64_t hash = key.empty() ? hash_bytes(row.rows->row_text(row.row)) : 0;
  for (const std::uint32_t column : key) hash = combine(hash, hash_bytes(row.cell(column).value_or("")));
  return static_cast<unsigned>(hash % lanes);
}

TableLanes::Shares TableLanes::shares_of(const LaneBatch& batch) const {
  Shares shares(target_.lanes);
  for (const RowRef& row : batch.rows) shares[lane_of(row, target_.lanes)].push_back(row);
  return shares;
}

// Side by side, one item a lane.
template <class Work>
void TableLanes::each(std::vector<Attempt>& attempts, Work&& work) {
  auto one = [&](std::size_t lane) { work(static_cast<unsigned>(lane), attempts[lane]); };
  if (attempts.size() == 1) return one(0);
  pool_->parallel_for(attempts.size(), one);
}

LaneOutcome TableLanes::write(const LaneBatch& batch) {
  const bool alone = !settled_ || turns_alone_ > 0;
  const Shares shares = alone || target_.lanes == 1 ? Shares(1) : shares_of(batch);
  std::vector<Attempt> attempts(shares.size());
  each(attempts, [&](unsigned lane, Attempt& attempt) {
    attempt.status = reach(lane);
    if (attempt.status.ok()) {
      attempt.status = open_transaction(target_.dialect, *drivers_[lane], [&] {
        return alone ? write_alone(batch) : write_share(lane, batch, shares.size() == 1 ? batch.rows : shares[lane]);
      });
    }
    if (!left_out(Failpoint::table_lanes_together)) stand_together(attempt, attempts);
  });
  if (worst_of(attempts) != nullptr && !left_out(Failpoint::table_lanes_together)) return give_up(attempts);
  each(attempts, [&](unsigned lane, Attempt& attempt) {
    if (attempt.status.ok()) attempt.status = commit_transaction(*drivers_[lane]);
  });
  return take_stock(batch, attempts, alone);
}

// After a lane's part of the work. When one has failed, what others have written is undone at once, by whoever sees it
// first: a lane that waits for their locks should not wait for its time limit as well.
void TableLanes::stand_together(Attempt& attempt, std::vector<Attempt>& attempts) {
  const std::lock_guard lock(mutex_);
  attempt.stage = attempt.status.ok() ? Stage::written : Stage::failed;
  const bool failed =
      std::any_of(attempts.begin(), attempts.end(), [](const Attempt& one) { return one.stage == Stage::failed; });
  for (std::size_t lane = 0; failed && lane < attempts.size(); ++lane) {
    if (attempts[lane].stage != Stage::written) continue;
    roll_back(*drivers_[lane]);
    attempts[lane].stage = Stage::undone;
  }
}

// The share of one lane, in its open transaction.
Status TableLanes::write_share(unsigned lane, const LaneBatch& batch, std::span<const RowRef> rows) {
  SqlDriver& driver = *drivers_[lane];
  if (batch.noted == nullptr && known_[lane] == batch.id) return {};
  if (batch.noted != nullptr) {
    const auto held = batch.noted->check(driver, lane, batch.mark);
    if (!held.ok()) return held.error();
    if (*held >= batch.id && !left_out(Failpoint::table_batch_once)) return {};
  }
  if (!rows.empty()) SR_TRY(driver.insert(target_.insert, rows));
  const std::string constraints = target_.dialect.check_constraints();
  if (target_.lanes > 1 && !constraints.empty()) SR_TRY(driver.execute(constraints));
  return batch.noted == nullptr ? Status{} : batch.noted->advance(driver, lane, batch.id);
}

// What the lanes lack of the batch, however many the table has rows for, in the open transaction of the first.
Status TableLanes::write_alone(const LaneBatch& batch) {
  SqlDriver& driver = first();
  CommitHeld held{known_};
  if (batch.noted != nullptr) {
    auto noted = batch.noted->check_all(driver, batch.mark);
    if (!noted.ok()) return noted.error();
    held = std::move(*noted);
  }
  std::vector<RowRef> rows;
  for (const RowRef& row : batch.rows) {
    const std::int64_t there = held.batches[lane_of(row, held.batches.size())];
    if (there < batch.id || left_out(Failpoint::table_batch_once)) rows.push_back(row);
  }
  if (!rows.empty()) SR_TRY(driver.insert(target_.insert, rows));
  return batch.noted == nullptr ? Status{} : batch.noted->advance_all(driver, batch.id);
}

// A lane has failed before any has committed, and all are rolled back. Whatever it is that may pass, the next attempt
// is by one lane, which waits for no other and takes one connection.
LaneOutcome TableLanes::give_up(const std::vector<Attempt>& attempts) {
  LaneOutcome outcome;
  outcome.status = *worst_of(attempts);
  const bool passes = outcome.status.error().retriable;
  if (attempts.size() > 1 && passes) {
    outcome.blocked = std::any_of(attempts.begin(), attempts.end(), [&](const Attempt& attempt) {
      return !attempt.status.ok() && target_.dialect.may_be_a_lock(attempt.status.error().code);
    });
    if (outcome.blocked) last_turns_ = std::min(4 * last_turns_ + 3, kMostTurnsAlone);
    turns_alone_ = outcome.blocked ? last_turns_ : 1;
  }
  // Behind the same name there may be another server by then: the one that took over from this one.
  if (passes) disconnect();
  return outcome;
}

// After the commits.
LaneOutcome TableLanes::take_stock(const LaneBatch& batch, const std::vector<Attempt>& attempts, bool alone) {
  LaneOutcome outcome;
  for (std::size_t lane = 0; lane < attempts.size(); ++lane) {
    const Status& status = attempts[lane].status;
    outcome.committed += status.ok() ? 1 : 0;
    outcome.sent = outcome.sent || status.ok() || status.error().code == kOutcomeUnknown;
    if (status.ok()) known_[lane] = batch.id;
  }
  if (const Error* worst = worst_of(attempts)) {
    outcome.status = *worst;
    if (worst->retriable) disconnect();
    return outcome;
  }
  if (!alone) {
    last_turns_ = 0;
    return outcome;
  }
  std::fill(known_.begin(), known_.end(), batch.id);
  settled_ = true;
  if (turns_alone_ > 0) --turns_alone_;
  return outcome;
}

}  // namespace sr::operators
