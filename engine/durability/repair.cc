// repair: brings a damaged checkpoint folder to its last consistent point. Everything that does not fit is moved aside,
// from the end backwards, so that a crash in between leaves a folder that a further repair mends in the same way.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/failpoint.h"
#include "engine/durability/history.h"
#include "engine/durability/loading.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/store.h"
#include "engine/durability/wal.h"

namespace sr::durability {

namespace {

// Starts that may be among what was dropped: their numbers must not be taken again, or a sink could not tell them
// apart.
constexpr std::int64_t kSkippedEpochs = 1000;

class Repair {
 public:
  Repair(const StoreOptions& options, const LoggedInput& input)
      : options_(options), input_(input), folder_{options.env, options.dir, options.job}, fs_(*options.env->fs) {}

  Result<RepairReport> run() {
    if (const auto there = fs_.stat(folder_.dir); !there.ok() && there.error().code == "ENOENT")
      return Error{"there is no checkpoint folder " + folder_.dir + ": there is nothing to repair", false, "ENOENT"};
    auto lock = lock_folder(folder_);
    SR_TRY(lock);
    SR_TRY(mend_format());
    SR_TRY(drop_snapshots());
    SR_TRY(mend_journals(nullptr));
    SR_TRY(mend_input());
    if (report_.lost_batches) SR_TRY(skip_epochs());
    return std::move(report_);
  }

 private:
  // What cannot be read at the moment must not be thrown away, nor what is behind it be judged without it.
  Result<Loaded> load(const PlanCheck& check = {}) const {
    auto loaded = load_folder(folder_, files_.folder_id, check);
    if (loaded.ok() && loaded->unreadable) return *loaded->unreadable;
    return loaded;
  }

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
    const auto loaded = load();
    SR_TRY(loaded);
    for (const SnapshotName& name : loaded->rejected) {
      SR_TRY(set_aside("snapshot/" + name.text()));
      report_.dropped.push_back(
          fmt::format("the snapshot of batch {} does not verify; an older one is used", name.batch));
    }
    return {};
  }

  // Each round drops a journal, cuts one or finds nothing wrong.
  Status mend_journals(const PlanCheck& check) {
    while (true) {
      const auto loaded = load(check);
      SR_TRY(loaded);
      if (!loaded->damage) return {};
      SR_TRY(mend_journal(*loaded));
      report_.lost_batches = true;
    }
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

  Status skip_epochs() {
    const auto loaded = load();
    SR_TRY(loaded);
    SR_TRY(rewrite_segment(files_, loaded->last, loaded->last_bytes));
    SegmentScan last = loaded->last;
    last.torn = false;
    auto journal = LogWriter::resume({files_, options_.journal_step_bytes, false}, last);
    SR_TRY(journal);
    const std::int64_t skipped = left_out(Failpoint::repair_epochs) ? 0 : kSkippedEpochs;
    (*journal)->append(RecordType::epoch, 0, encode_epoch(loaded->recovered.epoch + skipped));
    return (*journal)->sync();
  }

  Status set_aside(const std::string& name) {
    SR_TRY(durability::set_aside(fs_, folder_.dir, name));
    // A snapshot's name stands in a folder of its own.
    const bool is_snapshot = name.starts_with("snapshot/");
    return is_snapshot ? sync_names(fs_, folder_.snapshots(), Failpoint::repair_snapshot_names) : Status();
  }

  // The batches that need input which the log has lost go, with all behind them.
  Status mend_input() {
    if (input_.dir.empty()) return {};
    const auto loaded = load();
    SR_TRY(loaded);
    std::uint64_t contained = UINT64_MAX;  // the records that the state contains, of every source
    if (const auto& snapshot = loaded->recovered.snapshot) {
      for (const std::string& source : input_.sources) {
        const auto standing = snapshot->standings.find(source);
        if (standing != snapshot->standings.end()) contained = std::min(contained, sequence_of(standing->second));
      }
    }
    if (contained == UINT64_MAX) contained = 0;
    WalOptions wal;
    wal.env = options_.env;
    wal.dir = input_.dir;
    wal.folder_id = files_.folder_id;
    wal.segment_bytes = input_.segment_bytes;
    const auto end = repair_wal(wal, contained, &report_.dropped);
    SR_TRY(end);
    return mend_journals([this, end = *end](const BatchPlan& plan) -> Status {
      for (const std::string& source : input_.sources) {
        const auto position = plan.positions.find(source);
        if (position == plan.positions.end() || sequence_of(position->second) <= end) continue;
        return Error{fmt::format("batch {} needs input that is lost", plan.tick.id)};
      }
      return {};
    });
  }

  const StoreOptions& options_;
  const LoggedInput& input_;
  Folder folder_;
  Fs& fs_;
  LogFiles files_;
  RepairReport report_;
};

}  // namespace

Result<RepairReport> repair(const StoreOptions& options, const LoggedInput& input) {
  return Repair(options, input).run();
}

}  // namespace sr::durability
