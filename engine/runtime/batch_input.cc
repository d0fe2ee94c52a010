#include "engine/runtime/batch_input.h"

#include <algorithm>
#include <cstring>

#include "engine/data/column.h"
#include "engine/runtime/batch_frame.h"
#include "engine/runtime/error_rows.h"
#include "engine/runtime/file_reader.h"

namespace sr::runtime {
namespace {

constexpr std::size_t kShownBytes = 200;

std::string shown(std::string_view bytes) {
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r')) bytes.remove_suffix(1);
  return bytes.size() <= kShownBytes ? readable(bytes) : readable(bytes.substr(0, kShownBytes)) + "…";
}

}  // namespace

void BatchInput::add(std::uint32_t node, flow::SourceSlice slice) {
  for (flow::InputPiece& piece : slice.pieces) parts_.push_back({node, std::move(piece), 0, {}, 0});
}

const flow::SourceNode& BatchInput::source_of(const Part& part) const {
  return std::get<flow::SourceNode>(graph_->nodes[part.node].work);
}

Status BatchInput::read() {
  for (Part& part : parts_) SR_TRY(read(part));
  return {};
}

Status BatchInput::read(Part& part) {
  if (part.piece.file) {
    auto bytes = read_range(*part.piece.file, source_of(part).max_record, buffers_);
    if (!bytes.ok()) return bytes.error();
    part.path = part.piece.file->path;
    part.offset = part.piece.file->offset;
    part.piece.file.reset();
    part.piece.raw = std::move(*bytes);
  }
  part.records = count_records(part);
  return {};
}

// Length of the first record of bytes that begin at one.
std::size_t BatchInput::record_size(const Part& part, std::string_view bytes) const {
  const flow::Framer* framer = source_of(part).framer.get();
  if (!framer) return bytes.size();
  for (std::size_t at = 0; at < bytes.size();) {
    const void* end = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (!end) break;
    at = static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) + 1;
    if (framer->splits_at_newlines() || framer->complete(bytes.substr(0, at)) == at) return at;
  }
  return bytes.size();
}

std::uint64_t BatchInput::count_records(const Part& part) const {
  if (part.piece.rows) return static_cast<std::uint64_t>(part.piece.rows->count);
  if (part.piece.chunk) return part.piece.chunk->live_rows();
  std::uint64_t records = 0;
  for (std::string_view rest = part.piece.raw->bytes; !rest.empty(); ++records)
    rest.remove_prefix(record_size(part, rest));
  return records;
}

std::size_t BatchInput::bytes_of(const Part& part, std::uint64_t records) const {
  std::string_view rest = part.piece.raw->bytes;
  for (; records > 0; --records) rest.remove_prefix(record_size(part, rest));
  return part.piece.raw->bytes.size() - rest.size();
}

BatchInput::Part BatchInput::slice(const Part& part, std::uint64_t from, std::uint64_t count) const {
  Part cut = part;
  cut.records = count;
  if (part.piece.rows) {
    cut.piece.rows = flow::InputPiece::RowRange{part.piece.rows->first + static_cast<std::int64_t>(from),
                                                static_cast<std::int64_t>(count)};
  } else if (part.piece.chunk) {
    cut.piece.chunk =
        slice_live(*part.piece.chunk, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(count));
  } else {
    const std::size_t begin = bytes_of(part, from);
    const std::size_t end = bytes_of(part, from + count);
    cut.piece.raw->bytes = part.piece.raw->bytes.substr(begin, end - begin);
    cut.piece.raw->stream_start = part.piece.raw->stream_start && from == 0;
    cut.offset += static_cast<std::int64_t>(begin);
  }
  return cut;
}

std::uint64_t BatchInput::count() const {
  std::uint64_t records = 0;
  for (const Part& part : parts_) records += part.records;
  return records;
}

BatchInput BatchInput::first(std::uint64_t records) const {
  BatchInput taken(*graph_);
  for (const Part& part : parts_) {
    const std::uint64_t count = std::min(records, part.records);
    if (count > 0) taken.parts_.push_back(count == part.records ? part : slice(part, 0, count));
    records -= count;
  }
  return taken;
}

bool BatchInput::leave_out(const RecordPlace& place) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (graph_->nodes[parts_[i].node].id != place.source) continue;
    if (place.number == 0 || place.number > before + parts_[i].records) {
      before += parts_[i].records;
      continue;
    }
    const Part part = std::move(parts_[i]);
    const std::uint64_t at = place.number - before - 1;
    const auto here = parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(i));
    const auto rest = parts_.insert(here, slice(part, at + 1, part.records - at - 1));
    parts_.insert(rest, slice(part, 0, at));
    return true;
  }
  return false;
}

ShownRecord BatchInput::show(std::uint64_t record) const {
  ShownRecord found;
  std::uint32_t node = UINT32_MAX;
  std::uint64_t of_source = 0;
  for (const Part& part : parts_) {
    if (std::exchange(node, part.node) != part.node) of_source = 0;
    if (record > part.records) {
      record -= part.records;
      of_source += part.records;
      continue;
    }
    const Part one = slice(part, record - 1, 1);
    found.place = {graph_->nodes[node].id, of_source + record};
    if (!one.path.empty()) found.where = one.path + ", byte " + std::to_string(one.offset);
    if (one.piece.raw) found.text = shown(one.piece.raw->bytes);
    if (one.piece.chunk) found.text = shown(row_payload(*one.piece.chunk, one.piece.chunk->selection()[0]));
    return found;
  }
  return found;
}

void BatchInput::take(const std::function<void(std::uint32_t node, flow::SourceSlice slice)>& to) && {
  for (Part& part : parts_) {
    flow::SourceSlice slice;
    slice.pieces.push_back(std::move(part.piece));
    to(part.node, std::move(slice));
  }
  parts_.clear();
}

}  // namespace sr::runtime
