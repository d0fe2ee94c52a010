// Order, equality and hash of single values of any type: compare_values, equal_values, hash_value. The three agree with
// one another. Tested in tests/unit/data/column_test.cc.
#include <algorithm>
#include <cmath>

#include "engine/base/hash.h"
#include "engine/data/codec.h"
#include "engine/data/column.h"

namespace sr {
namespace {

template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int compare_doubles(double a, double b) {
  const bool a_nan = std::isnan(a);
  const bool b_nan = std::isnan(b);
  if (a_nan || b_nan) return three_way(a_nan, b_nan);
  return three_way(a, b);
}

int compare_texts(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  TextBuffer text_a;
  TextBuffer text_b;
  write_text(text_a, a, row_a);
  write_text(text_b, b, row_b);
  return three_way(text_a.view().compare(text_b.view()), 0);
}

int compare_arrays(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  const std::uint32_t begin_a = a.begin_of(row_a);
  const std::uint32_t begin_b = b.begin_of(row_b);
  const std::uint32_t size_a = a.end_of(row_a) - begin_a;
  const std::uint32_t size_b = b.end_of(row_b) - begin_b;
  for (std::uint32_t i = 0; i < std::min(size_a, size_b); ++i) {
    if (const int order = compare_values(*a.children[0], begin_a + i, *b.children[0], begin_b + i)) return order;
  }
  return three_way(size_a, size_b);
}

int compare_structures(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (const int order = compare_values(*a.children[i], a.at(row_a), *b.children[i], b.at(row_b))) return order;
  }
  return 0;
}

// Maps are small: a quadratic search beats building an index.
bool equal_maps(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  const std::uint32_t begin_b = b.begin_of(row_b);
  const std::uint32_t end_b = b.end_of(row_b);
  if (a.end_of(row_a) - a.begin_of(row_a) != end_b - begin_b) return false;
  for (std::uint32_t i = a.begin_of(row_a); i < a.end_of(row_a); ++i) {
    std::uint32_t j = begin_b;
    while (j < end_b && !equal_values(*a.children[0], i, *b.children[0], j)) ++j;
    if (j == end_b || !equal_values(*a.children[1], i, *b.children[1], j)) return false;
  }
  return true;
}

std::uint64_t hash_nested(const Column& column, std::uint32_t row, std::uint64_t seed) {
  if (column.type->id == TypeId::structure) {
    std::uint64_t hash = seed + column.children.size();
    for (const ColumnRef& child : column.children) hash = hash_value(*child, column.at(row), hash);
    return hash;
  }
  const std::uint32_t begin = column.begin_of(row);
  const std::uint32_t end = column.end_of(row);
  std::uint64_t hash = seed + (end - begin);
  if (column.type->id == TypeId::array) {
    for (std::uint32_t i = begin; i < end; ++i) hash = hash_value(*column.children[0], i, hash);
    return hash;
  }
  std::uint64_t sum = 0;  // the order of entries has no meaning
  for (std::uint32_t i = begin; i < end; ++i) {
    sum += hash_value(*column.children[1], i, hash_value(*column.children[0], i, seed));
  }
  return hash_bytes(&sum, sizeof(sum), hash);
}

}  // namespace

int compare_values(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  const bool valid_a = a.valid(row_a);
  const bool valid_b = b.valid(row_b);
  if (!valid_a || !valid_b) return three_way(valid_a, valid_b);
  switch (a.type->id) {
    case TypeId::null:
      return 0;
    case TypeId::boolean:
      return three_way(a.get<std::uint8_t>(row_a), b.get<std::uint8_t>(row_b));
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return three_way(a.get<std::int64_t>(row_a), b.get<std::int64_t>(row_b));
    case TypeId::float64:
      return compare_doubles(a.get<double>(row_a), b.get<double>(row_b));
    case TypeId::decimal:
      return three_way(a.get<Int128>(row_a), b.get<Int128>(row_b));
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return three_way(a.get<Str>(row_a).compare(b.get<Str>(row_b)), 0);
    case TypeId::array:
      return compare_arrays(a, row_a, b, row_b);
    case TypeId::structure:
      return compare_structures(a, row_a, b, row_b);
    case TypeId::map:
      break;
  }
  return equal_maps(a, row_a, b, row_b) ? 0 : compare_texts(a, row_a, b, row_b);
}

bool equal_values(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b) {
  const bool valid_a = a.valid(row_a);
  if (valid_a != b.valid(row_b)) return false;
  if (!valid_a) return true;
  switch (a.type->id) {
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return a.get<Str>(row_a) == b.get<Str>(row_b);
    case TypeId::map:
      return equal_maps(a, row_a, b, row_b);
    case TypeId::array: {
      const std::uint32_t begin_a = a.begin_of(row_a);
      const std::uint32_t begin_b = b.begin_of(row_b);
      const std::uint32_t size = a.end_of(row_a) - begin_a;
      if (size != b.end_of(row_b) - begin_b) return false;
      for (std::uint32_t i = 0; i < size; ++i) {
        if (!equal_values(*a.children[0], begin_a + i, *b.children[0], begin_b + i)) return false;
      }
      return true;
    }
    case TypeId::structure:
      for (std::size_t i = 0; i < a.children.size(); ++i) {
        if (!equal_values(*a.children[i], a.at(row_a), *b.children[i], b.at(row_b))) return false;
      }
      return true;
    default:
      return compare_values(a, row_a, b, row_b) == 0;
  }
}

std::uint64_t hash_value(const Column& column, std::uint32_t row, std::uint64_t seed) {
  if (!column.valid(row)) {
    constexpr std::uint64_t kNullMark = 0x9e3779b97f4a7c15;
    return hash_bytes(&kNullMark, sizeof(kNullMark), ~seed);
  }
  switch (column.type->id) {
    case TypeId::null:
      return seed;
    case TypeId::boolean: {
      const std::uint64_t value = column.get<std::uint8_t>(row) != 0;
      return hash_bytes(&value, sizeof(value), seed);
    }
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return hash_bytes(&column.get<std::int64_t>(row), 8, seed);
    case TypeId::float64: {
      double value = column.get<double>(row);
      if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
      if (value == 0) value = 0;  // -0.0 is 0.0
      return hash_bytes(&value, sizeof(value), seed);
    }
    case TypeId::decimal:
      return hash_bytes(&column.get<Int128>(row), sizeof(Int128), seed);
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant: {
      const Str& value = column.get<Str>(row);
      return hash_bytes(value.data(), value.size, seed);
    }
    case TypeId::array:
    case TypeId::structure:
    case TypeId::map:
      break;
  }
  return hash_nested(column, row, seed);
}

}  // namespace sr
