// Checkpoint: what a durable job has on disk (checkpoint folder and log of received input), opened for one run. Entry
// point: Checkpoint::open. Knows nothing of executing batches; see recovery.h. Tested in tests/unit/runtime.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/durability/store.h"
#include "engine/runtime/durable_log.h"
#include "engine/runtime/input_log.h"
#include "engine/runtime/state_restore.h"

namespace sr::runtime {

struct CheckpointOptions {
  std::string dir;
  std::int64_t interval_ms = 10'000;
  std::int64_t retain = 2;
  bool snapshots_sync = false;
  OnIncompatible on_incompatible = OnIncompatible::fail;
  std::string spec_text;    // of this job, secrets blanked
  std::string fingerprint;  // of that text
  // Makes the graph of a former text of the job; an error if it cannot be made any more.
  std::function<Result<flow::Graph>(const std::string& spec_text)> make_former;
  // Closes what a sink of an id that the job has no more, or with another type, has left under way; gives a sentence
  // about it, or nothing. May be null.
  std::function<Result<std::string>(const flow::SinkContext&, std::string_view present_type)> close_former;
  std::string wal_dir;  // empty: there is no log
  std::int64_t wal_segment_bytes = 16 << 20;
  InputLogOptions wal;
  std::set<std::string> cannot_replay;  // ids, present and former, of sources that only a log can replay
};

// What a checkpoint needs of the process.
struct CheckpointWorld {
  Environment* env = nullptr;
  Logger* log = nullptr;
  bool background = true;                    // threads may be made
  std::function<void(const Error&)> failed;  // the job cannot go on; any thread
};

// Fills what a sink wants to know of a checkpoint folder, of which `epoch` is the run that opens it. `was` in the
// context is an id to look under if there is nothing under its own; it is emptied if that was not needed.
void fill_context(flow::SinkContext& context, const durability::Recovered& found, std::int64_t epoch);

class Checkpoint {
 public:
  // Takes folder and log. Blocks.
  static Result<std::unique_ptr<Checkpoint>> open(const CheckpointOptions& options, const CheckpointWorld& world,
                                                  const std::string& job);

  // Begins the run; durable when it returns.
  Status begin();
  // Puts the log, if there is one, between the job and its sources that cannot replay.
  void wrap_sources(flow::Graph& graph, bool live);
  // Fills what a sink wants to know of the checkpoint.
  void fill(flow::SinkContext& context) const;

  durability::Store& store() { return *store_; }
  InputLog* input() { return input_.get(); }
  durability::Recovered& recovered() { return recovered_; }
  const CheckpointOptions& options() const { return options_; }
  std::int64_t epoch() const { return epoch_; }
  // False: a crash loses input that a source of the graph cannot give again.
  bool replays_everything(const flow::Graph& graph) const;

 private:
  explicit Checkpoint(const CheckpointOptions& options) : options_(options) {}

  CheckpointOptions options_;
  std::unique_ptr<durability::Store> store_;
  std::unique_ptr<InputLog> input_;
  durability::Recovered recovered_;
  std::int64_t epoch_ = 0;
};

}  // namespace sr::runtime
