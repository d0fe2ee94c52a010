// KeyColumn by kind of value. Doubles are kept by canonical bits: one NaN, no -0.0.
#include "engine/state/key_column.h"

#include <bit>
#include <cmath>

namespace sr {

namespace {

constexpr std::uint64_t kNullHash = 0x5bd1e9955bd1e995;

template <class T, class Hash>
void hash_each(const Column& column, const Selection& selection, std::uint64_t* hashes, Hash hash) {
  const Reader<T> reader(column);
  if (reader.no_nulls()) {
    if (selection.is_all()) {
      for (std::uint32_t i = 0; i < selection.count; ++i) hashes[i] = hash(reader[i]);
    } else {
      for (std::uint32_t i = 0; i < selection.count; ++i) hashes[i] = hash(reader[selection.rows[i]]);
    }
    return;
  }
  for (std::uint32_t i = 0; i < selection.count; ++i) {
    const std::uint32_t row = selection[i];
    hashes[i] = reader.valid(row) ? hash(reader[row]) : kNullHash;
  }
}

template <class T>
void keep_values(Vec<T>& values, std::span<const std::uint32_t> groups) {
  if (values.empty()) return;
  Vec<T> kept(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) kept[i] = values[groups[i]];
  values.swap(kept);
}

}  // namespace

KeyColumn::Kind KeyColumn::kind_of(TypeId id) {
  switch (id) {
    case TypeId::null:
      return Kind::none;
    case TypeId::boolean:
      return Kind::byte;
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return Kind::word;
    case TypeId::float64:
      return Kind::number;
    case TypeId::decimal:
      return Kind::wide;
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return Kind::text;
    case TypeId::array:
    case TypeId::structure:
    case TypeId::map:
      break;
  }
  return Kind::any;
}

std::int64_t KeyColumn::bits_of(double value) {
  if (std::isnan(value)) return std::bit_cast<std::int64_t>(std::nan(""));
  return value == 0 ? 0 : std::bit_cast<std::int64_t>(value);
}

KeyColumn::KeyColumn(TypeRef type) : type_(std::move(type)), kind_(kind_of(type_->id)) {
  if (kind_ == Kind::text) arena_ = std::make_shared<StrArena>();
}

void KeyColumn::hash(const Column& column, Selection selection, bool first, std::uint64_t* hashes) {
  if (!first) {
    Vec<std::uint64_t> own(selection.count);
    hash(column, selection, true, own.data());
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      hashes[i] = fold_multiply(hashes[i] ^ kHashMixB, own[i] ^ kHashMixA);
    }
    return;
  }
  switch (kind_of(column.type->id)) {
    case Kind::none:
      for (std::uint32_t i = 0; i < selection.count; ++i) hashes[i] = kNullHash;
      return;
    case Kind::byte:
      return hash_each<std::uint8_t>(column, selection, hashes,
                                     [](std::uint8_t v) { return hash_key(std::int64_t{v}); });
    case Kind::word:
      return hash_each<std::int64_t>(column, selection, hashes, [](std::int64_t v) { return hash_key(v); });
    case Kind::number:
      return hash_each<double>(column, selection, hashes, [](double v) { return hash_key(bits_of(v)); });
    case Kind::wide:
      return hash_each<Int128>(column, selection, hashes, [](const Int128& v) {
        return fold_multiply(static_cast<std::uint64_t>(v) ^ kHashMixA,
                             static_cast<std::uint64_t>(v >> 64) ^ kHashMixB);
      });
    case Kind::text:
      return hash_each<Str>(column, selection, hashes, [](const Str& v) { return hash_key(v); });
    case Kind::any:
      for (std::uint32_t i = 0; i < selection.count; ++i) {
        hashes[i] = column.valid(selection[i]) ? hash_value(column, selection[i]) : kNullHash;
      }
      return;
  }
}

bool KeyColumn::equals(std::uint32_t group, const Column& column, std::uint32_t row) const {
  const bool null = !nulls_.empty() && nulls_[group] != 0;
  if (null || !column.valid(row)) return kind_ == Kind::none || null == !column.valid(row);
  switch (kind_) {
    case Kind::none:
      return true;
    case Kind::byte:
      return (bytes_[group] != 0) == (column.get<std::uint8_t>(row) != 0);
    case Kind::word:
      return words_[group] == column.get<std::int64_t>(row);
    case Kind::number:
      return words_[group] == bits_of(column.get<double>(row));
    case Kind::wide:
      return wides_[group] == column.get<Int128>(row);
    case Kind::text:
      return texts_[group] == column.get<Str>(row);
    case Kind::any:
      return equal_values(*any_[group], 0, column, row);
  }
  return false;
}

std::uint32_t KeyColumn::rows() const {
  return static_cast<std::uint32_t>(bytes_.size() + words_.size() + wides_.size() + texts_.size() + any_.size()) +
         none_;
}

void KeyColumn::append(const Column& column, std::uint32_t row) {
  const bool valid = column.valid(row);
  if (!valid && nulls_.empty() && kind_ != Kind::none) nulls_.resize(rows(), 0);
  if (!valid || !nulls_.empty()) nulls_.push_back(valid ? 0 : 1);
  switch (kind_) {
    case Kind::none:
      ++none_;
      nulls_.clear();
      return;
    case Kind::byte:
      return bytes_.push_back(valid ? column.get<std::uint8_t>(row) : 0);
    case Kind::word:
      return words_.push_back(valid ? column.get<std::int64_t>(row) : 0);
    case Kind::number:
      return words_.push_back(valid ? bits_of(column.get<double>(row)) : 0);
    case Kind::wide:
      return wides_.push_back(valid ? column.get<Int128>(row) : 0);
    case Kind::text:
      return append_text(valid ? column.get<Str>(row) : Str(std::string_view()));
    case Kind::any:
      any_.push_back(copy_rows(column, Selection{&row, 1}));
      return;
  }
}

template <class RowOf>
std::shared_ptr<Column> KeyColumn::pick(std::uint32_t count, RowOf row_of) const {
  auto column = std::make_shared<Column>(type_, count);
  const auto copy = [&](const auto* from, auto* to) {
    for (std::uint32_t i = 0; i < count; ++i) to[i] = from[row_of(i)];
  };
  switch (kind_) {
    case Kind::none:
    case Kind::any:
      break;
    case Kind::byte:
      copy(bytes_.data(), column->make_values<std::uint8_t>(count));
      break;
    case Kind::word:
    case Kind::number:
      copy(words_.data(), column->make_values<std::int64_t>(count));
      break;
    case Kind::wide:
      copy(wides_.data(), column->make_values<Int128>(count));
      break;
    case Kind::text:
      copy(texts_.data(), column->make_values<Str>(count));
      column->holders.push_back(arena_);
      lent_ = true;
      break;
  }
  if (!nulls_.empty()) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (nulls_[row_of(i)] != 0) column->set_null(i);
    }
  }
  return column;
}

ColumnRef KeyColumn::values(std::uint32_t begin, std::uint32_t count) const {
  if (kind_ == Kind::any) return concat_columns(type_, std::span(any_).subspan(begin, count));
  return pick(count, [begin](std::uint32_t i) { return begin + i; });
}

ColumnRef KeyColumn::values(std::span<const std::uint32_t> groups) const {
  if (kind_ == Kind::any) {
    std::vector<ColumnRef> picked;
    picked.reserve(groups.size());
    for (const std::uint32_t group : groups) picked.push_back(any_[group]);
    return concat_columns(type_, picked);
  }
  return pick(static_cast<std::uint32_t>(groups.size()), [groups](std::uint32_t i) { return groups[i]; });
}

void KeyColumn::keep(std::span<const std::uint32_t> groups) {
  if (kind_ == Kind::none) none_ = static_cast<std::uint32_t>(groups.size());
  keep_values(bytes_, groups);
  keep_values(words_, groups);
  keep_values(wides_, groups);
  keep_values(nulls_, groups);
  if (kind_ == Kind::text) {
    auto arena = std::make_shared<StrArena>();
    Vec<Str> kept(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Str& text = texts_[groups[i]];
      kept[i] = text.is_inline() ? text : arena->add(text.view());
    }
    texts_.swap(kept);
    arena_ = std::move(arena);
    lent_ = false;
  } else if (kind_ == Kind::any) {
    std::vector<ColumnRef> kept;
    kept.reserve(groups.size());
    for (const std::uint32_t group : groups) kept.push_back(any_[group]);
    any_ = std::move(kept);
  }
}

void KeyColumn::clear() {
  none_ = 0;
  bytes_.clear();
  words_.clear();
  wides_.clear();
  texts_.clear();
  any_.clear();
  nulls_.clear();
  if (!arena_) return;
  if (lent_) {
    arena_ = std::make_shared<StrArena>();
  } else {
    arena_->clear();
  }
  lent_ = false;
}

std::size_t KeyColumn::memory_bytes() const {
  std::size_t bytes = bytes_.capacity() + words_.capacity() * 8 + wides_.capacity() * 16 + texts_.capacity() * 16 +
                      nulls_.capacity() + (arena_ ? arena_->memory_bytes() : 0);
  for (const ColumnRef& column : any_) bytes += sizeof(Column) + column->memory_bytes();
  return bytes;
}

}  // namespace sr
