#include "operators/support/file_cursor.h"

#include <algorithm>
#include <cstring>

namespace sr::operators {

Result<std::unique_ptr<FileCursor>> FileCursor::open(Fs& fs, const std::string& path, const FileCursorOptions& options,
                                                     flow::BufferPool& pool) {
  auto file = fs.open(path, OpenMode::read);
  if (!file.ok()) return file.error();
  auto info = (*file)->info();
  if (!info.ok()) return info.error();
  if (info->is_directory) return Error{path + ": is a directory", false, "EISDIR"};
  std::unique_ptr<FileCursor> cursor(new FileCursor(path, options, pool));
  cursor->file_ = std::move(*file);
  cursor->info_ = *info;
  cursor->size_ = info->size;
  return cursor;
}

void FileCursor::seek(const FileMark& mark) {
  offset_ = read_to_ = mark.offset;
  reads_ = mark.read;
  inside_ = mark.inside;
  records_.reset();
}

FileMark FileCursor::mark() const {
  return {offset_, reads_, inside_};
}

bool FileCursor::exhausted() const {
  if (records_) return records_->exhausted() || (read_to_ >= size_ && records_->queued_bytes() == 0);
  return offset_ >= size_;
}

Result<bool> FileCursor::refresh() {
  auto info = file_->info();
  if (!info.ok()) return info.error();
  info_ = *info;
  size_ = info->size;
  return size_ >= std::max(offset_, read_to_);
}

Result<bool> FileCursor::take(flow::Budget& budget, flow::SourceSlice& slice) {
  reads_ = reads_ || options_.follow || !options_.framer->splits_at_newlines() || budget.records != INT64_MAX;
  if (reads_) return take_read(budget, slice);
  if (offset_ < size_ && budget.bytes > 0) SR_TRY(take_range(budget, slice));
  return offset_ < size_;
}

void FileCursor::add_range(std::int64_t end, flow::SourceSlice& slice) {
  flow::InputPiece::FileRange range;
  range.file = file_;
  range.path = path_;
  range.offset = offset_;
  range.length = end - offset_;
  range.stream_start = offset_ == 0;
  slice.bytes += range.length;
  offset_ = end;
  slice.pieces.emplace_back().file = std::move(range);
}

Status FileCursor::take_range(flow::Budget& budget, flow::SourceSlice& slice) {
  std::int64_t end = size_;
  if (size_ - offset_ > budget.bytes) {
    auto found = record_end(offset_ + budget.bytes);
    if (!found.ok()) return found.error();
    end = *found;
  }
  budget.bytes -= end - offset_;
  add_range(end, slice);
  return {};
}

// The end of the record that the byte before `from` belongs to. A slice ends there, so that a position never lies
// inside a record.
Result<std::int64_t> FileCursor::record_end(std::int64_t from) const {
  char bytes[4096];
  std::int64_t at = from - 1;
  while (at < size_) {
    auto got = file_->pread(bytes, sizeof(bytes), at);
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    if (const void* found = std::memchr(bytes, '\n', *got))
      return std::min(size_, at + (static_cast<const char*>(found) - bytes) + 1);
    at += static_cast<std::int64_t>(*got);
  }
  return size_;
}

void FileCursor::start_stream() {
  if (records_) return;
  records_ = std::make_unique<RecordStream>(*options_.framer, options_.max_record, pool_, offset_ == 0);
  if (inside_) records_->begin_inside();
  stream_begin_ = read_to_ = offset_;
}

// Reads towards `end`; false if nothing more is there.
Result<bool> FileCursor::read_some(std::int64_t end) {
  const WriteSpace room = records_->room();
  const std::int64_t want = std::min<std::int64_t>(static_cast<std::int64_t>(room.size), end - read_to_);
  auto got = file_->pread(room.data, static_cast<std::size_t>(want), read_to_);
  if (!got.ok()) return got.error();
  read_to_ += static_cast<std::int64_t>(*got);
  if (*got > 0) records_->filled(*got, 0);
  return *got > 0;
}

bool FileCursor::take_records(flow::Budget& budget, flow::SourceSlice& slice) {
  const bool more = records_->take(budget, slice);
  offset_ = stream_begin_ + records_->taken_bytes();
  inside_ = records_->inside_record();
  return more;
}

Result<bool> FileCursor::take_read(flow::Budget& budget, flow::SourceSlice& slice) {
  start_stream();
  bool more = true;
  while (budget.bytes > 0 && budget.records > 0) {
    more = take_records(budget, slice);
    if (more || read_to_ >= size_) break;
    auto got = read_some(size_);
    if (!got.ok()) return got.error();
    if (!*got) size_ = read_to_;  // it became shorter
    if (read_to_ >= size_ && !options_.follow) records_->end();
    more = true;  // what was read is still to be looked at, by the next call if the budget is used up
  }
  if (read_to_ >= size_ && !options_.follow && !records_->ended()) {
    records_->end();
    return take_records(budget, slice);
  }
  return more || read_to_ < size_;
}

Status FileCursor::replay(const FileMark& until, flow::SourceSlice& slice) {
  const auto shorter = [this] { return Error{path_ + ": has become shorter than what was read", false, "changed"}; };
  if (until.offset < offset_)
    return Error{path_ + ": was already read beyond what is to be read again", false, "order"};
  auto info = file_->info();
  if (!info.ok()) return info.error();
  if (info->size < until.offset) return shorter();
  if (!until.read) {
    if (until.offset > offset_) add_range(until.offset, slice);
    return {};
  }
  records_.reset();
  start_stream();
  flow::Budget budget;
  while (read_to_ < until.offset) {
    auto got = read_some(until.offset);
    if (!got.ok()) return got.error();
    if (!*got) return shorter();
    take_records(budget, slice);
  }
  records_->end();
  take_records(budget, slice);
  seek(until);
  return {};
}

}  // namespace sr::operators
