// What an interval join keeps of one side: rows in arrival order, in segments with an index by key each. Small
// neighbouring segments are merged, so that a lookup asks a logarithmic number of them. Tested in
// tests/jobs/join_within.yaml.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/codec.h"
#include "engine/flow/emit_rows.h"
#include "operators/support/join_keys.h"

namespace sr::operators {

// A kept row: its segment and its place there. Orders as the rows arrived.
struct KeptRow {
  std::uint32_t segment = 0;
  std::uint32_t row = 0;
  auto operator<=>(const KeptRow&) const = default;
};
inline constexpr KeptRow kNoKeptRow{kNoRow, kNoRow};

class IntervalSide {
 public:
  IntervalSide(SchemaRef schema, std::vector<TypeRef> key_types)
      : schema_(std::move(schema)), key_types_(std::move(key_types)) {}

  // Adds a batch's rows as the newest segment (also an empty one); they are copied.
  void add(const Chunk& rows, std::span<const ColumnRef> keys);
  std::size_t segments() const { return segments_.size(); }
  std::uint32_t rows(std::size_t segment) const { return segments_[segment].table.rows; }
  std::int64_t time(KeptRow at) const { return segments_[at.segment].table.event_time->get<std::int64_t>(at.row); }
  std::span<const ColumnRef> keys(std::size_t segment) const { return segments_[segment].keys; }
  const KeyIndex& index(std::size_t segment) const { return *segments_[segment].index; }
  bool is_matched(KeptRow at) const { return segments_[at.segment].matched[at.row] != 0; }
  void mark_matched(KeptRow at) { segments_[at.segment].matched[at.row] = 1; }

  // Rows older than `horizon_us` that never matched, in arrival order; each row is given once.
  std::vector<KeptRow> expired_unmatched(std::int64_t horizon_us);
  // Drops segments whose rows are all older than the horizon, and merges small ones.
  void tidy(std::int64_t horizon_us);

  // The listed rows as one dense table with its keys, in that order; kNoKeptRow becomes kNoRow in `rows`.
  struct Picked {
    Chunk table;
    std::vector<ColumnRef> keys;
    std::vector<std::uint32_t> rows;
  };
  Picked pick(std::span<const KeptRow> rows) const;

  void snapshot(std::string& out) const;
  Status restore(std::string_view* in);
  void list_state(const flow::StateReader& read) const;
  std::size_t memory_bytes() const;
  std::uint64_t rows() const;

 private:
  struct Segment {
    Chunk table;
    std::vector<ColumnRef> keys;
    std::unique_ptr<KeyIndex> index;
    std::vector<std::uint8_t> matched;  // 1: matched, or already given as unmatched
    std::int64_t oldest = kEndOfTime;
    std::int64_t newest = kNoWatermark;
  };
  Segment make_segment(Chunk table, std::vector<ColumnRef> keys, std::vector<std::uint8_t> matched) const;
  void merge_with_next(std::size_t at);

  SchemaRef schema_;
  std::vector<TypeRef> key_types_;
  std::vector<Segment> segments_;
};

}  // namespace sr::operators
