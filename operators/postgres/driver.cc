// The PostgreSQL driver: a module of its own, the only place that knows libpq. Rows travel by COPY, for an upsert into
// a temporary table first.
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "operators/support/sql_driver.h"

namespace sr::operators {
namespace {

constexpr std::size_t kCopyBytes = 1 << 18;
constexpr const char* kStage = "pg_temp.streamrun_rows";

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

// Without the newline and the word `ERROR:` that libpq puts around.
std::string clean(const char* message) {
  std::string text = message == nullptr ? "" : message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.starts_with("ERROR:")) text.erase(0, text.find_first_not_of(' ', 6));
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

// SQLSTATE classes that pass by themselves: connection, serialization and deadlock, resources, locks, shutdown; a
// server that takes no rows for a while, as it has become a standby (25006); a statement that was cancelled, by a time
// limit or a person (57014).
bool passes(std::string_view state) {
  return state.starts_with("08") || state.starts_with("40") || state.starts_with("53") || state == "25006" ||
         state == "55P03" || state == "57014" || state.starts_with("57P");
}

// A cell in COPY's text format.
void append_cell(std::string& out, CellKind kind, std::optional<std::string_view> cell) {
  if (!cell) {
    out += "\\N";
    return;
  }
  if (kind == CellKind::bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += "\\\\x";
    for (const char c : *cell) {
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
    return;
  }
  for (const char c : *cell) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// A message without what stands in double quotes: names say nothing about what went wrong.
std::string without_names(std::string_view message) {
  std::string text;
  bool quoted = false;
  for (const char c : message) {
    if (c == '"') quoted = !quoted;
    if (!quoted) text += c;
  }
  return text;
}

class PostgresDriver final : public SqlDriver {
 public:
  PostgresDriver() = default;
  ~PostgresDriver() override { disconnect(); }
  PostgresDriver(const PostgresDriver&) = delete;
  PostgresDriver& operator=(const PostgresDriver&) = delete;

  Status connect(const SqlConnect& how) override {
    disconnect();
    const std::string timeout = std::to_string((how.connect_timeout_ms + 999) / 1000);
    std::vector<const char*> names, values;
    const auto set = [&](const char* name, const char* value) {
      names.push_back(name);
      values.push_back(value);
    };
    static constexpr std::array kModes = {"disable", "prefer", "require", "verify-full"};
    set("dbname", how.target.c_str());  // what stands behind it wins over the url
    if (!how.user.empty()) set("user", how.user.c_str());
    if (!how.password.empty()) set("password", how.password.c_str());
    if (how.tls) set("sslmode", kModes[static_cast<std::size_t>(*how.tls)]);
    if (!how.tls_ca.empty()) set("sslrootcert", how.tls_ca.c_str());
    set("connect_timeout", timeout.c_str());
    set("tcp_user_timeout", "30000");
    set("keepalives_idle", "30");
    set("keepalives_interval", "10");
    set("keepalives_count", "3");
    set("client_encoding", "UTF8");
    set("fallback_application_name", "streamrun");
    set(nullptr, nullptr);
    connection_ = PQconnectdbParams(names.data(), values.data(), 1);
    if (PQstatus(connection_) != CONNECTION_OK) {
      const Error error{"cannot connect to PostgreSQL: " + clean(PQerrorMessage(connection_)), !refused_for_good()};
      disconnect();
      return error;
    }
    silence_ms_ = static_cast<int>(how.silence_ms);
    PQsetnonblocking(connection_, 1);
    PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
    SR_TRY(execute("SET timezone = 'UTC'; SET standard_conforming_strings = on; SET lock_timeout = '10s'"));
    if (how.read_only) SR_TRY(execute("SET default_transaction_read_only = on"));
    if (!how.durable) return {};
    return execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'");
  }

  bool connected() const override { return connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK; }

  void disconnect() override {
    PQfinish(connection_);
    connection_ = nullptr;
    staged_.clear();
  }

  Status execute(const std::string& sql) override {
    if (sql == "ROLLBACK") staged_.clear();  // the temporary table may have gone with it
    const ResultPtr result = answer_to(sql);
    return check(result.get());
  }

  Result<std::vector<SqlRow>> query(const std::string& sql) override {
    const ResultPtr result = answer_to(sql);
    if (const Status status = check(result.get()); !status.ok()) return status.error();
    std::vector<SqlRow> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      SqlRow& cells = rows.emplace_back();
      for (int i = 0; i < PQnfields(result.get()); ++i) {
        const auto size = static_cast<std::size_t>(PQgetlength(result.get(), row, i));
        const bool null = PQgetisnull(result.get(), row, i) != 0;
        cells.push_back(null ? std::nullopt : std::optional(std::string(PQgetvalue(result.get(), row, i), size)));
      }
    }
    return rows;
  }

  Status insert(const SqlInsert& into, std::span<const RowRef> rows) override {
    if (!into.upsert) return copy(into.table, into, rows);
    SR_TRY(stage(into));
    SR_TRY(copy(kStage, into, rows));
    return execute(upsert_sql(into) + "; TRUNCATE " + kStage);
  }

 private:
  // Waits until the socket is ready for one of `events`. A server that is silent for too long is left.
  bool wait(short events) {
    pollfd socket{PQsocket(connection_), events, 0};
    int ready = 0;
    do {
      ready = ::poll(&socket, 1, silence_ms_);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) return true;
    disconnect();
    return false;
  }

  // Sends what is queued, and takes what the server says meanwhile, so that neither waits for the other.
  bool flush() {
    while (const int left = PQflush(connection_)) {
      if (left < 0 || !wait(POLLIN | POLLOUT) || PQconsumeInput(connection_) == 0) return false;
    }
    return true;
  }

  // The next result of what was asked; null behind the last, and when the server was left.
  ResultPtr next() {
    while (connection_ != nullptr && PQisBusy(connection_) != 0) {
      if (!wait(POLLIN)) return nullptr;
      if (PQconsumeInput(connection_) == 0) break;  // what is lost is a result too
    }
    return ResultPtr(connection_ == nullptr ? nullptr : PQgetResult(connection_));
  }

  // The last result of one or more statements, or the one that failed.
  ResultPtr answer_to(const std::string& sql) {
    if (connection_ == nullptr || PQsendQuery(connection_, sql.c_str()) == 0 || !flush()) return nullptr;
    ResultPtr last;
    while (ResultPtr result = next()) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(result);
      if (status == PGRES_COPY_IN) break;
    }
    return connection_ == nullptr ? nullptr : std::move(last);
  }

  // A wrong password, database or host name does not heal by waiting; a server that starts or is full does, and so does
  // an outage of the name service ("Temporary failure in name resolution").
  bool refused_for_good() const {
    const std::string text = without_names(PQerrorMessage(connection_));
    for (const char* sign : {"password authentication failed", "does not exist", "no password supplied",
                             "no pg_hba.conf", "invalid", "certificate", "server does not support SSL",
                             "Name or service not known", "No address associated with hostname"}) {
      if (text.find(sign) != std::string::npos) return true;
    }
    return false;
  }

  Status check(const PGresult* result) const {
    const ExecStatusType status = PQresultStatus(result);
    if (connection_ == nullptr)
      return Error{"PostgreSQL: the server has not said anything for " + std::to_string(silence_ms_ / 1000) + " s",
                   true};
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN) return {};
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const bool lost = !connected();
    const std::string message = clean(result == nullptr ? PQerrorMessage(connection_) : PQresultErrorMessage(result));
    return Error{"PostgreSQL: " + message, lost || (state != nullptr && passes(state)), state != nullptr ? state : ""};
  }

  // Makes the temporary table with just our columns, once a connection.
  Status stage(const SqlInsert& into) {
    if (staged_ == into.table) return {};
    SR_TRY(execute("DROP TABLE IF EXISTS " + std::string(kStage) + "; CREATE TEMP TABLE streamrun_rows AS SELECT " +
                   join(into.columns) + " FROM " + into.table + " WITH NO DATA"));
    staged_ = into.table;
    return {};
  }

  Status copy(const std::string& table, const SqlInsert& into, std::span<const RowRef> rows) {
    SR_TRY(execute("COPY " + table + " (" + join(into.columns) + ") FROM STDIN"));
    std::string buffer;
    bool sent = true;
    for (const RowRef& row : rows) {
      for (std::uint32_t i = 0; i < into.kinds.size(); ++i) {
        if (i > 0) buffer += '\t';
        append_cell(buffer, into.kinds[i], row.cell(i));
      }
      buffer += '\n';
      if (buffer.size() >= kCopyBytes) sent = send(buffer);
      if (!sent) break;
    }
    if (sent) send(buffer);
    while (connection_ != nullptr && PQputCopyEnd(connection_, nullptr) == 0 && flush()) {
    }
    if (connection_ != nullptr) flush();
    Status status = connection_ == nullptr ? check(nullptr) : Status{};
    while (const ResultPtr result = next()) {
      if (status.ok()) status = check(result.get());
    }
    if (status.ok() && connection_ == nullptr) return check(nullptr);
    if (status.ok() && !connected()) return Error{"PostgreSQL: the connection was lost", true};
    return status;
  }

  bool send(std::string& buffer) {
    int sent = 1;
    while (!buffer.empty()) {
      sent = PQputCopyData(connection_, buffer.data(), static_cast<int>(buffer.size()));
      if (sent != 0 || !flush()) break;
    }
    buffer.clear();
    return sent == 1 && flush();
  }

  static std::string upsert_sql(const SqlInsert& into) {
    std::string key, updates;
    for (const std::uint32_t column : into.key) key += (key.empty() ? "" : ", ") + into.columns[column];
    for (std::uint32_t i = 0; i < into.columns.size(); ++i) {
      bool in_key = false;
      for (const std::uint32_t column : into.key) in_key = in_key || column == i;
      if (!in_key) updates += (updates.empty() ? "" : ", ") + into.columns[i] + " = excluded." + into.columns[i];
    }
    const std::string columns = join(into.columns);
    return "INSERT INTO " + into.table + " (" + columns + ") SELECT " + columns + " FROM " + kStage + " ON CONFLICT (" +
           key + ") DO " + (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
  }

  PGconn* connection_ = nullptr;
  int silence_ms_ = 0;
  std::string staged_;  // the table that the temporary one is like
};

}  // namespace
}  // namespace sr::operators

SR_SQL_DRIVER_ENTRY sr::operators::SqlDriver* streamrun_sql_driver(const char* version) {
  return std::strcmp(version, STREAMRUN_VERSION) == 0 ? new sr::operators::PostgresDriver : nullptr;
}
