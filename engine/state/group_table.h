// GroupTable: keys of any types → group ids. Ids are dense and follow the order in which keys came; keys lie in
// columns, states beside them in columns of the same index. Open addressing over 32-bit hashes, rows probed in blocks
// with prefetch. Entry points: find_or_insert, find, keys. Knows nothing of what groups stand for. Tested in
// tests/unit/state/group_table_test.cc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/state/key_column.h"

namespace sr {

inline constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
// Tables of different workers merge by partitions: by the highest bits of the hash.
inline constexpr std::uint32_t kPartitions = 64;
inline constexpr std::uint32_t partition_of(std::uint32_t hash) {
  return hash >> 26;
}

// Not thread-safe, but for several readers at once.
class GroupTable {
 public:
  // Without types there is one group, for all rows; it comes with the first row.
  explicit GroupTable(std::vector<TypeRef> types);

  // Groups that were given out, erased ones included: ids are 0 … size() - 1.
  std::uint32_t size() const { return size_; }
  // Groups that are there.
  std::uint32_t live() const { return size_ - dead_; }
  const std::vector<KeyColumn>& columns() const { return columns_; }
  std::uint32_t hash_of(std::uint32_t group) const { return hashes_[group]; }
  bool is_erased(std::uint32_t group) const { return dead_ > 0 && erased_[group] != 0; }

  // Gives the group of each selected row, groups[i] that of selection[i]; new keys get the next ids. Copies new keys.
  void find_or_insert(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups);
  // The same for listed groups of another table of the same types.
  void find_or_insert(const GroupTable& from, std::span<const std::uint32_t> from_groups, std::uint32_t* groups);
  // The same for all groups of another table in which nothing was erased.
  void find_or_insert(const GroupTable& from, std::uint32_t* groups);
  // Gives the group of each selected row, kNoGroup where the key is absent.
  void find(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups) const;

  // The key columns of groups, for output; texts stay views that the columns hold.
  std::vector<ColumnRef> keys(std::uint32_t begin, std::uint32_t count) const;
  std::vector<ColumnRef> keys(std::span<const std::uint32_t> groups) const;

  // Takes a key out; its group stays, dead, until compact(). The key gets a new group if it comes back.
  void erase(std::uint32_t group);
  // Whether so many groups are dead that the owner should call compact().
  bool wants_compact() const { return dead_ > 1024 && dead_ > size_ / 2; }
  // Drops the dead groups and renumbers the others in order: moved[old] is the new id, or kNoGroup.
  void compact(Vec<std::uint32_t>& moved);

  // Forgets all keys; keeps memory.
  void clear();
  std::size_t memory_bytes() const;
  // Appends the keys that are there, in order; decode() puts them into an empty table.
  void encode(std::string& out) const;
  Status decode(std::string_view* input);

 private:
  // A slot: hash in the high half, group + 1 in the low; 0 is free.
  using Slot = std::uint64_t;
  // Rows hashed and probed at a time.
  static constexpr std::uint32_t kBlock = 512;
  static constexpr std::size_t kMinSlots = 256;

  template <bool kInsert, class Key>
  void probe(const std::uint32_t* hashes, std::uint32_t count, Key key, std::uint32_t* groups);
  template <bool kInsert>
  void probe_block(std::span<const ColumnRef> keys, Selection rows, std::uint32_t* groups);
  template <bool kInsert>
  void probe_all(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups);
  void reserve_slots(std::size_t groups);
  void rebuild(std::size_t slots);
  std::size_t mask() const { return slots_.size() - 1; }

  std::vector<KeyColumn> columns_;
  Vec<Slot> slots_;
  Vec<std::uint32_t> hashes_;  // by group
  Vec<std::uint8_t> erased_;   // by group, once something was erased
  std::uint32_t size_ = 0;
  std::uint32_t dead_ = 0;
};

}  // namespace sr
