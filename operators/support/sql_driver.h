// SqlDriver: the narrow waist between the table sinks and the client library of a database. A driver is a shared module
// (`streamrun-<system>.so`) that exports `streamrun_sql_driver`; everything else it includes is header-only. Tested in
// tests/unit/operators/table_sink_test.cc and tests/servers.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "operators/support/table_rows.h"

namespace sr::operators {

enum class TlsMode : std::uint8_t { off, prefer, require, verify };

// How to reach a database.
struct SqlConnect {
  std::string target;  // url, for sqlite the path
  std::string user;    // over what the url says; empty: as the url says
  std::string password;
  std::optional<TlsMode> tls;  // absent: as the url says, else `prefer`
  std::string tls_ca;          // file with the certificates to trust
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t silence_ms = 300'000;  // a server that says and takes nothing for so long is given up
  bool durable = false;               // what is committed must survive a power cut
  bool read_only = false;             // nothing may be changed, not even a file made
};

// Where rows go. Names are quoted already.
struct SqlInsert {
  std::string table;
  std::vector<std::string> columns;
  std::vector<CellKind> kinds;
  std::vector<std::uint32_t>
      key;  // of an upsert: the columns that a row is found by; no two rows of a call are equal in them
  bool upsert = false;
};

using SqlRow = std::vector<std::optional<std::string>>;

// One connection. Thread: one at a time. Errors are retriable where the same call may succeed later; a connection that
// is lost is not connected any more.
class SqlDriver {
 public:
  virtual ~SqlDriver() = default;
  // Connects anew and sets the session up: UTC, UTF-8, strict, `''` as the only escape in literals, lock waits bounded.
  virtual Status connect(const SqlConnect& how) = 0;
  virtual bool connected() const = 0;
  virtual void disconnect() = 0;
  virtual Status execute(const std::string& sql) = 0;
  virtual Result<std::vector<SqlRow>> query(const std::string& sql) = 0;
  // Writes rows inside the open transaction, in order.
  virtual Status insert(const SqlInsert& into, std::span<const RowRef> rows) = 0;
};

// What a driver module exports under the name kSqlDriverEntry. The caller owns the driver; `version` is the program's
// and must be the module's own, else null.
using MakeSqlDriver = SqlDriver* (*)(const char* version);
inline constexpr const char* kSqlDriverEntry = "streamrun_sql_driver";
#define SR_SQL_DRIVER_ENTRY extern "C" __attribute__((visibility("default")))

}  // namespace sr::operators
