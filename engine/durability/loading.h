// Loading: finds in a checkpoint folder the newest snapshot that verifies and the batches behind it. Reads only. Entry
// point: load_folder. Tested in tests/unit/durability/store_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/durability/folder.h"
#include "engine/durability/records.h"
#include "engine/durability/segment.h"
#include "engine/durability/snapshot_files.h"

namespace sr::durability {

// A snapshot that may be gone back to.
struct UsableSnapshot {
  SnapshotName name;
  std::map<std::string, flow::Position> standings;
};

// A journal where no record stands as it was written.
struct JournalDamage {
  std::uint64_t number = 0;
  Damage damage;
};

struct Loaded {
  Recovered recovered;
  std::vector<UsableSnapshot> usable;              // ascending
  std::vector<SnapshotName> rejected;              // found damaged
  std::optional<Error> unreadable;                 // why a snapshot could not be read at the moment
  bool from_beginning = false;                     // the journals reach back to the beginning of the job
  std::map<std::uint64_t, std::int64_t> journals;  // number → newest batch planned in it (0: none, or not read)
  std::uint64_t first_journal = 0;                 // of those that were read
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      datasets;      // needed by a plan → in the newest of the journals
  SegmentScan last;  // of the newest journal
  std::string last_bytes;
  std::int64_t journal_bytes = 0;
  std::vector<std::string> unfinished;  // paths of files and folders that a crash has left
  std::optional<JournalDamage> damage;  // what was read is true up to there
  std::int64_t last_batch = 0;
};

// Looks at a plan that lies behind the snapshot; an error says that it cannot be taken, and is damage at its place.
using PlanCheck = std::function<Status(const BatchPlan&)>;

// Errors: no snapshot verifies and the journals do not reach back to the beginning; a newer version's files. Damage of
// a journal is not an error here, but `damage`.
Result<Loaded> load_folder(const Folder& folder, const std::string& folder_id, const PlanCheck& check = {});

// The error for a journal's damage, in the words of all that refuse it.
Error loading_error(const Folder& folder, const Loaded& loaded);

}  // namespace sr::durability
