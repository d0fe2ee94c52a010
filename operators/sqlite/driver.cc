// The SQLite driver: a module of its own, the only place that knows the library. Write-ahead log, one writer; a batch
// is synced before it counts where the job has a checkpoint folder.
#include <sqlite3.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "operators/support/sql_driver.h"

namespace sr::operators {
namespace {

constexpr int kBusyMs = 5000;

class SqliteDriver final : public SqlDriver {
 public:
  ~SqliteDriver() override { disconnect(); }
  SqliteDriver() = default;
  SqliteDriver(const SqliteDriver&) = delete;
  SqliteDriver& operator=(const SqliteDriver&) = delete;

  Status connect(const SqlConnect& how) override {
    disconnect();
    path_ = how.target;
    const int flags = how.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int opened = sqlite3_open_v2(path_.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (opened != SQLITE_OK) {
      const Error error = failed(opened);
      disconnect();
      return error;
    }
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kBusyMs);
    if (how.read_only) return {};
    SR_TRY(execute("PRAGMA journal_mode = WAL"));
    return execute(how.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  }

  bool connected() const override { return db_ != nullptr; }

  void disconnect() override {
    finalize();
    sqlite3_close_v2(db_);
    db_ = nullptr;
  }

  Status execute(const std::string& sql) override {
    const int done = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    return done == SQLITE_OK ? Status{} : Status{failed(done)};
  }

  Result<std::vector<SqlRow>> query(const std::string& sql) override {
    sqlite3_stmt* statement = nullptr;
    int done = sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
    if (done != SQLITE_OK) return failed(done);
    std::vector<SqlRow> rows;
    while ((done = sqlite3_step(statement)) == SQLITE_ROW) {
      SqlRow& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        const bool null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        row.push_back(null ? std::nullopt : std::optional(std::string(bytes == nullptr ? "" : bytes, size)));
      }
    }
    sqlite3_finalize(statement);
    if (done != SQLITE_DONE) return failed(done);
    return rows;
  }

  Status insert(const SqlInsert& into, std::span<const RowRef> rows) override {
    SR_TRY(check_there());
    SR_TRY(prepare(into));
    for (const RowRef& row : rows) {
      for (std::uint32_t i = 0; i < into.kinds.size(); ++i) bind(static_cast<int>(i) + 1, into.kinds[i], row.cell(i));
      const int done = sqlite3_step(insert_);
      sqlite3_reset(insert_);
      if (done != SQLITE_DONE) return failed(done);
    }
    return {};
  }

 private:
  // A file that was removed or replaced takes rows as before, and nobody sees them.
  Status check_there() {
    int moved = 0;
    const int asked = sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (asked != SQLITE_OK || moved == 0) return {};  // a database without a file has nothing to move
    return Error{
        path_ +
        " was moved, removed or replaced while the job wrote to it, and what was written since is lost. Put it "
        "back and start again; if it is gone for good, `streamrun state adopt` goes on with a new one, or give "
        "the sink another id, without `was`"};
  }

  void finalize() {
    sqlite3_finalize(insert_);
    insert_ = nullptr;
    insert_sql_.clear();
  }

  Status prepare(const SqlInsert& into) {
    std::string columns, marks, updates, key;
    for (std::size_t i = 0; i < into.columns.size(); ++i) {
      columns += (i == 0 ? "" : ", ") + into.columns[i];
      marks += i == 0 ? "?" : ", ?";
    }
    for (const std::uint32_t column : into.key) key += (key.empty() ? "" : ", ") + into.columns[column];
    for (std::uint32_t i = 0; i < into.columns.size(); ++i) {
      bool in_key = false;
      for (const std::uint32_t column : into.key) in_key = in_key || column == i;
      if (!in_key) updates += (updates.empty() ? "" : ", ") + into.columns[i] + " = excluded." + into.columns[i];
    }
    std::string sql = "INSERT INTO " + into.table + " (" + columns + ") VALUES (" + marks + ")";
    if (into.upsert) sql += " ON CONFLICT (" + key + ") DO " + (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
    if (sql == insert_sql_) return {};
    finalize();
    const int done = sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &insert_, nullptr);
    if (done != SQLITE_OK) return failed(done);
    insert_sql_ = std::move(sql);
    return {};
  }

  void bind(int at, CellKind kind, std::optional<std::string_view> cell) {
    if (!cell) {
      sqlite3_bind_null(insert_, at);
      return;
    }
    const char* begin = cell->data();
    const char* end = begin + cell->size();
    if (kind == CellKind::boolean) {
      sqlite3_bind_int(insert_, at, *cell == "true" ? 1 : 0);
    } else if (kind == CellKind::integer) {
      std::int64_t value = 0;
      std::from_chars(begin, end, value);
      sqlite3_bind_int64(insert_, at, value);
    } else if (kind == CellKind::real && *cell != "NaN") {
      // SQLite has no NaN, it would become NULL: its text stands for it.
      double value = *cell == "Infinity" ? HUGE_VAL : *cell == "-Infinity" ? -HUGE_VAL : 0;
      if (std::isfinite(value)) std::from_chars(begin, end, value);
      sqlite3_bind_double(insert_, at, value);
    } else if (kind == CellKind::bytes) {
      sqlite3_bind_blob64(insert_, at, begin == nullptr ? "" : begin, cell->size(), SQLITE_STATIC);
    } else {
      sqlite3_bind_text64(insert_, at, begin == nullptr ? "" : begin, cell->size(), SQLITE_STATIC, SQLITE_UTF8);
    }
  }

  Error failed(int code) const {
    const int primary = code & 0xff;
    const bool retriable = primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_FULL;
    return Error{path_ + ": " + (db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code)), retriable,
                 sqlite3_errstr(code)};
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::string insert_sql_;
  std::string path_;
};

}  // namespace
}  // namespace sr::operators

SR_SQL_DRIVER_ENTRY sr::operators::SqlDriver* streamrun_sql_driver(const char* version) {
  return std::strcmp(version, STREAMRUN_VERSION) == 0 ? new sr::operators::SqliteDriver : nullptr;
}
