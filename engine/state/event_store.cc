#include "engine/state/event_store.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "engine/state/byte_io.h"

namespace sr {

GroupingShape with_unit(const GroupingShape& shape) {
  GroupingShape result = shape;
  result.keys.insert(result.keys.begin(), types::bigint());
  return result;
}

EventStore::EventStore(const GroupingShape& shape, EventGrid grid)
    : shape_(shape),
      grid_(grid),
      table_(shape.keys),
      states_(make_states(shape)),
      keys_({shape.keys.begin() + 1, shape.keys.end()}),
      combined_(make_states(shape)) {}

void EventStore::add(const GroupedStates& partial) {
  if (partial.size() == 0) return;
  Vec<std::uint32_t> groups(partial.size());
  const std::uint32_t before = table_.size();
  table_.find_or_insert(partial.table(), groups.data());
  adopt_new_groups(before);
  for (std::size_t call = 0; call < states_.size(); ++call) {
    states_[call]->resize(table_.size());
    states_[call]->merge(partial.states(call), {groups.data(), groups.size()});
  }
  const std::int64_t* const unit_of = table_.columns()[0].words();
  for (const std::uint32_t group : groups) {
    if (touched_[group] == 0) units_[unit_of[group]].touched = true;
    touched_[group] = 1;
  }
}

void EventStore::adopt_new_groups(std::uint32_t first) {
  const std::uint32_t count = table_.size() - first;
  if (count == 0) return;
  std::vector<ColumnRef> columns = table_.keys(first, count);
  columns.erase(columns.begin());
  key_of_.resize(table_.size());
  keys_.find_or_insert(columns, Selection{nullptr, count}, key_of_.data() + first);
  holders_.resize(keys_.size(), 0);
  touched_.resize(table_.size(), 0);
  const std::int64_t* const unit_of = table_.columns()[0].words();
  for (std::uint32_t group = first; group < table_.size(); ++group) {
    ++holders_[key_of_[group]];
    units_[unit_of[group]].groups.push_back(group);
  }
}

std::vector<std::int64_t> EventStore::windows_in(IndexRange range) const {
  std::vector<std::int64_t> windows;
  if (units_.empty()) return windows;
  std::int64_t window = std::max(range.first, grid_.windows_of(units_.begin()->first).first);
  const std::int64_t last = std::min(range.last, grid_.windows_of(units_.rbegin()->first).last);
  while (window <= last) {
    const IndexRange units = grid_.units_of(window);
    const auto next = units_.lower_bound(units.first);
    if (next == units_.end()) break;
    if (next->first <= units.last) {
      windows.push_back(window++);
    } else {
      window = std::max(window + 1, grid_.windows_of(next->first).first);
    }
  }
  return windows;
}

std::vector<std::int64_t> EventStore::touched_windows() const {
  std::set<std::int64_t> windows;
  for (const auto& [index, unit] : units_) {
    if (!unit.touched) continue;
    const IndexRange range = grid_.windows_of(index);
    for (std::int64_t window = range.first; window <= range.last; ++window) windows.insert(window);
  }
  return {windows.begin(), windows.end()};
}

void EventStore::collect(std::int64_t window, bool touched_only) {
  window_units_.clear();
  window_keys_.clear();
  place_of_.resize(keys_.size(), kNoGroup);
  const IndexRange units = grid_.units_of(window);
  for (auto unit = units_.lower_bound(units.first); unit != units_.end() && unit->first <= units.last; ++unit) {
    window_units_.push_back(&unit->second);
    for (const std::uint32_t group : unit->second.groups) {
      std::uint32_t& place = place_of_[key_of_[group]];
      if (place != kNoGroup || (touched_only && touched_[group] == 0)) continue;
      place = 0;
      window_keys_.push_back(key_of_[group]);
    }
  }
  std::sort(window_keys_.begin(), window_keys_.end());
  for (std::uint32_t i = 0; i < window_keys_.size(); ++i) place_of_[window_keys_[i]] = i;
}

EventStore::WindowGroups EventStore::window(std::int64_t window, bool touched_only) {
  collect(window, touched_only);
  const WindowGroups result = window_units_.size() == 1 ? direct() : combined();
  for (const std::uint32_t key : window_keys_) place_of_[key] = kNoGroup;
  return result;
}

// One unit: its states are the window's.
EventStore::WindowGroups EventStore::direct() {
  window_groups_.resize(window_keys_.size());
  for (const std::uint32_t group : window_units_[0]->groups) {
    const std::uint32_t place = place_of_[key_of_[group]];
    if (place != kNoGroup) window_groups_[place] = group;
  }
  WindowGroups result{{window_keys_.data(), window_keys_.size()}, {window_groups_.data(), window_groups_.size()}, {}};
  for (const AggregateStatesPtr& states : states_) result.states.push_back(states.get());
  return result;
}

EventStore::WindowGroups EventStore::combined() {
  const auto count = static_cast<std::uint32_t>(window_keys_.size());
  for (const AggregateStatesPtr& states : combined_) {
    states->clear();
    states->resize(count);
  }
  Vec<std::uint32_t> sources;
  Vec<std::uint32_t> targets;
  for (const Unit* unit : window_units_) {
    sources.clear();
    targets.clear();
    for (const std::uint32_t group : unit->groups) {
      const std::uint32_t place = place_of_[key_of_[group]];
      if (place == kNoGroup) continue;
      sources.push_back(group);
      targets.push_back(place);
    }
    const expr::GroupPairs pairs{sources.data(), {targets.data(), targets.size()}};
    for (std::size_t call = 0; call < states_.size(); ++call) combined_[call]->merge_pairs(*states_[call], pairs);
  }
  window_groups_.resize(count);
  std::iota(window_groups_.begin(), window_groups_.end(), 0U);
  WindowGroups result{{window_keys_.data(), count}, {window_groups_.data(), count}, {}};
  for (const AggregateStatesPtr& states : combined_) result.states.push_back(states.get());
  return result;
}

void EventStore::forget(const Unit& unit) {
  for (const std::uint32_t group : unit.groups) {
    table_.erase(group);
    const std::uint32_t key = key_of_[group];
    if (--holders_[key] == 0) keys_.erase(key);
  }
  for (const AggregateStatesPtr& states : states_) states->reset(unit.groups);
}

void EventStore::settle(std::int64_t watermark) {
  for (auto unit = units_.begin(); unit != units_.end();) {
    if (grid_.unit_done(unit->first, watermark)) {
      forget(unit->second);
      unit = units_.erase(unit);
      continue;
    }
    if (unit->second.touched) {
      unit->second.touched = false;
      for (const std::uint32_t group : unit->second.groups) touched_[group] = 0;
    }
    ++unit;
  }
  compact();
}

void EventStore::compact() {
  Vec<std::uint32_t> moved;
  if (table_.wants_compact()) {
    table_.compact(moved);
    Vec<std::uint32_t> kept;
    for (std::uint32_t group = 0; group < moved.size(); ++group) {
      if (moved[group] == kNoGroup) continue;
      key_of_[moved[group]] = key_of_[group];
      touched_[moved[group]] = touched_[group];
      kept.push_back(group);
    }
    key_of_.resize(kept.size());
    touched_.resize(kept.size());
    for (auto& [index, unit] : units_) {
      for (std::uint32_t& group : unit.groups) group = moved[group];
    }
    std::vector<std::uint32_t> targets(kept.size());
    std::iota(targets.begin(), targets.end(), 0U);
    for (std::size_t call = 0; call < states_.size(); ++call) {
      AggregateStatesPtr fresh = shape_.calls[call].make();
      fresh->resize(table_.size());
      fresh->merge_pairs(*states_[call], {kept.data(), targets});
      states_[call] = std::move(fresh);
    }
  }
  if (!keys_.wants_compact()) return;
  keys_.compact(moved);
  for (std::uint32_t key = 0; key < moved.size(); ++key) {
    if (moved[key] != kNoGroup) holders_[moved[key]] = holders_[key];
  }
  holders_.resize(keys_.size());
  for (std::uint32_t group = 0; group < key_of_.size(); ++group) {
    if (!table_.is_erased(group)) key_of_[group] = moved[key_of_[group]];
  }
  place_of_.clear();
}

std::size_t EventStore::memory_bytes() const {
  std::size_t bytes = table_.memory_bytes() + keys_.memory_bytes();
  bytes += key_of_.capacity() * 4 + holders_.capacity() * 4 + touched_.capacity() + table_.size() * std::size_t{4};
  for (const AggregateStatesPtr& states : states_) bytes += states->memory_bytes();
  return bytes;
}

void EventStore::encode(std::string& out) const {
  keys_.encode(out);
  table_.encode(out);
  std::vector<std::uint32_t> groups;
  for (std::uint32_t group = 0; group < table_.size(); ++group) {
    if (!table_.is_erased(group)) groups.push_back(group);
  }
  for (const AggregateStatesPtr& states : states_) states->encode(out, groups);
}

Status EventStore::decode(std::string_view* input) {
  SR_TRY(keys_.decode(input));
  SR_TRY(table_.decode(input));
  const std::uint32_t keys = keys_.size();
  adopt_new_groups(0);
  if (keys_.size() != keys) return Error{"the groups of a window name unknown keys"};
  for (const AggregateStatesPtr& states : states_) SR_TRY(states->decode(input, table_.size()));
  return {};
}

}  // namespace sr
