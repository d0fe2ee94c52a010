// EventStore: the groups of event-time windows: one state per unit (see EventGrid) and key. Gives the groups of a
// window by combining its units in order of time, keys by when they came. Entry points: add, window, expire. Knows
// nothing of rows, operators or output. Tested in tests/unit/state/event_store_test.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/state/event_grid.h"
#include "engine/state/grouped_states.h"

namespace sr {

// The shape of a node's partials and of its store: the unit, then the key columns.
GroupingShape with_unit(const GroupingShape& shape);

class EventStore {
 public:
  // `shape` is that of with_unit(); it must outlive the object.
  EventStore(const GroupingShape& shape, EventGrid grid);

  // Puts a partial's groups behind ours; they count as touched until settle().
  void add(const GroupedStates& partial);

  // The windows with rows among `range`, ascending.
  std::vector<std::int64_t> windows_in(IndexRange range) const;
  // The windows with a touched unit, ascending.
  std::vector<std::int64_t> touched_windows() const;

  // The groups of one window: ids of keys(), and of states(call) side by side. Valid until the next call.
  struct WindowGroups {
    std::span<const std::uint32_t> keys;
    std::span<const std::uint32_t> groups;
    std::vector<const expr::AggregateStates*> states;
  };
  WindowGroups window(std::int64_t window, bool touched_only);

  // Ends a batch: nothing is touched any more, and units behind the watermark are forgotten.
  void settle(std::int64_t watermark);

  const GroupTable& keys() const { return keys_; }
  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  struct Unit {
    std::vector<std::uint32_t> groups;
    bool touched = false;
  };

  void adopt_new_groups(std::uint32_t first);
  void collect(std::int64_t window, bool touched_only);
  WindowGroups direct();
  WindowGroups combined();
  void forget(const Unit& unit);
  void compact();

  const GroupingShape& shape_;
  EventGrid grid_;
  GroupTable table_;  // unit and key
  std::vector<AggregateStatesPtr> states_;
  Vec<std::uint32_t> key_of_;   // by group
  Vec<std::uint8_t> touched_;   // by group
  GroupTable keys_;             // the key alone
  Vec<std::uint32_t> holders_;  // by key: groups that have it
  std::map<std::int64_t, Unit> units_;

  // Of the window at hand: units in order, the keys that take part, and the states that combine them.
  std::vector<const Unit*> window_units_;
  Vec<std::uint32_t> window_keys_;
  Vec<std::uint32_t> window_groups_;
  Vec<std::uint32_t> place_of_;  // by key: its place in window_keys_, or kNoGroup
  std::vector<AggregateStatesPtr> combined_;
};

}  // namespace sr
