#include "operators/support/sql_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "operators/support/table_rows.h"

namespace sr::operators {
namespace {

// A type of a database, split: `numeric(10,2)` is `numeric` with {10, 2}.
struct ThereType {
  std::string name;  // lower case, without arguments and `unsigned`
  std::vector<int> arguments;
};

ThereType split_type(const std::string& text) {
  ThereType type;
  std::string word;
  for (const char c : text) word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const std::size_t at = word.find(" unsigned"); at != std::string::npos) word.erase(at);
  const std::size_t open = word.find('(');
  const std::size_t close = word.find(')', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) {
    type.name = word;
    return type;
  }
  type.name = word.substr(0, open) + word.substr(close + 1);
  for (std::size_t at = open + 1; at < close;) {
    int number = 0;
    const auto [end, wrong] = std::from_chars(word.data() + at, word.data() + close, number);
    if (wrong != std::errc()) break;
    type.arguments.push_back(number);
    at = static_cast<std::size_t>(end - word.data()) + 1;
  }
  return type;
}

bool one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a decimal column has room for all digits of ours. Without arguments: any (PostgreSQL) or 10 digits (MySQL).
bool has_digits(const ThereType& there, int whole, int scale, bool unbounded_without) {
  if (there.arguments.empty()) return unbounded_without;
  const int there_scale = there.arguments.size() > 1 ? there.arguments[1] : 0;
  return there_scale >= scale && there.arguments[0] - there_scale >= whole;
}

std::string postgres_needs(const Type& type, const ThereType& there) {
  switch (cell_kind(type)) {
    case CellKind::boolean:
      return there.name == "boolean" ? "" : "boolean";
    case CellKind::integer:
      if (one_of(there.name, {"bigint", "integer", "smallint"})) return "";
      return there.name == "numeric" && has_digits(there, 1, 0, true) ? "" : "bigint, integer, smallint or numeric";
    case CellKind::real:
      return there.name == "double precision" ? "" : "double precision";
    case CellKind::decimal:
      if (there.name == "numeric" && has_digits(there, type.precision - type.scale, type.scale, true)) return "";
      return fmt::format("numeric({},{}) or wider", type.precision, type.scale);
    case CellKind::timestamp:
      return there.name.starts_with("timestamp") && (there.arguments.empty() || there.arguments[0] == 6)
                 ? ""
                 : "timestamp with time zone";
    case CellKind::date:
      return there.name == "date" ? "" : "date";
    case CellKind::bytes:
      return there.name == "bytea" ? "" : "bytea";
    case CellKind::json:
      return one_of(there.name, {"jsonb", "json", "text"}) ? "" : "jsonb, json or text";
    default:
      return one_of(there.name, {"text", "character varying", "character", "citext", "uuid", "json", "jsonb", "enum",
                                 "inet", "xml", "name"})
                 ? ""
                 : "text";
  }
}

std::string mysql_needs(const Type& type, const ThereType& there) {
  switch (cell_kind(type)) {
    case CellKind::boolean:
      return one_of(there.name, {"tinyint", "smallint", "int", "bigint", "boolean"}) ? "" : "boolean";
    case CellKind::integer:
      return one_of(there.name, {"tinyint", "smallint", "mediumint", "int", "bigint"}) ||
                     (there.name == "decimal" && has_digits(there, 19, 0, false))
                 ? ""
                 : "bigint, int or decimal(19)";
    case CellKind::real:
      return there.name == "double" && there.arguments.empty() ? "" : "double";
    case CellKind::decimal:
      if (there.name == "decimal" && has_digits(there, type.precision - type.scale, type.scale, false)) return "";
      return fmt::format("decimal({},{}) or wider", type.precision, type.scale);
    case CellKind::timestamp:
      return one_of(there.name, {"datetime", "timestamp"}) && !there.arguments.empty() && there.arguments[0] == 6
                 ? ""
                 : "datetime(6) or timestamp(6)";
    case CellKind::date:
      return there.name == "date" ? "" : "date";
    case CellKind::bytes:
      return one_of(there.name, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}) ? ""
                                                                                                       : "longblob";
    case CellKind::json:
      return one_of(there.name, {"json", "longtext", "mediumtext", "text"}) ? "" : "json or longtext";
    default:
      return one_of(there.name, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum"})
                 ? ""
                 : "longtext, text or varchar";
  }
}

enum class Affinity : std::uint8_t { integer, text, none, real, numeric };

// SQLite's own rules (its documentation, "Datatypes in SQLite", section 3.1).
Affinity affinity_of(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("int")) return Affinity::integer;
  if (has("char") || has("clob") || has("text")) return Affinity::text;
  if (name.empty() || has("blob") || name == "any") return Affinity::none;
  if (has("real") || has("floa") || has("doub")) return Affinity::real;
  return Affinity::numeric;
}

std::string sqlite_needs(const Type& type, const ThereType& there) {
  const Affinity affinity = affinity_of(there.name);
  const bool number = affinity == Affinity::integer || affinity == Affinity::numeric || affinity == Affinity::none;
  const bool text = affinity == Affinity::text || affinity == Affinity::none;
  constexpr int kDoubleDigits = 15;
  switch (cell_kind(type)) {
    case CellKind::boolean:
      return number ? "" : "boolean";
    case CellKind::integer:
      return number ? "" : "bigint or integer";
    case CellKind::real:
      return affinity == Affinity::real || affinity == Affinity::none ? "" : "double or real";
    case CellKind::decimal:
      return text || (number && type.precision <= kDoubleDigits) ? "" : "text, which keeps every digit";
    case CellKind::timestamp:
    case CellKind::date:
      return text || affinity == Affinity::numeric ? "" : type.name() + " or text";
    case CellKind::bytes:
      return affinity == Affinity::none || affinity == Affinity::text ? "" : "blob";
    case CellKind::json:
      return text || there.name == "json" ? "" : "text or json";
    default:
      return text ? "" : "text";
  }
}

std::string decimal_of(const char* name, const Type& type) {
  return fmt::format("{}({},{})", name, type.precision, type.scale);
}

}  // namespace

std::string sql_type_of(SqlSystem system, const Type& type, bool in_key) {
  const bool sqlite = system == SqlSystem::sqlite;
  const bool postgres = system == SqlSystem::postgres;
  switch (cell_kind(type)) {
    case CellKind::boolean:
      return "boolean";
    case CellKind::integer:
      return "bigint";
    case CellKind::real:
      return postgres ? "double precision" : "double";
    case CellKind::decimal:
      return sqlite ? "text" : decimal_of(postgres ? "numeric" : "decimal", type);
    case CellKind::timestamp:
      return sqlite ? "timestamp" : postgres ? "timestamp with time zone" : "datetime(6)";
    case CellKind::date:
      return "date";
    case CellKind::bytes:
      return sqlite ? "blob" : postgres ? "bytea" : in_key ? "varbinary(255)" : "longblob";
    case CellKind::json:
      return sqlite ? "text" : postgres ? "jsonb" : "json";
    default:
      return sqlite || postgres ? "text" : in_key ? "varchar(255)" : "longtext";
  }
}

std::string sql_type_refuses(SqlSystem system, const Type& type, const std::string& there) {
  const ThereType split = split_type(there);
  switch (system) {
    case SqlSystem::sqlite:
      return sqlite_needs(type, split);
    case SqlSystem::postgres:
      return postgres_needs(type, split);
    default:
      return mysql_needs(type, split);
  }
}

}  // namespace sr::operators
