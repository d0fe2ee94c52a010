#include "engine/durability/loading.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/history.h"

namespace sr::durability {

namespace {

class Loader {
 public:
  Loader(const Folder& folder, const std::string& folder_id, const PlanCheck& check)
      : folder_(folder), check_(check), files_(folder.journal(folder_id)), fs_(*folder.env->fs) {
    loaded_.recovered.folder_id = folder_id;
  }

  Result<Loaded> run() {
    const auto segments = list_segments(files_);
    SR_TRY(segments);
    const auto snapshots = list_snapshots(folder_);
    SR_TRY(snapshots);
    for (const std::string& name : segments->unfinished) loaded_.unfinished.push_back(folder_.path(name));
    for (const std::string& name : snapshots->unfinished)
      loaded_.unfinished.push_back(folder_.snapshots() + "/" + name);
    for (const std::uint64_t number : segments->numbers) loaded_.journals[number] = 0;
    SR_TRY(choose_snapshot(snapshots->names));
    SR_TRY(find_start(segments->numbers));
    SR_TRY(read_journals(segments->numbers));
    return std::move(loaded_);
  }

 private:
  // Takes the newest snapshot that verifies; older ones count as usable if their manifests do.
  Status choose_snapshot(const std::vector<SnapshotName>& names) {
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      auto manifest = base_ ? read_manifest(folder_, *name) : read_snapshot(folder_, *name);
      if (manifest.ok()) {
        loaded_.usable.insert(loaded_.usable.begin(), UsableSnapshot{*name, manifest->snapshot.standings});
        if (!base_) base_ = std::move(manifest).value();
        continue;
      }
      if (manifest.error().code == "version" && !left_out(Failpoint::snapshot_version)) return manifest.error();
      const bool damaged = is_damage(manifest.error());
      if (damaged) loaded_.rejected.push_back(*name);
      if (!damaged) loaded_.unreadable = manifest.error();
      loaded_.recovered.notes.push_back(fmt::format("the snapshot of batch {} {} and not used: {}", name->batch,
                                                    damaged ? "is damaged" : "cannot be read",
                                                    manifest.error().message));
    }
    return {};
  }

  Status find_start(const std::vector<std::uint64_t>& numbers) {
    if (!numbers.empty()) {
      const auto header = read_segment_header(files_, numbers.front());
      if (!header.ok() && !is_damage(header.error())) return header.error();
      loaded_.from_beginning = header.ok() && header->origin == SegmentOrigin::first;
    }
    if (base_) {
      loaded_.first_journal = loaded_.usable.back().name.journal;
      return {};
    }
    if (numbers.empty() || (!loaded_.from_beginning && !left_out(Failpoint::snapshot_missing))) {
      return Error{
          fmt::format("the checkpoint folder {} is damaged: no snapshot in it verifies, and its journals do not "
                      "reach back to the beginning. Restore it from a copy, or begin anew in another folder",
                      folder_.dir),
          false, "damaged"};
    }
    loaded_.first_journal = numbers.front();
    return {};
  }

  // A file that cannot be read at the moment is not damage: a repair would throw it away.
  static bool is_damage(const Error& error) { return error.code == "damaged" || error.code == "ENOENT"; }

  Status damaged(std::uint64_t number, const Error& error) {
    if (!is_damage(error)) return error;
    loaded_.damage = JournalDamage{number, {files_.path(number), 0, error.message}};
    return {};
  }

  Status read_journals(const std::vector<std::uint64_t>& numbers) {
    if (base_) base_batch_ = base_->snapshot.tick.id;
    History history(std::move(base_));
    const std::uint64_t last = std::max(loaded_.first_journal, numbers.empty() ? 0 : numbers.back());
    for (std::uint64_t number = loaded_.first_journal; number <= last && !loaded_.damage; ++number) {
      SR_TRY(read_journal(number, number == last, history));
    }
    loaded_.last_batch = history.last_batch();
    Recovered found = std::move(history).finish();
    found.folder_id = std::move(loaded_.recovered.folder_id);
    found.notes = std::move(loaded_.recovered.notes);
    loaded_.recovered = std::move(found);
    return {};
  }

  Status read_journal(std::uint64_t number, bool last, History& history) {
    auto bytes = fs_.read_all(files_.path(number), INT64_MAX - 1);
    if (!bytes.ok()) return damaged(number, bytes.error());
    ScanRequest request{number, std::nullopt};
    if (!last) {
      const auto next = read_segment_header(files_, number + 1);
      if (!next.ok()) SR_TRY(damaged(number + 1, next.error()));
      if (next.ok()) request.next = *next;
    }
    SegmentScan scan = scan_segment(files_, request, *bytes, [&](const Record& record) -> Status {
      if (check_ && record.type == RecordType::plan) SR_TRY(check_plan(record));
      return history.add(record);
    });
    loaded_.journals[number] = history.take_last_plan();
    for (const auto& dataset : history.take_datasets()) loaded_.datasets[dataset] = number;
    loaded_.journal_bytes += scan.end.offset;
    if (scan.damage) loaded_.damage = JournalDamage{number, *scan.damage};
    const bool next_missing = last && scan.closed && !left_out(Failpoint::journal_closed);
    if (next_missing && !scan.damage) SR_TRY(damaged(number + 1, {"the file is missing", false, "damaged"}));
    if (scan.torn) {
      loaded_.recovered.notes.push_back(fmt::format("{}: a write at byte {} was cut off by a crash and is dropped",
                                                    files_.path(number), scan.end.offset));
    }
    loaded_.last = std::move(scan);
    loaded_.last_bytes = std::move(*bytes);
    return {};
  }

  Status check_plan(const Record& record) const {
    const auto plan = decode_plan(record.payload);
    SR_TRY(plan);
    return plan->tick.id > base_batch_ ? check_(*plan) : Status{};
  }

  const Folder& folder_;
  const PlanCheck& check_;
  LogFiles files_;
  Fs& fs_;
  Loaded loaded_;
  std::optional<Manifest> base_;
  std::int64_t base_batch_ = 0;
};

}  // namespace

Result<Loaded> load_folder(const Folder& folder, const std::string& folder_id, const PlanCheck& check) {
  return Loader(folder, folder_id, check).run();
}

Error loading_error(const Folder& folder, const Loaded& loaded) {
  return damage_error(
      loaded.damage->damage,
      loaded.last_batch == 0 ? std::string("every batch would be lost")
                             : fmt::format("the batches behind batch {} would be lost", loaded.last_batch),
      "Keep a copy of the folder; `streamrun state repair JOB`, with the job's file, cuts the journal there");
}

}  // namespace sr::durability
