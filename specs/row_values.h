// Rows written in YAML: of `inline` sources and datasets, `initial`, `given` and `expect`. A row is a map, a list in
// column order, or a bare scalar when there is one column. Entry points: decode_rows, resolve_row. Tested in
// tests/unit/specs and tests/diagnostics.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/data/chunk.h"
#include "specs/value.h"

namespace sr::specs {

// Takes findings; the code says where rows stand (SR2124 in nodes, SR6011 in tests).
struct RowReporter {
  std::string code;
  std::function<void(Diagnostic)> report;
};

// One written value of a row: its column and where it stands.
struct RowCell {
  std::uint32_t column = 0;
  const SpecValue* value = nullptr;
};

// Gives the columns that a row lists; reports unknown ones and a wrong number of values.
std::optional<std::vector<RowCell>> resolve_row(const SpecValue& row, const Schema& schema,
                                                const RowReporter& reporter);

// Gives a value as JSON of the shape that append_json takes for `type`; reports what cannot be.
std::optional<nlohmann::json> to_json(const SpecValue& value, const TypeRef& type, const RowReporter& reporter);

// Gives the rows as chunks; columns that a row leaves out are NULL. Reports every wrong row; nothing then.
std::optional<std::vector<Chunk>> decode_rows(const SpecValue& list, const SchemaRef& schema,
                                              const RowReporter& reporter);

// Checks one value against a type, as decode_rows would.
bool check_cell(const SpecValue& value, const Field& field, const RowReporter& reporter);

}  // namespace sr::specs
