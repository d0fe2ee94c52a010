// KeyColumn: the values of one key column of a GroupTable, by group, in memory of its own: this is where what outlives
// its chunk is copied. Also the hashing of key columns. Knows nothing of slots. Tested in
// tests/unit/state/group_table_test.cc.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/base/hash.h"
#include "engine/data/builder.h"

namespace sr {

__extension__ typedef unsigned __int128 Uint128;

// Multiplies to 128 bits and folds: the step of XXH3 for short input.
inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline constexpr std::uint64_t kHashMixA = 0xa0761d6478bd642f;
inline constexpr std::uint64_t kHashMixB = 0xe7037ed1a0b428db;

inline std::uint64_t hash_key(std::int64_t value) {
  return fold_multiply(static_cast<std::uint64_t>(value) ^ kHashMixA, kHashMixB ^ kHashSeed);
}
inline std::uint64_t hash_key(const Str& value) {
  if (!value.is_inline()) return hash_bytes(value.pointer, value.size);
  std::uint64_t words[2];
  std::memcpy(words, &value, sizeof words);
  return fold_multiply(words[0] ^ kHashMixA, words[1] ^ kHashMixB);
}
// Folds the hash of all key columns to the 32 bits that a table keeps.
inline std::uint32_t fold_hash(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

class KeyColumn {
 public:
  explicit KeyColumn(TypeRef type);

  const TypeRef& type() const { return type_; }
  // Hashes the selected rows of a column: sets hashes[0 … count) if `first`, else mixes into what is there.
  static void hash(const Column& column, Selection selection, bool first, std::uint64_t* hashes);

  bool equals(std::uint32_t group, const Column& column, std::uint32_t row) const;
  // Appends the value of a row as that of the next group.
  void append(const Column& column, std::uint32_t row);

  // Fast paths without a look at NULLs, for text columns and for bigint, timestamp and date columns.
  void append_text(const Str& value) { texts_.push_back(value.is_inline() ? value : arena_->add(value.view())); }
  void append_word(std::int64_t value) { words_.push_back(value); }
  const Str* texts() const { return texts_.data(); }
  const std::int64_t* words() const { return words_.data(); }
  bool has_nulls() const { return !nulls_.empty(); }

  // The values of groups begin … begin + count - 1, or of listed ones. Texts stay views of memory that the result
  // holds.
  ColumnRef values(std::uint32_t begin, std::uint32_t count) const;
  ColumnRef values(std::span<const std::uint32_t> groups) const;

  // Keeps only the listed groups, in that order.
  void keep(std::span<const std::uint32_t> groups);
  // Forgets all values; keeps memory that nobody else views.
  void clear();
  std::size_t memory_bytes() const;

 private:
  // How values are kept: `number` are doubles by their bits, `any` one column per value.
  enum class Kind : std::uint8_t { none, byte, word, number, wide, text, any };

  static Kind kind_of(TypeId id);
  static std::int64_t bits_of(double value);
  std::uint32_t rows() const;
  template <class RowOf>
  std::shared_ptr<Column> pick(std::uint32_t count, RowOf row_of) const;

  TypeRef type_;
  Kind kind_;
  Vec<std::uint8_t> bytes_;
  Vec<std::int64_t> words_;
  Vec<Int128> wides_;
  Vec<Str> texts_;
  std::vector<ColumnRef> any_;
  std::uint32_t none_ = 0;   // kind none: how many
  Vec<std::uint8_t> nulls_;  // 1: NULL; as long as the values once there is one, else empty
  std::shared_ptr<StrArena> arena_;
  mutable bool lent_ = false;  // a column that was given away views the arena
};

}  // namespace sr
