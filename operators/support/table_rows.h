// Rows on their way into a table of a database, as text cells that every driver understands. Entry point: encode_rows.
// Header-only where drivers need it: they are modules of their own. Tested in tests/unit/operators/table_sink_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/data/codec.h"
#include "engine/flow/sink.h"

namespace sr::operators {

// What a cell's text is: `true` or `false`, whole number, double (`1.0E10`, `NaN`), text, raw bytes,
// `2024-01-05 10:11:12.5` in UTC, `2024-02-29`, `1.50`, JSON.
enum class CellKind : std::uint8_t { boolean, integer, real, text, bytes, timestamp, date, decimal, json };

// The cells of a chunk, row by row.
class TableRows final : public flow::Encoded {
 public:
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;

  // A cell's text; nothing for NULL.
  std::optional<std::string_view> cell(std::uint32_t row, std::uint32_t column) const {
    const std::size_t at = std::size_t{row} * columns + column;
    if (nulls[at]) return std::nullopt;
    const std::uint64_t begin = at == 0 ? 0 : ends[at - 1];
    return text.view().substr(begin, ends[at] - begin);
  }

  // The texts of a row's cells, one behind the other.
  std::string_view row_text(std::uint32_t row) const {
    const std::size_t first = std::size_t{row} * columns;
    const std::uint64_t begin = first == 0 ? 0 : ends[first - 1];
    return text.view().substr(begin, ends[first + columns - 1] - begin);
  }

  TextBuffer text;
  std::vector<std::uint64_t> ends;  // of each cell in `text`
  std::vector<bool> nulls;
};

// One row of a batch.
struct RowRef {
  const TableRows* rows = nullptr;
  std::uint32_t row = 0;
  std::optional<std::string_view> cell(std::uint32_t column) const { return rows->cell(row, column); }
};

CellKind cell_kind(const Type& type);
std::unique_ptr<TableRows> encode_rows(const Chunk& chunk);

}  // namespace sr::operators
