// Aggregation over a processing-time window: each batch goes into a pane, the window fires at its slides.
#include "engine/state/pane_ring.h"
#include "operators/support/list_state.h"

namespace sr::operators {

namespace {

class WindowAggregation final : public flow::Breaker {
 public:
  WindowAggregation(AggregationRef aggregation, const specs::WindowPlan& window)
      : aggregation_(std::move(aggregation)),
        grid_{window.size_ms, window.slide_ms, window.offset_ms},
        joins_(aggregation_->shape.all_exact()),
        pool_(aggregation_->shape),
        ring_(aggregation_->shape, grid_) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override { return pool_.take(); }
  bool partials_join() const override { return joins_; }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    add_rows(*aggregation_, static_cast<GroupsPartial&>(partial), {chunk, context}, errors);
    return {};
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const std::int64_t time = context.tick.time_ms;
    settled_ = ring_.empty();
    if (GroupedStates* batch = merge_partials(partials)) ring_.add(*batch, time);
    pool_.give_back(partials);
    if (!grid_.fires_at(time)) return {};
    ring_.fire(time);
    if (ring_.groups().empty()) {
      if (aggregation_->zero_without_rows) emit_nothing_seen(*aggregation_, context, out);
      return {};
    }
    emit_groups(*aggregation_, fired_groups(), context, out);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override { ring_.encode(out); }
  Status restore(std::string_view in) override { return ring_.decode(&in); }
  // The window that ends with the batch.
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    ring_.fire(tick.time_ms);
    list_groups(*aggregation_, fired_groups(), tick, read);
  }
  std::size_t state_bytes() const override { return ring_.memory_bytes(); }
  std::uint64_t state_keys() const override { return ring_.keys().live(); }

 private:
  EmittedGroups fired_groups() const {
    EmittedGroups emitted;
    emitted.keys = &ring_.keys();
    emitted.key_groups = emitted.state_groups = ring_.groups();
    for (std::size_t call = 0; call < aggregation_->args.size(); ++call) emitted.states.push_back(&ring_.states(call));
    return emitted;
  }

  AggregationRef aggregation_;
  WindowGrid grid_;
  bool joins_;
  mutable PartialPool pool_;
  PaneRing ring_;
  bool settled_ = true;  // the window was empty before the last batch: nothing has left it, keys keep their places
};

}  // namespace

std::unique_ptr<flow::Breaker> make_window_aggregation(AggregationRef aggregation, const specs::WindowPlan& window) {
  return std::make_unique<WindowAggregation>(std::move(aggregation), window);
}

}  // namespace sr::operators
