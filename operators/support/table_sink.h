// TableSink: rows into a table of a database, appended or upserted by key, a batch in one transaction on each of its
// connections (table_lanes.h). With a checkpoint folder exactly once, by the commit rows (commit_rows.h). Entry point:
// make_table_sink. Knows no client library: drivers do (sql_driver.h). Tested in
// tests/unit/operators/table_sink_test.cc, table_lanes_test.cc and tests/servers.
#pragma once

#include <memory>

#include "engine/flow/sink.h"
#include "operators/support/sql_driver.h"
#include "operators/support/table_lanes.h"
#include "operators/support/table_shape.h"

namespace sr::operators {

// The most connections that a sink may write by at once.
inline constexpr std::int64_t kMostConnections = 16;

// Loads the driver of a database from its module; an error names the package that has it.
Result<std::unique_ptr<SqlDriver>> load_driver(const SqlDialect& dialect);

struct TableSinkOptions {
  SqlConnect connect;
  TableShape shape;
  bool create = true;        // a missing table is made
  unsigned connections = 1;  // up to kMostConnections
  MakeDriver driver = load_driver;
};

std::unique_ptr<flow::Sink> make_table_sink(TableSinkOptions options);

// Looks at the database and changes nothing: what would stop the sink at its start.
std::vector<std::string> probe_table(const TableSinkOptions& options);

}  // namespace sr::operators
