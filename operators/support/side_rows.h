// The rows of one input that a two-sided node works on at a tick: those of the batch, or of a processing-time window
// over it. Windows copy what they keep. Windows of event time are event_sides.h. Tested in tests/jobs/join_window.yaml.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "engine/data/codec.h"
#include "engine/flow/emit_rows.h"
#include "specs/bind.h"

namespace sr::operators {

class SideRows {
 public:
  struct Batch {
    std::int64_t time_ms;
    Chunk rows;  // dense
  };

  SideRows(SchemaRef schema, std::optional<specs::WindowPlan> window) : schema_(std::move(schema)), window_(window) {}

  // Takes the batch's rows; those that have left the window are dropped.
  void add(const Tick& tick, Chunk batch);
  // The rows as one dense table, oldest batch first.
  Chunk table() const;
  // Chunks of such rows as one dense table.
  Chunk concat(std::span<const Chunk> chunks) const;
  // What is kept, oldest first. Batches are numbered from 0 on as they come, since the state was new or restored.
  const std::deque<Batch>& batches() const { return batches_; }
  std::uint32_t first_batch() const { return first_batch_; }
  bool windowed() const { return window_.has_value(); }

  void snapshot(std::string& out) const;
  Status restore(std::string_view* in);
  // The rows that are still in the window at `tick`.
  void list_state(const Tick& tick, const flow::StateReader& read) const;
  // Of a window; 0 without one.
  std::size_t memory_bytes() const { return bytes_; }
  std::uint64_t rows() const { return rows_; }

 private:
  void keep(Batch batch);

  SchemaRef schema_;
  std::optional<specs::WindowPlan> window_;
  std::deque<Batch> batches_;
  std::uint32_t first_batch_ = 0;  // number of the first of batches_
  std::uint64_t rows_ = 0;         // in the window
  std::size_t bytes_ = 0;
};

// Reports windows that a side cannot have: sessions, any over a dataset, and those of event time that the sides do not
// share. `what`: join or cogroup.
void check_side_windows(const char* what, specs::BindContext& context);

}  // namespace sr::operators
