#include "engine/state/session_store.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "engine/state/byte_io.h"

namespace sr {

namespace {

constexpr std::int64_t kNoAlarm = INT64_MAX;

}  // namespace

SessionStore::SessionStore(const GroupingShape& shape, std::int64_t gap_us)
    : shape_(shape), gap_(gap_us), keys_(shape.keys), states_(make_states(shape)) {}

void SessionStore::grow() {
  for (const AggregateStatesPtr& states : states_) states->resize(static_cast<std::uint32_t>(sessions_.size()));
}

// Sessions of a key are disjoint and listed from the latest to the earliest.
void SessionStore::link(std::uint32_t place) {
  Session& session = sessions_[place];
  std::uint32_t* at = &heads_[session.key];
  while (*at != kNoGroup && sessions_[*at].first > session.first) at = &sessions_[*at].next;
  session.next = *at;
  *at = place;
}

void SessionStore::unlink(std::uint32_t place) {
  std::uint32_t* at = &heads_[sessions_[place].key];
  while (*at != place) at = &sessions_[*at].next;
  *at = sessions_[place].next;
}

std::uint32_t SessionStore::open(std::uint32_t key, std::int64_t first, std::int64_t last) {
  std::uint32_t place = static_cast<std::uint32_t>(sessions_.size());
  if (free_.empty()) {
    sessions_.push_back({});
  } else {
    place = free_.back();
    free_.pop_back();
  }
  sessions_[place] = {first, last, key, kNoGroup, 0, 0};
  link(place);
  touch(place);
  return place;
}

void SessionStore::merge_into(std::uint32_t target, std::uint32_t source) {
  flush();
  const std::uint32_t sources[] = {source};
  const std::uint32_t targets[] = {target};
  for (const AggregateStatesPtr& states : states_) {
    // A copy, because an object does not merge from itself.
    std::string bytes;
    states->encode(bytes, sources);
    const AggregateStatesPtr copy = shape_.calls[static_cast<std::size_t>(&states - states_.data())].make();
    std::string_view input = bytes;
    const bool decoded = copy->decode(&input, 1).ok();
    SR_CHECK(decoded);
    states->merge(*copy, targets);
    states->reset(sources);
  }
  Session& session = sessions_[target];
  session.first = std::min(session.first, sessions_[source].first);
  session.last = std::max(session.last, sessions_[source].last);
  unlink(source);
  sessions_[source].key = kNoGroup;
  free_.push_back(source);
}

std::uint32_t SessionStore::place_of(std::uint32_t key, std::int64_t first, std::int64_t last) {
  overlapping_.clear();
  for (std::uint32_t at = heads_[key]; at != kNoGroup; at = sessions_[at].next) {
    if (overlaps(sessions_[at], first, last)) overlapping_.push_back(at);
    if (end_of(sessions_[at]) <= first) break;
  }
  if (overlapping_.empty()) return open(key, first, last);
  const std::uint32_t place = overlapping_.back();  // the earliest
  for (std::size_t i = overlapping_.size() - 1; i > 0; --i) merge_into(place, overlapping_[i - 1]);
  Session& session = sessions_[place];
  session.last = std::max(session.last, last);
  session.first = std::min(session.first, first);  // stays behind the next earlier one, which does not overlap
  session.emitted = 0;
  touch(place);
  return place;
}

void SessionStore::touch(std::uint32_t place) {
  if (sessions_[place].touched != 0) return;
  sessions_[place].touched = 1;
  touched_.push_back(place);
}

void SessionStore::wake(std::uint32_t place, std::int64_t time) {
  alarm_of_.resize(sessions_.size(), kNoAlarm);
  if (time >= alarm_of_[place]) return;
  alarm_of_[place] = time;
  alarms_.push_back({time, place});
  std::push_heap(alarms_.begin(), alarms_.end(), std::greater<>{});
}

std::vector<std::uint32_t> SessionStore::awake(std::int64_t until) {
  std::vector<std::uint32_t> places = touched_;
  while (!alarms_.empty() && alarms_.front().time <= until) {
    const Alarm alarm = alarms_.front();
    std::pop_heap(alarms_.begin(), alarms_.end(), std::greater<>{});
    alarms_.pop_back();
    if (alarm_of_[alarm.place] != alarm.time) continue;
    alarm_of_[alarm.place] = kNoAlarm;
    places.push_back(alarm.place);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::erase_if(places, [&](std::uint32_t place) { return sessions_[place].key == kNoGroup; });
  return places;
}

void SessionStore::flush() {
  if (pending_.empty()) return;
  grow();
  const auto count = static_cast<std::uint32_t>(pending_.size());
  for (std::size_t call = 0; call < states_.size(); ++call) {
    if (pending_from_ == nullptr) {
      states_[call]->update(pending_places_.data(), Selection{pending_.data(), count}, pending_args_[call]);
    } else {
      states_[call]->merge_pairs(*pending_from_->states_[call], {pending_.data(), {pending_places_.data(), count}});
    }
  }
  pending_.clear();
  pending_places_.clear();
}

void SessionStore::add_rows(std::span<const ColumnRef> keys, std::span<const std::vector<ColumnRef>> args,
                            const Column& times, Selection selection) {
  if (selection.count == 0) return;
  Vec<std::uint32_t> ids(selection.count);
  keys_.find_or_insert(keys, selection, ids.data());
  heads_.resize(keys_.size(), kNoGroup);
  pending_from_ = nullptr;
  pending_args_ = args;
  const Reader<std::int64_t> time(times);
  for (std::uint32_t i = 0; i < selection.count; ++i) {
    const std::uint32_t row = selection[i];
    const std::uint32_t place = place_of(ids[i], time[row], time[row]);
    pending_.push_back(row);
    pending_places_.push_back(place);
  }
  flush();
  pending_args_ = {};
  grow();
}

void SessionStore::add(const SessionStore& other) {
  Vec<std::uint32_t> ids(other.keys_.size());
  keys_.find_or_insert(other.keys_, ids.data());
  heads_.resize(keys_.size(), kNoGroup);
  pending_from_ = &other;
  for (std::uint32_t i = 0; i < other.sessions_.size(); ++i) {
    const Session& session = other.sessions_[i];
    if (session.key == kNoGroup) continue;
    const std::uint32_t place = place_of(ids[session.key], session.first, session.last);
    pending_.push_back(i);
    pending_places_.push_back(place);
  }
  flush();
  pending_from_ = nullptr;
}

void SessionStore::joining(std::span<const ColumnRef> keys, const Column& times, Selection selection,
                           Vec<std::uint32_t>& rows) const {
  Vec<std::uint32_t> ids(selection.count);
  keys_.find(keys, selection, ids.data());
  const Reader<std::int64_t> time(times);
  for (std::uint32_t i = 0; i < selection.count; ++i) {
    if (ids[i] == kNoGroup) continue;
    const std::int64_t at = time[selection[i]];
    bool joins = false;
    for (std::uint32_t s = heads_[ids[i]]; s != kNoGroup && !joins; s = sessions_[s].next) {
      joins = overlaps(sessions_[s], at, at);
    }
    if (joins) rows.push_back(selection[i]);
  }
}

void SessionStore::settle(std::span<const std::uint32_t> gone) {
  for (const std::uint32_t place : touched_) sessions_[place].touched = 0;
  touched_.clear();
  for (const std::uint32_t place : gone) {
    unlink(place);
    const std::uint32_t key = sessions_[place].key;
    if (heads_[key] == kNoGroup) keys_.erase(key);
    sessions_[place].key = kNoGroup;
    free_.push_back(place);
  }
  for (const AggregateStatesPtr& states : states_) states->reset(gone);
  if (!keys_.wants_compact()) return;
  Vec<std::uint32_t> moved;
  keys_.compact(moved);
  for (std::uint32_t key = 0; key < moved.size(); ++key) {
    if (moved[key] != kNoGroup) heads_[moved[key]] = heads_[key];
  }
  heads_.resize(keys_.size());
  for (Session& session : sessions_) {
    if (session.key != kNoGroup) session.key = moved[session.key];
  }
}

std::size_t SessionStore::memory_bytes() const {
  std::size_t bytes = keys_.memory_bytes() + heads_.capacity() * 4 + sessions_.capacity() * sizeof(Session) +
                      touched_.capacity() * 4 + alarms_.capacity() * sizeof(Alarm) + alarm_of_.capacity() * 8;
  for (const AggregateStatesPtr& states : states_) bytes += states->memory_bytes();
  return bytes;
}

void SessionStore::encode(std::string& out) const {
  keys_.encode(out);
  Vec<std::uint32_t> rank(keys_.size());
  std::uint32_t next = 0;
  for (std::uint32_t key = 0; key < keys_.size(); ++key) rank[key] = keys_.is_erased(key) ? kNoGroup : next++;
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (sessions_[i].key != kNoGroup) places.push_back(i);
  }
  put_value(out, static_cast<std::uint32_t>(places.size()));
  for (const std::uint32_t place : places) {
    Session session = sessions_[place];
    session.key = rank[session.key];
    put_value(out, session);
  }
  for (const AggregateStatesPtr& states : states_) states->encode(out, places);
}

Status SessionStore::decode(std::string_view* input) {
  const Error damaged{"the sessions of a window are damaged"};
  SR_TRY(keys_.decode(input));
  heads_.resize(keys_.size(), kNoGroup);
  std::uint32_t count = 0;
  if (!take_value(input, &count) || input->size() / sizeof(Session) < count) return damaged;
  for (std::uint32_t i = 0; i < count; ++i) {
    Session session;
    if (!take_value(input, &session) || session.key >= keys_.size()) return damaged;
    sessions_.push_back(session);
    link(i);
    wake(i, end_of(session));
  }
  for (const AggregateStatesPtr& states : states_) SR_TRY(states->decode(input, count));
  return {};
}

}  // namespace sr
