// The plan of a query: relations that take tables and give tables, run once a batch. Made by sql_bind, run here.
// Immutable; the tables are dense and may be longer than a chunk. Tested in tests/jobs/sql.yaml.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/support/join_output.h"
#include "operators/support/sql_query.h"

namespace sr::operators {

// A column of a relation: what it may be called, and its type.
struct SqlColumn {
  std::string table;
  std::string name;
  TypeRef type;
};

// What running a query needs. `failed` tells whether the batch has failed and the rest need not run.
struct SqlRun {
  std::vector<Chunk> tables;  // one per input
  const flow::BatchContext* context = nullptr;
  flow::Emitter* out = nullptr;
  bool failed = false;
};

class SqlRelation {
 public:
  virtual ~SqlRelation() = default;
  virtual Chunk run(SqlRun& run) const = 0;
  std::vector<SqlColumn> columns;
  SchemaRef schema() const;
};
using SqlRelationRef = std::shared_ptr<const SqlRelation>;

// Each takes the columns of its input, unless said otherwise.
SqlRelationRef sql_table(std::uint32_t input, const Schema& schema, std::string alias);
SqlRelationRef sql_renamed(SqlRelationRef from, const std::string& alias);
SqlRelationRef sql_filter(SqlRelationRef from, expr::BoundRef condition);
// One column per expression.
SqlRelationRef sql_project(SqlRelationRef from, std::vector<expr::BoundRef> expressions,
                           std::vector<std::string> names);
// Left's columns, then right's (of semi and anti joins only left's).
SqlRelationRef sql_join(JoinHow how, SqlRelationRef left, SqlRelationRef right, JoinKeys keys);
// The keys, then `gap` columns of NULL bigints (for ranks), then one column per call. Without keys one row, also for no
// rows.
SqlRelationRef sql_aggregate(SqlRelationRef from, std::vector<expr::BoundRef> keys,
                             std::vector<expr::AggregateCall> calls, std::uint32_t gap);
// Adds `count` columns of NULL bigints behind the others, for ranks.
SqlRelationRef sql_padded(SqlRelationRef from, std::uint32_t count);
// Fills column `column` with ranks.
struct SqlRanking {
  SqlRank::Kind kind;
  std::vector<expr::BoundRef> partition_by;
  std::vector<expr::BoundOrder> order_by;
  std::uint32_t column;
};
SqlRelationRef sql_ranked(SqlRelationRef from, SqlRanking ranking);
SqlRelationRef sql_distinct(SqlRelationRef from);
SqlRelationRef sql_sorted(SqlRelationRef from, std::vector<expr::BoundOrder> order);
SqlRelationRef sql_limited(SqlRelationRef from, std::int64_t rows);
// The first one's names; equal types.
SqlRelationRef sql_union_all(std::vector<SqlRelationRef> parts);

}  // namespace sr::operators
