#include "operators/support/table_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace sr::operators {
namespace {

struct ThereColumn {
  std::string name;
  std::string type;
  bool takes_null = false;
  bool has_default = false;
};

// Names of columns compare without regard to case, as the databases do.
std::string folded(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

Result<std::vector<ThereColumn>> read_columns(const TableShape& shape, SqlDriver& driver) {
  auto rows = driver.query(shape.dialect.columns_query(shape.table));
  if (!rows.ok()) return rows.error();
  std::vector<ThereColumn> columns;
  for (const SqlRow& row : *rows) {
    columns.push_back({row[0].value_or(""), row[1].value_or(""), row[2] == "1", row[3] == "1"});
  }
  return columns;
}

std::string key_names(const TableShape& shape) {
  std::string names;
  for (const std::uint32_t column : shape.key) {
    names += (names.empty() ? "" : ", ") + shape.schema->fields[column].name;
  }
  return names;
}

// An upsert finds its row by a unique index over just the key.
Result<bool> has_unique_key(const TableShape& shape, SqlDriver& driver) {
  auto rows = driver.query(shape.dialect.unique_query(shape.table));
  if (!rows.ok()) return rows.error();
  std::map<std::string, std::set<std::string>> indexes;
  for (const SqlRow& row : *rows) indexes[row[0].value_or("")].insert(folded(row[1].value_or("")));
  std::set<std::string> key;
  for (const std::uint32_t column : shape.key) key.insert(folded(shape.schema->fields[column].name));
  return std::any_of(indexes.begin(), indexes.end(), [&](const auto& index) { return index.second == key; });
}

void compare_columns(const TableShape& shape, const std::vector<ThereColumn>& there, std::vector<std::string>& wrong) {
  for (const Field& field : shape.schema->fields) {
    const auto found = std::find_if(there.begin(), there.end(),
                                    [&](const ThereColumn& column) { return same_name(column.name, field.name); });
    if (found == there.end()) {
      wrong.push_back(fmt::format("it has no column `{}` ({})", field.name, field.type->name()));
      continue;
    }
    const std::string needs = shape.dialect.refuses(*field.type, found->type);
    if (needs.empty()) continue;
    wrong.push_back(
        fmt::format("its column `{}` is {}; {} needs {}", found->name, found->type, field.type->name(), needs));
  }
  for (const ThereColumn& column : there) {
    if (column.takes_null || column.has_default || shape.schema->find(column.name)) continue;
    wrong.push_back(fmt::format("its column `{}` is not in the input, takes no NULL and has no default", column.name));
  }
}

}  // namespace

std::string create_table_sql(const TableShape& shape) {
  const SqlDialect& dialect = shape.dialect;
  std::string columns, key;
  for (std::uint32_t i = 0; i < shape.schema->size(); ++i) {
    const Field& field = shape.schema->fields[i];
    const bool in_key = std::find(shape.key.begin(), shape.key.end(), i) != shape.key.end();
    columns += fmt::format("{}{} {}{}", columns.empty() ? "" : ", ", dialect.identifier(field.name),
                           dialect.column_type(*field.type, in_key), in_key ? " NOT NULL" : "");
  }
  for (const std::uint32_t column : shape.key) {
    key += (key.empty() ? "" : ", ") + dialect.identifier(shape.schema->fields[column].name);
  }
  if (!key.empty()) columns += ", PRIMARY KEY (" + key + ")";
  return fmt::format("CREATE TABLE {} ({}){}", dialect.table(shape.table), columns, dialect.table_suffix());
}

Result<bool> table_exists(const TableShape& shape, SqlDriver& driver) {
  const auto columns = read_columns(shape, driver);
  if (!columns.ok()) return columns.error();
  return !columns->empty();
}

Result<std::vector<std::string>> table_differences(const TableShape& shape, SqlDriver& driver) {
  const auto there = read_columns(shape, driver);
  if (!there.ok()) return there.error();
  std::vector<std::string> wrong;
  compare_columns(shape, *there, wrong);
  if (!shape.key.empty()) {
    const auto unique = has_unique_key(shape, driver);
    if (!unique.ok()) return unique.error();
    if (!*unique) wrong.push_back(fmt::format("it has no unique index over just ({})", key_names(shape)));
  }
  if (const std::string query = shape.dialect.engine_query(shape.table); !query.empty()) {
    const auto rows = driver.query(query);
    if (!rows.ok()) return rows.error();
    for (const SqlRow& row : *rows) wrong.push_back(row[0].value_or(""));
  }
  return wrong;
}

}  // namespace sr::operators
