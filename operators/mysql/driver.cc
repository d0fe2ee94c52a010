// The MySQL and MariaDB driver: a module of its own, the only place that knows libmariadb. Rows travel by INSERT
// statements of many rows.
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>
#include <cstring>

#include "operators/mysql/url.h"
#include "operators/support/sql_driver.h"

namespace sr::operators {
namespace {

constexpr std::size_t kStatementBytes = 1 << 20;  // well below max_allowed_packet
constexpr unsigned kIoSeconds = 60;

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

// Codes of MySQL and of Galera that MariaDB's header does not name.
constexpr unsigned kQueryTimeout = 3024;
constexpr unsigned kInteractionTimeout = 4031;
constexpr unsigned kNodeNotReady = ER_UNKNOWN_COM_ERROR;

bool is_lost(unsigned code) {
  return code == CR_SERVER_GONE_ERROR || code == CR_SERVER_LOST || code == CR_CONNECTION_ERROR ||
         code == CR_CONN_HOST_ERROR || code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED ||
         code == kInteractionTimeout;
}

// What another attempt may find gone: a lost connection, locks, a lack of resources, a server that takes no rows for a
// while (it has become a replica), a statement that was ended by a time limit or a person.
bool passes(unsigned code) {
  static constexpr unsigned kCodes[] = {ER_CON_COUNT_ERROR,
                                        ER_TOO_MANY_USER_CONNECTIONS,
                                        ER_USER_LIMIT_REACHED,
                                        ER_HOST_IS_BLOCKED,
                                        ER_LOCK_WAIT_TIMEOUT,
                                        ER_LOCK_DEADLOCK,
                                        ER_LOCK_TABLE_FULL,
                                        ER_TOO_MANY_CONCURRENT_TRXS,
                                        ER_DISK_FULL,
                                        ER_RECORD_FILE_FULL,
                                        ER_OUTOFMEMORY,
                                        ER_OUT_OF_RESOURCES,
                                        ER_READ_ONLY_MODE,
                                        ER_OPTION_PREVENTS_STATEMENT,
                                        ER_QUERY_INTERRUPTED,
                                        ER_STATEMENT_TIMEOUT,
                                        kQueryTimeout,
                                        kNodeNotReady,
                                        ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION};
  return is_lost(code) || std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

// A host name that is unknown stays so; a name service that does not answer does not. The client library tells them
// apart by the code of getaddrinfo() in its message; EAI_AGAIN is -3 in Linux's C libraries.
bool names_are_out(unsigned code, std::string_view message) {
  return code == CR_UNKNOWN_HOST && message.ends_with("(-3)");
}

class MysqlDriver final : public SqlDriver {
 public:
  MysqlDriver() = default;
  ~MysqlDriver() override { disconnect(); }
  MysqlDriver(const MysqlDriver&) = delete;
  MysqlDriver& operator=(const MysqlDriver&) = delete;

  Status connect(const SqlConnect& how) override {
    disconnect();
    auto parsed = parse_mysql_url(how.target);
    if (!parsed.ok()) return parsed.error();
    const MysqlUrl& url = *parsed;
    connection_ = mysql_init(nullptr);
    set_options(how);
    const std::string& user = how.user.empty() ? url.user : how.user;
    const std::string& password = how.password.empty() ? url.password : how.password;
    if (mysql_real_connect(connection_, url.host.c_str(), user.c_str(), password.c_str(), url.database.c_str(),
                           url.port, url.socket.empty() ? nullptr : url.socket.c_str(), 0) == nullptr) {
      const unsigned code = mysql_errno(connection_);
      const std::string message = mysql_error(connection_);
      const Error error{"cannot connect to MySQL: " + message, passes(code) || names_are_out(code, message)};
      disconnect();
      return error;
    }
    // The client library goes on in clear text where it only has to encrypt, not to verify.
    if (how.tls && *how.tls >= TlsMode::require && mysql_get_ssl_cipher(connection_) == nullptr) {
      disconnect();
      return Error{"cannot connect to MySQL: the server does not support SSL, but `tls` requires it"};
    }
    // A value that does not fit is an error, never cut.
    SR_TRY(
        execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION', "
                "time_zone = '+00:00', innodb_lock_wait_timeout = 10, autocommit = 1"));
    return how.read_only ? execute("SET SESSION TRANSACTION READ ONLY") : Status{};
  }

  bool connected() const override { return connection_ != nullptr; }

  void disconnect() override {
    if (connection_ != nullptr) mysql_close(connection_);
    connection_ = nullptr;
  }

  Status execute(const std::string& sql) override {
    if (mysql_real_query(connection_, sql.data(), sql.size()) != 0) return failed();
    return {};
  }

  Result<std::vector<SqlRow>> query(const std::string& sql) override {
    SR_TRY(execute(sql));
    const std::unique_ptr<MYSQL_RES, FreeResult> result(mysql_store_result(connection_));
    if (!result) return failed();
    std::vector<SqlRow> rows;
    const unsigned columns = mysql_num_fields(result.get());
    while (const MYSQL_ROW row = mysql_fetch_row(result.get())) {
      const unsigned long* sizes = mysql_fetch_lengths(result.get());
      SqlRow& cells = rows.emplace_back();
      for (unsigned i = 0; i < columns; ++i) {
        cells.push_back(row[i] == nullptr ? std::nullopt : std::optional(std::string(row[i], sizes[i])));
      }
    }
    return rows;
  }

  Status insert(const SqlInsert& into, std::span<const RowRef> rows) override {
    const std::string head = "INSERT INTO " + into.table + " (" + join(into.columns) + ") VALUES ";
    const std::string tail = into.upsert ? " ON DUPLICATE KEY UPDATE " + updates(into) : "";
    std::string sql = head;
    for (const RowRef& row : rows) {
      if (sql.size() > head.size()) sql += ',';
      SR_TRY(append_row(sql, into, row));
      if (sql.size() < kStatementBytes) continue;
      SR_TRY(execute(sql + tail));
      sql = head;
    }
    return sql.size() > head.size() ? execute(sql + tail) : Status{};
  }

 private:
  void set_options(const SqlConnect& how) {
    const auto seconds = static_cast<unsigned>((how.connect_timeout_ms + 999) / 1000);
    const my_bool on = 1;
    const my_bool off = 0;
    mysql_options(connection_, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(connection_, MYSQL_OPT_READ_TIMEOUT, &kIoSeconds);
    mysql_options(connection_, MYSQL_OPT_WRITE_TIMEOUT, &kIoSeconds);
    mysql_options(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(connection_, MYSQL_OPT_RECONNECT, &off);  // a lost connection must be seen
    const bool encrypt = how.tls && *how.tls >= TlsMode::require;
    if (encrypt) mysql_options(connection_, MYSQL_OPT_SSL_ENFORCE, &on);
    const my_bool verify = how.tls == TlsMode::verify ? 1 : 0;
    mysql_options(connection_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (!how.tls_ca.empty()) mysql_options(connection_, MYSQL_OPT_SSL_CA, how.tls_ca.c_str());
  }

  Error failed() {
    const unsigned code = mysql_errno(connection_);
    Error error{std::string("MySQL: ") + mysql_error(connection_), passes(code), std::to_string(code)};
    if (is_lost(code)) disconnect();
    return error;
  }

  static std::string join(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  static std::string updates(const SqlInsert& into) {
    std::string text;
    for (std::uint32_t i = 0; i < into.columns.size(); ++i) {
      const bool in_key = std::find(into.key.begin(), into.key.end(), i) != into.key.end();
      if (!in_key) text += (text.empty() ? "" : ", ") + into.columns[i] + " = VALUES(" + into.columns[i] + ")";
    }
    const std::string& key = into.columns[into.key.front()];
    return text.empty() ? key + " = " + key : text;
  }

  static Status append_row(std::string& sql, const SqlInsert& into, const RowRef& row) {
    for (std::uint32_t i = 0; i < into.kinds.size(); ++i) {
      sql += i == 0 ? "(" : ",";
      const auto cell = row.cell(i);
      if (!cell) {
        sql += "NULL";
        continue;
      }
      switch (into.kinds[i]) {
        case CellKind::boolean:
        case CellKind::integer:
        case CellKind::decimal:
          sql += *cell;
          break;
        case CellKind::real:
          if (*cell == "NaN" || cell->ends_with("Infinity")) {
            return Error{"MySQL has no " + std::string(*cell) + ", which column " + into.columns[i] +
                         " was to take: map it to NULL or to a number"};
          }
          sql += *cell;
          break;
        case CellKind::bytes:
          append_hex(sql, *cell);
          break;
        default:
          append_text(sql, *cell);
      }
    }
    sql += ')';
    return {};
  }

  static void append_hex(std::string& sql, std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    sql += "X'";
    for (const char c : bytes) {
      sql += kHex[static_cast<unsigned char>(c) >> 4];
      sql += kHex[static_cast<unsigned char>(c) & 15];
    }
    sql += '\'';
  }

  static void append_text(std::string& sql, std::string_view text) {
    sql += '\'';
    for (const char c : text) {
      if (c == '\'') sql += c;
      sql += c;
    }
    sql += '\'';
  }

  MYSQL* connection_ = nullptr;
};

}  // namespace
}  // namespace sr::operators

SR_SQL_DRIVER_ENTRY sr::operators::SqlDriver* streamrun_sql_driver(const char* version) {
  return std::strcmp(version, STREAMRUN_VERSION) == 0 ? new sr::operators::MysqlDriver : nullptr;
}
