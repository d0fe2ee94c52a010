// SessionStore: sessions of keys in event time and the states of their rows. A session is [first, last + gap); what
// overlaps is one session, so the order of arrival does not matter. Entry points: add_rows, add, close. Knows nothing
// of watermarks, operators or output. Tested in tests/unit/state/session_store_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/state/grouped_states.h"

namespace sr {

struct Session {
  std::int64_t first = 0;  // time of its first and last row, µs
  std::int64_t last = 0;
  std::uint32_t key = 0;      // in keys(); kNoGroup: the place is free
  std::uint32_t next = 0;     // an earlier session of the key, or kNoGroup
  std::uint32_t touched = 0;  // 1: has changed since settle()
  std::uint32_t emitted = 0;  // 1: was given as closed, as it is now
};

class SessionStore {
 public:
  // `shape` must outlive the object.
  SessionStore(const GroupingShape& shape, std::int64_t gap_us);

  // Adds rows in order; times[row] is a row's event time.
  void add_rows(std::span<const ColumnRef> keys, std::span<const std::vector<ColumnRef>> args, const Column& times,
                Selection selection);
  // Puts the sessions of another object behind ours.
  void add(const SessionStore& other);
  // Appends the rows that would join a session.
  void joining(std::span<const ColumnRef> keys, const Column& times, Selection selection,
               Vec<std::uint32_t>& rows) const;

  // Sessions by place; free ones have no key. states(call) has the same places.
  std::span<const Session> sessions() const { return {sessions_.data(), sessions_.size()}; }
  std::int64_t end_of(const Session& session) const { return session.last + gap_; }
  const expr::AggregateStates& states(std::size_t call) const { return *states_[call]; }
  const GroupTable& keys() const { return keys_; }
  void mark_emitted(std::uint32_t place) { sessions_[place].emitted = 1; }
  // Gives the sessions that a batch must look at, by place: those that have changed since settle(), and those whose
  // wake() is not after `until`. Each other one is as it was.
  std::vector<std::uint32_t> awake(std::int64_t until);
  // Asks for a session again at a time, unless it is asked for earlier already.
  void wake(std::uint32_t place, std::int64_t time);
  // Ends a batch: forgets the listed sessions; nothing is touched any more.
  void settle(std::span<const std::uint32_t> gone);

  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  std::uint32_t place_of(std::uint32_t key, std::int64_t first, std::int64_t last);
  std::uint32_t open(std::uint32_t key, std::int64_t first, std::int64_t last);
  void merge_into(std::uint32_t target, std::uint32_t source);
  void unlink(std::uint32_t place);
  void link(std::uint32_t place);
  void grow();
  void flush();
  void touch(std::uint32_t place);
  bool overlaps(const Session& session, std::int64_t first, std::int64_t last) const {
    return first < session.last + gap_ && session.first < last + gap_;
  }

  const GroupingShape& shape_;
  std::int64_t gap_;
  GroupTable keys_;
  Vec<std::uint32_t> heads_;  // by key: its latest session, or kNoGroup
  Vec<Session> sessions_;
  std::vector<std::uint32_t> free_;
  std::vector<AggregateStatesPtr> states_;
  Vec<std::uint32_t> overlapping_;

  struct Alarm {
    std::int64_t time;
    std::uint32_t place;
    bool operator>(const Alarm& other) const { return time > other.time; }
  };
  std::vector<std::uint32_t> touched_;  // places that have changed since settle(); maybe twice, maybe free by now
  std::vector<Alarm> alarms_;           // a heap, the earliest in front; one counts if it is its place's in alarm_of_
  std::vector<std::int64_t> alarm_of_;  // by place: kNoAlarm without

  // Rows or foreign sessions with a place, not yet in the states: applied before sessions merge.
  Vec<std::uint32_t> pending_;
  Vec<std::uint32_t> pending_places_;
  std::span<const std::vector<ColumnRef>> pending_args_;
  const SessionStore* pending_from_ = nullptr;
};

}  // namespace sr
