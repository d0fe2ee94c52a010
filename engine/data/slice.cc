// slice: a range of a column's rows without touching single values. Entry point in builder.h. Tested in
// tests/unit/data.
#include "engine/data/builder.h"

namespace sr {

namespace {

// Copies the bits [begin, begin + count) of a validity bitmap to the front of another.
Vec<std::uint64_t> slice_bits(const Vec<std::uint64_t>& from, std::uint32_t begin, std::uint32_t count) {
  Vec<std::uint64_t> bits((count + 63) / 64);
  const std::uint32_t shift = begin & 63;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    const std::size_t at = (begin >> 6) + word;
    std::uint64_t value = from[at] >> shift;
    if (shift != 0 && at + 1 < from.size()) value |= from[at + 1] << (64 - shift);
    bits[word] = value;
  }
  return bits;
}

}  // namespace

ColumnRef slice(const ColumnRef& column, std::uint32_t begin, std::uint32_t count) {
  if (begin == 0 && count == column->size) return column;
  auto part = std::make_shared<Column>(column->type, count);
  part->holders = column->holders;
  if (column->constant) {
    part->constant = true;
    part->validity = column->validity;
    part->values = column->values;
    part->offsets = column->offsets;
    part->children = column->children;
    return part;
  }
  if (!column->validity.empty()) part->validity = slice_bits(column->validity, begin, count);
  if (column->type->id == TypeId::structure) {
    for (const ColumnRef& child : column->children) part->children.push_back(slice(child, begin, count));
  } else if (column->type->is_nested()) {
    part->offsets.append(column->offsets.data() + begin, count + 1);
    part->children = column->children;
  } else if (const std::size_t width = value_width(column->type->id); width != 0) {
    part->values.append(column->values.data() + begin * width, count * width);
  }
  return part;
}

}  // namespace sr
