#include "operators/support/table_rows.h"

namespace sr::operators {

CellKind cell_kind(const Type& type) {
  switch (type.id) {
    case TypeId::boolean:
      return CellKind::boolean;
    case TypeId::bigint:
      return CellKind::integer;
    case TypeId::float64:
      return CellKind::real;
    case TypeId::binary:
      return CellKind::bytes;
    case TypeId::timestamp:
      return CellKind::timestamp;
    case TypeId::date:
      return CellKind::date;
    case TypeId::decimal:
      return CellKind::decimal;
    case TypeId::array:
    case TypeId::structure:
    case TypeId::map:
    case TypeId::variant:
      return CellKind::json;
    default:
      return CellKind::text;
  }
}

std::unique_ptr<TableRows> encode_rows(const Chunk& chunk) {
  auto encoded = std::make_unique<TableRows>();
  encoded->columns = static_cast<std::uint32_t>(chunk.columns.size());
  std::vector<CellKind> kinds;
  for (const ColumnRef& column : chunk.columns) kinds.push_back(cell_kind(*column->type));
  const std::size_t cells = std::size_t{chunk.live_rows()} * encoded->columns;
  encoded->ends.reserve(cells);
  encoded->nulls.reserve(cells);
  chunk.selection().for_each([&](std::uint32_t row) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const Column& column = *chunk.columns[i];
      const bool valid = column.valid(row);
      if (valid && (kinds[i] == CellKind::text || kinds[i] == CellKind::bytes)) {
        encoded->text.append(column.get<Str>(row).view());
      } else if (valid && kinds[i] == CellKind::json) {
        write_json(encoded->text, column, row);
      } else if (valid) {
        write_text(encoded->text, column, row);
      }
      encoded->ends.push_back(encoded->text.size());
      encoded->nulls.push_back(!valid);
    }
    ++encoded->rows;
  });
  return encoded;
}

}  // namespace sr::operators
