#include "operators/support/event_sides.h"

#include <algorithm>

#include "engine/data/codec.h"
#include "engine/flow/emit_rows.h"
#include "engine/state/byte_io.h"
#include "operators/support/late_rows.h"
#include "operators/support/list_state.h"
#include "operators/support/window_rows.h"

namespace sr::operators {

namespace {

const char* side_name(std::uint32_t side) {
  return side == kLeft ? "left" : "right";
}

// Collects the rows of closed windows; late rows go on to the node's own port as text.
class Collector final : public flow::Emitter {
 public:
  Collector(flow::Emitter& out, std::uint32_t side) : out_(out), side_(side) {}

  void emit(Chunk chunk, flow::PortIndex port) override {
    if (port == flow::kMainPort) {
      chunks_.push_back(std::move(chunk));
    } else {
      emit_late(chunk);
    }
  }
  bool drop_failed(const Chunk& chunk, const expr::RowErrors& errors, Vec<std::uint32_t>& kept) override {
    return out_.drop_failed(chunk, errors, kept);
  }
  bool fail_row(std::string_view payload, std::string_view message) override { return out_.fail_row(payload, message); }
  bool is_read(flow::PortIndex port) const override { return port == flow::kMainPort || out_.is_read(port); }

  std::span<const Chunk> chunks() const { return chunks_; }

 private:
  void emit_late(const Chunk& chunk) {
    ColumnBuilder side(types::string()), row(types::string());
    const Selection rows = chunk.selection();
    for (std::uint32_t i = 0; i < rows.count; ++i) {
      TextBuffer text;
      write_json_row(text, chunk, rows[i]);
      side.append_string(side_name(side_));
      row.append_string(text.view());
    }
    Chunk late{late_side_schema(), {side.finish(), row.finish()}, rows.count, nullptr, nullptr};
    if (chunk.event_time) late.event_time = gather(chunk.event_time, rows);
    out_.emit(std::move(late), kLatePort);
  }

  flow::Emitter& out_;
  std::uint32_t side_;
  std::vector<Chunk> chunks_;
};

SchemaRef with_bounds(const SchemaRef& schema) {
  std::vector<Field> fields = schema->fields;
  for (Field& bound : window_bounds()) fields.push_back(std::move(bound));
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

std::vector<Field> window_bounds() {
  return {{"window_start", types::timestamp()}, {"window_end", types::timestamp()}};
}

SchemaRef late_side_schema() {
  static const SchemaRef schema =
      std::make_shared<const Schema>(std::vector<Field>{{"side", types::string()}, {"row", types::string()}});
  return schema;
}

EventSides::EventSides(const SchemaRef& left, const SchemaRef& right, const specs::WindowPlan& window)
    : lateness_us_(window.lateness_ms * 1000), schemas_{left, right}, bounded_{with_bounds(left), with_bounds(right)} {
  specs::WindowPlan plan = window;
  plan.emit = specs::EmitMode::on_close;
  plan.lateness_ms = 0;  // take() waits instead: a window is joined once, with all that came in time
  for (const std::uint32_t side : {kLeft, kRight})
    windows_[side] = make_event_row_window(schemas_[side], bounded_[side], plan);
}

EventSides::~EventSides() = default;

Status EventSides::take(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials, flow::Emitter& out,
                        std::array<Closed, 2>& closed) {
  flow::BatchContext waiting = context;
  for (std::int64_t* watermark : {&waiting.watermark, &waiting.watermark_before}) {
    if (*watermark != kNoWatermark && *watermark != kEndOfTime) *watermark -= lateness_us_;
  }
  for (const std::uint32_t side : {kLeft, kRight}) {
    std::vector<flow::PlacedPartial> own;
    for (flow::PlacedPartial& placed : partials) {
      if (placed.input == side) own.push_back({0, std::move(placed.partial)});
    }
    Collector collector(out, side);
    SR_TRY(windows_[side]->end_batch(waiting, own, collector));
    Closed& table = closed[side];
    table.rows = flow::concat_chunks(bounded_[side], collector.chunks());
    table.rows.schema = schemas_[side];
    const std::size_t columns = schemas_[side]->size();
    table.bounds.assign(table.rows.columns.begin() + static_cast<std::ptrdiff_t>(columns), table.rows.columns.end());
    table.rows.columns.resize(columns);
  }
  return {};
}

void EventSides::snapshot(std::string& out) const {
  for (const auto& window : windows_) {
    std::string state;
    window->snapshot(state);
    put_value(out, static_cast<std::uint64_t>(state.size()));
    out += state;
  }
}

Status EventSides::restore(std::string_view* in) {
  for (const auto& window : windows_) {
    std::uint64_t size = 0;
    if (!take_value(in, &size) || in->size() < size) return Error{"the kept rows of a window are damaged"};
    SR_TRY(window->restore(in->substr(0, size)));
    in->remove_prefix(size);
  }
  return {};
}

void EventSides::list_state(const Tick& tick, const flow::StateReader& read) {
  for (const std::uint32_t side : {kLeft, kRight}) windows_[side]->list_state(tick, with_side(side, read));
}

std::size_t EventSides::memory_bytes() const {
  return windows_[kLeft]->state_bytes() + windows_[kRight]->state_bytes();
}

std::uint64_t EventSides::rows() const {
  return windows_[kLeft]->state_keys() + windows_[kRight]->state_keys();
}

std::optional<specs::WindowPlan> event_window_of(const specs::BindContext& context) {
  for (const specs::InputInfo& input : context.inputs()) {
    if (input.window && input.window->time == specs::WindowTime::event) return input.window;
  }
  return std::nullopt;
}

}  // namespace sr::operators
