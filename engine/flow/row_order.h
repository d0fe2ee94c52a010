// Ordering the rows of a dense table by order keys, stably: what `sort`, `top` and OVER (ORDER BY …) stand on.
// Tested through tests/jobs/sort.yaml and tests/jobs/top.yaml.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/expr/bind.h"
#include "engine/flow/operator.h"

namespace sr::flow {

// The evaluated keys of a table's rows. NULLs are least unless an item says otherwise; NaN is the greatest; strings
// compare by bytes.
class RowOrder {
 public:
  RowOrder(const std::vector<expr::BoundOrder>& order, const Chunk& table, const BatchContext& context,
           expr::RowErrors& errors);

  // Negative, 0 or positive: by the keys alone.
  int compare(std::uint32_t a, std::uint32_t b) const;
  // Orders by the keys, equal rows by their place.
  bool before(std::uint32_t a, std::uint32_t b) const {
    const int order = compare(a, b);
    return order != 0 ? order < 0 : a < b;
  }
  // Sorts rows of the table.
  void sort(std::vector<std::uint32_t>& rows) const;
  // Keeps the first n of the rows in order, with all that equal the n-th in every key; sorts them.
  void top(std::vector<std::uint32_t>& rows, std::size_t n) const;

 private:
  struct Key {
    ColumnRef column;
    bool descending;
    bool nulls_first;
  };
  std::vector<Key> keys_;
  // An order-preserving 64-bit digest of the first key, direction included: decides most comparisons.
  std::vector<std::uint64_t> digest_;
};

}  // namespace sr::flow
