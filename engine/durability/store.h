// Store: the checkpoint folder of one job. It keeps a journal of the batches (what goes in, what came out of nodes that
// are not deterministic, what the sinks committed) and snapshots of state; after a crash it gives back the newest
// snapshot and the batches behind it. Knows nothing of running a job: engine/runtime executes the batches again. The
// files are described in docs/formats/checkpoint-folder.md. Tested in tests/unit/durability.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"
#include "engine/durability/records.h"
#include "engine/observe/log.h"

namespace sr::durability {

struct StoreOptions {
  Environment* env = nullptr;
  Logger* log = nullptr;                      // may be null
  std::string dir;                            // made if it is not there
  std::string job;                            // a folder of another job is refused
  std::int64_t retain = 2;                    // snapshots that stay, at least one
  std::int64_t reserve_bytes = 1 << 20;       // kept free to finish the open batch on a full disk
  std::int64_t min_free_bytes = 16 << 20;     // a start with less free space is refused
  std::int64_t journal_step_bytes = 1 << 16;  // by which journal files grow
};

// What the retained snapshots need: whatever lies before it may be thrown away.
struct Kept {
  std::int64_t oldest_batch = 0;                    // of the oldest retained snapshot; 0: the beginning of the job
  std::map<std::string, flow::Position> standings;  // in that snapshot; empty for the beginning
};

// Errors: a full disk gives an error with code "ENOSPC"; damage gives one with code "damaged" that names file,
// offset, what is lost and what to do; a folder in use gives code "EWOULDBLOCK" with the owner's process id.
class Store {
 public:
  struct Opened;

  // Takes the folder for the life of the store: lock, format, a probe that it can be written, free space; finds the
  // newest snapshot that verifies and the batches behind it; cuts a torn tail; after an unclean stop copies the live
  // journal into a fresh file. A new folder is made. Blocks.
  static Result<Opened> open(const StoreOptions& options);
  // Reads a folder as open does, without the lock, and changes nothing in it. Also fits a folder in use: its newest
  // batches may then be missing.
  static Result<Recovered> read(const StoreOptions& options);

  virtual ~Store() = default;

  // Begins a run: its number (the epoch before + 1) and its job's text. Durable when it returns. Once, before all that
  // follows. Gives the epoch.
  virtual Result<std::int64_t> begin(std::string_view spec_text, std::string_view fingerprint) = 0;

  // The next six append to the journal. Any thread; the caller orders them. Durable after the next sync(). `commit`
  // and `clean` survive the end of the process at once. Batches are planned in order; planning an open batch again
  // replaces its plan and forgets its outputs. While the disk is full and the reserve is in use this fails with
  // "ENOSPC": plan again later, the store resumes by itself.
  virtual Status plan(const BatchPlan& plan) = 0;
  virtual Status output(std::int64_t batch, std::string_view node, std::string_view bytes) = 0;
  virtual Status commit(const BatchCommit& commit) = 0;
  // A start is about to finish the open batch `batch`.
  virtual Status attempt(std::int64_t batch) = 0;
  // Leaves a record out of the input of an open batch, for good.
  virtual Status skip(std::int64_t batch, const RecordPlace& record) = 0;
  // The run ends in order.
  virtual Status clean() = 0;

  // Makes durable what was appended before the call: one write, one fdatasync. Any thread; calls at the same time share
  // one. After an error with code "ENOSPC" it may be called again; after any other the store is of no further use.
  virtual Status sync() = 0;

  // Makes a snapshot durable, starts a new journal behind it and removes what no retained snapshot needs. Its batch
  // must be committed. Any thread, one at a time; the journal may be written meanwhile. After an error with code
  // "ENOSPC" the store goes on without the snapshot.
  virtual Result<Kept> save(const Snapshot& snapshot) = 0;
  // What the retained snapshots need now. Any thread.
  virtual Kept kept() const = 0;

  // Keeps the bytes of a dataset's version, durable when it returns, for as long as a plan that needs it may be
  // replayed. Saving what is there does nothing. Any thread.
  virtual Status save_dataset(std::string_view id, std::string_view hash, std::string_view bytes) = 0;
  virtual Result<std::string> load_dataset(std::string_view id, std::string_view hash) = 0;

  virtual const std::string& folder_id() const = 0;
  // Bytes of the journal files that a start would read, for `checkpoint` metrics. Any thread.
  virtual std::int64_t journal_bytes() const = 0;
};

struct Store::Opened {
  std::unique_ptr<Store> store;
  Recovered recovered;
};

// What a repair has thrown away, in sentences; empty: nothing was damaged.
struct RepairReport {
  std::vector<std::string> dropped;
  bool lost_batches = false;  // the journal was cut: sinks may hold more than it knows
};

// The log of received input that belongs to a folder. Positions of its sources are sequence numbers of the log.
struct LoggedInput {
  std::string dir;  // empty: there is none
  std::int64_t segment_bytes = 16 << 20;
  std::set<std::string> sources;
};

// Brings a damaged folder and its input log to their last consistent point: a deliberate act, as it may lose batches.
// Files that do not fit are moved into `damaged/` beside them. Takes the lock. An error with code "ENOENT": there is no
// such folder.
Result<RepairReport> repair(const StoreOptions& options, const LoggedInput& input = {});

}  // namespace sr::durability
