#include "operators/support/side_rows.h"

#include <cstring>

#include "operators/support/list_state.h"

namespace sr::operators {

namespace {

void put_int(std::string& out, std::int64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool take_int(std::string_view* in, std::int64_t* value) {
  if (in->size() < sizeof *value) return false;
  std::memcpy(value, in->data(), sizeof *value);
  in->remove_prefix(sizeof *value);
  return true;
}

Chunk owned(const Chunk& rows) {
  Chunk copy{rows.schema, {}, rows.live_rows(), nullptr, nullptr};
  for (const ColumnRef& column : rows.columns) copy.columns.push_back(copy_rows(*column, rows.selection()));
  if (rows.event_time) copy.event_time = copy_rows(*rows.event_time, rows.selection());
  return copy;
}

}  // namespace

void SideRows::add(const Tick& tick, Chunk batch) {
  if (!window_) {
    batches_.clear();
    batches_.push_back({tick.time_ms, std::move(batch)});
    return;
  }
  while (!batches_.empty() && batches_.front().time_ms <= tick.time_ms - window_->size_ms) {
    rows_ -= batches_.front().rows.rows;
    bytes_ -= batches_.front().rows.memory_bytes();
    batches_.pop_front();
    ++first_batch_;
  }
  if (batch.rows != 0) keep({tick.time_ms, owned(batch)});
}

void SideRows::keep(Batch batch) {
  rows_ += batch.rows.rows;
  bytes_ += batch.rows.memory_bytes();
  batches_.push_back(std::move(batch));
}

Chunk SideRows::table() const {
  std::vector<Chunk> chunks;
  for (const Batch& batch : batches_) chunks.push_back(batch.rows);
  return concat(chunks);
}

Chunk SideRows::concat(std::span<const Chunk> chunks) const {
  return flow::concat_chunks(schema_, chunks);
}

void SideRows::snapshot(std::string& out) const {
  if (!window_) return;
  put_int(out, static_cast<std::int64_t>(batches_.size()));
  for (const Batch& batch : batches_) {
    put_int(out, batch.time_ms);
    put_int(out, batch.rows.rows);
    put_int(out, batch.rows.event_time ? 1 : 0);
    for (const ColumnRef& column : batch.rows.columns) encode_column(out, *column, Selection{nullptr, batch.rows.rows});
    if (batch.rows.event_time) encode_column(out, *batch.rows.event_time, Selection{nullptr, batch.rows.rows});
  }
}

Status SideRows::restore(std::string_view* in) {
  if (!window_) return {};
  const Error damaged{"the kept rows of a window are damaged"};
  std::int64_t count = 0;
  if (!take_int(in, &count)) return damaged;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t time = 0, rows = 0, with_time = 0;
    if (!take_int(in, &time) || !take_int(in, &rows) || !take_int(in, &with_time)) return damaged;
    Chunk chunk{schema_, {}, static_cast<std::uint32_t>(rows), nullptr, nullptr};
    for (const Field& field : schema_->fields) {
      auto column = decode_column(in, field.type);
      if (!column.ok()) return column.error();
      chunk.columns.push_back(*column);
    }
    if (with_time != 0) {
      auto column = decode_column(in, types::timestamp());
      if (!column.ok()) return column.error();
      chunk.event_time = *column;
    }
    keep({time, std::move(chunk)});
  }
  return {};
}

void SideRows::list_state(const Tick& tick, const flow::StateReader& read) const {
  if (!window_) return;
  for (const Batch& batch : batches_) {
    if (batch.time_ms > tick.time_ms - window_->size_ms) list_kept(batch.rows, batch.time_ms, read);
  }
}

namespace {

// A window of event time on one side needs the same one on the other.
bool same_event_windows(const char* what, specs::BindContext& context) {
  const auto& inputs = context.inputs();
  const auto by_event = [](const specs::InputInfo& input) {
    return input.window && input.window->time == specs::WindowTime::event;
  };
  for (std::size_t side = 0; side < inputs.size(); ++side) {
    const specs::InputInfo &input = inputs[side], &other = inputs[1 - side];
    if (!by_event(input) || input.window->type == specs::WindowType::session) continue;
    if (other.is_dataset) {
      context.error("SR4409", input.span,
                    "a side of a " + std::string(what) + " with a dataset takes no window of event time", "",
                    "a node `type: window` before it gives the rows of each window when it closes");
      return false;
    }
    if (by_event(other) && *input.window == *other.window) continue;
    context.error(
        "SR4409", input.span,
        "a window of event time on one side of a " + std::string(what) + " needs the same window on the other",
        by_event(other) ? "`" + other.id + "` has another one" : "`" + other.id + "` has none",
        "give both sides the same `size`, `slide`, `offset` and `lateness`" +
            std::string(by_event(other) ? "" : ", or join with `within: 10m`"));
    return false;
  }
  return true;
}

}  // namespace

void check_side_windows(const char* what, specs::BindContext& context) {
  for (const specs::InputInfo& input : context.inputs()) {
    if (!input.window) continue;
    if (!same_event_windows(what, context)) return;
    const std::string side = std::string("a side of a ") + what;
    if (input.is_dataset) {
      context.error("SR4414", input.span, side + " that is a dataset takes no window",
                    "all rows of `" + input.id + "`, in every batch", "leave `window` out");
    } else if (input.window->type == specs::WindowType::session) {
      context.error("SR4409", input.span, side + " takes a sliding or a tumbling window, not a session");
    }
  }
}

}  // namespace sr::operators
