#include "engine/runtime/morsel.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/batch_frame.h"

namespace sr::runtime {

void MorselCutter::cut(flow::InputPiece piece, const Part& part, const Close& close) {
  if (piece.raw) {
    cut_raw(piece, part, close);
  } else if (piece.file) {
    cut_file(piece, part, close);
  } else if (piece.rows) {
    cut_rows(piece, part, close);
  } else if (piece.chunk) {
    cut_chunk(piece, part, close);
  }
}

// Counts input; true if a morsel's bound lies within or at its end.
bool MorselCutter::passes_bytes(std::int64_t count) {
  const std::int64_t before = bytes_ / kMorselBytes;
  bytes_ += count;
  return bytes_ / kMorselBytes != before;
}

bool MorselCutter::passes_rows(std::int64_t count) {
  const std::int64_t before = rows_ / kMorselRows;
  rows_ += count;
  return rows_ / kMorselRows != before;
}

// The first record's end at or behind `from`.
std::size_t MorselCutter::record_end(std::string_view bytes, std::size_t from) const {
  std::size_t begin = 0;  // a record begins here
  const bool plain = !framer_ || framer_->splits_at_newlines();
  std::size_t at = from == 0 ? 0 : from - 1;
  if (!plain) begin = framer_->complete(bytes.substr(0, from));
  if (begin == from) return from;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (!found) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
    if (plain || framer_->complete(bytes.substr(begin, at - begin)) == at - begin) return at;
  }
  return bytes.size();
}

void MorselCutter::cut_raw(const flow::InputPiece& piece, const Part& part, const Close& close) {
  std::string_view rest = piece.raw->bytes;
  bool start = piece.raw->stream_start;
  do {
    const auto to_bound = static_cast<std::size_t>(kMorselBytes - bytes_ % kMorselBytes);
    const std::size_t size = to_bound < rest.size() ? record_end(rest, to_bound) : rest.size();
    flow::InputPiece cut;
    cut.raw = flow::RawPiece{rest.substr(0, size), piece.raw->holder, start};
    cut.ingest_us = piece.ingest_us;
    part(std::move(cut));
    if (passes_bytes(static_cast<std::int64_t>(size))) close();
    rest.remove_prefix(size);
    start = false;
  } while (!rest.empty());
}

void MorselCutter::cut_file(const flow::InputPiece& piece, const Part& part, const Close& close) {
  const flow::InputPiece::FileRange& range = *piece.file;
  const bool whole = framer_ && !framer_->splits_at_newlines();
  std::int64_t done = 0;
  while (done < range.length) {
    const std::int64_t to_bound = kMorselBytes - bytes_ % kMorselBytes;
    const std::int64_t length = whole ? range.length : std::min({to_bound, kReadBytes, range.length - done});
    flow::InputPiece cut;
    cut.ingest_us = piece.ingest_us;
    cut.file = range;
    cut.file->offset = range.offset + done;
    cut.file->length = length;
    if (done > 0) {
      cut.file->skip_partial = true;
      cut.file->stream_start = false;
    }
    done += length;
    if (done < range.length) cut.file->extend_to_record = true;
    part(std::move(cut));
    if (passes_bytes(length)) close();
  }
}

void MorselCutter::cut_rows(const flow::InputPiece& piece, const Part& part, const Close& close) {
  std::int64_t done = 0;
  while (done < piece.rows->count) {
    const std::int64_t count = std::min(kMorselRows - rows_ % kMorselRows, piece.rows->count - done);
    flow::InputPiece cut;
    cut.rows = flow::InputPiece::RowRange{piece.rows->first + done, count};
    cut.ingest_us = piece.ingest_us;
    part(std::move(cut));
    done += count;
    if (passes_rows(count)) close();
  }
}

void MorselCutter::cut_chunk(const flow::InputPiece& piece, const Part& part, const Close& close) {
  const std::int64_t rows = piece.chunk->live_rows();
  std::int64_t done = 0;
  while (done < rows) {
    const std::int64_t count = std::min(kMorselRows - rows_ % kMorselRows, rows - done);
    flow::InputPiece cut;
    cut.chunk = slice_live(*piece.chunk, static_cast<std::uint32_t>(done), static_cast<std::uint32_t>(count));
    cut.ingest_us = piece.ingest_us;
    part(std::move(cut));
    done += count;
    if (passes_rows(count)) close();
  }
}

}  // namespace sr::runtime
