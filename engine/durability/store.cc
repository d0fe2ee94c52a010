#include "engine/durability/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/journal_store.h"

namespace sr::durability {

namespace {

LogWriterOptions writer_options(const StoreOptions& options, const Folder& folder, const std::string& folder_id) {
  return {folder.journal(folder_id), options.journal_step_bytes, false};
}

// A crash in the making of a folder leaves names without a record in them; more means that FORMAT has been lost.
Status check_unused(const Folder& folder) {
  Fs& fs = *folder.env->fs;
  const auto names = fs.list(folder.dir);
  SR_TRY(names);
  for (const std::string& name : *names) {
    if (name == "LOCK" || name.ends_with(".new") || name.starts_with("probe") || name == "reserve") continue;
    bool empty = false;
    if (name == "snapshot" || name == "dataset") {
      const auto inside = fs.list(folder.path(name));
      SR_TRY(inside);
      empty = inside->empty();
    } else if (name == "journal-1") {
      const LogFiles files = folder.journal("");
      const auto bytes = fs.read_all(files.path(1), INT64_MAX - 1);
      SR_TRY(bytes);
      const SegmentScan scan = scan_segment(files, {1, std::nullopt}, *bytes, [](const Record&) { return Status(); });
      empty = !scan.damage && scan.end.next_sequence == 1;
    }
    if (empty || left_out(Failpoint::folder_unused)) continue;
    return Error{
        fmt::format("{} is no checkpoint folder: it has no FORMAT but holds `{}`. If it was one, `streamrun state "
                    "repair JOB`, with the job's file, mends it; else choose another `checkpoint.dir`",
                    folder.dir, name),
        false, "damaged"};
  }
  return {};
}

Result<std::string> make_folder(const StoreOptions& options, const Folder& folder) {
  SR_TRY(check_unused(folder));
  Fs& fs = *options.env->fs;
  SR_TRY(fs.make_directories(folder.snapshots()));
  SR_TRY(fs.make_directories(folder.datasets()));
  const std::string id = new_folder_id(*options.env->random);
  SegmentHeader first;
  first.number = 1;
  first.origin = SegmentOrigin::first;
  SR_TRY(LogWriter::create(writer_options(options, folder, id), first));
  SR_TRY(write_format(folder, id));  // last: a folder with a FORMAT is complete
  return id;
}

// Removes what a crash has left unfinished, and makes durable what a killed process has not.
Status tidy(const Folder& folder, const Loaded& loaded) {
  Fs& fs = *folder.env->fs;
  SR_TRY(fs.make_directories(folder.snapshots()));
  SR_TRY(fs.make_directories(folder.datasets()));
  SR_TRY(sync_names(fs, folder.dir, Failpoint::names_seen));
  SR_TRY(sync_names(fs, folder.snapshots(), Failpoint::snapshot_names_seen));
  // A dataset that a plan needs was synced before the plan.
  for (const std::string& path : loaded.unfinished) {
    if (path.starts_with(folder.snapshots())) {
      SR_TRY(remove_folder(fs, path));
    } else {
      SR_TRY(fs.remove(path));
    }
  }
  const auto datasets = fs.list(folder.datasets());
  SR_TRY(datasets);
  for (const std::string& name : *datasets) {
    if (name.ends_with(".new")) SR_TRY(fs.remove(folder.datasets() + "/" + name));
  }
  return {};
}

void tell(const StoreOptions& options, const Recovered& recovered) {
  if (options.log == nullptr) return;
  for (const std::string& note : recovered.notes) options.log->warn(note, {{"dir", options.dir}});
}

// Says what to do about a place that cannot be written.
Error with_advice(Error error, const StoreOptions& options) {
  if (error.code == "ENOSPC" || error.code == "EDQUOT") {
    error.message += ". Nothing is lost: make room on the disk of " + options.dir + ", then start again";
  } else if (error.code == "EROFS" || error.code == "EACCES" || error.code == "EPERM") {
    error.message += ". The job writes its checkpoint folder as it runs: make " + options.dir +
                     " writable for it, or give it another `checkpoint.dir`";
  }
  return error;
}

Result<std::unique_ptr<File>> take_folder(const StoreOptions& options, const Folder& folder) {
  SR_TRY(make_durable_directory(*options.env->fs, options.dir));
  auto lock = lock_folder(folder);
  SR_TRY(lock);
  SR_TRY(probe_folder(folder, options.min_free_bytes));
  return lock;
}

constexpr int kLooks = 32;  // at a folder in which a job makes snapshots and removes journals meanwhile

// The names of journals and snapshots; what cannot be listed shows when it is read.
std::vector<std::string> names_in(const Folder& folder) {
  std::vector<std::string> all;
  for (const std::string& path : {folder.dir, folder.snapshots()}) {
    auto names = folder.env->fs->list(path);
    if (!names.ok()) continue;
    std::sort(names->begin(), names->end());
    all.insert(all.end(), names->begin(), names->end());
  }
  return all;
}

}  // namespace

Result<Store::Opened> Store::open(const StoreOptions& options) {
  const Folder folder{options.env, options.dir, options.job};
  auto lock = take_folder(options, folder);
  if (!lock.ok()) return with_advice(lock.error(), options);
  auto id = read_format(folder);
  if (!id.ok() && id.error().code == "ENOENT") id = make_folder(options, folder);
  SR_TRY(id);
  auto loaded = load_folder(folder, *id);
  SR_TRY(loaded);
  if (loaded->damage) return loading_error(folder, *loaded);
  SR_TRY(tidy(folder, *loaded));
  // The mark of a clean end may stand in memory alone, if its sync has failed.
  const bool safe = loaded->last.synced || left_out(Failpoint::clean_end_synced);
  const bool clean = loaded->recovered.clean && safe && !loaded->last.torn;
  if (!clean && !left_out(Failpoint::live_tail_copied))
    SR_TRY(rewrite_segment(folder.journal(*id), loaded->last, loaded->last_bytes));
  loaded->last.torn = false;
  auto journal = LogWriter::resume(writer_options(options, folder, *id), loaded->last);
  SR_TRY(journal);
  Reserve reserve(folder, options.reserve_bytes);
  SR_TRY(reserve.take());
  Opened opened;
  opened.recovered = std::move(loaded->recovered);
  tell(options, opened.recovered);
  JournalStore::Parts parts{folder, std::move(*lock), std::move(*journal), std::move(reserve)};
  opened.store = std::make_unique<JournalStore>(options, std::move(parts), std::move(loaded).value(), opened.recovered);
  return opened;
}

Result<Recovered> Store::read(const StoreOptions& options) {
  const Folder folder{options.env, options.dir, options.job};
  const auto id = read_format(folder);
  if (!id.ok() && id.error().code == "ENOENT")
    return Error{"there is no checkpoint folder " + options.dir + ": no run of the job has made it", false, "ENOENT"};
  SR_TRY(id);
  for (int looks = 1;; ++looks) {
    const std::vector<std::string> names = names_in(folder);
    auto loaded = load_folder(folder, *id);
    if (names != names_in(folder) && looks < kLooks) continue;
    SR_TRY(loaded);
    if (loaded->damage) return loading_error(folder, *loaded);
    return std::move(loaded->recovered);
  }
}

}  // namespace sr::durability
