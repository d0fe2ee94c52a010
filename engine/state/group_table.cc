// GroupTable: linear probing in 8-byte slots (hash and group); keys are compared in their columns. Slots, keys and the
// texts behind them of rows to come are prefetched once the table has outgrown the second-level cache.
#include "engine/state/group_table.h"

#include <algorithm>

#include "engine/data/codec.h"

namespace sr {

namespace {

// From here on the slots and keys do not stay in cache, and prefetching pays.
constexpr std::size_t kPrefetchSlots = 8192;
constexpr std::uint32_t kAhead = 24;  // rows between prefetching a slot and probing it

// How rows of a block are compared with groups and become new ones.
struct TextKey {
  const Str* rows;
  const std::uint32_t* selected;
  std::uint32_t mask;
  KeyColumn* column;

  const Str& at(std::uint32_t i) const { return rows[(selected ? selected[i] : i) & mask]; }
  bool equals(std::uint32_t group, std::uint32_t i) const { return column->texts()[group] == at(i); }
  void append(std::uint32_t i) const { column->append_text(at(i)); }
  const void* place(std::uint32_t group) const { return column->texts() + group; }
  const void* rest(std::uint32_t group) const {
    const Str& text = column->texts()[group];
    return text.is_inline() ? nullptr : text.pointer;
  }
};

struct WordKey {
  const std::int64_t* rows;
  const std::uint32_t* selected;
  std::uint32_t mask;
  KeyColumn* column;

  std::int64_t at(std::uint32_t i) const { return rows[(selected ? selected[i] : i) & mask]; }
  bool equals(std::uint32_t group, std::uint32_t i) const { return column->words()[group] == at(i); }
  void append(std::uint32_t i) const { column->append_word(at(i)); }
  const void* place(std::uint32_t group) const { return column->words() + group; }
  const void* rest(std::uint32_t) const { return nullptr; }
};

struct AnyKey {
  std::span<const ColumnRef> keys;
  Selection rows;
  std::vector<KeyColumn>* columns;

  bool equals(std::uint32_t group, std::uint32_t i) const {
    for (std::size_t c = 0; c < keys.size(); ++c) {
      if (!(*columns)[c].equals(group, *keys[c], rows[i])) return false;
    }
    return true;
  }
  void append(std::uint32_t i) const {
    for (std::size_t c = 0; c < keys.size(); ++c) (*columns)[c].append(*keys[c], rows[i]);
  }
  const void* place(std::uint32_t) const { return nullptr; }
  const void* rest(std::uint32_t) const { return nullptr; }
};

bool is_word(TypeId id) {
  return id == TypeId::bigint || id == TypeId::timestamp || id == TypeId::date;
}

}  // namespace

GroupTable::GroupTable(std::vector<TypeRef> types) {
  columns_.reserve(types.size());
  for (TypeRef& type : types) columns_.emplace_back(std::move(type));
}

void GroupTable::reserve_slots(std::size_t groups) {
  std::size_t wanted = std::max(slots_.size(), kMinSlots);
  while (wanted * 5 < groups * 8) wanted *= 2;  // at most 5/8 full
  if (wanted != slots_.size()) rebuild(wanted);
}

void GroupTable::rebuild(std::size_t slots) {
  slots_.clear();
  slots_.resize(slots, 0);
  for (std::uint32_t group = 0; group < size_; ++group) {
    if (is_erased(group)) continue;
    std::size_t at = hashes_[group] & mask();
    while (slots_[at] != 0) at = (at + 1) & mask();
    slots_[at] = (static_cast<Slot>(hashes_[group]) << 32) | (group + 1);
  }
}

template <bool kInsert, class Key>
void GroupTable::probe(const std::uint32_t* hashes, std::uint32_t count, Key key, std::uint32_t* groups) {
  const Slot* const slots = slots_.data();
  const std::size_t slot_mask = mask();
  const bool large = slots_.size() >= kPrefetchSlots;
  if (large) {
    for (std::uint32_t i = 0; i < std::min(kAhead, count); ++i) __builtin_prefetch(&slots[hashes[i] & slot_mask]);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (large && i + kAhead < count) {
      __builtin_prefetch(&slots[hashes[i + kAhead] & slot_mask]);
      const Slot next = slots[hashes[i + kAhead / 2] & slot_mask];
      if (next != 0) __builtin_prefetch(key.place(static_cast<std::uint32_t>(next) - 1));
      const Slot soon = slots[hashes[i + kAhead / 4] & slot_mask];
      if (soon != 0) __builtin_prefetch(key.rest(static_cast<std::uint32_t>(soon) - 1));
    }
    const std::uint32_t hash = hashes[i];
    std::size_t at = hash & slot_mask;
    std::uint32_t group = kNoGroup;
    for (Slot slot = slots[at]; slot != 0; slot = slots[at]) {
      const std::uint32_t candidate = static_cast<std::uint32_t>(slot) - 1;
      if ((slot >> 32) == hash && key.equals(candidate, i)) {
        group = candidate;
        break;
      }
      at = (at + 1) & slot_mask;
    }
    if (kInsert && group == kNoGroup) {
      group = size_++;
      key.append(i);
      hashes_.push_back(hash);
      if (dead_ > 0) erased_.push_back(0);
      slots_[at] = (static_cast<Slot>(hash) << 32) | (group + 1);
    }
    groups[i] = group;
  }
}

template <bool kInsert>
void GroupTable::probe_block(std::span<const ColumnRef> keys, Selection rows, std::uint32_t* groups) {
  std::uint64_t wide[kBlock];
  std::uint32_t hashes[kBlock];
  for (std::size_t c = 0; c < keys.size(); ++c) KeyColumn::hash(*keys[c], rows, c == 0, wide);
  for (std::uint32_t i = 0; i < rows.count; ++i) hashes[i] = fold_hash(wide[i]);
  if (kInsert) reserve_slots(std::size_t{size_} + rows.count);
  const Column& first = *keys[0];
  if (keys.size() == 1 && !first.may_have_nulls() && !columns_[0].has_nulls()) {
    const std::uint32_t row_mask = first.constant ? 0 : ~std::uint32_t{0};
    if (first.type->is_text()) {
      return probe<kInsert>(hashes, rows.count, TextKey{first.data<Str>(), rows.rows, row_mask, &columns_[0]}, groups);
    }
    if (is_word(first.type->id)) {
      const WordKey key{first.data<std::int64_t>(), rows.rows, row_mask, &columns_[0]};
      return probe<kInsert>(hashes, rows.count, key, groups);
    }
  }
  probe<kInsert>(hashes, rows.count, AnyKey{keys, rows, &columns_}, groups);
}

template <bool kInsert>
void GroupTable::probe_all(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups) {
  SR_CHECK(keys.size() == columns_.size());
  if (columns_.empty()) {
    const bool absent = size_ == 0 || is_erased(size_ - 1);
    if (kInsert && selection.count > 0 && absent) {
      ++size_;
      hashes_.push_back(0);
      if (dead_ > 0) erased_.push_back(0);
    }
    std::fill_n(groups, selection.count, absent && !kInsert ? kNoGroup : size_ - 1);
    return;
  }
  if (!kInsert && slots_.empty()) {
    std::fill_n(groups, selection.count, kNoGroup);
    return;
  }
  std::uint32_t numbers[kBlock];
  for (std::uint32_t begin = 0; begin < selection.count; begin += kBlock) {
    const std::uint32_t count = std::min(kBlock, selection.count - begin);
    Selection block{selection.rows ? selection.rows + begin : nullptr, count};
    if (selection.is_all() && begin > 0) {
      for (std::uint32_t i = 0; i < count; ++i) numbers[i] = begin + i;
      block.rows = numbers;
    }
    probe_block<kInsert>(keys, block, groups + begin);
  }
}

void GroupTable::find_or_insert(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups) {
  probe_all<true>(keys, selection, groups);
}

void GroupTable::find(std::span<const ColumnRef> keys, Selection selection, std::uint32_t* groups) const {
  // probe_all<false> changes nothing.
  const_cast<GroupTable*>(this)->probe_all<false>(keys, selection, groups);
}

void GroupTable::find_or_insert(const GroupTable& from, std::span<const std::uint32_t> from_groups,
                                std::uint32_t* groups) {
  for (std::size_t begin = 0; begin < from_groups.size(); begin += kChunkRows) {
    const auto part = from_groups.subspan(begin, std::min<std::size_t>(kChunkRows, from_groups.size() - begin));
    const std::vector<ColumnRef> keys = from.keys(part);
    find_or_insert(keys, Selection{nullptr, static_cast<std::uint32_t>(part.size())}, groups + begin);
  }
}

void GroupTable::find_or_insert(const GroupTable& from, std::uint32_t* groups) {
  for (std::uint32_t begin = 0; begin < from.size(); begin += kChunkRows) {
    const std::uint32_t count = std::min(kChunkRows, from.size() - begin);
    const std::vector<ColumnRef> keys = from.keys(begin, count);
    find_or_insert(keys, Selection{nullptr, count}, groups + begin);
  }
}

std::vector<ColumnRef> GroupTable::keys(std::uint32_t begin, std::uint32_t count) const {
  std::vector<ColumnRef> keys;
  keys.reserve(columns_.size());
  for (const KeyColumn& column : columns_) keys.push_back(column.values(begin, count));
  return keys;
}

std::vector<ColumnRef> GroupTable::keys(std::span<const std::uint32_t> groups) const {
  std::vector<ColumnRef> keys;
  keys.reserve(columns_.size());
  for (const KeyColumn& column : columns_) keys.push_back(column.values(groups));
  return keys;
}

void GroupTable::erase(std::uint32_t group) {
  if (dead_ == 0) {
    erased_.clear();
    erased_.resize(size_, 0);
  }
  if (erased_[group] != 0) return;
  erased_[group] = 1;
  ++dead_;
  if (columns_.empty()) return;
  std::size_t at = hashes_[group] & mask();
  while (static_cast<std::uint32_t>(slots_[at]) != group + 1) at = (at + 1) & mask();
  // Backward shift: a later slot of the run moves into the hole unless its home lies behind the hole.
  for (std::size_t next = (at + 1) & mask(); slots_[next] != 0; next = (next + 1) & mask()) {
    const std::size_t home = (slots_[next] >> 32) & mask();
    if (((next - home) & mask()) >= ((next - at) & mask())) {
      slots_[at] = slots_[next];
      at = next;
    }
  }
  slots_[at] = 0;
}

void GroupTable::compact(Vec<std::uint32_t>& moved) {
  moved.clear();
  moved.resize(size_, kNoGroup);
  Vec<std::uint32_t> kept;
  for (std::uint32_t group = 0; group < size_; ++group) {
    if (is_erased(group)) continue;
    moved[group] = static_cast<std::uint32_t>(kept.size());
    hashes_[kept.size()] = hashes_[group];
    kept.push_back(group);
  }
  for (KeyColumn& column : columns_) column.keep({kept.data(), kept.size()});
  hashes_.resize(kept.size());
  size_ = static_cast<std::uint32_t>(kept.size());
  dead_ = 0;
  erased_.clear();
  if (slots_.empty()) return;
  std::size_t slots = slots_.size();
  while (slots > kMinSlots && slots * 5 > std::size_t{size_} * 8 * 4) slots /= 2;
  rebuild(slots);
}

void GroupTable::clear() {
  for (KeyColumn& column : columns_) column.clear();
  // A table that once was far larger gives the excess back instead of wiping it each time.
  std::size_t slots = slots_.size();
  if (slots > kMinSlots && slots > std::size_t{size_} * 64) slots /= 2;
  hashes_.clear();
  erased_.clear();
  size_ = dead_ = 0;
  slots_.clear();
  slots_.resize(slots, 0);
}

std::size_t GroupTable::memory_bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(Slot) + hashes_.capacity() * 4 + erased_.capacity();
  for (const KeyColumn& column : columns_) bytes += column.memory_bytes();
  return bytes;
}

void GroupTable::encode(std::string& out) const {
  const std::uint32_t count = live();
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  Vec<std::uint32_t> groups;
  groups.reserve(count);
  for (std::uint32_t group = 0; group < size_; ++group) {
    if (!is_erased(group)) groups.push_back(group);
  }
  for (const KeyColumn& column : columns_) {
    const ColumnRef values = column.values(std::span<const std::uint32_t>(groups.data(), groups.size()));
    encode_column(out, *values, Selection{nullptr, values->size});
  }
}

Status GroupTable::decode(std::string_view* input) {
  std::uint32_t count = 0;
  if (input->size() < sizeof count) return Error{"a table of keys ends too early"};
  std::memcpy(&count, input->data(), sizeof count);
  input->remove_prefix(sizeof count);
  std::vector<ColumnRef> keys;
  for (const KeyColumn& column : columns_) {
    Result<ColumnRef> values = decode_column(input, column.type());
    SR_TRY(values);
    if ((*values)->size != count) return Error{"a table of keys is damaged"};
    keys.push_back(std::move(*values));
  }
  Vec<std::uint32_t> groups(count);
  find_or_insert(keys, Selection{nullptr, count}, groups.data());
  if (columns_.empty() && count <= 1) return {};
  if (size_ != count) return Error{"a table of keys holds a key twice"};
  return {};
}

}  // namespace sr
