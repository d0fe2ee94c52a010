// Picking, joining, repeating and copying rows of finished columns: gather, concat_columns, repeat_value, copy_rows,
// flatten. Children of a structure are indexed by its physical row. Tested in tests/unit/data/gather_test.cc.
#include <algorithm>

#include "engine/data/builder.h"

namespace sr {
namespace {

template <class T>
void pick(const Column& from, Selection rows, Column& to) {
  const T* source = from.data<T>();
  T* target = to.make_values<T>(rows.count);
  if (rows.count == 0) return;
  if (from.constant) {
    std::fill_n(target, rows.count, source[0]);
  } else if (rows.is_all()) {
    std::memcpy(static_cast<void*>(target), source, rows.count * sizeof(T));
  } else {
    for (std::uint32_t i = 0; i < rows.count; ++i) target[i] = source[rows.rows[i]];
  }
}

void pick_values(const Column& from, Selection rows, Column& to) {
  struct Wide {
    std::uint64_t words[2];
  };
  switch (value_width(from.type->id)) {
    case 1:
      return pick<std::uint8_t>(from, rows, to);
    case 8:
      return pick<std::uint64_t>(from, rows, to);
    case 16:
      return pick<Wide>(from, rows, to);
    default:
      return;
  }
}

void pick_validity(const Column& from, Selection rows, Column& to) {
  if (from.validity.empty()) return;
  const std::size_t words = (static_cast<std::size_t>(rows.count) + 63) / 64;
  if (rows.is_all() && !from.constant) {
    to.validity.append(from.validity.data(), std::min(words, from.validity.size()));
    if (to.validity.empty()) to.validity.resize(1, ~std::uint64_t{0});
    return;
  }
  to.validity.resize(words ? words : 1, 0);
  std::uint64_t missing = 0;
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint32_t begin = static_cast<std::uint32_t>(w * 64);
    const std::uint32_t end = std::min<std::uint32_t>(rows.count, begin + 64);
    std::uint64_t bits = 0;
    for (std::uint32_t i = begin; i < end; ++i) {
      const std::uint32_t row = from.at(rows[i]);
      bits |= ((from.validity[row >> 6] >> (row & 63)) & 1) << (i & 63);
    }
    const std::uint64_t all = end - begin == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (end - begin)) - 1;
    missing |= bits ^ all;
    to.validity[w] = bits;
  }
  if (!missing) to.validity = {};
}

// Lists the child rows of the picked arrays or maps and fills to.offsets.
Vec<std::uint32_t> entries_of(const Column& from, Selection rows, Column& to) {
  to.offsets.resize(rows.count + 1);
  to.offsets[0] = 0;
  Vec<std::uint32_t> list;
  for (std::uint32_t i = 0; i < rows.count; ++i) {
    const std::uint32_t begin = from.begin_of(rows[i]);
    const std::uint32_t end = from.valid(rows[i]) ? from.end_of(rows[i]) : begin;
    const std::size_t at = list.size();
    list.resize(at + (end - begin));
    for (std::uint32_t e = begin; e < end; ++e) list[at + (e - begin)] = e;
    to.offsets[i + 1] = static_cast<std::uint32_t>(list.size());
  }
  return list;
}

using Take = ColumnRef (*)(const ColumnRef&, Selection);

void take_children(const Column& from, Selection rows, Column& to, Take take) {
  if (from.type->id == TypeId::structure) {
    Vec<std::uint32_t> physical;
    if (from.constant) {
      physical.resize(rows.count, 0);
      rows = {physical.data(), rows.count};
    }
    for (const ColumnRef& child : from.children) to.children.push_back(take(child, rows));
  } else if (from.type->id == TypeId::array || from.type->id == TypeId::map) {
    const Vec<std::uint32_t> list = entries_of(from, rows, to);
    const std::uint32_t no_row = 0;
    const Selection entries{list.data() ? list.data() : &no_row, static_cast<std::uint32_t>(list.size())};
    for (const ColumnRef& child : from.children) to.children.push_back(take(child, entries));
  }
}

std::shared_ptr<Column> take_rows(const Column& from, Selection rows, Take take) {
  auto to = std::make_shared<Column>(from.type, rows.count);
  pick_validity(from, rows, *to);
  pick_values(from, rows, *to);
  take_children(from, rows, *to, take);
  return to;
}

// The same column with another length; shares nothing that could change.
ColumnRef resized_constant(const Column& column, std::uint32_t size) {
  auto out = std::make_shared<Column>(column);
  out->size = size;
  return out;
}

ColumnRef copy_child(const ColumnRef& column, Selection rows) {
  return copy_rows(*column, rows);
}

// Moves the bytes of long strings into one arena.
void own_strings(Column& column) {
  if (!column.type->is_text()) return;
  Str* strings = column.data<Str>();
  const std::uint32_t count = column.physical_size();
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!column.constant && !column.valid(i)) strings[i] = Str(std::string_view());
    if (!strings[i].is_inline()) total += strings[i].size;
  }
  if (!total) return;
  auto arena = std::make_shared<StrArena>();
  char* to = arena->allocate(total);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (strings[i].is_inline()) continue;
    std::memcpy(to, strings[i].pointer, strings[i].size);
    strings[i].pointer = to;
    to += strings[i].size;
  }
  column.holders.push_back(std::move(arena));
}

void append_validity(Column& to, std::uint32_t at, const Column& from) {
  if (!from.may_have_nulls()) return;
  for (std::uint32_t i = 0; i < from.size; ++i) {
    if (!from.valid(i)) to.set_null(at + i);
  }
}

void append_holders(Column& to, const Column& from) {
  for (const Holder& holder : from.holders) {
    if (to.holders.empty() || to.holders.back() != holder) to.holders.push_back(holder);
  }
}

// A list column whose entries begin at 0 and fill its children (a slice's do not), or any other column without a
// constant.
ColumnRef packed(const ColumnRef& column) {
  const ColumnRef flat = flatten(column);
  const TypeId id = flat->type->id;
  if (id != TypeId::array && id != TypeId::map) return flat;
  if (flat->offsets[0] == 0 && flat->offsets[flat->size] == flat->children[0]->size) return flat;
  Vec<std::uint32_t> rows(flat->size);
  for (std::uint32_t i = 0; i < flat->size; ++i) rows[i] = i;
  const std::uint32_t no_row = 0;
  return gather(flat, {flat->size ? rows.data() : &no_row, flat->size});
}

void concat_values(Column& to, std::span<const ColumnRef> dense) {
  const std::size_t width = value_width(to.type->id);
  to.values.resize(width * to.size);
  std::uint32_t at = 0;
  for (const ColumnRef& from : dense) {
    if (from->size * width) std::memcpy(to.values.data() + at * width, from->values.data(), from->size * width);
    at += from->size;
  }
}

void concat_children(Column& to, std::span<const ColumnRef> dense) {
  const Type& type = *to.type;
  const bool list = type.id == TypeId::array || type.id == TypeId::map;
  if (list) {
    to.offsets.reserve(to.size + 1);
    to.offsets.push_back(0);
    std::uint32_t base = 0;
    for (const ColumnRef& from : dense) {
      for (std::uint32_t i = 1; i <= from->size; ++i) to.offsets.push_back(base + from->offsets[i]);
      base = to.offsets.back();
    }
  }
  const std::size_t children = type.id == TypeId::map ? 2 : type.fields.size();
  for (std::size_t c = 0; c < children; ++c) {
    std::vector<ColumnRef> parts;
    for (const ColumnRef& from : dense) parts.push_back(from->children[c]);
    const TypeRef child_type =
        type.id == TypeId::map && c == 0 ? types::string() : type.fields[type.id == TypeId::map ? 0 : c].type;
    to.children.push_back(concat_columns(child_type, parts));
  }
}

}  // namespace

ColumnRef gather(const ColumnRef& column, Selection selection) {
  if (column->constant) return column->size == selection.count ? column : resized_constant(*column, selection.count);
  if (selection.is_all() && selection.count == column->size) return column;
  auto out = take_rows(*column, selection, &gather);
  out->holders = column->holders;
  return out;
}

ColumnRef flatten(const ColumnRef& column) {
  if (!column->constant) return column;
  auto out = take_rows(*column, {nullptr, column->size}, &gather);
  out->holders = column->holders;
  return out;
}

ColumnRef concat_columns(const TypeRef& type, std::span<const ColumnRef> columns) {
  if (columns.size() == 1 && same_type(columns[0]->type, type)) return columns[0];
  std::vector<ColumnRef> dense;
  std::uint32_t rows = 0;
  for (const ColumnRef& column : columns) {
    const bool typed = column->type->id == type->id;
    dense.push_back(packed(typed ? column : null_column(type, column->size)));
    rows += column->size;
  }
  auto out = std::make_shared<Column>(type, rows);
  std::uint32_t at = 0;
  for (const ColumnRef& from : dense) {
    append_validity(*out, at, *from);
    append_holders(*out, *from);
    at += from->size;
  }
  concat_values(*out, dense);
  concat_children(*out, dense);
  return out;
}

ColumnRef repeat_value(const ColumnRef& from, std::uint32_t row, std::uint32_t size) {
  const Selection one{&row, 1};
  auto out = take_rows(*from, one, &gather);
  out->holders = from->holders;
  out->constant = true;
  out->size = size;
  return out;
}

ColumnRef copy_rows(const Column& column, Selection selection) {
  if (column.constant) {
    const std::uint32_t row = 0;
    auto out = take_rows(column, {&row, selection.count ? 1u : 0u}, &copy_child);
    out->constant = true;
    out->size = selection.count;
    own_strings(*out);
    return out;
  }
  auto out = take_rows(column, selection, &copy_child);
  own_strings(*out);
  return out;
}

}  // namespace sr
