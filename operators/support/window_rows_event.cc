// Rows of event-time windows and of sessions: kept in order of arrival until every window over them has closed, given
// with the bounds of their window.
#include <algorithm>
#include <set>

#include "engine/flow/emit_rows.h"
#include "engine/state/byte_io.h"
#include "engine/state/event_grid.h"
#include "engine/state/row_store.h"
#include "engine/state/session_store.h"
#include "operators/support/late_rows.h"
#include "operators/support/list_state.h"
#include "operators/support/window_rows.h"

namespace sr::operators {

namespace {

bool behind(std::int64_t time, std::int64_t by, std::int64_t watermark) {
  if (watermark == kNoWatermark) return false;
  return watermark == kEndOfTime || time <= watermark - by;
}

ColumnRef constant_time(std::int64_t value, std::uint32_t rows) {
  auto column = std::make_shared<Column>(types::timestamp(), rows);
  column->constant = true;
  column->make_values<std::int64_t>(1)[0] = value;
  return column;
}

struct Bounds {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

// Gathers a batch into one table whose rows have an event time: their own or, for sessions of processing time, the
// batch's.
class EventRows : public flow::WholeBatch {
 public:
  EventRows(const SchemaRef& input, SchemaRef output, const specs::WindowPlan& window)
      : input_(input),
        output_(std::move(output)),
        by_event_(window.time == specs::WindowTime::event),
        lateness_(window.lateness_ms * 1000),
        emit_(window.emit),
        rows_(input) {}

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    if (by_event_ && !chunk.event_time) return Error{"rows without an event time reached a window of event time"};
    return WholeBatch::accumulate(partial, chunk, context, errors);
  }
  bool has_state() const override { return true; }
  // By event time it changes with rows and watermarks only.
  bool settled() const override { return by_event_ || settled_; }
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    for (const RowStore::Stored& stored : rows_.chunks()) list_kept(stored.rows, tick.time_ms, read);
  }
  std::size_t state_bytes() const override { return rows_.memory_bytes(); }
  std::uint64_t state_keys() const override { return rows_.rows(); }

 protected:
  Chunk batch_rows(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials) const {
    Chunk rows = flow::gather_input(input_, partials, 0);
    if (!by_event_) rows.event_time = constant_time(context.tick.time_ms * 1000, rows.rows);
    return rows;
  }
  std::int64_t watermark(const flow::BatchContext& context) const {
    if (by_event_) return context.watermark;
    return context.inputs_ended ? kEndOfTime : context.tick.time_ms * 1000;
  }

  // Keeps the rows that are not late; the others go to the port for them.
  void keep(Chunk rows, Vec<std::uint32_t> good, Vec<std::uint32_t> late_rows, flow::Emitter& out) {
    if (!late_rows.empty()) {
      LateRows late;
      late.add(rows, std::move(late_rows));
      late.emit(out);
    }
    if (good.empty()) return;
    std::int64_t latest = INT64_MIN;
    const Reader<std::int64_t> times(*rows.event_time);
    for (const std::uint32_t row : good) latest = std::max(latest, times[row]);
    rows.selected = std::make_shared<const Vec<std::uint32_t>>(std::move(good));
    rows_.append(rows, latest);
  }

  // Emits the rows of [bounds.start, until), of those that came from `order` on.
  void emit_range(Bounds bounds, std::int64_t until, std::uint64_t order, flow::Emitter& out) const {
    std::vector<std::uint32_t> inside;
    for (const RowStore::Stored& stored : rows_.chunks()) {
      if (stored.order < order) continue;
      inside.clear();
      const Reader<std::int64_t> times(*stored.rows.event_time);
      for (std::uint32_t row = 0; row < stored.rows.rows; ++row) {
        if (times[row] >= bounds.start && times[row] < until) inside.push_back(row);
      }
      if (inside.empty()) continue;
      Chunk table = stored.rows;
      table.schema = output_;
      table.columns.push_back(constant_time(bounds.start, table.rows));
      table.columns.push_back(constant_time(bounds.end, table.rows));
      table.event_time = constant_time(bounds.end - 1, table.rows);
      flow::emit_rows(table, inside, out);
    }
  }

  SchemaRef input_;
  SchemaRef output_;
  bool by_event_;
  std::int64_t lateness_;
  specs::EmitMode emit_;
  RowStore rows_;
  bool settled_ = true;  // there were no rows before the last batch, so that no session has ended
};

class EventRowWindow final : public EventRows {
 public:
  EventRowWindow(const SchemaRef& input, SchemaRef output, const specs::WindowPlan& window)
      : EventRows(input, std::move(output), window),
        grid_{window.size_ms * 1000, window.slide_ms * 1000, window.offset_ms * 1000, window.lateness_ms * 1000, true} {
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const std::uint64_t fresh = rows_.next_order();
    const std::set<std::int64_t> touched = take_rows(batch_rows(context, partials), out);
    for (const std::int64_t window : windows_) {
      const Bounds bounds{grid_.start_of(window), grid_.end_of(window)};
      const bool closes = behind(bounds.end, 0, context.watermark) && !behind(bounds.end, 0, closed_until_);
      const bool was_closed = behind(bounds.end, 0, closed_until_);
      if (emit_ == specs::EmitMode::every_batch || (emit_ == specs::EmitMode::on_close && closes)) {
        emit_range(bounds, bounds.end, 0, out);
      } else if (touched.contains(window) && (emit_ == specs::EmitMode::on_update || was_closed)) {
        emit_range(bounds, bounds.end, fresh, out);
      }
    }
    closed_until_ = std::max(closed_until_, context.watermark);
    std::erase_if(windows_, [&](std::int64_t window) { return grid_.window_done(window, closed_until_); });
    rows_.drop_if([&](std::int64_t latest) { return grid_.window_done(grid_.windows_at(latest).last, closed_until_); });
    return {};
  }

  void snapshot(std::string& out) const override {
    put_value(out, closed_until_);
    put_value(out, static_cast<std::uint32_t>(windows_.size()));
    for (const std::int64_t window : windows_) put_value(out, window);
    rows_.encode(out);
  }
  Status restore(std::string_view in) override {
    std::uint32_t count = 0;
    if (!take_value(&in, &closed_until_) || !take_value(&in, &count)) return Error{"a window's state is damaged"};
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int64_t window = 0;
      if (!take_value(&in, &window)) return Error{"a window's state is damaged"};
      windows_.insert(window);
    }
    return rows_.decode(&in);
  }

 private:
  // Gives the windows that got rows.
  std::set<std::int64_t> take_rows(Chunk rows, flow::Emitter& out) {
    std::set<std::int64_t> touched;
    if (rows.rows == 0) return touched;
    Vec<std::uint32_t> good;
    Vec<std::uint32_t> late;
    const Reader<std::int64_t> times(*rows.event_time);
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      const IndexRange windows = grid_.windows_at(times[row]);
      if (windows.empty()) continue;
      const bool open = !grid_.window_done(windows.last, closed_until_);
      (open ? good : late).push_back(row);
      for (std::int64_t window = windows.first; open && window <= windows.last; ++window) {
        if (!grid_.window_done(window, closed_until_)) touched.insert(window);
      }
    }
    windows_.insert(touched.begin(), touched.end());
    keep(std::move(rows), std::move(good), std::move(late), out);
    return touched;
  }

  EventGrid grid_;
  std::set<std::int64_t> windows_;  // with rows, not done
  std::int64_t closed_until_ = kNoWatermark;
};

// Sessions of the whole stream.
class SessionRowWindow final : public EventRows {
 public:
  SessionRowWindow(const SchemaRef& input, SchemaRef output, const specs::WindowPlan& window)
      : EventRows(input, std::move(output), window), gap_(window.size_ms * 1000), sessions_(shape_, gap_) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    settled_ = rows_.rows() == 0;
    const std::uint64_t fresh = rows_.next_order();
    take_rows(batch_rows(context, partials), context, out);
    const std::int64_t until = watermark(context);
    const std::span<const Session> sessions = sessions_.sessions();
    std::vector<std::uint32_t> places;
    for (std::uint32_t place = 0; place < sessions.size(); ++place) {
      if (sessions[place].key != kNoGroup) places.push_back(place);
    }
    std::sort(places.begin(), places.end(),
              [&](std::uint32_t a, std::uint32_t b) { return sessions[a].first < sessions[b].first; });
    std::vector<std::uint32_t> gone;
    for (const std::uint32_t place : places) {
      const Session& session = sessions[place];
      const Bounds bounds{session.first, sessions_.end_of(session)};
      const bool closed = behind(bounds.end, 0, until);
      const bool all = emit_ == specs::EmitMode::every_batch ||
                       (emit_ == specs::EmitMode::on_close && closed && session.emitted == 0);
      if (all || (emit_ == specs::EmitMode::on_update && session.touched != 0)) {
        emit_range(bounds, session.last + 1, all ? 0 : fresh, out);
      }
      if (closed) sessions_.mark_emitted(place);
      if (behind(bounds.end, lateness_, until)) gone.push_back(place);
    }
    sessions_.settle(gone);
    drop_rows();
    return {};
  }

  void snapshot(std::string& out) const override {
    sessions_.encode(out);
    rows_.encode(out);
  }
  Status restore(std::string_view in) override {
    SR_TRY(sessions_.decode(&in));
    return rows_.decode(&in);
  }

 private:
  void take_rows(Chunk rows, const flow::BatchContext& context, flow::Emitter& out) {
    if (rows.rows == 0) return;
    Vec<std::uint32_t> good;
    Vec<std::uint32_t> late;
    const Reader<std::int64_t> times(*rows.event_time);
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      Vec<std::uint32_t> joins;
      const bool doubtful = by_event_ && behind(times[row] + gap_, lateness_, context.watermark_before);
      if (doubtful) sessions_.joining({}, *rows.event_time, Selection{&row, 1}, joins);
      if (doubtful && joins.empty()) {
        late.push_back(row);
        continue;
      }
      sessions_.add_rows({}, {}, *rows.event_time, Selection{&row, 1});
      good.push_back(row);
    }
    keep(std::move(rows), std::move(good), std::move(late), out);
  }

  // A chunk may go when no session reaches back to its rows.
  void drop_rows() {
    std::int64_t oldest = INT64_MAX;
    for (const Session& session : sessions_.sessions()) {
      if (session.key != kNoGroup) oldest = std::min(oldest, session.first);
    }
    rows_.drop_if([oldest](std::int64_t latest) { return latest < oldest; });
  }

  GroupingShape shape_;
  std::int64_t gap_;
  SessionStore sessions_;
};

}  // namespace

std::unique_ptr<flow::Breaker> make_event_row_window(const SchemaRef& input, const SchemaRef& output,
                                                     const specs::WindowPlan& window) {
  if (window.type == specs::WindowType::session) return std::make_unique<SessionRowWindow>(input, output, window);
  return std::make_unique<EventRowWindow>(input, output, window);
}

}  // namespace sr::operators
