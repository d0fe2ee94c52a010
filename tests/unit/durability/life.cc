// The scripted life of a checkpoint folder; see life.h.
#include "life.h"

#include <fmt/format.h>

#include <algorithm>

namespace sr::durability {

StoreOptions life_options(Environment& env) {
  StoreOptions options;
  options.env = &env;
  options.dir = kDir;
  options.job = "words";
  options.reserve_bytes = 4096;
  options.min_free_bytes = 0;
  options.journal_step_bytes = 1024;
  return options;
}

namespace {

BatchPlan plan_of(std::int64_t batch, const std::string& salt, const std::string& hash) {
  BatchPlan plan;
  plan.tick = {batch, batch * 1000, batch * 1000 - 1000, batch == 99};
  plan.positions = {{"lines", fmt::format("at {}{}", batch * 10, salt)}};
  if (batch % 2 == 0) plan.ended = {"rows"};
  if (!hash.empty()) plan.datasets = {{"lookup", hash}};
  return plan;
}

BatchCommit commit_of(std::int64_t batch) {
  BatchCommit commit;
  commit.tick = {batch, batch * 1000, batch * 1000 - 1000, batch == 99};
  commit.tokens = {{"out", fmt::format("token {}", batch)}};
  commit.checksums = {{"out", static_cast<std::uint64_t>(batch) * 7919}};
  return commit;
}

// The newest batch that a start knows of.
std::int64_t last_of(const Recovered& found) {
  if (!found.batches.empty()) return found.batches.back().plan.tick.id;
  return found.snapshot ? found.snapshot->tick.id : 0;
}

}  // namespace

Status Life::run() {
  Status done = first_run();
  if (done.ok()) done = second_run();
  store_.reset();
  return done;
}

Status Life::first_run() {
  SR_TRY(open());
  SR_TRY(begin("version: 1"));
  SR_TRY(dataset("h1"));
  SR_TRY(batch(1));
  SR_TRY(batch(2));
  SR_TRY(plan(3));
  SR_TRY(plan(4));
  SR_TRY(sync());
  SR_TRY(save(2));
  SR_TRY(commit(3));
  SR_TRY(save(3));
  SR_TRY(commit(4));
  SR_TRY(plan(6));
  SR_TRY(output(6));
  SR_TRY(sync());
  store_.reset();  // the process ends without a word: batch 6 is open
  return {};
}

Status Life::second_run() {
  SR_TRY(open());
  SR_TRY(begin("version: 1 # edited"));
  SR_TRY(attempt(6));
  SR_TRY(sync());
  SR_TRY(plan(6, " again"));
  SR_TRY(dataset("h2"));
  SR_TRY(output(6));
  SR_TRY(sync());
  SR_TRY(commit(6));
  for (std::int64_t id = 7; id <= 10; ++id) {
    SR_TRY(batch(id));
    SR_TRY(save(id));
  }
  SR_TRY(plan(11));
  SR_TRY(sync());
  SR_TRY(commit(11));
  SR_TRY(clean());
  return sync();
}

Status Life::resume(bool saves) {
  Status done = third_run(saves);
  store_.reset();
  return done;
}

Status Life::third_run(bool saves) {
  SR_TRY(open());
  SR_TRY(check(recovered_));
  adopt(recovered_);
  const std::int64_t last = last_of(recovered_);
  SR_TRY(dataset("h3"));
  SR_TRY(begin("version: 1 # resumed"));
  for (const LoggedBatch& one : recovered_.batches) {
    if (!one.commit) SR_TRY(commit(one.plan.tick.id));
  }
  SR_TRY(batch(last + 1));
  if (saves) SR_TRY(save(last + 1));
  return batch(last + 2);
}

void Life::adopt(const Recovered& found) {
  std::string wrong;
  events_.resize(match(found, wrong).value_or(0));
  groups_.erase(groups_.upper_bound(events_.size()), groups_.end());
  if (found.snapshot && (saved_.empty() || found.snapshot->tick.id > saved_.back()))
    saved_.push_back(found.snapshot->tick.id);
}

Status Life::check(const Recovered& found) const {
  const auto wrong = [](std::string what) { return Error{std::move(what), false, "judged"}; };
  if (std::string what = judge(found); !what.empty()) return wrong(std::move(what));
  for (const std::string& note : found.notes) {
    if (note.find("damaged") != std::string::npos) return wrong(note);  // a crash damages nothing
  }
  for (const auto& [hash, bytes] : datasets_) {
    bool needed = false;
    for (const LoggedBatch& one : found.batches) {
      const auto planned = one.plan.datasets.find("lookup");
      needed = needed || (planned != one.plan.datasets.end() && planned->second == hash);
    }
    if (!needed) continue;
    const auto loaded = store_->load_dataset("lookup", hash);
    if (!loaded.ok() && loaded.error().code == "EIO") return loaded.error();
    if (!loaded.ok() || *loaded != bytes) return wrong("dataset " + hash + " is lost");
  }
  return {};
}

Status Life::reopen() {
  SR_TRY(open());
  SR_TRY(check(recovered_));
  const std::int64_t epoch = recovered_.epoch;
  const std::int64_t last = last_of(recovered_);
  for (const LoggedBatch& one : recovered_.batches) {
    if (!one.commit) SR_TRY(store_->commit(commit_of(one.plan.tick.id)));
  }
  const auto begun = store_->begin("version: 1 # later", "later");
  SR_TRY(begun);
  if (*begun != epoch + 1) return Error{"the epoch did not grow by one", false, "judged"};
  SR_TRY(store_->plan(plan_of(last + 1, "", "")));
  SR_TRY(store_->sync());
  SR_TRY(store_->commit(commit_of(last + 1)));
  SR_TRY(store_->save(snapshot_of(last + 1)));
  SR_TRY(store_->plan(plan_of(last + 2, "", "")));
  SR_TRY(store_->sync());
  store_.reset();
  const auto again = Store::read(life_options(env_));
  SR_TRY(again);
  if (!again->snapshot || again->snapshot->tick.id != last + 1 || again->batches.size() != 1 ||
      again->epoch != epoch + 1) {
    return Error{"it did not go on: " + describe(*again), false, "judged"};
  }
  return {};
}

Status Life::again(const std::function<Status()>& call) {
  Status done;
  for (int attempt = 0; attempt < 4; ++attempt) {
    done = call();
    if (done.ok() || (done.error().code != "ENOSPC" && !stubborn_)) break;
  }
  return done;
}

void Life::tell(std::function<void(Model&)> event) {
  events_.push_back(std::move(event));
}

Model Life::model(std::size_t events) const {
  Model known;
  for (std::size_t i = 0; i < events; ++i) events_[i](known);
  return known;
}

Status Life::open() {
  return again([&]() -> Status {
    auto opened = Store::open(life_options(env_));
    SR_TRY(opened);
    store_ = std::move(opened->store);
    recovered_ = std::move(opened->recovered);
    return {};
  });
}

Status Life::begin(const std::string& text) {
  const std::string fingerprint = "f" + std::to_string(text.size());
  return again([&]() -> Status {
    tell([](Model& known) {
      ++known.epoch;
      known.clean = false;
    });
    tell([=](Model& known) { known.fingerprint = fingerprint; });
    groups_.insert(events_.size());
    const auto epoch = store_->begin(text, fingerprint);
    SR_TRY(epoch);
    durable_ = events_.size();
    return {};
  });
}

Status Life::plan(std::int64_t batch, const std::string& salt) {
  const BatchPlan planned = plan_of(batch, salt, dataset_hash_);
  SR_TRY(again([&] { return store_->plan(planned); }));
  tell([=](Model& known) {
    known.clean = false;
    while (!known.batches.empty() && known.batches.back().plan.tick.id >= batch) known.batches.pop_back();
    LoggedBatch fresh;
    fresh.plan = planned;
    fresh.spec_fingerprint = known.fingerprint;
    known.batches.push_back(fresh);
  });
  return {};
}

Status Life::output(std::int64_t batch) {
  const std::string bytes(600, 'o');
  SR_TRY(store_->output(batch, "random", bytes));
  tell([=](Model& known) {
    known.clean = false;
    known.batches.back().outputs["random"] = bytes;
  });
  return {};
}

Status Life::commit(std::int64_t batch) {
  tell([=](Model& known) {
    known.clean = false;
    for (LoggedBatch& one : known.batches) {
      if (one.plan.tick.id == batch) one.commit = commit_of(batch);
    }
    for (const auto& [sink, token] : commit_of(batch).tokens) known.sinks[sink] = {batch, token};
  });
  groups_.insert(events_.size());
  return store_->commit(commit_of(batch));
}

Status Life::attempt(std::int64_t batch) {
  SR_TRY(store_->attempt(batch));
  tell([=](Model& known) {
    known.clean = false;
    for (LoggedBatch& one : known.batches) one.attempts += one.plan.tick.id == batch ? 1 : 0;
  });
  return {};
}

Status Life::clean() {
  tell([](Model& known) { known.clean = true; });
  groups_.insert(events_.size());
  return store_->clean();
}

Status Life::sync() {
  groups_.insert(events_.size());
  return again([&]() -> Status {
    SR_TRY(store_->sync());
    durable_ = events_.size();
    return {};
  });
}

Status Life::save(std::int64_t batch) {
  groups_.insert(events_.size());
  attempted_save_ = batch;
  return again([&]() -> Status {
    const auto kept = store_->save(snapshot_of(batch));
    SR_TRY(kept);
    durable_ = events_.size();
    saved_.push_back(batch);
    const std::int64_t oldest = saved_.size() < 2 ? 0 : saved_[saved_.size() - 2];
    // One that could not be read at the start does not count, so more is kept.
    if (kept->oldest_batch > oldest || (recovered_.notes.empty() && kept->oldest_batch < oldest))
      return Error{"it keeps another snapshot than the last but one", false, "judged"};
    return {};
  });
}

Status Life::dataset(const std::string& hash) {
  dataset_hash_ = hash;
  SR_TRY(again([&] { return store_->save_dataset("lookup", hash, "rows of " + hash); }));
  datasets_[hash] = "rows of " + hash;
  return {};
}

Status Life::batch(std::int64_t id) {
  SR_TRY(plan(id));
  SR_TRY(sync());
  return commit(id);
}

std::string Life::judge(const Recovered& found) const {
  std::string wrong;
  return match(found, wrong) ? "" : wrong;
}

std::optional<std::size_t> Life::match(const Recovered& found, std::string& wrong) const {
  const std::int64_t base = found.snapshot ? found.snapshot->tick.id : 0;
  if (!saved_.empty() && base < saved_.back()) wrong = fmt::format("the snapshot of batch {} is lost", saved_.back());
  if (base > attempted_save_) wrong = "a snapshot that nobody saved";
  if (found.snapshot && describe(*found.snapshot) != describe(snapshot_of(base)))
    wrong = "the snapshot has another content";
  if (!wrong.empty()) return std::nullopt;
  std::string tried;
  for (const std::size_t events : groups_) {
    if (events < durable_) continue;
    const Model known = model(events);
    Recovered expected;
    expected.epoch = known.epoch;
    expected.clean = known.clean;
    expected.spec_fingerprint = known.fingerprint;
    expected.spec_text = found.spec_text;
    expected.snapshot = found.snapshot;
    for (const LoggedBatch& one : known.batches) {
      if (one.plan.tick.id > base) expected.batches.push_back(one);
    }
    expected.sinks = known.sinks;
    if (describe(expected) == describe(found)) return events;
    tried += fmt::format("after {} events:\n{}\n", events, describe(expected));
  }
  wrong = "found:\n" + describe(found) + "\nexpected one of:\n" + tried;
  return std::nullopt;
}

}  // namespace sr::durability
