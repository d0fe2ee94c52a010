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
  cursor->inode_ = info->inode;
  cursor->size_ = info->size;
  return cursor;
}

void FileCursor::seek(std::int64_t offset) {
  offset_ = read_to_ = offset;
  inside_record_ = false;
  records_.reset();
}

bool FileCursor::exhausted() const {
  if (records_) return records_->exhausted() || (read_to_ >= size_ && records_->queued_bytes() == 0);
  return offset_ >= size_;
}

Result<bool> FileCursor::refresh() {
  auto info = file_->info();
  if (!info.ok()) return info.error();
  size_ = info->size;
  return size_ >= std::max(offset_, read_to_);
}

Result<bool> FileCursor::take(flow::Budget& budget, flow::SourceSlice& slice) {
  const bool read_here =
      records_ || options_.follow || !options_.framer->splits_at_newlines() || budget.records != INT64_MAX;
  if (read_here) return take_read(budget, slice);
  if (offset_ < size_ && budget.bytes > 0) take_range(budget, slice);
  return offset_ < size_;
}

void FileCursor::take_range(flow::Budget& budget, flow::SourceSlice& slice) {
  const std::int64_t length = std::min(size_ - offset_, budget.bytes);
  flow::InputPiece::FileRange range;
  range.file = file_;
  range.path = path_;
  range.offset = offset_;
  range.length = length;
  range.stream_start = offset_ == 0;
  range.skip_partial = inside_record_;
  offset_ += length;
  range.extend_to_record = inside_record_ = offset_ < size_;
  slice.pieces.emplace_back().file = std::move(range);
  slice.bytes += length;
  budget.bytes -= length;
}

// Moves `offset_` behind the record that began in the ranges handed out before.
Status FileCursor::skip_partial() {
  char bytes[4096];
  std::int64_t at = offset_ - 1;
  while (at < size_) {
    auto got = file_->pread(bytes, sizeof(bytes), at);
    if (!got.ok()) return got.error();
    if (*got == 0) break;
    if (const void* found = std::memchr(bytes, '\n', *got)) {
      seek(at + (static_cast<const char*>(found) - bytes) + 1);
      return {};
    }
    at += static_cast<std::int64_t>(*got);
  }
  seek(size_);
  return {};
}

Result<bool> FileCursor::take_read(flow::Budget& budget, flow::SourceSlice& slice) {
  if (inside_record_) SR_TRY(skip_partial());
  if (!records_) {
    records_ = std::make_unique<RecordStream>(*options_.framer, options_.max_record, pool_, offset_ == 0);
    read_to_ = offset_;
  }
  bool more = true;
  while (budget.bytes > 0 && budget.records > 0) {
    const std::int64_t before = slice.bytes;
    more = records_->take(budget, slice);
    offset_ += slice.bytes - before;
    if (more || read_to_ >= size_) break;
    const WriteSpace room = records_->room();
    const std::int64_t want = std::min<std::int64_t>(static_cast<std::int64_t>(room.size), size_ - read_to_);
    auto got = file_->pread(room.data, static_cast<std::size_t>(want), read_to_);
    if (!got.ok()) return got.error();
    if (*got == 0) size_ = read_to_;  // it became shorter
    read_to_ += static_cast<std::int64_t>(*got);
    if (*got > 0) records_->filled(*got, 0);
    if (read_to_ >= size_ && !options_.follow) records_->end();
  }
  if (read_to_ >= size_ && !options_.follow && !records_->ended()) {
    records_->end();
    const std::int64_t before = slice.bytes;
    more = records_->take(budget, slice);
    offset_ += slice.bytes - before;
    return more;
  }
  return more || read_to_ < size_;
}

}  // namespace sr::operators
