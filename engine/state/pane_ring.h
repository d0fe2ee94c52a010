// PaneRing: the groups of a processing-time window. Batches fill panes, the common divisors of size and slide. What can
// be undone is kept as one total from which leaving panes are taken back. What cannot is kept in two stacks
// (Tangwongsan and others, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017, section 2):
// the older panes, in front, hold their rows and those of all panes in front behind them, so that a leaving pane is
// just dropped; the newer ones, at the back, are one total; the two are combined at each firing, in order, and when the
// front is empty the back is turned over. A pane is so merged a constant number of times, however long the window, and
// doubles are never subtracted. A key keeps its place from when it came until the first firing whose window holds none
// of its rows. Entry points: add, fire. Knows nothing of rows, operators or output. Tested in
// tests/unit/state/pane_ring_test.cc.
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

  // True if no pane is left: the next one to come finds it as it was made.
  bool empty() const { return panes_.empty(); }
  // After fire(): the groups in the window, in order; ids of keys() and of states(call).
  std::span<const std::uint32_t> groups() const { return {live_.data(), live_.size()}; }
  const GroupTable& keys() const { return keys_; }
  const expr::AggregateStates& states(std::size_t call) const {
    return kinds_[call] == Kind::stacked && fronts_ == 0 ? *back_[call] : *current_[call];
  }

  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  // How the states of a call become those of the window.
  enum class Kind : std::uint8_t {
    undone,     // one total; a leaving pane is taken back
    stacked,    // two stacks
    recombined  // all panes anew at each firing: the state is as large as the rows behind it
  };
  // A group of a pane in front.
  struct Place {
    std::uint32_t pane = kNoGroup;  // number of the pane: its place in panes_ plus gone_
    std::uint32_t slot = 0;
  };
  struct Pane {
    std::int64_t index = 0;
    bool sealed = false;
    bool front = false;
    Vec<std::uint32_t> ids;  // of its groups, in keys_
    std::vector<AggregateStatesPtr> states;
    Vec<Place> next;  // of a pane in front, by group: the next pane in front with the same key
    // What leaves it for another object: groups here and there.
    Vec<std::uint32_t> sources;
    Vec<std::uint32_t> targets;
  };

  Pane& pane_of(Place place) { return panes_[place.pane - gone_]; }
  Pane& open_pane(std::int64_t index);
  void join(Pane& pane, GroupedStates& batch, const Vec<std::uint32_t>& ids);
  void seal(Pane& pane);
  void expire(Pane& pane);
  void flip();
  void push_front(std::uint32_t number, bool merge);
  void collect_pairs(Place place, std::uint32_t target);
  void merge_collected(const std::vector<AggregateStatesPtr>& into);
  void combine_stacks();
  void erase_drained();
  void compact();
  void combine(std::size_t call);
  void encode_pane(std::string& out, const Pane& pane, const Vec<std::uint32_t>& rank) const;
  Status decode_pane(std::string_view* input);

  const GroupingShape& shape_;
  WindowGrid grid_;
  std::vector<Kind> kinds_;  // by call
  bool stacks_ = false;      // some call is stacked
  GroupTable keys_;
  Vec<std::uint32_t> holders_;                          // by key: panes that hold it
  std::deque<Pane> panes_;                              // by index; only the last may be open; first those in front
  std::uint32_t gone_ = 0;                              // panes that have left
  std::uint32_t fronts_ = 0;                            // panes in front
  std::vector<AggregateStatesPtr> current_;             // by key: totals, or what was combined
  std::vector<AggregateStatesPtr> back_;                // by key, of stacked calls: the panes that are not in front
  Vec<Place> front_of_;                                 // by key: the first pane in front that has it
  std::vector<Pane*> collected_;                        // panes with sources
  std::vector<std::vector<AggregateStatesPtr>> spare_;  // states of panes that are gone
  Vec<std::uint32_t> live_;
  Vec<std::uint32_t> drained_;
  Vec<std::uint32_t> ids_;      // of the batch at hand
  Vec<std::uint32_t> slot_of_;  // by key: its group in the open pane
};

}  // namespace sr
