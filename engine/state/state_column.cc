#include "engine/state/state_column.h"

#include <algorithm>

namespace sr {

namespace {

// Below this, what replaced texts leave behind is not worth a copy of the rest.
constexpr std::size_t kWasteFloor = std::size_t{1} << 20;

template <class T>
void take(const Vec<T>& from, std::span<const std::uint32_t> groups, Column& to) {
  T* values = to.make_values<T>(static_cast<std::uint32_t>(groups.size()));
  for (std::size_t i = 0; i < groups.size(); ++i) values[i] = from[groups[i]];
}

template <class T>
void keep_listed(Vec<T>& values, std::span<const std::uint32_t> groups) {
  if (values.empty()) return;
  for (std::size_t i = 0; i < groups.size(); ++i) values[i] = values[groups[i]];
  values.resize(groups.size());
}

}  // namespace

StateColumn::Kind StateColumn::kind_of(TypeId id) {
  switch (value_width(id)) {
    case 1:
      return Kind::byte;
    case 8:
      return Kind::word;
    case 16:
      return id == TypeId::decimal ? Kind::wide : Kind::text;
    default:
      return Kind::any;
  }
}

StateColumn::StateColumn(TypeRef type)
    : type_(std::move(type)), kind_(kind_of(type_->id)), arena_(std::make_shared<StrArena>()) {}

void StateColumn::grow(std::uint32_t size) {
  size_ = size;
  if (!nulls_.empty()) nulls_.resize(size, 0);
  switch (kind_) {
    case Kind::byte:
      return bytes_.resize(size, 0);
    case Kind::word:
      return words_.resize(size, 0);
    case Kind::wide:
      return wides_.resize(size, 0);
    case Kind::text:
      return texts_.resize(size, Str("", 0));
    case Kind::any:
      return any_.resize(size);
  }
}

void StateColumn::set(std::uint32_t group, const Column& column, std::uint32_t row) {
  const bool valid = column.valid(row);
  if (!valid && nulls_.empty()) nulls_.resize(size_, 0);
  if (!nulls_.empty()) nulls_[group] = valid ? 0 : 1;
  if (kind_ == Kind::text && !texts_[group].is_inline()) wasted_ += texts_[group].size;
  if (!valid) {
    if (kind_ == Kind::text) texts_[group] = Str("", 0);
    if (kind_ == Kind::any) any_[group] = nullptr;
    return;
  }
  switch (kind_) {
    case Kind::byte:
      bytes_[group] = column.get<std::uint8_t>(row);
      break;
    case Kind::word:
      words_[group] = column.get<std::int64_t>(row);
      break;
    case Kind::wide:
      wides_[group] = column.get<Int128>(row);
      break;
    case Kind::text: {
      const Str& text = column.get<Str>(row);
      texts_[group] = text.is_inline() ? text : arena_->add(text.view());
      break;
    }
    case Kind::any:
      any_[group] = copy_rows(column, Selection{&row, 1});
      break;
  }
}

void StateColumn::append(const Column& column, std::uint32_t count) {
  const std::uint32_t first = size_;
  grow(first + count);
  for (std::uint32_t i = 0; i < count; ++i) set(first + i, column, i);
}

void StateColumn::store(std::span<const std::uint32_t> groups, const Column& column,
                        std::span<const std::uint32_t> rows) {
  const bool plain = kind_ == Kind::word && nulls_.empty() && !column.may_have_nulls();
  if (plain) {
    const Reader<std::int64_t> values(column);
    for (std::size_t i = 0; i < groups.size(); ++i) words_[groups[i]] = values[rows[i]];
    return;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) set(groups[i], column, rows[i]);
  if (wasted_ > kWasteFloor && wasted_ > arena_->memory_bytes() / 2) clear_away();
}

void StateColumn::clear_away() {
  auto fresh = std::make_shared<StrArena>();
  for (Str& text : texts_) {
    if (!text.is_inline()) text = fresh->add(text.view());
  }
  arena_ = std::move(fresh);
  wasted_ = 0;
}

ColumnRef StateColumn::values(std::span<const std::uint32_t> groups) const {
  const auto count = static_cast<std::uint32_t>(groups.size());
  if (kind_ == Kind::any) {
    ColumnBuilder builder(type_);
    for (const std::uint32_t group : groups) {
      if (any_[group]) {
        builder.append_from(*any_[group], 0);
      } else {
        builder.append_null();
      }
    }
    return builder.finish();
  }
  auto column = std::make_shared<Column>(type_, count);
  switch (kind_) {
    case Kind::byte:
      take(bytes_, groups, *column);
      break;
    case Kind::word:
      take(words_, groups, *column);
      break;
    case Kind::wide:
      take(wides_, groups, *column);
      break;
    case Kind::text:
      take(texts_, groups, *column);
      column->holders.push_back(arena_);
      break;
    case Kind::any:
      break;
  }
  for (std::uint32_t i = 0; i < count && !nulls_.empty(); ++i) {
    if (nulls_[groups[i]] != 0) column->set_null(i);
  }
  return column;
}

void StateColumn::keep(std::span<const std::uint32_t> groups) {
  keep_listed(nulls_, groups);
  keep_listed(bytes_, groups);
  keep_listed(words_, groups);
  keep_listed(wides_, groups);
  keep_listed(texts_, groups);
  if (kind_ == Kind::any) {
    for (std::size_t i = 0; i < groups.size(); ++i) any_[i] = any_[groups[i]];
    any_.resize(groups.size());
  }
  size_ = static_cast<std::uint32_t>(groups.size());
  if (kind_ == Kind::text) clear_away();
}

std::size_t StateColumn::memory_bytes() const {
  std::size_t bytes = bytes_.capacity() + words_.capacity() * 8 + wides_.capacity() * 16 + texts_.capacity() * 16 +
                      nulls_.capacity() + arena_->memory_bytes() + any_.capacity() * sizeof(ColumnRef);
  for (const ColumnRef& value : any_) bytes += value ? value->memory_bytes() + sizeof(Column) : 0;
  return bytes;
}

}  // namespace sr
