// Snapshots as folders of files: one per node and a MANIFEST with their sizes and checksums, renamed into place when
// all is on the disk. Knows nothing of journals. Described in docs/formats/snapshot.md. Tested in
// tests/unit/durability/snapshot_files_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/durability/folder.h"
#include "engine/durability/records.h"

namespace sr::durability {

// `<batch>-<journal>`: the last batch that it contains, and the journal where the batches behind it begin.
struct SnapshotName {
  std::int64_t batch = 0;
  std::uint64_t journal = 0;

  std::string text() const { return std::to_string(batch) + "-" + std::to_string(journal); }
  auto operator<=>(const SnapshotName&) const = default;
};

// The snapshots in ascending order, and what a crash has left unfinished.
struct SnapshotList {
  std::vector<SnapshotName> names;
  std::vector<std::string> unfinished;
};
// None if their folder is missing.
Result<SnapshotList> list_snapshots(const Folder& folder);

// Makes a snapshot durable under its name. `manifest` lacks the nodes' files and its snapshot; both come from
// `snapshot`.
Status write_snapshot(const Folder& folder, const SnapshotName& name, const Snapshot& snapshot, Manifest manifest);
// Reads and verifies the manifest alone.
Result<Manifest> read_manifest(const Folder& folder, const SnapshotName& name);
// Reads and verifies everything: the nodes of the manifest's snapshot then have their bytes.
Result<Manifest> read_snapshot(const Folder& folder, const SnapshotName& name);
Status remove_snapshot(const Folder& folder, const SnapshotName& name);

}  // namespace sr::durability
