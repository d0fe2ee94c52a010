#include "operators/support/interval_side.h"

#include <algorithm>
#include <cstring>

#include "operators/support/list_state.h"

namespace sr::operators {

IntervalSide::Segment IntervalSide::make_segment(Chunk table, std::vector<ColumnRef> keys,
                                                 std::vector<std::uint8_t> matched) const {
  Segment segment;
  segment.index = std::make_unique<KeyIndex>(key_types_, keys, table.selection());
  for (std::uint32_t row = 0; row < table.rows; ++row) {
    const std::int64_t time = table.event_time->get<std::int64_t>(row);
    segment.oldest = std::min(segment.oldest, time);
    segment.newest = std::max(segment.newest, time);
  }
  segment.table = std::move(table);
  segment.keys = std::move(keys);
  segment.matched = std::move(matched);
  return segment;
}

void IntervalSide::add(const Chunk& rows, std::span<const ColumnRef> keys) {
  const Selection all{nullptr, rows.rows};
  Chunk table{schema_, {}, rows.rows, nullptr, nullptr};
  for (const ColumnRef& column : rows.columns) table.columns.push_back(copy_rows(*column, all));
  table.event_time = rows.event_time ? copy_rows(*rows.event_time, all) : null_column(types::timestamp(), 0);
  std::vector<ColumnRef> own_keys;
  for (const ColumnRef& key : keys) own_keys.push_back(copy_rows(*key, all));
  segments_.push_back(make_segment(std::move(table), std::move(own_keys), std::vector<std::uint8_t>(rows.rows, 0)));
}

std::vector<KeptRow> IntervalSide::expired_unmatched(std::int64_t horizon_us) {
  std::vector<KeptRow> found;
  for (std::uint32_t s = 0; s < segments_.size(); ++s) {
    Segment& segment = segments_[s];
    if (segment.oldest >= horizon_us) continue;
    for (std::uint32_t row = 0; row < segment.table.rows; ++row) {
      if (segment.matched[row] != 0 || time({s, row}) >= horizon_us) continue;
      segment.matched[row] = 1;
      found.push_back({s, row});
    }
  }
  return found;
}

void IntervalSide::merge_with_next(std::size_t at) {
  Segment& a = segments_[at];
  Segment& b = segments_[at + 1];
  const Chunk both[2] = {a.table, b.table};
  Chunk table = flow::concat_chunks(schema_, both);
  std::vector<ColumnRef> keys;
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    const ColumnRef parts[2] = {a.keys[i], b.keys[i]};
    keys.push_back(concat_columns(key_types_[i], parts));
  }
  std::vector<std::uint8_t> matched = a.matched;
  matched.insert(matched.end(), b.matched.begin(), b.matched.end());
  segments_[at] = make_segment(std::move(table), std::move(keys), std::move(matched));
  segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

void IntervalSide::tidy(std::int64_t horizon_us) {
  std::erase_if(segments_,
                [&](const Segment& segment) { return segment.table.rows == 0 || segment.newest < horizon_us; });
  for (std::size_t at = segments_.size(); at-- > 1;) {
    if (segments_[at - 1].table.rows <= 2 * segments_[at].table.rows) merge_with_next(at - 1);
  }
}

IntervalSide::Picked IntervalSide::pick(std::span<const KeptRow> rows) const {
  // Per segment the rows it gives, then their places in the concatenation.
  std::vector<std::vector<std::uint32_t>> wanted(segments_.size());
  for (const KeptRow& row : rows) {
    if (row != kNoKeptRow) wanted[row.segment].push_back(row.row);
  }
  std::vector<Chunk> tables;
  std::vector<std::vector<ColumnRef>> keys(key_types_.size());
  std::vector<std::uint32_t> base(segments_.size(), 0);
  std::uint32_t count = 0;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    base[s] = count;
    if (wanted[s].empty()) continue;
    const Selection selection{wanted[s].data(), static_cast<std::uint32_t>(wanted[s].size())};
    Chunk part{schema_, {}, selection.count, nullptr, gather(segments_[s].table.event_time, selection)};
    for (const ColumnRef& column : segments_[s].table.columns) part.columns.push_back(gather(column, selection));
    tables.push_back(std::move(part));
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i].push_back(gather(segments_[s].keys[i], selection));
    count += selection.count;
  }
  Picked picked;
  picked.table = flow::concat_chunks(schema_, tables);
  for (std::size_t i = 0; i < keys.size(); ++i) picked.keys.push_back(concat_columns(key_types_[i], keys[i]));
  std::vector<std::uint32_t> next = base;
  for (const KeptRow& row : rows) picked.rows.push_back(row == kNoKeptRow ? kNoRow : next[row.segment]++);
  return picked;
}

void IntervalSide::snapshot(std::string& out) const {
  const auto put = [&](std::uint64_t value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(segments_.size());
  for (const Segment& segment : segments_) {
    const Selection all{nullptr, segment.table.rows};
    put(segment.table.rows);
    for (const ColumnRef& column : segment.table.columns) encode_column(out, *column, all);
    encode_column(out, *segment.table.event_time, all);
    for (const ColumnRef& key : segment.keys) encode_column(out, *key, all);
    out.append(reinterpret_cast<const char*>(segment.matched.data()), segment.matched.size());
  }
}

Status IntervalSide::restore(std::string_view* in) {
  const Error damaged{"the kept rows of an interval join are damaged"};
  const auto take = [&](std::uint64_t* value) {
    if (in->size() < sizeof *value) return false;
    std::memcpy(value, in->data(), sizeof *value);
    in->remove_prefix(sizeof *value);
    return true;
  };
  std::uint64_t count = 0;
  if (!take(&count)) return damaged;
  for (std::uint64_t s = 0; s < count; ++s) {
    std::uint64_t rows = 0;
    if (!take(&rows)) return damaged;
    Chunk table{schema_, {}, static_cast<std::uint32_t>(rows), nullptr, nullptr};
    for (const Field& field : schema_->fields) {
      auto column = decode_column(in, field.type);
      if (!column.ok()) return column.error();
      table.columns.push_back(*column);
    }
    auto times = decode_column(in, types::timestamp());
    if (!times.ok()) return times.error();
    table.event_time = *times;
    std::vector<ColumnRef> keys;
    for (const TypeRef& type : key_types_) {
      auto key = decode_column(in, type);
      if (!key.ok()) return key.error();
      keys.push_back(*key);
    }
    if (in->size() < rows) return damaged;
    std::vector<std::uint8_t> matched(in->begin(), in->begin() + static_cast<std::ptrdiff_t>(rows));
    in->remove_prefix(rows);
    segments_.push_back(make_segment(std::move(table), std::move(keys), std::move(matched)));
  }
  return {};
}

void IntervalSide::list_state(const flow::StateReader& read) const {
  for (const Segment& segment : segments_) list_kept(segment.table, 0, read);
}

std::size_t IntervalSide::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.table.memory_bytes();
  return bytes;
}

std::uint64_t IntervalSide::rows() const {
  std::uint64_t rows = 0;
  for (const Segment& segment : segments_) rows += segment.table.rows;
  return rows;
}

}  // namespace sr::operators
