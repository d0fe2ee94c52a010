// A scripted life of a checkpoint folder on a virtual disk, with a model of what it was told: after any crash the
// folder must give back what the model knows after some prefix of the events, one that holds everything acknowledged.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/env_virtual.h"
#include "engine/durability/store.h"

namespace sr::durability {

inline constexpr char kDir[] = "state/words";

StoreOptions life_options(Environment& env);

// What the events so far amount to.
struct Model {
  std::int64_t epoch = 0;
  bool clean = true;
  std::string fingerprint;
  std::vector<LoggedBatch> batches;
  std::map<std::string, SinkMark> sinks;
};

// One call after the other, remembered as it was made.
class Life {
 public:
  // `stubborn`: calls again after any error, not only on a full disk.
  explicit Life(Environment& env, bool stubborn = false) : env_(env), stubborn_(stubborn) {}

  // Runs the script until it ends or a call fails for good; a full disk is tried again. The store is closed then.
  Status run();
  // A further start: opens the folder, checks what it gives and goes on for some batches. What it has found counts as
  // acknowledged when its run has begun. `saves`: with a snapshot. The store is closed then.
  Status resume(bool saves);
  // Opens the folder and checks what it gives; then goes on for a batch and a snapshot.
  Status reopen();
  // Checks what a start found against the events; empty: it fits, else what is wrong.
  std::string judge(const Recovered& found) const;
  const Recovered& recovered() const { return recovered_; }

 private:
  Status first_run();
  Status second_run();
  Status third_run(bool saves);
  Status open();
  Status begin(const std::string& text);
  Status plan(std::int64_t batch, const std::string& salt = "");
  Status output(std::int64_t batch);
  Status commit(std::int64_t batch);
  Status attempt(std::int64_t batch);
  Status clean();
  Status sync();
  Status save(std::int64_t batch);
  Status dataset(const std::string& hash);
  Status batch(std::int64_t batch);
  // Takes what a start has found for all that has happened.
  void adopt(const Recovered& found);
  // The number of events that what a start found fits; nothing if there is none, and why in `wrong`.
  std::optional<std::size_t> match(const Recovered& found, std::string& wrong) const;
  // Judges what a start found, its notes and the datasets that it needs.
  Status check(const Recovered& found) const;
  // Calls again while the disk is full, as the engine does.
  Status again(const std::function<Status()>& call);
  void tell(std::function<void(Model&)> event);
  Model model(std::size_t events) const;

  Environment& env_;
  const bool stubborn_;
  std::unique_ptr<Store> store_;
  Recovered recovered_;
  std::vector<std::function<void(Model&)>> events_;
  std::set<std::size_t> groups_{0};  // numbers of events that a write has ended with
  std::size_t durable_ = 0;          // events that a sync has acknowledged
  std::vector<std::int64_t> saved_;  // snapshots that were acknowledged
  std::int64_t attempted_save_ = 0;
  std::map<std::string, std::string> datasets_;  // acknowledged
  std::string dataset_hash_;
};

// What a snapshot of a batch holds in these tests, and a text of all that a start finds.
Snapshot snapshot_of(std::int64_t batch);
std::string describe(const Snapshot& snapshot);
std::string describe(const std::vector<LoggedBatch>& batches);
std::string describe(const Recovered& found);

}  // namespace sr::durability
