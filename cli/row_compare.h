// Comparing what a node emitted with what a test expects: rows with or without order, of which only the listed columns
// count. Knows nothing of YAML or jobs. Tested in tests/cli.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/chunk.h"

namespace sr::cli {

// A row as expected: some columns, each with a one-row value.
struct ExpectedRow {
  struct Cell {
    std::uint32_t column = 0;
    ColumnRef value;
  };
  std::vector<Cell> cells;
};

struct CompareOptions {
  bool ordered = false;
  bool unordered_arrays = false;
  double tolerance = 1e-12;  // relative, of doubles; 0: exactly
};

// What differs, as indices: `pairs` are changed rows where order or the closest match tells which belong together.
struct RowDifference {
  std::vector<std::uint32_t> missing;     // of expected
  std::vector<std::uint32_t> unexpected;  // of actual
  std::vector<std::pair<std::uint32_t, std::uint32_t>> changed;
  bool equal() const { return missing.empty() && unexpected.empty() && changed.empty(); }
};

// Compares the rows of a dense table with what is expected.
RowDifference compare_rows(const std::vector<ExpectedRow>& expected, const Chunk& actual,
                           const CompareOptions& options);

// One value of a column.
struct ValueAt {
  const Column& column;
  std::uint32_t row;
};

// Compares two values of one type; NaN equals NaN, doubles within the tolerance, maps without order.
bool values_match(ValueAt a, ValueAt b, const CompareOptions& options);

}  // namespace sr::cli
