// KeyedState: the keys of a stateful node with their state columns and the time at which each was last touched. Keys
// keep the order in which they came. Entry points: upsert, values, store, erase, expire. Knows nothing of expressions.
// Tested in tests/unit/state/keyed_state_test.cc.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state/group_table.h"
#include "engine/state/state_column.h"

namespace sr {

// Not thread-safe. Group ids are good until tidy() is called.
class KeyedState {
 public:
  KeyedState(std::vector<TypeRef> keys, std::vector<TypeRef> columns, bool tracks_time);

  GroupTable& table() { return table_; }
  const GroupTable& table() const { return table_; }
  std::uint32_t live() const { return table_.live(); }

  // Groups that the table has and the columns do not have yet: size of columns … size of table.
  std::uint32_t filled() const { return filled_; }
  // Gives the groups that came since the last call their first values: one column per state column, in order of the
  // groups.
  void fill(std::span<const ColumnRef> values, std::int64_t now_ms);

  // The values of listed groups: of all state columns, or of one.
  std::vector<ColumnRef> values(std::span<const std::uint32_t> groups) const;
  ColumnRef values(std::size_t column, std::span<const std::uint32_t> groups) const {
    return columns_[column].values(groups);
  }
  // When each was last touched, as timestamps; null if that is not kept.
  ColumnRef times(std::span<const std::uint32_t> groups) const;
  // Replaces state column `column`: group groups[i] gets row rows[i].
  void store(std::size_t column, std::span<const std::uint32_t> groups, const Column& values,
             std::span<const std::uint32_t> rows) {
    columns_[column].store(groups, values, rows);
  }
  void touch(std::span<const std::uint32_t> groups, std::int64_t now_ms);
  void erase(std::uint32_t group);
  // Lists the groups that were last touched at or before `horizon_ms`, in order; each is listed once.
  std::vector<std::uint32_t> expired(std::int64_t horizon_ms);
  // Lists all groups that are there, in order.
  std::vector<std::uint32_t> all() const;
  // Renumbers when many groups are gone.
  void tidy();

  std::size_t memory_bytes() const;
  void encode(std::string& out) const;
  Status decode(std::string_view* in);
  // Makes a value for each group of a table, one column per state column.
  using FirstValues =
      std::function<Result<std::vector<ColumnRef>>(std::span<const ColumnRef> keys, std::uint32_t count)>;
  // Takes in a state that was encoded with other columns, of types `saved`: column i is the saved column from[i], or
  // what `first` makes.
  Status decode_as(std::string_view* in, std::span<const TypeRef> saved,
                   std::span<const std::optional<std::size_t>> from, const FirstValues& first);

 private:
  Status decode_times(std::string_view* in);

  GroupTable table_;
  std::vector<StateColumn> columns_;
  bool tracks_time_;
  std::uint32_t filled_ = 0;
  Vec<std::int64_t> touched_;  // by group
  std::map<std::int64_t, std::vector<std::uint32_t>>
      due_;  // by time of the touch; entries of groups touched again later are stale
};

}  // namespace sr
