// Column: the values of one column of a chunk, typed and contiguous, with a validity bitmap. Immutable once shared.
// Layout by type: boolean uint8 (0/1) · bigint, timestamp (µs since 1970), date (days since 1970) int64 · float64
// double · decimal Int128 (unscaled) · string, binary, variant (JSON text) Str · array, map: offsets into children
// (array: [element], map: [keys, values]) · structure: one child per field, of the same length · null: nothing but the
// length. Entry points: Column, Reader<T>, Selection. Tested in tests/unit/data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/data/str.h"
#include "engine/data/type.h"
#include "engine/data/vec.h"

namespace sr {

__extension__ typedef __int128 Int128;

class Column;
using ColumnRef = std::shared_ptr<const Column>;
// Keeps the buffer of string views alive: a raw input buffer, a StrArena, another column.
using Holder = std::shared_ptr<const void>;

// The largest number of rows in a chunk. Columns inside arrays may be longer.
inline constexpr std::uint32_t kChunkRows = 4096;

// The rows of a chunk that take part: all of 0..count-1 when `rows` is null, else the listed ones, ascending. A view:
// the owner keeps the list.
struct Selection {
  const std::uint32_t* rows = nullptr;
  std::uint32_t count = 0;

  std::uint32_t operator[](std::uint32_t i) const { return rows ? rows[i] : i; }
  bool is_all() const { return rows == nullptr; }
  template <class F>
  void for_each(F&& visit) const {
    if (rows) {
      for (std::uint32_t i = 0; i < count; ++i) visit(rows[i]);
    } else {
      for (std::uint32_t i = 0; i < count; ++i) visit(i);
    }
  }
};

class Column {
 public:
  Column() = default;
  Column(TypeRef type_in, std::uint32_t size_in) : type(std::move(type_in)), size(size_in) {}

  TypeRef type;
  std::uint32_t size = 0;       // logical rows
  bool constant = false;        // one physical value (at 0) stands for every row
  Vec<std::uint64_t> validity;  // bit i set: row i is not NULL; empty: no NULLs
  Vec<std::byte> values;
  Vec<std::uint32_t> offsets;  // array, map: physical rows + 1
  std::vector<ColumnRef> children;
  std::vector<Holder> holders;

  // Physical index of a row.
  std::uint32_t at(std::uint32_t row) const { return constant ? 0 : row; }
  std::uint32_t physical_size() const { return constant ? (size ? 1 : 0) : size; }
  bool valid(std::uint32_t row) const {
    if (type->id == TypeId::null) return false;
    if (validity.empty()) return true;
    row = at(row);
    return (validity[row >> 6] >> (row & 63)) & 1;
  }
  bool may_have_nulls() const { return type->id == TypeId::null || !validity.empty(); }

  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(values.data());
  }
  template <class T>
  T* data() {
    return reinterpret_cast<T*>(values.data());
  }
  template <class T>
  const T& get(std::uint32_t row) const {
    return data<T>()[at(row)];
  }
  // Range of an array's or map's entries in its children.
  std::uint32_t begin_of(std::uint32_t row) const { return offsets[at(row)]; }
  std::uint32_t end_of(std::uint32_t row) const { return offsets[at(row) + 1]; }

  // Makes room for `physical` fixed-width values of T, not initialised.
  template <class T>
  T* make_values(std::uint32_t physical) {
    values.resize(physical * sizeof(T));
    return data<T>();
  }
  // Makes the bitmap, all valid, if there is none yet; then marks.
  void ensure_validity();
  void set_null(std::uint32_t physical) {
    if (validity.empty()) ensure_validity();
    validity[physical >> 6] &= ~(std::uint64_t{1} << (physical & 63));
  }
  void set_valid(std::uint32_t physical) {
    if (!validity.empty()) validity[physical >> 6] |= std::uint64_t{1} << (physical & 63);
  }
  void hold(const Column& other) { holders.insert(holders.end(), other.holders.begin(), other.holders.end()); }
  std::size_t memory_bytes() const;  // of this column alone, without holders
};

// Reads a fixed-width column by logical row; the compiler hoists the constant case.
template <class T>
class Reader {
 public:
  explicit Reader(const Column& column)
      : data_(column.data<T>()),
        validity_(column.validity.empty() ? nullptr : column.validity.data()),
        mask_(column.constant ? 0 : ~std::uint32_t{0}),
        never_(column.type->id == TypeId::null) {}
  const T& operator[](std::uint32_t row) const { return data_[row & mask_]; }
  bool valid(std::uint32_t row) const {
    if (never_) return false;
    if (!validity_) return true;
    row &= mask_;
    return (validity_[row >> 6] >> (row & 63)) & 1;
  }
  bool no_nulls() const { return !validity_ && !never_; }
  bool is_constant() const { return mask_ == 0; }

 private:
  const T* data_;
  const std::uint64_t* validity_;
  std::uint32_t mask_;
  bool never_;
};

// Width in bytes of one physical value; 0 for nested types and null.
std::size_t value_width(TypeId id);

// Makes a column of `size` NULLs.
ColumnRef null_column(TypeRef type, std::uint32_t size);

// Orders two values of the same type: NULL least, NaN greatest, strings by bytes, arrays by element, structures by
// field. Maps and variants compare by their text and are only good for equality.
int compare_values(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b);
// NULL equals NULL, NaN equals NaN, -0.0 equals 0.0; maps without order.
bool equal_values(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b);
// XXH3-based hash that agrees with equal_values, also between runs and machines.
std::uint64_t hash_value(const Column& column, std::uint32_t row, std::uint64_t seed = 0);

}  // namespace sr
