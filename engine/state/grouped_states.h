// GroupedStates: a table of keys with the states of several aggregates beside it: rows go in by key, states of other
// objects are merged behind ours. What partials, panes and batches of aggregating nodes are made of. Knows nothing of
// windows or of evaluating expressions. Tested in tests/unit/state/grouped_states_test.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/expr/aggregate.h"
#include "engine/state/group_table.h"

namespace sr {

// The key types and aggregates of a node; shared by all its objects.
struct GroupingShape {
  std::vector<TypeRef> keys;
  std::vector<expr::ResolvedAggregate> calls;

  bool all_exact() const;
  bool all_order_free() const;
};

using AggregateStatesPtr = std::unique_ptr<expr::AggregateStates>;

// Makes the states of every call, without groups.
std::vector<AggregateStatesPtr> make_states(const GroupingShape& shape);

class GroupedStates {
 public:
  // `shape` must outlive the object.
  explicit GroupedStates(const GroupingShape& shape);

  const GroupTable& table() const { return table_; }
  const expr::AggregateStates& states(std::size_t call) const { return *states_[call]; }
  std::uint32_t size() const { return table_.size(); }

  // Adds rows: key columns, and for each call its argument columns.
  void add(std::span<const ColumnRef> keys, std::span<const std::vector<ColumnRef>> args, Selection selection);
  // Puts all of another object behind ours.
  void merge(const GroupedStates& from);
  // The same for the listed groups of it.
  void merge(const GroupedStates& from, std::span<const std::uint32_t> groups);

  // Gives its states away, by group, for others that have no groups; the keys stay until clear().
  void swap_states(std::vector<AggregateStatesPtr>& states) { states_.swap(states); }

  // Forgets everything, keeps memory.
  void clear();
  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  void grow();

  const GroupingShape& shape_;
  GroupTable table_;
  std::vector<AggregateStatesPtr> states_;
  Vec<std::uint32_t> groups_;  // of the rows at hand
};

}  // namespace sr
