#include "operators/support/keyed_partials.h"

#include <algorithm>

namespace sr::operators {

bool joins_exactly(const std::vector<expr::AggregateCall>& calls) {
  return std::all_of(calls.begin(), calls.end(),
                     [](const expr::AggregateCall& call) { return call.aggregate.order_free; });
}

KeyedPartial::KeyedPartial(std::vector<TypeRef> keys, const std::vector<expr::AggregateCall>& calls)
    : table(std::move(keys)) {
  for (const expr::AggregateCall& call : calls) states.push_back(call.aggregate.make());
}

bool KeyedPartial::add(const KeyedCalls& what, const Chunk& chunk, const flow::BatchContext& context,
                       flow::Emitter& errors) {
  const expr::EvalInput input{chunk.columns, chunk.rows, chunk.selection(), &context.tick, context.seed};
  expr::RowErrors failed;
  std::vector<std::vector<ColumnRef>> args;
  for (const expr::AggregateCall& call : what.calls) {
    args.emplace_back();
    for (const expr::BoundRef& arg : call.args) args.back().push_back(expr::evaluate(*arg, input, failed));
  }
  Selection rows = chunk.selection();
  Vec<std::uint32_t> kept;
  if (!failed.empty()) {
    if (!errors.drop_failed(chunk, failed, kept)) return false;
    rows = {kept.data(), static_cast<std::uint32_t>(kept.size())};
  }
  std::vector<ColumnRef> keys;
  for (const std::uint32_t column : what.key) keys.push_back(chunk.columns[column]);
  groups_.resize(rows.count);
  table.find_or_insert(keys, rows, groups_.data());
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i]->resize(table.size());
    states[i]->update(groups_.data(), rows, args[i]);
  }
  return true;
}

BatchGroups::BatchGroups(const std::vector<expr::AggregateCall>& calls, GroupTable& known, Vec<std::uint32_t>& places)
    : known_(known), place_(places) {
  for (const expr::AggregateCall& call : calls) states_.push_back(call.aggregate.make());
}

BatchGroups::~BatchGroups() {
  for (const std::uint32_t group : touched_) place_[group] = kNoGroup;
}

void BatchGroups::merge(KeyedPartial& partial) {
  std::vector<std::uint32_t> groups(partial.table.size());
  known_.find_or_insert(partial.table, groups.data());
  if (place_.size() < known_.size()) place_.resize(known_.size(), kNoGroup);
  for (std::uint32_t& group : groups) {
    if (place_[group] == kNoGroup) {
      place_[group] = static_cast<std::uint32_t>(touched_.size());
      touched_.push_back(group);
    }
    group = place_[group];
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i]->resize(static_cast<std::uint32_t>(touched_.size()));
    states_[i]->merge(*partial.states[i], groups);
  }
}

std::vector<std::uint32_t> BatchGroups::touched_in_order() const {
  std::vector<std::uint32_t> groups = touched_;
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::vector<ColumnRef> BatchGroups::finish(std::span<const std::uint32_t> groups, expr::RowErrors& errors) {
  const auto empty = static_cast<std::uint32_t>(touched_.size());
  std::vector<std::uint32_t> places(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::uint32_t place = groups[i] < place_.size() ? place_[groups[i]] : kNoGroup;
    places[i] = place == kNoGroup ? empty : place;
  }
  std::vector<ColumnRef> columns;
  for (const auto& states : states_) {
    states->resize(empty + 1);
    columns.push_back(states->finish(places, errors));
  }
  return columns;
}

}  // namespace sr::operators
