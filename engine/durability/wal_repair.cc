// repair_wal: finds the part of a damaged input log that is still of use, and moves the rest aside.
#include <fmt/format.h>

#include "engine/durability/folder.h"
#include "engine/durability/log_writer.h"
#include "engine/durability/wal.h"

namespace sr::durability {

namespace {

class WalRepair {
 public:
  WalRepair(const WalOptions& options, std::uint64_t contained, std::vector<std::string>* dropped)
      : options_(options), files_(wal_files(options)), contained_(contained), dropped_(*dropped) {}

  Result<std::uint64_t> run() {
    SR_TRY(make_durable_directory(*files_.fs, files_.dir));
    const auto segments = list_segments(files_);
    SR_TRY(segments);
    numbers_ = segments->numbers;
    if (numbers_.empty()) return contained_;
    for (const std::uint64_t number : numbers_) {
      if (!run_over_) SR_TRY(take(number));
    }
    if (!run_.empty() && run_.back().scan.closed && !run_over_)
      break_run({files_.path(numbers_.back() + 1), 0, "the file is missing"});
    const bool begins_late = run_.empty() || run_.front().scan.header.first_sequence > contained_ + 1;
    if (!begins_late && end() >= contained_ && damage_.what.empty()) return end();
    if (begins_late || end() < contained_) run_.clear();
    SR_TRY(keep_run());
    return run_.empty() ? contained_ : end();
  }

 private:
  // A segment that can be read to its end, or up to a damage.
  struct Part {
    std::uint64_t number = 0;
    SegmentScan scan;
    std::string bytes;  // of the last part only
  };

  // Of the last record of the run.
  std::uint64_t end() const { return run_.empty() ? 0 : run_.back().scan.end.next_sequence - 1; }

  // What lies behind a damage is of use only if nothing before it is needed.
  void break_run(Damage damage) {
    if (damage_.what.empty()) damage_ = std::move(damage);
    const bool needed = contained_ < end() || (run_.empty() && contained_ == 0);
    if (needed) {
      run_over_ = true;
    } else {
      run_.clear();
    }
  }

  Status take(std::uint64_t number) {
    LogFiles of_any = files_;
    of_any.folder_id.clear();
    const auto header = read_segment_header(of_any, number);
    if (!header.ok() && header.error().code != "damaged") return header.error();
    if (header.ok() && header->folder_id != options_.folder_id) {
      return Error{
          fmt::format("the input log {} belongs to another checkpoint folder. Give this job a `wal.dir` of its "
                      "own",
                      files_.dir),
          false, "foreign"};
    }
    if (!run_.empty() && number != run_.back().number + 1) {
      break_run({files_.path(number), 0, "the segment before it is missing"});
    }
    if (run_over_) return {};
    if (!header.ok()) {
      break_run({files_.path(number), 0, header.error().message});
      return {};
    }
    auto bytes = files_.fs->read_all(files_.path(number), INT64_MAX - 1);
    SR_TRY(bytes);
    ScanRequest request{number, std::nullopt};
    const auto next = read_segment_header(files_, number + 1);
    if (next.ok() && next->origin == SegmentOrigin::follows) request.next = *next;
    SegmentScan scan = scan_segment(files_, request, *bytes, [](const Record&) { return Status(); });
    const std::optional<Damage> damage = scan.damage;
    if (!run_.empty()) run_.back().bytes = {};  // only the last one may be written anew
    run_.push_back({number, std::move(scan), std::move(*bytes)});
    if (damage) break_run(*damage);
    return {};
  }

  // Moves aside what is not of the run, and lets its last segment be the last one.
  Status keep_run() {
    if (!damage_.what.empty())
      dropped_.push_back(fmt::format("{} at byte {}: {}", damage_.path, damage_.offset, damage_.what));
    dropped_.push_back(run_.empty() ? fmt::format("the input log {} is of no use: it begins anew behind record {}",
                                                  files_.dir, contained_)
                                    : fmt::format("of the input log {} what lies behind record {}", files_.dir, end()));
    for (auto number = numbers_.rbegin(); number != numbers_.rend(); ++number) {
      const bool kept = !run_.empty() && *number >= run_.front().number && *number <= run_.back().number;
      if (!kept) SR_TRY(set_aside(*files_.fs, files_.dir, std::to_string(*number)));
    }
    if (!run_.empty()) return rewrite_segment(files_, run_.back().scan, run_.back().bytes);
    SegmentHeader first;
    first.number = numbers_.empty() ? 1 : numbers_.back() + 1;
    first.origin = SegmentOrigin::mended;
    first.first_sequence = contained_ + 1;
    SR_TRY(LogWriter::create({files_, options_.segment_bytes, true}, first));
    return {};
  }

  const WalOptions& options_;
  const LogFiles files_;
  const std::uint64_t contained_;
  std::vector<std::string>& dropped_;
  std::vector<std::uint64_t> numbers_;
  std::vector<Part> run_;  // segments that follow each other
  bool run_over_ = false;
  Damage damage_;  // the first one; `what` empty: none
};

}  // namespace

Result<std::uint64_t> repair_wal(const WalOptions& options, std::uint64_t contained,
                                 std::vector<std::string>* dropped) {
  return WalRepair(options, contained, dropped).run();
}

}  // namespace sr::durability
