#include "engine/durability/log_writer.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/failpoint.h"

namespace sr::durability {

namespace {

constexpr std::int64_t kMarkBytes = kGroupHeaderBytes;  // behind the header of each segment
constexpr std::int64_t kMostGrowth = 1 << 20;
constexpr std::int64_t kSmallStep = 1 << 16;  // of a segment that a full disk has room for

std::int64_t round_up(std::int64_t bytes, std::int64_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

bool is_disk_full(const Error& error) {
  return error.code == "ENOSPC" || error.code == "EDQUOT";
}

LogWriter::LogWriter(LogWriterOptions options, std::unique_ptr<File> file, std::uint64_t segment, const LogEnd& end)
    : options_(std::move(options)),
      next_sequence_(end.next_sequence),
      file_(std::move(file)),
      step_(options_.step),
      segment_(segment),
      end_(end),
      durable_(end.next_sequence - 1) {}

Result<std::unique_ptr<LogWriter>> LogWriter::create(const LogWriterOptions& options, const SegmentHeader& header) {
  // As if the header's place were the end of a segment before it, of which nothing is told.
  LogEnd before;
  before.next_sequence = header.first_sequence;
  std::unique_ptr<LogWriter> log(new LogWriter(options, nullptr, header.number - 1, before));
  const std::string path = options.files.path(header.number);
  auto file = log->make_file(path + ".new", options.step);
  SR_TRY(file);
  SegmentHeader stamped = header;
  stamped.step = static_cast<std::uint64_t>(options.step);
  const std::string header_group = encode_segment_header(options.files, stamped);
  const std::string front =
      header_group + seal_mark({header.number, header.first_sequence, group_checksum(header_group)}, false);
  SR_TRY((*file)->pwrite(front, 0));
  SR_TRY(sync_file(**file, Failpoint::segment_made_bytes));
  SR_TRY(options.files.fs->rename(path + ".new", path));
  SR_TRY(sync_names(*options.files.fs, options.files.dir, Failpoint::segment_made_name));
  log->file_ = std::move(*file);
  log->segment_ = header.number;
  log->file_bytes_ = options.step;
  log->mark_offset_ = static_cast<std::int64_t>(header_group.size());
  log->end_.offset = static_cast<std::int64_t>(front.size());
  log->end_.checksum = group_checksum(front);
  return log;
}

Result<std::unique_ptr<LogWriter>> LogWriter::resume(const LogWriterOptions& options, const SegmentScan& last) {
  SR_CHECK(!last.damage && !last.torn);
  auto file = options.files.fs->open(options.files.path(last.header.number), OpenMode::read_write);
  SR_TRY(file);
  const auto info = (*file)->info();
  SR_TRY(info);
  std::unique_ptr<LogWriter> log(new LogWriter(options, std::move(*file), last.header.number, last.end));
  log->file_bytes_ = info->size;
  log->step_ = static_cast<std::int64_t>(last.header.step);
  log->mark_offset_ = last.mark_offset;
  return log;
}

std::uint64_t LogWriter::append(RecordType type, std::uint8_t flags, std::string_view head, std::string_view rest) {
  const std::lock_guard guard(append_mutex_);
  pending_.append(type, flags, head, rest);
  return next_sequence_++;
}

std::uint64_t LogWriter::next_sequence() const {
  const std::lock_guard guard(append_mutex_);
  return next_sequence_;
}

std::int64_t LogWriter::pending_bytes() const {
  const std::lock_guard guard(append_mutex_);
  return static_cast<std::int64_t>(pending_.size()) + unsynced_bytes_;
}

LogWriter::Tail LogWriter::tail() const {
  const std::lock_guard guard(file_mutex_);
  return {segment_, end_};
}

void LogWriter::add_spare(std::string path) {
  const std::lock_guard guard(file_mutex_);
  spares_.push_back(std::move(path));
}

std::size_t LogWriter::spares() const {
  const std::lock_guard guard(file_mutex_);
  return spares_.size();
}

void LogWriter::take_pending() {
  const std::lock_guard guard(append_mutex_);
  if (pending_.empty()) return;
  unsynced_.take(pending_);
  flushed_ = false;
  unsynced_bytes_ = static_cast<std::int64_t>(unsynced_.size());
}

void LogWriter::flush() {
  const std::lock_guard guard(file_mutex_);
  take_pending();
  if (broken_ || sync_failed_ || flushed_ || unsynced_.empty()) return;
  if (options_.fixed) return;  // input is not worth a write of its own
  // A failure shows again at the sync, which can deal with it.
  flushed_ = write_group().ok();
}

Status LogWriter::sync() {
  const std::lock_guard guard(file_mutex_);
  take_pending();
  return write_out();
}

Status LogWriter::rotate() {
  const std::lock_guard guard(file_mutex_);
  take_pending();
  SR_TRY(write_out());
  return next_segment();
}

Status LogWriter::write_out() {
  if (broken_ && !left_out(Failpoint::broken_log)) return *broken_;
  if (unsynced_.empty()) return {};
  const std::int64_t needed = end_.offset + static_cast<std::int64_t>(kGroupHeaderBytes + unsynced_.size()) + 8;
  const bool fits = !options_.fixed || needed <= file_bytes_;
  if (fits && !sync_failed_) {
    Status written = flushed_ ? Status() : write_group();
    if (!written.ok() && is_disk_full(written.error()) && !sync_failed_) return written;
    if (written.ok()) written = sync_data(*file_, Failpoint::group_bytes);
    if (written.ok()) {
      settle();
      write_mark(false);
      return {};
    }
    // The kernel may have dropped the bytes and called the file clean: asking again would prove nothing.
    sync_failed_ = !left_out(Failpoint::failed_sync);
  }
  return next_segment();
}

Status LogWriter::write_group() {
  const std::string_view group = seal_unsynced(segment_, end_);
  SR_TRY(grow(after_.offset));
  return file_->pwrite(group, end_.offset);
}

std::string_view LogWriter::seal_unsynced(std::uint64_t segment, const LogEnd& at) {
  const std::string_view group = unsynced_.seal({segment, at.next_sequence, at.checksum});
  after_.offset = at.offset + static_cast<std::int64_t>(group.size());
  after_.checksum = group_checksum(group);
  after_.next_sequence = at.next_sequence + unsynced_.records();
  return group;
}

// The new size is durable before anything lies behind the old one: a file that ends inside a group was cut short.
Status LogWriter::grow(std::int64_t needed) {
  if (needed <= file_bytes_) return {};
  const std::int64_t wish = file_bytes_ + std::min(file_bytes_, kMostGrowth);
  const std::int64_t size = round_up(std::max(needed, wish), step_);
  SR_TRY(file_->preallocate(size));
  if (const Status synced = sync_file(*file_, Failpoint::grown_size); !synced.ok()) {
    sync_failed_ = true;
    return synced;
  }
  file_bytes_ = size;
  return {};
}

void LogWriter::settle() {
  end_ = after_;
  unsynced_.clear();
  flushed_ = false;
  unsynced_bytes_ = 0;
  durable_ = end_.next_sequence - 1;
}

// Not synced and allowed to fail: it only lets a reader know that a bad group, or a missing segment, is damage.
void LogWriter::write_mark(bool closed) {
  (void)file_->pwrite(seal_mark({segment_, end_.next_sequence, end_.checksum}, closed), mark_offset_).ok();
}

Result<std::unique_ptr<File>> LogWriter::make_file(const std::string& path, std::int64_t size) {
  Fs& fs = *options_.files.fs;
  const bool spare = !spares_.empty() && size == options_.step;
  if (spare) {
    const std::string taken = std::move(spares_.back());
    spares_.pop_back();
    SR_TRY(fs.rename(taken, path));
  }
  auto file = fs.open(path, spare ? OpenMode::read_write : OpenMode::truncate);
  SR_TRY(file);
  if (spare) SR_TRY((*file)->truncate(size));
  SR_TRY((*file)->preallocate(size));
  return file;
}

Status LogWriter::next_segment() {
  Status done = begin_segment(options_.step);
  if (done.ok() || broken_ || !options_.fixed || options_.step <= kSmallStep) return done;
  Status small = begin_segment(kSmallStep);
  if (small.ok()) took_small_ = true;
  return small;
}

Status LogWriter::begin_segment(std::int64_t step) {
  Fs& fs = *options_.files.fs;
  SegmentHeader header;
  header.number = segment_ + 1;
  header.first_sequence = end_.next_sequence;
  header.previous_end = static_cast<std::uint64_t>(end_.offset);
  header.previous_checksum = end_.checksum;
  header.step = static_cast<std::uint64_t>(step);
  std::string bytes = encode_segment_header(options_.files, header);
  const std::size_t mark_offset = bytes.size();
  after_ = {static_cast<std::int64_t>(mark_offset) + kMarkBytes, end_.next_sequence, group_checksum(bytes)};
  const std::string_view group = unsynced_.empty() ? std::string_view() : seal_unsynced(header.number, after_);
  // The mark speaks of the group behind it: one sync makes both durable.
  bytes += seal_mark({header.number, after_.next_sequence, after_.checksum}, false);
  bytes += group;
  const std::int64_t size = round_up(static_cast<std::int64_t>(bytes.size()), step);
  const std::string path = options_.files.path(header.number);
  const std::string fresh = path + ".new";
  auto file = make_file(fresh, size);
  Status done = file.ok() ? (*file)->pwrite(bytes, 0) : Status(file.error());
  if (done.ok()) done = sync_file(**file, Failpoint::next_segment_bytes);
  if (!done.ok()) {
    (void)fs.remove(fresh).ok();  // the next start removes it, too
    if (!is_disk_full(done.error())) broken_ = done.error();
    return done;
  }
  done = fs.rename(fresh, path);
  if (done.ok()) done = sync_names(fs, options_.files.dir, Failpoint::next_segment_name);
  if (!done.ok()) {
    // The name may be there or not, so neither segment may take another record.
    broken_ = Error{done.error().message, false, done.error().code == "ENOSPC" ? "EIO" : done.error().code};
    return *broken_;
  }
  write_mark(true);
  file_ = std::move(*file);
  file_bytes_ = size;
  step_ = step;
  mark_offset_ = static_cast<std::int64_t>(mark_offset);
  segment_ = header.number;
  sync_failed_ = false;
  settle();
  return {};
}

}  // namespace sr::durability
