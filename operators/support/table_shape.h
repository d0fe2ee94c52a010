// The table behind a sink: made from the columns of the sink's input, or compared with them when it is there already.
// Entry points: create_table_sql, table_differences. Tested in tests/unit/operators/table_sink_test.cc and
// tests/servers.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "operators/support/sql_dialect.h"
#include "operators/support/sql_driver.h"

namespace sr::operators {

// What a sink wants of its table.
struct TableShape {
  SqlDialect dialect;
  std::string table;  // as written
  SchemaRef schema;
  std::vector<std::uint32_t> key;  // columns; empty: rows are appended
};

std::string create_table_sql(const TableShape& shape);

// Says if there is a table of this name.
Result<bool> table_exists(const TableShape& shape, SqlDriver& driver);

// Every reason why the table cannot take the rows, a line each; none: it fits. Columns that the input lacks are fine if
// they take NULL or have a default.
Result<std::vector<std::string>> table_differences(const TableShape& shape, SqlDriver& driver);

}  // namespace sr::operators
