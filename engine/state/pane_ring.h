// PaneRing: the groups of a processing-time window. Batches fill panes, the common divisors of size and slide; what can
// be undone is kept as one total from which leaving panes are taken back, the rest is combined from its panes in order.
// A key keeps its place from when it came until the first firing whose window holds none of its rows. Entry points:
// add, fire. Knows nothing of rows, operators or output. Tested in tests/unit/state/pane_ring_test.cc.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "engine/state/grouped_states.h"

namespace sr {

// The window at t holds the batches in (t - size, t]; it fires at offset + k × slide. Milliseconds.
struct WindowGrid {
  std::int64_t size = 0;
  std::int64_t slide = 0;
  std::int64_t offset = 0;

  bool fires_at(std::int64_t time) const;
  // Width of a pane.
  std::int64_t pane() const;
  // The pane of a batch: panes are (offset + (i - 1) × pane, offset + i × pane].
  std::int64_t pane_at(std::int64_t time) const;
  // Whether some window holds the batch; not all do where slide > size.
  bool holds(std::int64_t time) const;
};

class PaneRing {
 public:
  // `shape` must outlive the object.
  PaneRing(const GroupingShape& shape, WindowGrid grid);

  // Takes the groups of a batch, which loses its states but keeps its keys. Times grow.
  void add(GroupedStates& batch, std::int64_t time);
  // Lets the window end at `time`, at which it fires: what has left it is undone.
  void fire(std::int64_t time);

  // After fire(): the groups in the window, in order; ids of keys() and of states(call).
  std::span<const std::uint32_t> groups() const { return {live_.data(), live_.size()}; }
  const GroupTable& keys() const { return keys_; }
  const expr::AggregateStates& states(std::size_t call) const { return *current_[call]; }

  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  struct Pane {
    std::int64_t index = 0;
    bool sealed = false;
    Vec<std::uint32_t> ids;  // of its groups, in keys_
    std::vector<AggregateStatesPtr> states;
  };

  Pane& open_pane(std::int64_t index);
  void join(Pane& pane, GroupedStates& batch, const Vec<std::uint32_t>& ids);
  void seal(Pane& pane);
  void expire(Pane& pane);
  void erase_drained();
  void compact();
  void combine(std::size_t call);
  void encode_pane(std::string& out, const Pane& pane, const Vec<std::uint32_t>& rank) const;
  Status decode_pane(std::string_view* input);

  const GroupingShape& shape_;
  WindowGrid grid_;
  GroupTable keys_;
  Vec<std::uint32_t> holders_;                          // by key: panes that hold it
  std::deque<Pane> panes_;                              // by index; only the last may be open
  std::vector<AggregateStatesPtr> current_;             // by key: totals, or what combine() made
  std::vector<std::vector<AggregateStatesPtr>> spare_;  // states of panes that are gone
  Vec<std::uint32_t> live_;
  Vec<std::uint32_t> drained_;
  Vec<std::uint32_t> ids_;      // of the batch at hand
  Vec<std::uint32_t> slot_of_;  // by key: its group in the open pane
};

}  // namespace sr
