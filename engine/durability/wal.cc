#include "engine/durability/wal.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <optional>

#include "engine/base/failpoint.h"
#include "engine/durability/byte_reader.h"
#include "engine/durability/folder.h"
#include "engine/durability/log_writer.h"

namespace sr::durability {

namespace {

constexpr std::size_t kMostSpares = 4;
constexpr std::int64_t kLargeTail = 1 << 20;  // of the last segment: worth letting go
constexpr const char* kStartReserve = "reserve-start";
constexpr std::string_view kRemedy =
    "Keep a copy of the folder; `streamrun state repair JOB`, with the job's file, goes on without what is lost";

Folder folder_of(const WalOptions& options) {
  return {options.env, options.dir, {}};
}

Result<WalRecord> decode_input(const Record& record) {
  const Error malformed{"a record of input is malformed", false, "damaged"};
  if (record.type != RecordType::input && !left_out(Failpoint::wal_record)) return malformed;
  ByteReader in(record.payload);
  const auto size = in.value<std::uint32_t>();
  WalRecord input;
  input.source = in.view(size);
  if (!in.ok()) return malformed;
  input.bytes = record.payload.substr(sizeof size + size);
  input.sequence = record.sequence;
  input.flags = record.flags;
  return input;
}

class SegmentedWal final : public Wal {
 public:
  SegmentedWal(const WalOptions& options, std::map<std::uint64_t, SegmentHeader> headers,
               std::unique_ptr<LogWriter> writer)
      : options_(options),
        files_(wal_files(options)),
        writer_(std::move(writer)),
        headers_(std::move(headers)),
        reserve_(folder_of(options), options.reserve_bytes),
        start_reserve_(folder_of(options),
                       std::max(options.reserve_bytes, options.reserve_bytes > 0 ? options.segment_bytes : 0),
                       kStartReserve) {}

  std::uint64_t append(std::string_view source, std::string_view bytes, std::uint8_t flags) override {
    std::string head;
    put_text(head, source);
    return writer_->append(RecordType::input, flags, head, bytes);
  }

  Status sync() override {
    Status synced = writer_->sync();
    if (!synced.ok() && is_disk_full(synced.error()) && release_reserve()) synced = writer_->sync();
    if (writer_->took_small()) low_ = true;
    SR_TRY(synced);
    return learn_segments();
  }

  std::int64_t pending_bytes() const override { return writer_->pending_bytes(); }
  std::uint64_t durable_sequence() const override { return writer_->durable_sequence(); }
  std::uint64_t next_sequence() const override { return writer_->next_sequence(); }
  std::uint64_t first_sequence() const override {
    const std::lock_guard guard(mutex_);
    return headers_.begin()->second.first_sequence;
  }

  Status read(std::uint64_t from, std::uint64_t to, const std::function<Status(const WalRecord&)>& visit) override;
  Status recycle(std::uint64_t upto) override;

  bool low() const override { return low_; }
  void relieve() override;
  // Without room for it the log is low.
  Status take_reserve();

  std::size_t segments() const override {
    const std::lock_guard guard(mutex_);
    return headers_.size();
  }
  bool full() const override { return used_bytes() >= options_.max_bytes; }
  std::int64_t used_bytes() const override {
    const std::lock_guard guard(mutex_);
    return static_cast<std::int64_t>(headers_.size() - 1) * options_.segment_bytes + live_bytes_ + pending_bytes();
  }

 private:
  // Takes note of the segments that the writer has begun.
  Status learn_segments();
  bool release_reserve();

  const WalOptions options_;
  const LogFiles files_;
  const std::unique_ptr<LogWriter> writer_;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, SegmentHeader> headers_;  // of the segments in use, by number
  std::int64_t live_bytes_ = 0;                     // used of the last one

  std::mutex reserve_mutex_;
  Reserve reserve_;        // for what was received
  Reserve start_reserve_;  // for the next start
  std::atomic<bool> low_ = false;
};

bool SegmentedWal::release_reserve() {
  const std::lock_guard guard(reserve_mutex_);
  low_ = true;
  if (!reserve_.release()) return false;
  if (options_.log != nullptr)
    options_.log->warn(
        "the disk of the input log is full: what was received is processed from the reserve, and reading waits until a "
        "snapshot or somebody else makes room",
        {{"dir", options_.dir}});
  return true;
}

Status SegmentedWal::take_reserve() {
  const std::lock_guard guard(reserve_mutex_);
  Status taken = start_reserve_.take();
  if (taken.ok()) taken = reserve_.take();
  const bool was_low = low_.exchange(!taken.ok());
  if (taken.ok() && was_low && options_.log != nullptr)
    options_.log->info("the disk of the input log has room again", {{"dir", options_.dir}});
  return taken;
}

void SegmentedWal::relieve() {
  if (!low_ || take_reserve().ok() || segments() > 1 || writer_->tail().end.offset < kLargeTail) return;
  // The last segment alone takes the room: behind a new one a snapshot lets it go.
  if (writer_->rotate().ok()) static_cast<void>(learn_segments());
}

Status SegmentedWal::learn_segments() {
  const LogWriter::Tail tail = writer_->tail();
  const std::lock_guard guard(mutex_);
  for (std::uint64_t number = headers_.rbegin()->first + 1; number <= tail.segment; ++number) {
    const auto header = read_segment_header(files_, number);
    SR_TRY(header);
    headers_[number] = *header;
  }
  live_bytes_ = tail.end.offset;
  return {};
}

Status SegmentedWal::read(std::uint64_t from, std::uint64_t to, const std::function<Status(const WalRecord&)>& visit) {
  if (from > to) return {};
  const LogWriter::Tail tail = writer_->tail();
  std::map<std::uint64_t, SegmentHeader> headers;
  {
    const std::lock_guard guard(mutex_);
    headers = headers_;
  }
  const bool held = from >= headers.begin()->second.first_sequence && to < tail.end.next_sequence;
  if (!held && !left_out(Failpoint::wal_range)) {
    return Error{
        fmt::format("the input log {} holds the records {} to {}, not {} to {}. Restore it from a copy, or "
                    "`streamrun state repair JOB`, with the job's file, drops the batches that need them",
                    options_.dir, headers.begin()->second.first_sequence, tail.end.next_sequence - 1, from, to),
        false, "missing"};
  }
  // The live segment ends at its durable part, as if a next one said so.
  SegmentHeader end;
  end.first_sequence = tail.end.next_sequence;
  end.previous_end = static_cast<std::uint64_t>(tail.end.offset);
  end.previous_checksum = tail.end.checksum;
  headers[tail.segment + 1] = end;
  Status visited;
  for (auto segment = headers.begin(); std::next(segment) != headers.end(); ++segment) {
    const SegmentHeader& next = std::next(segment)->second;
    if (next.first_sequence <= from || segment->second.first_sequence > to) continue;
    const auto bytes = files_.fs->read_all(files_.path(segment->first), INT64_MAX - 1);
    SR_TRY(bytes);
    ScanRequest request{segment->first, next};
    if (next.origin == SegmentOrigin::mended) request.next.reset();  // a gap lies between them
    const SegmentScan scan = scan_segment(files_, request, *bytes, [&](const Record& record) -> Status {
      const auto input = decode_input(record);
      SR_TRY(input);
      if (record.sequence >= from && record.sequence <= to && visited.ok()) visited = visit(*input);
      return {};
    });
    if (!visited.ok()) return visited;
    if (scan.damage) return damage_error(*scan.damage, "input that is to be replayed is lost", kRemedy);
  }
  return {};
}

Status SegmentedWal::recycle(std::uint64_t upto) {
  std::vector<std::string> spares;
  while (true) {
    std::uint64_t number = 0;
    {
      const std::lock_guard guard(mutex_);
      if (headers_.size() < 2 || std::next(headers_.begin())->second.first_sequence > upto + 1) break;
      number = headers_.begin()->first;
      headers_.erase(headers_.begin());
    }
    if (low_ || writer_->spares() + spares.size() >= kMostSpares) {
      SR_TRY(files_.fs->remove(files_.path(number)));
      continue;
    }
    spares.push_back(files_.dir + "/spare-" + std::to_string(number));
    SR_TRY(files_.fs->rename(files_.path(number), spares.back()));
  }
  relieve();
  if (spares.empty()) return {};
  // A file must have lost its old name for good before it is written again.
  SR_TRY(sync_names(*files_.fs, files_.dir, Failpoint::spare_names));
  for (std::string& spare : spares) writer_->add_spare(std::move(spare));
  return {};
}

// What open finds in the folder.
struct WalFolder {
  std::map<std::uint64_t, SegmentHeader> headers;
  SegmentScan last;
  std::string last_bytes;
};

Status clear_unfinished(const LogFiles& files) {
  const auto names = files.fs->list(files.dir);
  SR_TRY(names);
  for (const std::string& name : *names) {
    if (name.ends_with(".new") || name.starts_with("spare-")) SR_TRY(files.fs->remove(files.dir + "/" + name));
  }
  return {};
}

Result<WalFolder> scan_folder(const LogFiles& files) {
  const auto list = list_segments(files);
  SR_TRY(list);
  WalFolder found;
  for (const std::uint64_t number : list->numbers) {
    Damage damage{files.path(number), 0, ""};
    const bool gap = !found.headers.empty() && number != found.headers.rbegin()->first + 1;
    const auto header = read_segment_header(files, number);
    if (!header.ok() && header.error().code != "damaged") return header.error();
    if (gap && !left_out(Failpoint::wal_gap)) damage.what = "the segment before it is missing";
    if (!header.ok()) damage.what = header.error().message;
    if (!damage.what.empty()) return damage_error(damage, "the input in it may be lost", kRemedy);
    found.headers[number] = *header;
  }
  if (found.headers.empty()) return found;
  const std::uint64_t number = found.headers.rbegin()->first;
  auto bytes = files.fs->read_all(files.path(number), INT64_MAX - 1);
  SR_TRY(bytes);
  found.last = scan_segment(files, {number, std::nullopt}, *bytes, [](const Record& record) -> Status {
    SR_TRY(decode_input(record));
    return {};
  });
  if (found.last.closed && !found.last.damage && !left_out(Failpoint::wal_closed)) {
    found.last.damage = Damage{files.path(number + 1), 0, "the file is missing"};
  }
  if (found.last.damage) return damage_error(*found.last.damage, "the input behind it is lost", kRemedy);
  found.last_bytes = std::move(*bytes);
  return found;
}

Result<std::unique_ptr<SegmentedWal>> open_log(const WalOptions& options, std::vector<std::string>* notes) {
  const LogFiles files = wal_files(options);
  SR_TRY(make_durable_directory(*files.fs, options.dir));
  auto found = scan_folder(files);
  SR_TRY(found);
  SR_TRY(clear_unfinished(files));
  const LogWriterOptions writing{files, options.segment_bytes, true};
  const auto begin_at = [&](std::uint64_t number) -> Result<std::unique_ptr<SegmentedWal>> {
    SegmentHeader header;
    header.number = number;
    header.origin = options.least_next > 1 ? SegmentOrigin::mended : SegmentOrigin::first;
    header.first_sequence = options.least_next;
    auto writer = LogWriter::create(writing, header);
    SR_TRY(writer);
    found->headers[number] = header;
    return std::make_unique<SegmentedWal>(options, std::move(found->headers), std::move(*writer));
  };
  if (found->headers.empty()) return begin_at(1);
  if (found->last.torn) {
    notes->push_back(fmt::format("{}: input at byte {} was cut off by a crash and is dropped",
                                 files.path(found->last.header.number), found->last.end.offset));
  }
  // The log does not know how the run before ended, and a segment is quickly copied.
  if (!left_out(Failpoint::wal_tail_copied)) SR_TRY(rewrite_segment(files, found->last, found->last_bytes));
  found->last.torn = false;
  if (found->last.end.next_sequence < options.least_next) return begin_at(found->last.header.number + 1);
  auto writer = LogWriter::resume(writing, found->last);
  SR_TRY(writer);
  return std::make_unique<SegmentedWal>(options, std::move(found->headers), std::move(*writer));
}

}  // namespace

std::uint64_t sequence_of(const flow::Position& position) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(position.data(), position.data() + position.size(), sequence);
  return error == std::errc{} && end == position.data() + position.size() ? sequence : 0;
}

LogFiles wal_files(const WalOptions& options) {
  return {options.env->fs, options.dir, "", "wal", options.folder_id};
}

Result<std::unique_ptr<Wal>> Wal::open(const WalOptions& options, std::vector<std::string>* notes) {
  auto log = open_log(options, notes);
  if (!log.ok() && is_disk_full(log.error())) {
    // The run before has left its reserve for this.
    if (options.env->fs->remove(folder_of(options).path(kStartReserve)).ok()) log = open_log(options, notes);
    if (!log.ok() && is_disk_full(log.error()))
      return Error{log.error().message +
                       "; the input log needs room for a copy of its last segment: make some on its disk, or " +
                       "move the folder to a larger one and set `wal.dir`",
                   false, log.error().code};
  }
  SR_TRY(log);
  const Status reserved = (*log)->take_reserve();
  if (!reserved.ok() && !is_disk_full(reserved.error())) return reserved.error();
  if (!reserved.ok())
    notes->push_back(fmt::format(
        "the input log {} has no room for its reserve: its sources are not read before there is", options.dir));
  return std::unique_ptr<Wal>(std::move(*log));
}

}  // namespace sr::durability
