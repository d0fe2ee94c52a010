// The sides of a join or a cogroup over windows of event time: the rows of both, kept until their window has closed on
// the watermark of the node, then given with the bounds of the window, which match like a key. Rows that come after
// their windows go to the port `late` as {side, row}. Tested in tests/jobs/join_event_window.yaml.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/flow/operator.h"
#include "operators/support/join_keys.h"
#include "specs/bind.h"

namespace sr::operators {

class EventSides {
 public:
  // The rows of one side in the windows that have closed, window by window, each in order of arrival: dense.
  struct Closed {
    Chunk rows;                     // with the columns of the side
    std::vector<ColumnRef> bounds;  // window_start, window_end
  };

  EventSides(const SchemaRef& left, const SchemaRef& right, const specs::WindowPlan& window);
  ~EventSides();

  // Takes the batch's rows and gives what has closed. A window closes `lateness` after its end.
  Status take(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials, flow::Emitter& out,
              std::array<Closed, 2>& closed);

  void snapshot(std::string& out) const;
  Status restore(std::string_view* in);
  void list_state(const Tick& tick, const flow::StateReader& read);
  std::size_t memory_bytes() const;
  std::uint64_t rows() const;

 private:
  std::int64_t lateness_us_;
  SchemaRef schemas_[2];
  SchemaRef bounded_[2];  // the same, and the bounds of the window
  std::unique_ptr<flow::Breaker> windows_[2];
};

// The columns that the node adds: window_start and window_end.
std::vector<Field> window_bounds();
// Of the port `late`.
SchemaRef late_side_schema();

// The window that both sides of the node have, if it is one of event time; check_side_windows() has passed.
std::optional<specs::WindowPlan> event_window_of(const specs::BindContext& context);

}  // namespace sr::operators
