#include "operators/support/sql_dialect.h"

#include <fmt/format.h>

#include "operators/support/sql_types.h"

namespace sr::operators {

const char* SqlDialect::name() const {
  switch (system_) {
    case SqlSystem::sqlite:
      return "SQLite";
    case SqlSystem::postgres:
      return "PostgreSQL";
    default:
      return "MySQL";
  }
}

const char* SqlDialect::module() const {
  switch (system_) {
    case SqlSystem::sqlite:
      return "streamrun-sqlite.so";
    case SqlSystem::postgres:
      return "streamrun-postgres.so";
    default:
      return "streamrun-mysql.so";
  }
}

std::string SqlDialect::identifier(std::string_view name) const {
  const char quote = system_ == SqlSystem::mysql ? '`' : '"';
  std::string quoted(1, quote);
  for (const char c : name) quoted += c == quote ? std::string(2, quote) : std::string(1, c);
  return quoted + quote;
}

std::string SqlDialect::table(std::string_view name) const {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return identifier(name);
  return identifier(name.substr(0, dot)) + "." + identifier(name.substr(dot + 1));
}

std::string SqlDialect::literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string SqlDialect::column_type(const Type& type, bool in_key) const {
  return sql_type_of(system_, type, in_key);
}

std::string SqlDialect::refuses(const Type& type, const std::string& there) const {
  return sql_type_refuses(system_, type, there);
}

std::string SqlDialect::cannot_hold(const Type& type) const {
  if (system_ == SqlSystem::mysql && type.id == TypeId::decimal && type.scale > 30) {
    return "MySQL knows at most 30 digits behind the point";
  }
  return "";
}

const char* SqlDialect::table_suffix() const {
  return system_ == SqlSystem::mysql ? " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin" : "";
}

SqlDialect::Place SqlDialect::place(std::string_view table) const {
  const std::size_t dot = table.find('.');
  if (dot == std::string_view::npos) return {"DATABASE()", literal(table)};
  return {literal(table.substr(0, dot)), literal(table.substr(dot + 1))};
}

std::string SqlDialect::columns_query(std::string_view name) const {
  const Place at = place(name);
  if (system_ == SqlSystem::sqlite) {
    return fmt::format(
        R"(SELECT name, type, "notnull" = 0, dflt_value IS NOT NULL OR (pk = 1 AND upper(type) = 'INTEGER') )"
        "FROM pragma_table_xinfo({}) WHERE hidden = 0 ORDER BY cid",
        literal(name));
  }
  if (system_ == SqlSystem::postgres) {
    return fmt::format(
        "SELECT a.attname, CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) WHEN 'e' THEN 'enum' "
        "ELSE format_type(a.atttypid, a.atttypmod) END, CASE WHEN a.attnotnull THEN 0 ELSE 1 END, "
        "CASE WHEN a.atthasdef OR a.attidentity <> '' THEN 1 ELSE 0 END FROM pg_attribute a "
        "JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = to_regclass({}) AND a.attnum > 0 "
        "AND NOT a.attisdropped ORDER BY a.attnum",
        literal(table(name)));
  }
  return fmt::format(
      "SELECT column_name, column_type, is_nullable = 'YES', column_default IS NOT NULL OR "
      "extra LIKE '%auto_increment%' OR extra LIKE '%GENERATED%' FROM information_schema.columns "
      "WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position",
      at.schema, at.table);
}

std::string SqlDialect::unique_query(std::string_view name) const {
  const Place at = place(name);
  if (system_ == SqlSystem::sqlite) {
    return fmt::format(
        R"(SELECT l.name, i.name FROM pragma_index_list({0}) l, pragma_index_info(l.name) i WHERE l."unique" = 1 )"
        "AND l.partial = 0 UNION ALL SELECT 'rowid', name FROM pragma_table_xinfo({0}) WHERE pk = 1 "
        "AND upper(type) = 'INTEGER' AND (SELECT count(*) FROM pragma_table_xinfo({0}) WHERE pk > 0) = 1",
        literal(name));
  }
  if (system_ == SqlSystem::postgres) {
    return fmt::format(
        "SELECT i.indexrelid::text, a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
        "AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) WHERE i.indrelid = to_regclass({}) "
        "AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL",
        literal(table(name)));
  }
  return fmt::format(
      "SELECT index_name, column_name FROM information_schema.statistics WHERE table_schema = {} AND table_name = {} "
      "AND non_unique = 0 AND sub_part IS NULL",
      at.schema, at.table);
}

std::string SqlDialect::engine_query(std::string_view name) const {
  if (system_ != SqlSystem::mysql) return "";
  const Place at = place(name);
  return fmt::format(
      "SELECT concat('its engine ', t.engine, ' has no transactions, so that a batch could be there in part') "
      "FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine "
      "WHERE t.table_schema = {} AND t.table_name = {} AND e.transactions <> 'YES'",
      at.schema, at.table);
}

bool SqlDialect::may_be_a_lock(std::string_view code) const {
  // Lock wait, deadlock, and a limit of the statement's time that was shorter than that of the wait.
  if (system_ == SqlSystem::mysql) return code == "1205" || code == "1213" || code == "1969" || code == "3024";
  return code == "55P03" || code == "40P01" || code == "57014";
}

}  // namespace sr::operators
