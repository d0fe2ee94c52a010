// Binding a query: names to tables and columns, expressions to types; the result is a relation. Reports at the exact
// token. Tested in tests/jobs/sql.yaml and tests/diagnostics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operators/support/sql_plan.h"
#include "specs/bind.h"

namespace sr::operators {

// A table that the query may name: an input of the node. A null schema is unknown, because of an earlier error.
struct SqlInput {
  std::string name;
  SchemaRef schema;
};

// Where in the job file a part of the query stands.
struct SqlPlace {
  const specs::SpecValue* value = nullptr;
  specs::BindContext* context = nullptr;
};

// Gives the query as a relation; null after a report, or if an unknown input is to blame.
SqlRelationRef bind_query(const SqlQuery& query, const std::vector<SqlInput>& inputs, const SqlPlace& place);

}  // namespace sr::operators
