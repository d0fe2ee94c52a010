#include "operators/support/record_stream.h"

#include <algorithm>
#include <cstring>

namespace sr::operators {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr std::size_t kReadBytes = 64 << 10;  // small enough to stay in cache between the read and the copy
constexpr std::size_t kLeastRoom = 16 << 10;

// The end of the first record, behind its newline; 0 if it is not complete.
std::size_t first_record(const flow::Framer& framer, std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (!found) return 0;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
    if (framer.splits_at_newlines() || framer.complete(bytes.substr(0, at)) == at) return at;
  }
  return 0;
}

}  // namespace

RecordPrefix take_records(const flow::Framer& framer, std::string_view bytes, const flow::Budget& budget) {
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(budget.bytes, 0));
  if (budget.records == INT64_MAX) {
    const std::size_t whole = framer.complete(bytes.substr(0, most));
    return {whole > 0 || bytes.size() <= most ? whole : first_record(framer, bytes), -1};
  }
  RecordPrefix prefix{0, 0};
  while (prefix.records < budget.records) {
    const std::size_t size = first_record(framer, bytes.substr(prefix.bytes));
    if (size == 0 || (prefix.bytes > 0 && prefix.bytes + size > most)) break;
    prefix.bytes += size;
    ++prefix.records;
  }
  return prefix;
}

RecordStream::RecordStream(const flow::Framer& framer, std::int64_t max_record, flow::BufferPool& pool, bool from_start)
    : framer_(framer), max_record_(max_record), pool_(pool), started_(!from_start) {}

// Begins a new buffer with what is left of the open record.
void RecordStream::start_buffer(std::size_t size) {
  Stretch next;
  next.buffer = pool_.take();
  next.buffer->reserve(size);
  const std::size_t left = open_.end - open_.begin;
  if (left > 0) std::memcpy(next.buffer->data(), open_.buffer->data() + open_.begin, left);
  next.end = left;
  next.since_us = open_.since_us;
  open_ = std::move(next);
}

// Moves the whole records of the full buffer aside.
void RecordStream::seal() {
  const std::size_t whole = framer_.complete(open_.view());
  if (whole > 0) {
    sealed_.push_back({open_.buffer, open_.begin, open_.begin + whole, open_.since_us, 0});
    open_.begin += whole;
  }
  const std::size_t left = open_.end - open_.begin;
  start_buffer(std::max(kBufferBytes, left * 2));
}

WriteSpace RecordStream::room() {
  if (!open_.buffer) start_buffer(kBufferBytes);
  if (open_.buffer->capacity() - open_.end < kLeastRoom) seal();
  return {open_.buffer->data() + open_.end, std::min(kReadBytes, open_.buffer->capacity() - open_.end)};
}

void RecordStream::filled(std::size_t size, std::int64_t now_us) {
  if (open_.begin == open_.end) open_.since_us = now_us;
  if (skipping_) {
    const char* data = open_.buffer->data() + open_.end;
    const void* found = std::memchr(data, '\n', size);
    if (!found) return skip(static_cast<std::int64_t>(size));  // the next read overwrites it
    skipping_ = false;
    const std::size_t skipped = static_cast<std::size_t>(static_cast<const char*>(found) - data) + 1;
    skip(static_cast<std::int64_t>(skipped));
    std::memmove(open_.buffer->data() + open_.end, data + skipped, size - skipped);
    size -= skipped;
  }
  open_.end += size;
  queued_ += static_cast<std::int64_t>(size);
  if (static_cast<std::int64_t>(open_.end - open_.begin) > max_record_) cut_long_record();
}

// Counts bytes that nobody gets: with what stands before them, if that was not taken yet.
void RecordStream::skip(std::int64_t bytes) {
  (sealed_.empty() ? taken_ : sealed_.back().skipped) += bytes;
}

// A record that has passed max_record becomes a piece of its own, one byte too long; the rest of it is skipped.
void RecordStream::cut_long_record() {
  const std::size_t whole = framer_.complete(open_.view());
  const std::size_t begin = open_.begin + whole;
  const auto most = static_cast<std::size_t>(max_record_) + 1;
  if (open_.end - begin < most) return;
  if (whole > 0) sealed_.push_back({open_.buffer, open_.begin, begin, open_.since_us, 0});
  sealed_.push_back({open_.buffer, begin, begin + most, open_.since_us, 0});
  const auto rest = static_cast<std::int64_t>(open_.end - (begin + most));
  queued_ -= rest;
  skip(rest);
  skipping_ = true;
  open_.begin = open_.end;
  start_buffer(kBufferBytes);
}

bool RecordStream::take_from(Stretch& stretch, flow::Budget& budget, flow::SourceSlice& slice, bool whole) {
  RecordPrefix prefix = take_records(framer_, stretch.view(), budget);
  const std::size_t all = stretch.end - stretch.begin;
  if (whole && prefix.bytes == 0 && all > 0) prefix = {all, budget.records == INT64_MAX ? -1 : 1};
  if (prefix.bytes == 0) return false;
  flow::InputPiece& piece = slice.pieces.emplace_back();
  piece.raw = flow::RawPiece{stretch.view().substr(0, prefix.bytes), stretch.buffer, !started_};
  piece.ingest_us = stretch.since_us;
  started_ = true;
  stretch.begin += prefix.bytes;
  queued_ -= static_cast<std::int64_t>(prefix.bytes);
  taken_ += static_cast<std::int64_t>(prefix.bytes);
  slice.bytes += static_cast<std::int64_t>(prefix.bytes);
  budget.bytes -= static_cast<std::int64_t>(prefix.bytes);
  if (prefix.records >= 0) {
    budget.records -= prefix.records;
    slice.records = std::max<std::int64_t>(slice.records, 0) + prefix.records;
  }
  return true;
}

// A piece is read on another thread, up to the padding behind it: what comes next must not be written there.
void RecordStream::make_gap() {
  const std::size_t left = open_.end - open_.begin;
  const std::size_t next = open_.end + kReadablePadding;
  if (next + left + kLeastRoom <= open_.buffer->capacity()) {
    std::memcpy(open_.buffer->data() + next, open_.buffer->data() + open_.begin, left);
    open_.begin = next;
    open_.end = next + left;
  } else if (left > 0) {
    start_buffer(kBufferBytes);
  } else {
    open_ = Stretch{};
  }
}

bool RecordStream::take(flow::Budget& budget, flow::SourceSlice& slice) {
  std::size_t done = 0;
  while (done < sealed_.size() && budget.records > 0 && budget.bytes > 0) {
    take_from(sealed_[done], budget, slice, true);
    if (sealed_[done].begin == sealed_[done].end) taken_ += sealed_[done++].skipped;
  }
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(done));
  if (!sealed_.empty()) return true;
  if (!open_.buffer || budget.records <= 0 || budget.bytes <= 0) return open_.end > open_.begin;
  bool taken = false;
  while (open_.begin < open_.end && budget.records > 0 && budget.bytes > 0 && take_from(open_, budget, slice, ended_))
    taken = true;
  const bool more = open_.begin < open_.end && (ended_ || framer_.complete(open_.view()) > 0);
  if (taken && open_.end - open_.begin < kReadablePadding) make_gap();
  return more;
}

}  // namespace sr::operators
