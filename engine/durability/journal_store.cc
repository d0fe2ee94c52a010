#include "engine/durability/journal_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/dataset_files.h"
#include "engine/durability/history.h"

namespace sr::durability {

JournalStore::JournalStore(const StoreOptions& options, Parts parts, Loaded loaded, const Recovered& recovered)
    : options_(options),
      folder_(std::move(parts.folder)),
      folder_id_(recovered.folder_id),
      lock_(std::move(parts.lock)),
      journal_(std::move(parts.journal)),
      journal_bytes_(loaded.journal_bytes),
      epoch_(recovered.epoch),
      journals_(std::move(loaded.journals)),
      usable_(std::move(loaded.usable)),
      from_beginning_(loaded.from_beginning),
      reserve_(std::move(parts.reserve)) {
  for (const auto& [dataset, journal] : loaded.datasets) {
    datasets_[dataset_name(dataset.first, dataset.second)] = journal;
  }
  for (const LoggedBatch& batch : recovered.batches) {
    if (!batch.commit) open_.insert(batch.plan.tick.id);
  }
}

void JournalStore::append(RecordType type, std::string_view payload) {
  journal_bytes_ += static_cast<std::int64_t>(payload.size() + kRecordHeaderBytes);
  journal_->append(type, 0, payload);
}

Result<std::int64_t> JournalStore::begin(std::string_view spec_text, std::string_view fingerprint) {
  std::int64_t epoch = 0;
  {
    const std::lock_guard guard(mutex_);
    epoch = ++epoch_;
    spec_text_ = spec_text;
    spec_fingerprint_ = fingerprint;
    append(RecordType::epoch, encode_epoch(epoch));
    append(RecordType::spec, encode_spec(fingerprint, spec_text));
  }
  if (!left_out(Failpoint::epoch)) SR_TRY(sync());
  return epoch;
}

Status JournalStore::restore_reserve() {
  const std::lock_guard guard(reserve_mutex_);
  return reserve_.take();
}

Status JournalStore::plan(const BatchPlan& plan) {
  SR_TRY(restore_reserve());
  const std::lock_guard guard(mutex_);
  const std::int64_t id = plan.tick.id;
  open_.erase(open_.lower_bound(id), open_.end());
  open_.insert(id);
  const std::uint64_t journal = journal_->segment();
  journals_[journal] = std::max(journals_[journal], id);
  for (const auto& [dataset, hash] : plan.datasets) datasets_[dataset_name(dataset, hash)] = journal;
  append(RecordType::plan, encode_plan(plan));
  return {};
}

Status JournalStore::output(std::int64_t batch, std::string_view node, std::string_view bytes) {
  append(RecordType::output, encode_output(batch, node, bytes));
  return {};
}

Status JournalStore::commit(const BatchCommit& commit) {
  {
    const std::lock_guard guard(mutex_);
    open_.erase(commit.tick.id);
    append(RecordType::commit, encode_commit(commit));
  }
  journal_->flush();
  return {};
}

Status JournalStore::attempt(std::int64_t batch) {
  append(RecordType::attempt, encode_attempt(batch));
  return {};
}

Status JournalStore::skip(std::int64_t batch, const RecordPlace& record) {
  append(RecordType::skip, encode_skip(batch, record));
  return {};
}

Status JournalStore::clean() {
  SR_TRY(still_there());
  append(RecordType::clean, {});
  journal_->flush();
  return {};
}

Status JournalStore::sync() {
  Status synced = journal_->sync();
  if (synced.ok() || !is_disk_full(synced.error())) return synced;
  {
    const std::lock_guard guard(reserve_mutex_);
    if (!reserve_.release()) return synced;
  }
  if (options_.log != nullptr) {
    options_.log->warn("the disk is full: the open batch is finished from the reserve, no new one begins",
                       {{"dir", options_.dir}});
  }
  return journal_->sync();
}

Status JournalStore::save_dataset(std::string_view id, std::string_view hash, std::string_view bytes) {
  const std::lock_guard guard(dataset_mutex_);
  {
    const std::lock_guard state(mutex_);
    datasets_[dataset_name(id, hash)] = journal_->segment();
  }
  // What is there and whole need not be written, but its name may not be durable.
  if (read_dataset(folder_, id, hash).ok())
    return sync_names(*folder_.env->fs, folder_.datasets(), Failpoint::dataset_name_again);
  return write_dataset(folder_, id, hash, bytes);
}

Result<std::string> JournalStore::load_dataset(std::string_view id, std::string_view hash) {
  return read_dataset(folder_, id, hash);
}

}  // namespace sr::durability
