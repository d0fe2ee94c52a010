// The registry of aggregates. Its rows come from engine/expr/aggregates.
#include "engine/expr/aggregate.h"

#include "engine/base/check.h"

namespace sr::expr {

void AggregateStates::subtract_pairs(const AggregateStates&, const GroupPairs&) {
  SR_CHECK(false && "this aggregate cannot be undone");
}

void AggregateRegistry::add(AggregateInfo info) {
  std::string name = info.name;
  const bool added = aggregates_.emplace(std::move(name), std::move(info)).second;
  SR_CHECK(added);
}

const AggregateInfo* AggregateRegistry::find(std::string_view lower_name) const {
  const auto found = aggregates_.find(lower_name);
  return found == aggregates_.end() ? nullptr : &found->second;
}

std::vector<const AggregateInfo*> AggregateRegistry::all() const {
  std::vector<const AggregateInfo*> list;
  list.reserve(aggregates_.size());
  for (const auto& [name, info] : aggregates_) list.push_back(&info);
  return list;
}

std::vector<std::string> AggregateRegistry::names() const {
  std::vector<std::string> list;
  list.reserve(aggregates_.size());
  for (const auto& [name, info] : aggregates_) list.push_back(name);
  return list;
}

}  // namespace sr::expr
