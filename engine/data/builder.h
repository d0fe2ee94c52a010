// ColumnBuilder: appends values of any type, copying strings into an arena of its own. For everything that is not a
// tight kernel. Also StrArena (string storage) and gather (picks rows). Tested in tests/unit/data.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/data/column.h"

namespace sr {

// Owns the bytes of strings; addresses stay valid until the arena dies or is cleared.
class StrArena {
 public:
  // Copies a text and gives its view; short ones take no room.
  Str add(std::string_view text);
  // Gives room for `size` bytes (to be filled at once), to be wrapped into a Str afterwards.
  char* allocate(std::size_t size);
  void clear();  // keeps the block that is being filled
  std::size_t memory_bytes() const { return total_; }

 private:
  struct Free {
    void operator()(char* block) const;
  };
  std::vector<std::unique_ptr<char, Free>> blocks_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::size_t total_ = 0;
};

class ColumnBuilder {
 public:
  explicit ColumnBuilder(TypeRef type);
  ~ColumnBuilder();
  ColumnBuilder(ColumnBuilder&&) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) noexcept;

  const TypeRef& type() const { return type_; }
  std::uint32_t size() const { return size_; }

  void append_null();
  void append_bool(bool value);
  void append_int(std::int64_t value);  // bigint, timestamp, date
  void append_double(double value);
  void append_decimal(Int128 unscaled);
  void append_string(std::string_view text);  // string, binary, variant; copies
  void append_view(Str view);                 // the caller adds the holder
  void add_holder(Holder holder);
  // Arrays and maps: append the entries to child(0) (maps: child(0) keys, child(1) values), then end_list. Structures:
  // append one value to each child, then end_struct.
  ColumnBuilder& child(std::size_t index) { return children_[index]; }
  std::size_t children() const { return children_.size(); }
  void end_list();
  void end_struct();
  // Appends a value of the same type (or of null type), copying its strings.
  void append_from(const Column& from, std::uint32_t row);
  // Appends `count` times.
  void append_nulls(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) append_null();
  }

  // Takes back what was appended behind the first `size` values, also what was not ended.
  void truncate(std::uint32_t size);
  // Gives the column and starts anew.
  std::shared_ptr<Column> finish();

 private:
  void mark(bool valid);

  TypeRef type_;
  std::uint32_t size_ = 0;
  Vec<std::uint64_t> validity_;
  Vec<std::byte> values_;
  Vec<std::uint32_t> offsets_;
  std::vector<ColumnBuilder> children_;
  std::shared_ptr<StrArena> arena_;
  std::vector<Holder> holders_;
};

// Picks rows into a new dense column of selection.count rows; strings stay views, holders are shared.
ColumnRef gather(const ColumnRef& column, Selection selection);
// Gives rows [begin, begin + count) as a column of their own; strings stay views, holders are shared.
ColumnRef slice(const ColumnRef& column, std::uint32_t begin, std::uint32_t count);
// The column with one physical value per row: a constant one written out, any other as it is.
ColumnRef flatten(const ColumnRef& column);
// Puts columns of one type behind one another.
ColumnRef concat_columns(const TypeRef& type, std::span<const ColumnRef> columns);
// A column of `size` rows that all hold `from`'s value at `row`.
ColumnRef repeat_value(const ColumnRef& from, std::uint32_t row, std::uint32_t size);
// Copies the selected rows with all their strings into memory of their own: what outlives its chunk.
ColumnRef copy_rows(const Column& column, Selection selection);

}  // namespace sr
