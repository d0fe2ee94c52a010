// Aggregation over event-time windows, sliding or tumbling. Rows go into units of the window grid by their event time;
// windows are emitted when the watermark passes their end, or as `emit` says.
#include "engine/state/byte_io.h"
#include "engine/state/event_store.h"
#include "operators/support/late_rows.h"
#include "operators/support/list_state.h"

namespace sr::operators {

namespace {

class EventPartial final : public flow::Partial {
 public:
  explicit EventPartial(const GroupingShape& shape) : groups(shape) {}
  GroupedStates groups;
  RowArguments rows;
  LateRows late;
};

// The rows of a chunk with the unit of each; a row in several units stands there several times.
struct UnitRows {
  Vec<std::uint32_t> rows;
  Vec<std::int64_t> units;  // side by side with rows
  Vec<std::uint32_t> late;
  bool repeated = false;
};

UnitRows units_of_rows(const EventGrid& grid, const Chunk& chunk, Selection selection, std::int64_t watermark) {
  UnitRows result;
  const Reader<std::int64_t> times(*chunk.event_time);
  std::int64_t cell_start = 0;
  std::int64_t cell_end = 0;
  IndexRange units;
  bool late = false;
  selection.for_each([&](std::uint32_t row) {
    const std::int64_t time = times[row];
    if (time < cell_start || time >= cell_end) {
      cell_start = grid.cell_start(time);
      cell_end = grid.cell_end(time);
      units = grid.units_at(time);
      while (!units.empty() && grid.unit_done(units.first, watermark)) ++units.first;
      late = units.empty() && !grid.units_at(time).empty();
    }
    if (late) result.late.push_back(row);
    result.repeated = result.repeated || units.last > units.first;
    for (std::int64_t unit = units.first; unit <= units.last; ++unit) {
      result.rows.push_back(row);
      result.units.push_back(unit);
    }
  });
  return result;
}

class EventAggregation final : public flow::Breaker {
 public:
  EventAggregation(AggregationRef aggregation, const specs::WindowPlan& window)
      : aggregation_(std::move(aggregation)),
        shape_(with_unit(aggregation_->shape)),
        grid_(grid_of(window, *aggregation_)),
        emit_(window.emit),
        store_(shape_, grid_) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<EventPartial>(shape_);
  }
  bool partials_join() const override { return shape_.all_exact(); }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    auto& gathered = static_cast<EventPartial&>(partial);
    RowArguments& rows = gathered.rows;
    if (!chunk.event_time) return Error{"rows without an event time reached a window of event time"};
    if (rows.evaluate(*aggregation_, chunk, context, errors)) {
      add_units(gathered, chunk, units_of_rows(grid_, chunk, rows.selection, context.watermark_before));
    }
    rows.release();
    return {};
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    for (flow::PlacedPartial& placed : partials) {
      auto& partial = static_cast<EventPartial&>(*placed.partial);
      store_.add(partial.groups);
      partial.late.emit(out);
    }
    emit_windows(context, out);
    store_.settle(context.watermark);
    closed_until_ = std::max(closed_until_, context.watermark);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return true; }  // changes with rows and watermarks only
  void snapshot(std::string& out) const override {
    put_value(out, closed_until_);
    store_.encode(out);
  }
  Status restore(std::string_view in) override {
    if (!take_value(&in, &closed_until_)) return Error{"the state of a window ends too early"};
    return store_.decode(&in);
  }
  // The windows that are not done.
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    for (const std::int64_t window : store_.windows_in({INT64_MIN, INT64_MAX})) {
      if (grid_.window_done(window, closed_until_)) continue;
      visit_window(window, false, [&](const EmittedGroups& groups) { list_groups(*aggregation_, groups, tick, read); });
    }
  }
  std::size_t state_bytes() const override { return store_.memory_bytes(); }
  std::uint64_t state_keys() const override { return store_.keys().live(); }

 private:
  // Where the order of rows shows in a result, panes would put it in order of time: each window has its own states.
  static EventGrid grid_of(const specs::WindowPlan& window, const Aggregation& aggregation) {
    bool order_shows = false;
    for (const auto& call : aggregation.shape.calls) order_shows = order_shows || (call.exact && !call.order_free);
    return {window.size_ms * 1000, window.slide_ms * 1000, window.offset_ms * 1000, window.lateness_ms * 1000,
            order_shows && window.slide_ms < window.size_ms};
  }

  void add_units(EventPartial& partial, const Chunk& chunk, UnitRows units) const {
    RowArguments& rows = partial.rows;
    partial.late.add(chunk, std::move(units.late));
    const auto count = static_cast<std::uint32_t>(units.rows.size());
    if (count == 0) return;
    auto unit = std::make_shared<Column>(types::bigint(), count);
    std::copy(units.units.begin(), units.units.end(), unit->make_values<std::int64_t>(count));
    Selection selection{units.rows.data(), count};
    if (count != chunk.rows || units.repeated) {
      for (ColumnRef& column : rows.keys) column = gather(column, selection);
      for (auto& columns : rows.args) {
        for (ColumnRef& column : columns) column = gather(column, selection);
      }
    }
    rows.keys.insert(rows.keys.begin(), std::move(unit));
    partial.groups.add(rows.keys, rows.args, Selection{nullptr, count});
  }

  void emit_windows(const flow::BatchContext& context, flow::Emitter& out) {
    if (emit_ == specs::EmitMode::every_batch) {
      for (const std::int64_t window : store_.windows_in({INT64_MIN, INT64_MAX})) {
        if (!grid_.window_done(window, closed_until_)) emit_window(window, false, context, out);
      }
      return;
    }
    const std::int64_t closed_before = grid_.last_closed(closed_until_);
    if (emit_ == specs::EmitMode::on_update || grid_.lateness > 0) {
      for (const std::int64_t window : store_.touched_windows()) {
        const bool open = !grid_.window_done(window, closed_until_);
        if (open && (emit_ == specs::EmitMode::on_update || window <= closed_before)) {
          emit_window(window, true, context, out);
        }
      }
    }
    if (emit_ == specs::EmitMode::on_update) return;
    const std::int64_t first = closed_before == INT64_MAX ? closed_before : closed_before + 1;
    for (const std::int64_t window : store_.windows_in({first, grid_.last_closed(context.watermark)})) {
      emit_window(window, false, context, out);
    }
  }

  void emit_window(std::int64_t window, bool touched_only, const flow::BatchContext& context, flow::Emitter& out) {
    visit_window(window, touched_only,
                 [&](const EmittedGroups& groups) { emit_groups(*aggregation_, groups, context, out); });
  }

  template <class Visit>
  void visit_window(std::int64_t window, bool touched_only, Visit visit) {
    const EventStore::WindowGroups groups = store_.window(window, touched_only);
    EmittedGroups emitted;
    emitted.keys = &store_.keys();
    emitted.key_groups = groups.keys;
    emitted.states = groups.states;
    emitted.state_groups = groups.groups;
    const WindowBounds bounds[] = {{grid_.start_of(window), grid_.end_of(window)}};
    emitted.windows = bounds;
    visit(emitted);
  }

  AggregationRef aggregation_;
  GroupingShape shape_;
  EventGrid grid_;
  specs::EmitMode emit_;
  EventStore store_;
  std::int64_t closed_until_ = kNoWatermark;
};

}  // namespace

std::unique_ptr<flow::Breaker> make_event_aggregation(AggregationRef aggregation, const specs::WindowPlan& window) {
  return std::make_unique<EventAggregation>(std::move(aggregation), window);
}

}  // namespace sr::operators
