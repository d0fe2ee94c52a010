#include "operators/support/event_join.h"

#include <array>

#include "engine/flow/emit_rows.h"

namespace sr::operators {

namespace {

class EventJoin final : public flow::WholeBatch {
 public:
  EventJoin(JoinOutput output, const specs::WindowPlan& window)
      : output_(std::move(output)), sides_(output_.left, output_.right, window) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    std::array<EventSides::Closed, 2> closed;
    SR_TRY(sides_.take(context, partials, out, closed));
    return join_tables(output_, {&closed[kLeft].rows, &closed[kRight].rows},
                       {closed[kLeft].bounds, closed[kRight].bounds}, context, out);
  }

  bool has_state() const override { return true; }
  bool settled() const override { return true; }  // changes with rows and watermarks only
  void snapshot(std::string& out) const override { sides_.snapshot(out); }
  Status restore(std::string_view in) override { return sides_.restore(&in); }
  void list_state(const Tick& tick, const flow::StateReader& read) override { sides_.list_state(tick, read); }
  std::size_t state_bytes() const override { return sides_.memory_bytes(); }
  std::uint64_t state_keys() const override { return sides_.rows(); }

 private:
  JoinOutput output_;
  EventSides sides_;
};

}  // namespace

specs::BoundNode bound_event_join(JoinOutput output, const specs::WindowPlan& window) {
  specs::BoundNode bound;
  bound.ports = {{"", output.schema}, {"late", late_side_schema()}};
  bound.window = window;
  bound.keeps_event_time = false;
  bound.gives_event_time = true;
  bound.needs_event_time = true;
  bound.stateful = true;
  bound.state_shape = "join rows of windows of " + output.left->to_text() + " and " + output.right->to_text();
  bound.reads = [sizes = std::array{output.left->size(), output.right->size()}](std::uint32_t side,
                                                                                const std::set<std::uint32_t>&) {
    std::set<std::uint32_t> all;  // a late row is given whole
    for (std::uint32_t i = 0; i < sizes[side]; ++i) all.insert(i);
    return all;
  };
  bound.make = [output = std::move(output), window](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<EventJoin>(output, window);
    return made;
  };
  return bound;
}

}  // namespace sr::operators
