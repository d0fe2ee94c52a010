// What databases say differently: quoting, types, how a table is described, made, upserted into. Text only: no
// connection. Entry point: SqlDialect. Tested in tests/unit/operators/table_sink_test.cc and tests/servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/data/type.h"

namespace sr::operators {

enum class SqlSystem : std::uint8_t { sqlite, postgres, mysql };

class SqlDialect {
 public:
  explicit SqlDialect(SqlSystem system) : system_(system) {}

  SqlSystem which() const { return system_; }
  const char* name() const;    // for people: `SQLite`
  const char* module() const;  // file of the driver
  std::string identifier(std::string_view name) const;
  // A table's name, maybe with its schema: `sales.orders`.
  std::string table(std::string_view name) const;
  static std::string literal(std::string_view text);

  // The declaration of a column of our type; `in_key`: part of a primary key.
  std::string column_type(const Type& type, bool in_key) const;
  // Empty if a column of the database's type `there` takes every value of our type as it is; else what would do.
  std::string refuses(const Type& type, const std::string& there) const;
  // Why no table of this system can have a column of the type; empty: it can.
  std::string cannot_hold(const Type& type) const;
  // What stands behind the columns of CREATE TABLE.
  const char* table_suffix() const;

  // Queries about a table. Columns: name, type, takes NULL (1, 0), has a default (1, 0).
  std::string columns_query(std::string_view table) const;
  // Unique indexes: name, column.
  std::string unique_query(std::string_view table) const;
  // One row with the reason if the table cannot take part in a transaction; empty: none needed.
  std::string engine_query(std::string_view table) const;

  // What sets a session up that writes beside others of the same sink; empty: nothing. MySQL locks gaps between keys
  // otherwise, where the others insert.
  const char* side_by_side() const {
    return system_ == SqlSystem::mysql ? "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED" : "";
  }
  // Whether a statement that failed with this code may have waited for a lock for too long.
  bool may_be_a_lock(std::string_view code) const;
  // Has constraints checked now that wait for the end of the transaction; empty: there are none.
  const char* check_constraints() const {
    return system_ == SqlSystem::postgres ? "SET CONSTRAINTS ALL IMMEDIATE" : "";
  }
  const char* begin() const { return system_ == SqlSystem::sqlite ? "BEGIN IMMEDIATE" : "BEGIN"; }
  // Behind a SELECT whose rows are to be locked.
  const char* for_update() const { return system_ == SqlSystem::sqlite ? "" : " FOR UPDATE"; }

 private:
  struct Place {
    std::string schema;  // as a literal or an expression
    std::string table;
  };
  Place place(std::string_view table) const;

  SqlSystem system_;
};

}  // namespace sr::operators
