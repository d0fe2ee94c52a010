// Aggregation over sessions: rows of a key that are less than `gap` apart. By event time, or by the batches' time.
#include <algorithm>

#include "engine/state/byte_io.h"
#include "engine/state/session_store.h"
#include "operators/support/late_rows.h"
#include "operators/support/list_state.h"

namespace sr::operators {

namespace {

class SessionPartial final : public flow::Partial {
 public:
  SessionPartial(const GroupingShape& shape, std::int64_t gap_us) : sessions(shape, gap_us) {}
  SessionStore sessions;
  RowArguments rows;
  std::vector<Chunk> doubtful;  // late unless they join a session that is still open
};

// Whether a point of time lies behind the watermark by `by`.
bool behind(std::int64_t time, std::int64_t by, std::int64_t watermark) {
  if (watermark == kNoWatermark) return false;
  return watermark == kEndOfTime || time <= watermark - by;
}

class SessionAggregation final : public flow::Breaker {
 public:
  SessionAggregation(AggregationRef aggregation, const specs::WindowPlan& window)
      : aggregation_(std::move(aggregation)),
        by_event_(window.time == specs::WindowTime::event),
        gap_(window.size_ms * 1000),
        lateness_(window.lateness_ms * 1000),
        emit_(window.emit),
        sessions_(aggregation_->shape, gap_) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override {
    return std::make_unique<SessionPartial>(aggregation_->shape, gap_);
  }
  bool partials_join() const override { return aggregation_->shape.all_order_free(); }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    auto& gathered = static_cast<SessionPartial&>(partial);
    if (by_event_ && !chunk.event_time) return Error{"rows without an event time reached a session window"};
    RowArguments& rows = gathered.rows;
    if (rows.evaluate(*aggregation_, chunk, context, errors)) {
      const ColumnRef times = times_of(chunk, context.tick);
      const Reader<std::int64_t> time(*times);
      Vec<std::uint32_t> good;
      auto doubtful = std::make_shared<Vec<std::uint32_t>>();
      rows.selection.for_each([&](std::uint32_t row) {
        const bool late = by_event_ && behind(time[row] + gap_, lateness_, context.watermark_before);
        (late ? *doubtful : good).push_back(row);
      });
      if (!doubtful->empty()) {
        gathered.doubtful.push_back(chunk);
        gathered.doubtful.back().selected = std::move(doubtful);
      }
      const Selection selection{good.data(), static_cast<std::uint32_t>(good.size())};
      gathered.sessions.add_rows(rows.keys, rows.args, *times, selection);
    }
    rows.release();
    return {};
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    for (flow::PlacedPartial& placed : partials) sessions_.add(static_cast<SessionPartial&>(*placed.partial).sessions);
    for (flow::PlacedPartial& placed : partials) {
      for (const Chunk& chunk : static_cast<SessionPartial&>(*placed.partial).doubtful) {
        add_doubtful(chunk, context, out);
      }
    }
    const std::int64_t watermark = by_event_ ? context.watermark : batch_watermark(context);
    emit_sessions(watermark, context, out);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override { sessions_.encode(out); }
  Status restore(std::string_view in) override { return sessions_.decode(&in); }
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    visit_sessions(all_places(), [&](const EmittedGroups& groups) { list_groups(*aggregation_, groups, tick, read); });
  }
  std::size_t state_bytes() const override { return sessions_.memory_bytes(); }
  std::uint64_t state_keys() const override { return sessions_.keys().live(); }

 private:
  static std::int64_t batch_watermark(const flow::BatchContext& context) {
    return context.inputs_ended ? kEndOfTime : context.tick.time_ms * 1000;
  }

  ColumnRef times_of(const Chunk& chunk, const Tick& tick) const {
    if (by_event_) return chunk.event_time;
    auto column = std::make_shared<Column>(types::timestamp(), chunk.rows);
    column->constant = true;
    column->make_values<std::int64_t>(1)[0] = tick.time_ms * 1000;
    return column;
  }

  void add_doubtful(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) {
    RowArguments rows;
    if (!rows.evaluate(*aggregation_, chunk, context, out)) return;
    Vec<std::uint32_t> joining;
    sessions_.joining(rows.keys, *chunk.event_time, rows.selection, joining);
    const Selection selection{joining.data(), static_cast<std::uint32_t>(joining.size())};
    sessions_.add_rows(rows.keys, rows.args, *chunk.event_time, selection);
    Vec<std::uint32_t> rest;
    std::size_t next = 0;
    rows.selection.for_each([&](std::uint32_t row) {
      if (next < joining.size() && joining[next] == row) {
        ++next;
      } else {
        rest.push_back(row);
      }
    });
    LateRows late;
    late.add(chunk, std::move(rest));
    late.emit(out);
  }

  bool due(const Session& session, bool closed) const {
    switch (emit_) {
      case specs::EmitMode::on_close:
        return closed && session.emitted == 0;
      case specs::EmitMode::on_update:
        return session.touched != 0;
      case specs::EmitMode::every_batch:
        break;
    }
    return true;
  }

  // The sessions that may have something to give or may go; all of them where all are given.
  std::vector<std::uint32_t> looked_at(std::int64_t watermark) {
    std::vector<std::uint32_t> awake = sessions_.awake(watermark);
    return emit_ == specs::EmitMode::every_batch ? all_places() : awake;
  }

  std::vector<std::uint32_t> all_places() const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t place = 0; place < sessions_.sessions().size(); ++place) {
      if (sessions_.sessions()[place].key != kNoGroup) all.push_back(place);
    }
    return all;
  }

  void emit_sessions(std::int64_t watermark, const flow::BatchContext& context, flow::Emitter& out) {
    const std::span<const Session> sessions = sessions_.sessions();
    std::vector<std::uint32_t> places;
    std::vector<std::uint32_t> gone;
    const std::vector<std::uint32_t> looked = looked_at(watermark);
    settled_ = looked.empty();
    for (const std::uint32_t place : looked) {
      const Session& session = sessions[place];
      const std::int64_t end = sessions_.end_of(session);
      const bool closed = behind(end, 0, watermark);
      if (due(session, closed)) places.push_back(place);
      if (closed) sessions_.mark_emitted(place);
      if (behind(end, lateness_, watermark)) {
        gone.push_back(place);
      } else {
        sessions_.wake(place, closed ? end + lateness_ : end);
      }
    }
    visit_sessions(std::move(places),
                   [&](const EmittedGroups& groups) { emit_groups(*aggregation_, groups, context, out); });
    sessions_.settle(gone);
  }

  // Gives the sessions at some places in the order of emission.
  template <class Visit>
  void visit_sessions(std::vector<std::uint32_t> places, Visit visit) const {
    const std::span<const Session> sessions = sessions_.sessions();
    std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
      const Session& x = sessions[a];
      const Session& y = sessions[b];
      return x.last != y.last ? x.last < y.last : x.key != y.key ? x.key < y.key : x.first < y.first;
    });
    EmittedGroups emitted;
    std::vector<std::uint32_t> keys;
    std::vector<WindowBounds> bounds;
    for (const std::uint32_t place : places) {
      keys.push_back(sessions[place].key);
      bounds.push_back({sessions[place].first, sessions_.end_of(sessions[place])});
    }
    emitted.keys = &sessions_.keys();
    emitted.key_groups = keys;
    emitted.state_groups = places;
    emitted.windows = bounds;
    for (std::size_t call = 0; call < aggregation_->args.size(); ++call) {
      emitted.states.push_back(&sessions_.states(call));
    }
    visit(emitted);
  }

  AggregationRef aggregation_;
  bool by_event_;
  std::int64_t gap_;
  std::int64_t lateness_;
  specs::EmitMode emit_;
  SessionStore sessions_;
  bool settled_ = true;  // the last batch looked at no session
};

}  // namespace

std::unique_ptr<flow::Breaker> make_session_aggregation(AggregationRef aggregation, const specs::WindowPlan& window) {
  return std::make_unique<SessionAggregation>(std::move(aggregation), window);
}

}  // namespace sr::operators
