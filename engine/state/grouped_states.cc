#include "engine/state/grouped_states.h"

#include <algorithm>
#include <numeric>

namespace sr {

bool GroupingShape::all_exact() const {
  return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.exact; });
}

bool GroupingShape::all_order_free() const {
  return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.order_free; });
}

std::vector<AggregateStatesPtr> make_states(const GroupingShape& shape) {
  std::vector<AggregateStatesPtr> states;
  states.reserve(shape.calls.size());
  for (const expr::ResolvedAggregate& call : shape.calls) states.push_back(call.make());
  return states;
}

GroupedStates::GroupedStates(const GroupingShape& shape)
    : shape_(shape), table_(shape.keys), states_(make_states(shape)) {}

void GroupedStates::grow() {
  for (const AggregateStatesPtr& states : states_) states->resize(table_.size());
}

void GroupedStates::add(std::span<const ColumnRef> keys, std::span<const std::vector<ColumnRef>> args,
                        Selection selection) {
  if (selection.count == 0) return;
  groups_.resize(selection.count);
  table_.find_or_insert(keys, selection, groups_.data());
  grow();
  const std::uint32_t* const groups = shape_.keys.empty() ? nullptr : groups_.data();
  for (std::size_t call = 0; call < states_.size(); ++call) states_[call]->update(groups, selection, args[call]);
}

void GroupedStates::merge(const GroupedStates& from) {
  groups_.resize(from.size());
  table_.find_or_insert(from.table_, groups_.data());
  grow();
  for (std::size_t call = 0; call < states_.size(); ++call) {
    states_[call]->merge(*from.states_[call], {groups_.data(), groups_.size()});
  }
}

void GroupedStates::merge(const GroupedStates& from, std::span<const std::uint32_t> groups) {
  groups_.resize(groups.size());
  table_.find_or_insert(from.table_, groups, groups_.data());
  grow();
  const expr::GroupPairs pairs{groups.data(), {groups_.data(), groups_.size()}};
  for (std::size_t call = 0; call < states_.size(); ++call) states_[call]->merge_pairs(*from.states_[call], pairs);
}

void GroupedStates::clear() {
  table_.clear();
  for (const AggregateStatesPtr& states : states_) states->clear();
}

std::size_t GroupedStates::memory_bytes() const {
  std::size_t bytes = table_.memory_bytes();
  for (const AggregateStatesPtr& states : states_) bytes += states->memory_bytes();
  return bytes;
}

void GroupedStates::encode(std::string& out) const {
  table_.encode(out);
  std::vector<std::uint32_t> groups(size());
  std::iota(groups.begin(), groups.end(), 0U);
  for (const AggregateStatesPtr& states : states_) states->encode(out, groups);
}

Status GroupedStates::decode(std::string_view* input) {
  clear();
  SR_TRY(table_.decode(input));
  for (const AggregateStatesPtr& states : states_) SR_TRY(states->decode(input, table_.size()));
  return {};
}

}  // namespace sr
