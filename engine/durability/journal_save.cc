// JournalStore::save: publishes a snapshot, begins a new journal behind it and lets go of what nothing needs any more.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/journal_store.h"

namespace sr::durability {

Result<SnapshotName> JournalStore::name_snapshot(std::int64_t batch) const {
  const std::lock_guard guard(mutex_);
  if (!open_.empty() && *open_.begin() <= batch && !left_out(Failpoint::snapshot_committed)) {
    return Error{
        fmt::format("a snapshot of batch {} cannot be saved before batch {} is committed", batch, *open_.begin()),
        false, "open"};
  }
  SnapshotName name{batch, journal_->segment()};
  for (const auto& [number, last_plan] : journals_) {
    if (last_plan > batch && !left_out(Failpoint::snapshot_journal)) name.journal = std::min(name.journal, number);
  }
  return name;
}

Result<Kept> JournalStore::save(const Snapshot& snapshot) {
  const std::lock_guard guard(save_mutex_);
  const std::int64_t bytes_before = journal_bytes_;
  SR_TRY(still_there());
  const auto name = name_snapshot(snapshot.tick.id);
  SR_TRY(name);
  Manifest manifest;
  {
    const std::lock_guard state(mutex_);
    const bool known = std::any_of(usable_.begin(), usable_.end(), [&](const auto& one) { return one.name == *name; });
    manifest.epoch = epoch_;
    manifest.spec_text = spec_text_;
    manifest.spec_fingerprint = spec_fingerprint_;
    if (known) manifest.epoch = 0;
  }
  if (manifest.epoch == 0) return kept();
  if (const Status written = write_snapshot(folder_, *name, snapshot, std::move(manifest)); !written.ok()) {
    (void)remove_folder(*folder_.env->fs, folder_.snapshots() + "/" + name->text() + ".new").ok();
    return written.error();
  }
  {
    const std::lock_guard state(mutex_);
    usable_.push_back({*name, snapshot.standings});
    std::sort(usable_.begin(), usable_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  }
  const Status rotated = journal_->rotate();
  if (!rotated.ok() && !is_disk_full(rotated.error())) return rotated.error();
  journal_bytes_ -= bytes_before;
  {
    const std::lock_guard state(mutex_);
    journals_.try_emplace(journal_->segment(), 0);
  }
  collect_garbage();
  return kept();
}

std::size_t JournalStore::retained() const {
  return left_out(Failpoint::kept_snapshots) ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(1, options_.retain));
}

// The lock tells a copy that was put in its place from the folder that was opened.
Status JournalStore::still_there() const {
  const auto gone = [&](std::string_view what) {
    return Error{fmt::format("the checkpoint folder {} was {} while the job ran. What the sinks hold is whole, but the "
                             "job's state and place are not kept any more: put the folder back as it was, or reset the "
                             "sinks, before the job is started again",
                             options_.dir, what),
                 false, "gone"};
  };
  const auto held = lock_->info();
  SR_TRY(held);
  const auto found = folder_.env->fs->stat(folder_.path("LOCK"));
  const auto id = read_format(folder_);
  if ((!found.ok() && found.error().code == "ENOENT") || (!id.ok() && id.error().code == "ENOENT"))
    return gone("removed");
  SR_TRY(found);
  SR_TRY(id);
  return found->inode != held->inode || *id != folder_id_ ? Status(gone("replaced by another")) : Status();
}

Kept JournalStore::kept() const {
  const std::lock_guard guard(mutex_);
  const std::size_t retain = retained();
  const bool to_beginning = usable_.size() < retain && from_beginning_ && !left_out(Failpoint::kept_beginning);
  if (usable_.empty() || to_beginning) return {};
  const UsableSnapshot& oldest = usable_[usable_.size() - std::min(retain, usable_.size())];
  return {oldest.name.batch, oldest.standings};
}

void JournalStore::collect_garbage() {
  std::set<SnapshotName> staying;
  std::uint64_t oldest = 0;
  {
    const std::lock_guard guard(mutex_);
    const std::size_t retain = retained();
    if (usable_.size() < retain) return;
    usable_.erase(usable_.begin(), usable_.end() - static_cast<std::ptrdiff_t>(retain));
    from_beginning_ = false;
    oldest = journal_->segment();
    for (const UsableSnapshot& one : usable_) {
      staying.insert(one.name);
      if (!left_out(Failpoint::kept_journals)) oldest = std::min(oldest, one.name.journal);
    }
  }
  // Snapshots first: one whose journals are gone must not be found.
  Status done = collect_snapshots(staying);
  if (done.ok()) done = collect_journals(oldest);
  if (done.ok()) done = collect_datasets(oldest);
  if (!done.ok() && options_.log != nullptr) {
    options_.log->warn("old files of the checkpoint could not be removed", {{"reason", done.error().message}});
  }
}

Status JournalStore::collect_snapshots(const std::set<SnapshotName>& staying) {
  Fs& fs = *folder_.env->fs;
  const auto list = list_snapshots(folder_);
  SR_TRY(list);
  std::vector<std::string> leaving = list->unfinished;
  for (const SnapshotName& name : list->names) {
    if (staying.contains(name)) continue;
    // Renamed first, so that no half of it is ever found under its name.
    const std::string end = left_out(Failpoint::snapshot_let_go) ? "" : ".new";
    const std::string path = folder_.snapshots() + "/" + name.text();
    SR_TRY(fs.rename(path, path + end));
    leaving.push_back(name.text() + end);
  }
  for (const std::string& name : leaving) SR_TRY(remove_folder(fs, folder_.snapshots() + "/" + name));
  return {};
}

Status JournalStore::collect_journals(std::uint64_t oldest) {
  const LogFiles files = folder_.journal(folder_id_);
  const auto list = list_segments(files);
  SR_TRY(list);
  for (const std::uint64_t number : list->numbers) {
    if (number >= oldest) break;
    SR_TRY(files.fs->remove(files.path(number)));
    const std::lock_guard guard(mutex_);
    journals_.erase(number);
  }
  return {};
}

Status JournalStore::collect_datasets(std::uint64_t oldest) {
  const std::lock_guard saving(dataset_mutex_);
  const auto names = folder_.env->fs->list(folder_.datasets());
  SR_TRY(names);
  for (const std::string& name : *names) {
    {
      const std::lock_guard guard(mutex_);
      const auto found = datasets_.find(name);
      const bool needed = found != datasets_.end() && found->second >= oldest;
      if (needed && !left_out(Failpoint::kept_datasets)) continue;
      if (found != datasets_.end()) datasets_.erase(found);
    }
    SR_TRY(folder_.env->fs->remove(folder_.datasets() + "/" + name));
  }
  return {};
}

}  // namespace sr::durability
