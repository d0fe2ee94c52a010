// RowErrors: the failures of a chunk's rows. Entry point: RowErrors. Tested in tests/unit/expr.
#include <algorithm>

#include "engine/expr/eval.h"

namespace sr::expr {

void RowErrors::add(std::uint32_t row, std::string_view message) {
  if (row >= seen_.size()) seen_.resize(row + 1);
  if (seen_[row]) return;
  seen_[row] = true;
  rows_.push_back({row, std::string(message)});
}

bool RowErrors::failed(std::uint32_t row) const {
  return row < seen_.size() && seen_[row];
}

std::vector<RowErrors::Item> RowErrors::sorted() const {
  std::vector<Item> list = rows_;
  std::sort(list.begin(), list.end(), [](const Item& a, const Item& b) { return a.row < b.row; });
  return list;
}

void RowErrors::clear() {
  rows_.clear();
  seen_.clear();
}

}  // namespace sr::expr
