#include "engine/state/pane_ring.h"

#include <numeric>

#include "engine/state/byte_io.h"

namespace sr {

namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return -floor_div(-a, b);
}

std::vector<std::uint32_t> numbers(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

}  // namespace

bool WindowGrid::fires_at(std::int64_t time) const {
  return (time - offset) % slide == 0;
}

std::int64_t WindowGrid::pane() const {
  return std::gcd(size, slide);
}

std::int64_t WindowGrid::pane_at(std::int64_t time) const {
  return ceil_div(time - offset, pane());
}

bool WindowGrid::holds(std::int64_t time) const {
  const std::int64_t firing = offset + ceil_div(time - offset, slide) * slide;
  return time > firing - size;
}

PaneRing::PaneRing(const GroupingShape& shape, WindowGrid grid)
    : shape_(shape), grid_(grid), keys_(shape.keys), current_(make_states(shape)), back_(make_states(shape)) {
  for (const expr::ResolvedAggregate& call : shape.calls) {
    kinds_.push_back(call.invertible ? Kind::undone : call.grows ? Kind::recombined : Kind::stacked);
    stacks_ = stacks_ || kinds_.back() == Kind::stacked;
  }
}

PaneRing::Pane& PaneRing::open_pane(std::int64_t index) {
  if (!panes_.empty() && !panes_.back().sealed) {
    if (panes_.back().index == index) return panes_.back();
    seal(panes_.back());
  }
  Pane& pane = panes_.emplace_back();
  pane.index = index;
  if (spare_.empty()) {
    pane.states = make_states(shape_);
  } else {
    pane.states = std::move(spare_.back());
    spare_.pop_back();
  }
  return pane;
}

void PaneRing::add(GroupedStates& batch, std::int64_t time) {
  if (batch.size() == 0 || !grid_.holds(time)) return;
  Pane& pane = open_pane(grid_.pane_at(time));
  ids_.resize(batch.size());
  keys_.find_or_insert(batch.table(), ids_.data());
  holders_.resize(keys_.size(), 0);
  if (pane.ids.empty()) {
    batch.swap_states(pane.states);
    pane.ids = ids_;
    for (const std::uint32_t id : ids_) ++holders_[id];
  } else {
    join(pane, batch, ids_);
  }
}

void PaneRing::join(Pane& pane, GroupedStates& batch, const Vec<std::uint32_t>& ids) {
  slot_of_.clear();
  slot_of_.resize(keys_.size(), kNoGroup);
  for (std::uint32_t group = 0; group < pane.ids.size(); ++group) slot_of_[pane.ids[group]] = group;
  Vec<std::uint32_t> targets(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::uint32_t& slot = slot_of_[ids[i]];
    if (slot == kNoGroup) {
      slot = static_cast<std::uint32_t>(pane.ids.size());
      pane.ids.push_back(ids[i]);
      ++holders_[ids[i]];
    }
    targets[i] = slot;
  }
  for (std::size_t call = 0; call < pane.states.size(); ++call) {
    pane.states[call]->resize(static_cast<std::uint32_t>(pane.ids.size()));
    pane.states[call]->merge(batch.states(call), {targets.data(), targets.size()});
  }
}

void PaneRing::seal(Pane& pane) {
  pane.sealed = true;
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::recombined || (kinds_[call] == Kind::stacked && pane.front)) continue;
    expr::AggregateStates& total = kinds_[call] == Kind::undone ? *current_[call] : *back_[call];
    total.resize(keys_.size());
    total.merge(*pane.states[call], {pane.ids.data(), pane.ids.size()});
  }
}

void PaneRing::expire(Pane& pane) {
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::undone) {
      current_[call]->subtract(*pane.states[call], {pane.ids.data(), pane.ids.size()});
    }
  }
  for (std::uint32_t slot = 0; slot < pane.ids.size(); ++slot) {
    const std::uint32_t id = pane.ids[slot];
    if (pane.front) front_of_[id] = pane.next[slot];
    if (--holders_[id] == 0) drained_.push_back(id);
  }
  for (const AggregateStatesPtr& states : pane.states) states->clear();
  if (spare_.size() < 2) spare_.push_back(std::move(pane.states));
  if (pane.front) --fronts_;
  ++gone_;
}

// Turns the back over, once nothing is in front.
void PaneRing::flip() {
  front_of_.resize(keys_.size(), Place{});
  for (std::size_t i = panes_.size(); i > 0; --i) push_front(gone_ + static_cast<std::uint32_t>(i - 1), true);
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::stacked) back_[call]->clear();
  }
}

// Puts a pane before those in front. `merge`: it does not hold their rows yet.
void PaneRing::push_front(std::uint32_t number, bool merge) {
  Pane& pane = panes_[number - gone_];
  pane.front = true;
  ++fronts_;
  pane.next.resize(pane.ids.size(), Place{});
  for (std::uint32_t slot = 0; slot < pane.ids.size(); ++slot) {
    Place& first = front_of_[pane.ids[slot]];
    pane.next[slot] = first;
    if (merge) collect_pairs(first, slot);
    first = {number, slot};
  }
  merge_collected(pane.states);
}

void PaneRing::collect_pairs(Place place, std::uint32_t target) {
  if (place.pane == kNoGroup) return;
  Pane& from = pane_of(place);
  if (from.sources.empty()) collected_.push_back(&from);
  from.sources.push_back(place.slot);
  from.targets.push_back(target);
}

// Merges what was collected behind the states of stacked calls.
void PaneRing::merge_collected(const std::vector<AggregateStatesPtr>& into) {
  for (Pane* from : collected_) {
    const expr::GroupPairs pairs{from->sources.data(), {from->targets.data(), from->targets.size()}};
    for (std::size_t call = 0; call < kinds_.size(); ++call) {
      if (kinds_[call] == Kind::stacked) into[call]->merge_pairs(*from->states[call], pairs);
    }
    from->sources.clear();
    from->targets.clear();
  }
  collected_.clear();
}

// Front and back together, per key.
void PaneRing::combine_stacks() {
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] != Kind::stacked) continue;
    back_[call]->resize(keys_.size());
    if (fronts_ == 0) continue;
    current_[call]->clear();
    current_[call]->resize(keys_.size());
  }
  if (fronts_ == 0) return;
  front_of_.resize(keys_.size(), Place{});
  for (const std::uint32_t id : live_) collect_pairs(front_of_[id], id);
  merge_collected(current_);
  const expr::GroupPairs all{live_.data(), {live_.data(), live_.size()}};
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::stacked) current_[call]->merge_pairs(*back_[call], all);
  }
}

void PaneRing::erase_drained() {
  if (drained_.empty()) return;
  for (const std::uint32_t id : drained_) keys_.erase(id);
  const std::span<const std::uint32_t> drained(drained_.data(), drained_.size());
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::undone) current_[call]->reset(drained);
  }
  drained_.clear();
  if (keys_.wants_compact()) compact();
}

void PaneRing::compact() {
  Vec<std::uint32_t> moved;
  keys_.compact(moved);
  Vec<std::uint32_t> kept;
  for (std::uint32_t id = 0; id < moved.size(); ++id) {
    if (moved[id] == kNoGroup) continue;
    holders_[moved[id]] = holders_[id];
    kept.push_back(id);
  }
  holders_.resize(kept.size());
  if (!front_of_.empty()) {
    front_of_.resize(moved.size(), Place{});
    for (std::uint32_t id = 0; id < kept.size(); ++id) front_of_[id] = front_of_[kept[id]];
    front_of_.resize(kept.size(), Place{});
  }
  for (Pane& pane : panes_) {
    for (std::uint32_t& id : pane.ids) id = moved[id];
  }
  const std::vector<std::uint32_t> targets = numbers(kept.size());
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::recombined) continue;
    AggregateStatesPtr& total = kinds_[call] == Kind::undone ? current_[call] : back_[call];
    total->resize(static_cast<std::uint32_t>(moved.size()));
    AggregateStatesPtr fresh = shape_.calls[call].make();
    fresh->resize(keys_.size());
    fresh->merge_pairs(*total, {kept.data(), targets});
    total = std::move(fresh);
  }
}

void PaneRing::combine(std::size_t call) {
  expr::AggregateStates& combined = *current_[call];
  combined.clear();
  combined.resize(keys_.size());
  for (const Pane& pane : panes_) combined.merge(*pane.states[call], {pane.ids.data(), pane.ids.size()});
}

void PaneRing::fire(std::int64_t time) {
  if (!panes_.empty() && !panes_.back().sealed) seal(panes_.back());
  const std::int64_t first = grid_.pane_at(time) - grid_.size / grid_.pane();
  bool back_left = false;
  while (!panes_.empty() && panes_.front().index <= first) {
    back_left = back_left || !panes_.front().front;
    expire(panes_.front());
    panes_.pop_front();
  }
  if (back_left && stacks_) flip();
  erase_drained();
  live_.clear();
  live_.reserve(keys_.live());
  for (std::uint32_t id = 0; id < keys_.size(); ++id) {
    if (!keys_.is_erased(id)) live_.push_back(id);
  }
  if (stacks_) combine_stacks();
  for (std::size_t call = 0; call < kinds_.size(); ++call) {
    if (kinds_[call] == Kind::undone) current_[call]->resize(keys_.size());
    if (kinds_[call] == Kind::recombined) combine(call);
  }
}

std::size_t PaneRing::memory_bytes() const {
  std::size_t bytes = keys_.memory_bytes() + holders_.capacity() * 4 + live_.capacity() * 4;
  bytes += front_of_.capacity() * sizeof(Place);
  for (const auto* totals : {&current_, &back_}) {
    for (const AggregateStatesPtr& states : *totals) bytes += states->memory_bytes();
  }
  for (const Pane& pane : panes_) {
    bytes += pane.ids.capacity() * 4 + pane.next.capacity() * sizeof(Place);
    bytes += (pane.sources.capacity() + pane.targets.capacity()) * 4;
    for (const AggregateStatesPtr& states : pane.states) bytes += states->memory_bytes();
  }
  return bytes;
}

void PaneRing::encode_pane(std::string& out, const Pane& pane, const Vec<std::uint32_t>& rank) const {
  put_value(out, pane.index);
  put_value<std::uint32_t>(out, (pane.sealed ? 1 : 0) + (pane.front ? 2 : 0));
  put_value(out, static_cast<std::uint32_t>(pane.ids.size()));
  for (const std::uint32_t id : pane.ids) put_value(out, rank[id]);
  const std::vector<std::uint32_t> all = numbers(pane.ids.size());
  for (const AggregateStatesPtr& states : pane.states) states->encode(out, all);
}

void PaneRing::encode(std::string& out) const {
  keys_.encode(out);
  Vec<std::uint32_t> rank(keys_.size());  // among the keys that are there
  std::uint32_t next = 0;
  for (std::uint32_t id = 0; id < keys_.size(); ++id) rank[id] = keys_.is_erased(id) ? kNoGroup : next++;
  put_value(out, static_cast<std::uint32_t>(panes_.size()));
  for (const Pane& pane : panes_) encode_pane(out, pane, rank);
}

Status PaneRing::decode_pane(std::string_view* input) {
  const Error damaged{"a window's panes are damaged"};
  Pane pane;
  std::uint32_t flags = 0;
  std::uint32_t count = 0;
  if (!take_value(input, &pane.index) || !take_value(input, &flags) || !take_value(input, &count)) return damaged;
  if (input->size() / sizeof(std::uint32_t) < count) return damaged;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t id = 0;
    if (!take_value(input, &id) || id >= keys_.size()) return damaged;
    pane.ids.push_back(id);
    ++holders_[id];
  }
  pane.states = make_states(shape_);
  for (const AggregateStatesPtr& states : pane.states) SR_TRY(states->decode(input, count));
  pane.sealed = (flags & 1) != 0;
  pane.front = (flags & 2) != 0;
  panes_.push_back(std::move(pane));
  return {};
}

Status PaneRing::decode(std::string_view* input) {
  SR_TRY(keys_.decode(input));
  holders_.clear();
  holders_.resize(keys_.size(), 0);
  std::uint32_t panes = 0;
  if (!take_value(input, &panes)) return Error{"a window's panes are damaged"};
  for (std::uint32_t i = 0; i < panes; ++i) SR_TRY(decode_pane(input));
  for (Pane& pane : panes_) {
    if (pane.sealed) seal(pane);
  }
  front_of_.resize(keys_.size(), Place{});
  for (std::uint32_t i = panes; i > 0; --i) {
    if (panes_[i - 1].front) push_front(i - 1, false);
  }
  return {};
}

}  // namespace sr
