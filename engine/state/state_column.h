// StateColumn: one column of a keyed state, by group, in memory of its own. Values are replaced in place; what replaced
// texts leave behind is cleared away when it outweighs the rest. Knows nothing of keys. Tested in
// tests/unit/state/state_column_test.cc.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/data/builder.h"

namespace sr {

// Not thread-safe.
class StateColumn {
 public:
  explicit StateColumn(TypeRef type);

  const TypeRef& type() const { return type_; }
  std::uint32_t size() const { return size_; }
  // Appends `count` values, rows 0 … count - 1 of a column of the same type, as those of the next groups.
  void append(const Column& column, std::uint32_t count);
  // Grows to `size` groups, whose values mean nothing before they are stored.
  void resize(std::uint32_t size) { grow(size); }
  // Replaces: group groups[i] gets row rows[i].
  void store(std::span<const std::uint32_t> groups, const Column& column, std::span<const std::uint32_t> rows);
  // The values of listed groups; texts are views that the result holds.
  ColumnRef values(std::span<const std::uint32_t> groups) const;
  // Keeps only the listed groups, in that order.
  void keep(std::span<const std::uint32_t> groups);
  std::size_t memory_bytes() const;

 private:
  enum class Kind : std::uint8_t { byte, word, wide, text, any };
  static Kind kind_of(TypeId id);
  template <class T>
  Vec<T>& fixed();
  template <class T>
  const Vec<T>& fixed() const {
    return const_cast<StateColumn*>(this)->fixed<T>();
  }
  void set(std::uint32_t group, const Column& column, std::uint32_t row);
  void grow(std::uint32_t size);
  void clear_away();

  TypeRef type_;
  Kind kind_;
  std::uint32_t size_ = 0;
  Vec<std::uint8_t> bytes_;
  Vec<std::int64_t> words_;  // also doubles, by their bits
  Vec<Int128> wides_;
  Vec<Str> texts_;
  std::vector<ColumnRef> any_;  // nested values, one row each
  Vec<std::uint8_t> nulls_;     // 1: NULL; empty while there is none
  std::shared_ptr<StrArena> arena_;
  std::size_t wasted_ = 0;  // bytes of texts in the arena that nobody refers to
};

}  // namespace sr
