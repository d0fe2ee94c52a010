#include "cli/row_compare.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sr::cli {

namespace {

bool doubles_match(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  if (std::isinf(a) || std::isinf(b)) return false;
  return std::fabs(a - b) <= tolerance * std::max(std::fabs(a), std::fabs(b));
}

// Kuhn's algorithm: gives each of `lefts` a right of its own where that is possible.
class Matching {
 public:
  Matching(std::uint32_t lefts, std::uint32_t rights, std::function<bool(std::uint32_t, std::uint32_t)> fits)
      : owner_(rights, kFree), lefts_(lefts), fits_(std::move(fits)) {}

  // Gives the right of each left, kFree where there is none.
  std::vector<std::uint32_t> solve() {
    for (std::uint32_t left = 0; left < lefts_; ++left) {
      seen_.assign(owner_.size(), false);
      augment(left, left);
    }
    std::vector<std::uint32_t> right_of(lefts_, kFree);
    for (std::uint32_t right = 0; right < owner_.size(); ++right) {
      if (owner_[right] != kFree) right_of[owner_[right]] = right;
    }
    return right_of;
  }

  static constexpr std::uint32_t kFree = ~std::uint32_t{0};

 private:
  // Rights near `hint` first: rows mostly come in the expected order.
  bool augment(std::uint32_t left, std::uint32_t hint) {
    const auto count = static_cast<std::uint32_t>(owner_.size());
    for (std::uint32_t step = 0; step < count; ++step) {
      const std::uint32_t right = (hint + step) % count;
      if (seen_[right] || !fits_(left, right)) continue;
      seen_[right] = true;
      if (owner_[right] == kFree || augment(owner_[right], right)) {
        owner_[right] = left;
        return true;
      }
    }
    return false;
  }

  std::vector<std::uint32_t> owner_;
  std::vector<bool> seen_;
  std::uint32_t lefts_;
  std::function<bool(std::uint32_t, std::uint32_t)> fits_;
};

// Whether every element of a's range finds its own in b's.
bool sets_match(std::uint32_t begin_a, std::uint32_t begin_b, std::uint32_t count,
                const std::function<bool(std::uint32_t, std::uint32_t)>& fits) {
  Matching matching(count, count, [&](std::uint32_t i, std::uint32_t j) { return fits(begin_a + i, begin_b + j); });
  const auto right_of = matching.solve();
  return std::none_of(right_of.begin(), right_of.end(), [](std::uint32_t r) { return r == Matching::kFree; });
}

bool lists_match(ValueAt value_a, ValueAt value_b, const CompareOptions& options) {
  const auto& [a, row_a] = value_a;
  const auto& [b, row_b] = value_b;
  const std::uint32_t begin_a = a.begin_of(row_a), begin_b = b.begin_of(row_b);
  const std::uint32_t count = a.end_of(row_a) - begin_a;
  if (count != b.end_of(row_b) - begin_b) return false;
  const bool is_map = a.type->id == TypeId::map;
  const auto &a_children = a.children, &b_children = b.children;
  const auto fits = [&](std::uint32_t i, std::uint32_t j) {
    for (std::size_t child = 0; child < a_children.size(); ++child) {
      if (!values_match({*a_children[child], i}, {*b_children[child], j}, options)) return false;
    }
    return true;
  };
  if (is_map || options.unordered_arrays) return sets_match(begin_a, begin_b, count, fits);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!fits(begin_a + i, begin_b + i)) return false;
  }
  return true;
}

bool row_matches(const ExpectedRow& expected, const Chunk& actual, std::uint32_t row, const CompareOptions& options) {
  return std::all_of(expected.cells.begin(), expected.cells.end(), [&](const ExpectedRow::Cell& cell) {
    return values_match({*cell.value, 0}, {*actual.columns[cell.column], row}, options);
  });
}

RowDifference compare_in_order(const std::vector<ExpectedRow>& expected, const Chunk& actual,
                               const CompareOptions& options) {
  RowDifference difference;
  const auto count = static_cast<std::uint32_t>(expected.size());
  for (std::uint32_t i = 0; i < std::max(count, actual.rows); ++i) {
    if (i >= count) {
      difference.unexpected.push_back(i);
    } else if (i >= actual.rows) {
      difference.missing.push_back(i);
    } else if (!row_matches(expected[i], actual, i, options)) {
      difference.changed.emplace_back(i, i);
    }
  }
  return difference;
}

}  // namespace

bool values_match(ValueAt value_a, ValueAt value_b, const CompareOptions& options) {
  const auto& [a, row_a] = value_a;
  const auto& [b, row_b] = value_b;
  const bool valid_a = a.valid(row_a), valid_b = b.valid(row_b);
  if (!valid_a || !valid_b) return valid_a == valid_b;
  switch (a.type->id) {
    case TypeId::float64:
      return doubles_match(a.get<double>(row_a), b.get<double>(row_b), options.tolerance);
    case TypeId::array:
    case TypeId::map:
      return lists_match(value_a, value_b, options);
    case TypeId::structure:
      for (std::size_t child = 0; child < a.children.size(); ++child) {
        if (!values_match({*a.children[child], a.at(row_a)}, {*b.children[child], b.at(row_b)}, options)) return false;
      }
      return true;
    default:
      return equal_values(a, row_a, b, row_b);
  }
}

RowDifference compare_rows(const std::vector<ExpectedRow>& expected, const Chunk& actual,
                           const CompareOptions& options) {
  if (options.ordered) return compare_in_order(expected, actual, options);
  Matching matching(static_cast<std::uint32_t>(expected.size()), actual.rows,
                    [&](std::uint32_t e, std::uint32_t a) { return row_matches(expected[e], actual, a, options); });
  RowDifference difference;
  std::vector<bool> used(actual.rows, false);
  const auto right_of = matching.solve();
  for (std::uint32_t e = 0; e < right_of.size(); ++e) {
    if (right_of[e] == Matching::kFree) {
      difference.missing.push_back(e);
    } else {
      used[right_of[e]] = true;
    }
  }
  for (std::uint32_t a = 0; a < actual.rows; ++a) {
    if (!used[a]) difference.unexpected.push_back(a);
  }
  return difference;
}

}  // namespace sr::cli
