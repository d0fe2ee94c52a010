// repair: brings a damaged checkpoint folder to its last consistent point. Everything that does not fit is moved aside,
// from the end backwards, so that a crash in between leaves a folder that a further repair mends in the same way.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/history.h"
#include "engine/durability/loading.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/store.h"

namespace sr::durability {

namespace {

// Starts that may be among what was dropped: their numbers must not be taken again, or a sink could not tell them
// apart.
constexpr std::int64_t kSkippedEpochs = 1000;

class Repair {
 public:
  explicit Repair(const StoreOptions& options)
      : options_(options), folder_{options.env, options.dir, options.job}, fs_(*options.env->fs) {}

  Result<RepairReport> run() {
    auto lock = lock_folder(folder_);
    SR_TRY(lock);
    SR_TRY(mend_format());
    SR_TRY(drop_snapshots());
    // Each round drops a journal, cuts one or finds nothing wrong.
    while (true) {
      auto loaded = load_folder(folder_, files_.folder_id);
      SR_TRY(loaded);
      if (!loaded->damage) {
        if (cut_) SR_TRY(skip_epochs(*loaded));
        return std::move(report_);
      }
      SR_TRY(mend_journal(*loaded));
      cut_ = true;
    }
  }

 private:
  Status mend_format() {
    const auto id = read_format(folder_);
    files_ = folder_.journal(id.ok() ? *id : "");
    if (id.ok()) return {};
    if (id.error().code != "damaged" && id.error().code != "ENOENT") return id.error();
    const auto segments = list_segments(files_);
    SR_TRY(segments);
    for (auto number = segments->numbers.rbegin(); number != segments->numbers.rend(); ++number) {
      const auto header = read_segment_header(files_, *number);
      if (!header.ok()) continue;
      files_.folder_id = header->folder_id;
      report_.dropped.push_back("FORMAT was damaged; it is written anew from what the journals know");
      return write_format(folder_, files_.folder_id);
    }
    return Error{fmt::format("{} cannot be repaired: neither its FORMAT nor a journal can be read", folder_.dir), false,
                 "damaged"};
  }

  Status drop_snapshots() {
    const auto loaded = load_folder(folder_, files_.folder_id);
    SR_TRY(loaded);
    for (const SnapshotName& name : loaded->rejected) {
      SR_TRY(set_aside("snapshot/" + name.text()));
      report_.dropped.push_back(
          fmt::format("the snapshot of batch {} does not verify; an older one is used", name.batch));
    }
    return {};
  }

  Status mend_journal(const Loaded& loaded) {
    const JournalDamage& bad = *loaded.damage;
    const bool headless = bad.damage.offset == 0;
    report_.dropped.push_back(fmt::format("{} at byte {}: {}; the batches behind batch {} are dropped", bad.damage.path,
                                          bad.damage.offset, bad.damage.what, loaded.last_batch));
    for (auto journal = loaded.journals.rbegin(); journal != loaded.journals.rend(); ++journal) {
      if (journal->first < bad.number || (journal->first == bad.number && !headless)) break;
      if (fs_.stat(files_.path(journal->first)).ok()) SR_TRY(set_aside("journal-" + std::to_string(journal->first)));
    }
    // The last one read: the damaged one, or the one before a lost one, which must no longer say that another follows.
    if (!headless || bad.number > loaded.first_journal) {
      return rewrite_segment(files_, loaded.last, loaded.last_bytes);
    }
    return begin_journal(loaded);
  }

  // The journal behind the snapshot is lost as a whole: an empty one takes its place, and nothing older fits any more.
  Status begin_journal(const Loaded& loaded) {
    if (loaded.usable.empty()) {
      return Error{
          fmt::format("{} cannot be repaired: no snapshot verifies and its first journal is lost", folder_.dir), false,
          "damaged"};
    }
    for (auto older = loaded.usable.begin(); older + 1 != loaded.usable.end(); ++older) {
      SR_TRY(set_aside("snapshot/" + older->name.text()));
    }
    for (const auto& [number, last_plan] : loaded.journals) {
      if (number < loaded.first_journal) SR_TRY(set_aside("journal-" + std::to_string(number)));
    }
    SegmentHeader header;
    header.number = loaded.first_journal;
    header.origin = SegmentOrigin::mended;
    SR_TRY(LogWriter::create({files_, options_.journal_step_bytes, false}, header));
    return {};
  }

  Status skip_epochs(const Loaded& loaded) {
    SR_TRY(rewrite_segment(files_, loaded.last, loaded.last_bytes));
    SegmentScan last = loaded.last;
    last.torn = false;
    auto journal = LogWriter::resume({files_, options_.journal_step_bytes, false}, last);
    SR_TRY(journal);
    const std::int64_t skipped = left_out(Failpoint::repair_epochs) ? 0 : kSkippedEpochs;
    (*journal)->append(RecordType::epoch, 0, encode_epoch(loaded.recovered.epoch + skipped));
    return (*journal)->sync();
  }

  Status set_aside(const std::string& name) {
    SR_TRY(fs_.make_directories(folder_.path("damaged")));
    std::string target = name;
    std::replace(target.begin(), target.end(), '/', '-');
    target = folder_.path("damaged/" + target);
    std::string free = target;
    for (int copy = 2; fs_.stat(free).ok(); ++copy) free = target + "." + std::to_string(copy);
    SR_TRY(fs_.rename(folder_.path(name), free));
    // The name of `damaged`, and that of a journal; a snapshot's stands in a folder of its own.
    SR_TRY(sync_names(fs_, folder_.dir, Failpoint::repair_names));
    const bool is_snapshot = name.starts_with("snapshot/");
    return is_snapshot ? sync_names(fs_, folder_.snapshots(), Failpoint::repair_snapshot_names) : Status();
  }

  const StoreOptions& options_;
  Folder folder_;
  Fs& fs_;
  LogFiles files_;
  RepairReport report_;
  bool cut_ = false;
};

}  // namespace

Result<RepairReport> repair(const StoreOptions& options) {
  return Repair(options).run();
}

}  // namespace sr::durability
