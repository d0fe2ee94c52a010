// JournalStore: the Store on a folder that has been opened. Private to engine/durability; entry point: Store::open.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/durability/folder.h"
#include "engine/durability/loading.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/store.h"

namespace sr::durability {

class JournalStore final : public Store {
 public:
  struct Parts {
    Folder folder;
    std::unique_ptr<File> lock;
    std::unique_ptr<LogWriter> journal;
    Reserve reserve;
  };
  // `loaded` without what its `recovered` holds.
  JournalStore(const StoreOptions& options, Parts parts, Loaded loaded, const Recovered& recovered);

  Result<std::int64_t> begin(std::string_view spec_text, std::string_view fingerprint) override;
  Status plan(const BatchPlan& plan) override;
  Status output(std::int64_t batch, std::string_view node, std::string_view bytes) override;
  Status commit(const BatchCommit& commit) override;
  Status attempt(std::int64_t batch) override;
  Status skip(std::int64_t batch, const RecordPlace& record) override;
  Status clean() override;
  Status sync() override;
  Result<Kept> save(const Snapshot& snapshot) override;
  Kept kept() const override;
  Status save_dataset(std::string_view id, std::string_view hash, std::string_view bytes) override;
  Result<std::string> load_dataset(std::string_view id, std::string_view hash) override;
  const std::string& folder_id() const override { return folder_id_; }
  std::int64_t journal_bytes() const override { return journal_bytes_; }

 private:
  void append(RecordType type, std::string_view payload);
  // An error if the folder was removed or replaced under the job.
  Status still_there() const;
  // Takes the reserve again if a full disk has used it up.
  Status restore_reserve();

  // Names the snapshot of a batch; an error if the batch is open.
  Result<SnapshotName> name_snapshot(std::int64_t batch) const;
  // So many snapshots stay.
  std::size_t retained() const;
  // Removes what no retained snapshot needs. What cannot be removed stays for the next time.
  void collect_garbage();
  Status collect_snapshots(const std::set<SnapshotName>& staying);
  Status collect_journals(std::uint64_t oldest);
  Status collect_datasets(std::uint64_t oldest);

  const StoreOptions options_;
  const Folder folder_;
  const std::string folder_id_;
  const std::unique_ptr<File> lock_;
  const std::unique_ptr<LogWriter> journal_;
  std::atomic<std::int64_t> journal_bytes_ = 0;

  mutable std::mutex mutex_;  // of what follows; never held while a file is touched
  std::int64_t epoch_ = 0;
  std::string spec_text_;
  std::string spec_fingerprint_;
  std::set<std::int64_t> open_;                     // batches planned and not committed
  std::map<std::uint64_t, std::int64_t> journals_;  // number → newest batch that may be planned in it
  std::map<std::string, std::uint64_t> datasets_;   // file name → newest journal whose plans may need it
  std::vector<UsableSnapshot> usable_;              // ascending
  bool from_beginning_ = false;

  std::mutex reserve_mutex_;
  Reserve reserve_;
  std::mutex save_mutex_;
  std::mutex dataset_mutex_;
};

}  // namespace sr::durability
