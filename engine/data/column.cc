// Column: bitmaps, sizes, NULL columns. Comparison and hashing are in column_order.cc. Tested in
// tests/unit/data/column_test.cc.
#include "engine/data/column.h"

namespace sr {

void Column::ensure_validity() {
  if (!validity.empty()) return;
  const std::size_t words = (static_cast<std::size_t>(physical_size()) + 63) / 64;
  validity.resize(words ? words : 1);
  std::memset(validity.data(), 0xff, validity.size() * sizeof(std::uint64_t));
}

std::size_t Column::memory_bytes() const {
  std::size_t total = sizeof(Column) + validity.capacity() * sizeof(std::uint64_t) + values.capacity() +
                      offsets.capacity() * sizeof(std::uint32_t) + holders.capacity() * sizeof(Holder);
  for (const ColumnRef& child : children) total += child->memory_bytes();
  return total;
}

std::size_t value_width(TypeId id) {
  switch (id) {
    case TypeId::boolean:
      return 1;
    case TypeId::bigint:
    case TypeId::float64:
    case TypeId::timestamp:
    case TypeId::date:
      return 8;
    case TypeId::decimal:
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return 16;
    case TypeId::null:
    case TypeId::array:
    case TypeId::structure:
    case TypeId::map:
      break;
  }
  return 0;
}

ColumnRef null_column(TypeRef type, std::uint32_t size) {
  auto column = std::make_shared<Column>(std::move(type), size);
  column->constant = true;
  column->validity.resize(1, 0);
  const Type& of = *column->type;
  if (const std::size_t width = value_width(of.id)) {
    column->values.resize(width);
    std::memset(column->values.data(), 0, width);
  }
  if (of.id == TypeId::array || of.id == TypeId::map) column->offsets.resize(2, 0);
  if (of.id == TypeId::map) column->children.push_back(null_column(types::string(), 0));
  const std::uint32_t child_rows = of.id == TypeId::structure ? 1 : 0;
  for (const Field& field : of.fields) column->children.push_back(null_column(field.type, child_rows));
  return column;
}

}  // namespace sr
