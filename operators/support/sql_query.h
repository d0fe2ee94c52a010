// The syntax of a query: Spark's SELECT as far as `sql` takes it. Expressions stay text with their place in the query;
// they are parsed by engine/expr. Entry point: parse_query. Tested in tests/jobs/sql.yaml and
// tests/unit/operators/sql_query_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sr::operators {

// A part of the query's text, with its place.
struct SqlText {
  std::size_t begin = 0;
  std::string text;
  bool present() const { return !text.empty(); }
};

// row_number(), rank() or dense_rank() OVER (…). In the text around it stands its name in back-quotes instead, padded
// to the same length.
struct SqlRank {
  enum class Kind : std::uint8_t { row_number, rank, dense_rank } kind = Kind::row_number;
  std::string name;
  std::vector<SqlText> partition_by;
  SqlText order_by;
};
// The name that stands for the `rank`-th one of a query, from 0.
std::string rank_name(std::size_t rank);

struct SqlItem {
  bool star = false;
  std::string star_of;  // t of `t.*`
  SqlText expr;
  std::string alias;  // as written, or made from the expression
};

struct SqlQuery;

struct SqlTable {
  std::string name;
  std::size_t begin = 0, end = 0;
  std::unique_ptr<SqlQuery> query;  // a sub-query
  std::string alias;                // the name itself where none is given
};

enum class SqlJoinHow : std::uint8_t { inner, left_outer, right_outer, full_outer, left_semi, left_anti };

struct SqlJoin {
  SqlJoinHow how = SqlJoinHow::inner;
  SqlTable table;
  SqlText on;
  std::vector<SqlText> columns;  // USING (…)
};

struct SqlSelect {
  bool distinct = false;
  std::vector<SqlItem> items;
  std::vector<SqlRank> ranks;
  std::optional<SqlTable> from;
  std::vector<SqlJoin> joins;
  SqlText where;
  std::vector<SqlText> group_by;
  SqlText having;
};

struct SqlWith {
  std::string name;
  std::unique_ptr<SqlQuery> query;
};

// One SELECT, or several joined by UNION; ORDER BY and LIMIT are of the whole.
struct SqlQuery {
  std::vector<SqlWith> with;
  std::vector<SqlSelect> selects;
  std::size_t distinct_parts = 0;  // of so many first SELECTs, joined by UNION without ALL, equal rows come once
  SqlText order_by;
  std::optional<std::int64_t> limit;
};

struct SqlError {
  std::size_t begin = 0, end = 0;
  std::string message;
  std::string help = {};
};

// Parses one query; on failure fills *error and gives nothing.
std::unique_ptr<SqlQuery> parse_query(std::string_view text, SqlError* error);

}  // namespace sr::operators
