// TableSink: rows into a table of a database, appended or upserted by key, a batch in one transaction. With a
// checkpoint folder exactly once, by the commit row (commit_row.h). Entry point: make_table_sink. Knows no client
// library: drivers do (sql_driver.h). Tested in tests/unit/operators/table_sink_test.cc and tests/servers.
#pragma once

#include <functional>
#include <memory>

#include "engine/flow/sink.h"
#include "operators/support/sql_driver.h"
#include "operators/support/table_shape.h"

namespace sr::operators {

struct TableSinkOptions {
  SqlConnect connect;
  TableShape shape;
  bool create = true;  // a missing table is made
};

// Loads the driver of a database from its module; an error names the package that has it.
Result<std::unique_ptr<SqlDriver>> load_driver(const SqlDialect& dialect);

std::unique_ptr<flow::Sink> make_table_sink(TableSinkOptions options);

// Looks at the database and changes nothing: what would stop the sink at its start.
std::vector<std::string> probe_table(const TableSinkOptions& options);

}  // namespace sr::operators
