#include "engine/flow/row_order.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sr::flow {

namespace {

std::uint64_t digest_int(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

std::uint64_t digest_double(double value) {
  if (std::isnan(value)) return ~std::uint64_t{0};
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  return (bits >> 63) ? ~bits : bits | (std::uint64_t{1} << 63);
}

// The first eight bytes, big-endian: orders as the bytes do as far as it goes.
std::uint64_t digest_string(const Str& text) {
  std::uint64_t digest = 0;
  const char* bytes = text.data();
  for (std::uint32_t i = 0; i < 8; ++i)
    digest = digest << 8 | (i < text.size ? static_cast<unsigned char>(bytes[i]) : 0);
  return digest;
}

std::uint64_t digest_of(const Column& column, std::uint32_t row) {
  switch (column.type->id) {
    case TypeId::boolean:
      return column.get<std::uint8_t>(row);
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return digest_int(column.get<std::int64_t>(row));
    case TypeId::float64:
      return digest_double(column.get<double>(row));
    case TypeId::string:
    case TypeId::binary:
      return digest_string(column.get<Str>(row));
    default:
      return 0;
  }
}

}  // namespace

RowOrder::RowOrder(const std::vector<expr::BoundOrder>& order, const Chunk& table, const BatchContext& context,
                   expr::RowErrors& errors) {
  const expr::EvalInput input{table.columns, table.rows, table.selection(), &context.tick, context.seed};
  for (const expr::BoundOrder& item : order) {
    keys_.push_back({expr::evaluate(*item.expr, input, errors), item.descending, item.nulls_first});
  }
  if (keys_.empty()) return;
  const Key& first = keys_[0];
  digest_.resize(table.rows);
  for (std::uint32_t row = 0; row < table.rows; ++row) {
    // Two bits less for the value leave room for NULLs below or above all values.
    std::uint64_t digest = 0;
    if (first.column->valid(row)) {
      digest = digest_of(*first.column, row) >> 2;
      if (first.descending) digest = (~std::uint64_t{0} >> 2) - digest;
      digest += std::uint64_t{1} << 62;
    } else if (!first.nulls_first) {
      digest = ~std::uint64_t{0};
    }
    digest_[row] = digest;
  }
}

int RowOrder::compare(std::uint32_t a, std::uint32_t b) const {
  if (keys_.empty()) return 0;
  if (digest_[a] != digest_[b]) return digest_[a] < digest_[b] ? -1 : 1;
  for (const Key& key : keys_) {
    const bool valid_a = key.column->valid(a), valid_b = key.column->valid(b);
    if (valid_a != valid_b) return (valid_a != key.nulls_first) ? -1 : 1;
    if (!valid_a) continue;
    const int order = compare_values(*key.column, a, *key.column, b);
    if (order != 0) return key.descending ? -order : order;
  }
  return 0;
}

void RowOrder::sort(std::vector<std::uint32_t>& rows) const {
  std::sort(rows.begin(), rows.end(), [this](std::uint32_t a, std::uint32_t b) { return before(a, b); });
}

void RowOrder::top(std::vector<std::uint32_t>& rows, std::size_t n) const {
  if (n == 0) rows.clear();
  if (rows.size() > n) {
    const auto less = [this](std::uint32_t a, std::uint32_t b) { return before(a, b); };
    const auto nth = rows.begin() + static_cast<std::ptrdiff_t>(n - 1);
    std::nth_element(rows.begin(), nth, rows.end(), less);
    const std::uint32_t last = *nth;
    const auto ties = std::partition(nth + 1, rows.end(), [&](std::uint32_t row) { return compare(row, last) == 0; });
    rows.erase(ties, rows.end());
  }
  sort(rows);
}

}  // namespace sr::flow
