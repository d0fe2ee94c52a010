// Our types and those of the databases: what a column of a new table is, and which columns of an existing one take our
// values as they are. Entry points: sql_type_of, sql_type_refuses. Tested in tests/unit/operators/table_sink_test.cc.
#pragma once

#include <string>

#include "engine/data/type.h"
#include "operators/support/sql_dialect.h"

namespace sr::operators {

// The declaration of a column. A key of MySQL needs texts of bounded length.
std::string sql_type_of(SqlSystem system, const Type& type, bool in_key);

// Empty if a column of type `there` takes every value of ours, or fails loudly; else what would do.
std::string sql_type_refuses(SqlSystem system, const Type& type, const std::string& there);

}  // namespace sr::operators
