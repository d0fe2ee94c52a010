// Real databases to test against: SQLite always; PostgreSQL and MySQL, with one connection and with three, when
// STREAMRUN_TEST_POSTGRES and STREAMRUN_TEST_MYSQL hold the urls of empty databases (tests/servers/run.py starts them).
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "operators/support/table_sink.h"

namespace sr::operators::test {

// A database to test against.
struct Database {
  SqlSystem system = SqlSystem::sqlite;
  std::string options;  // type and address, as in a job
  std::string target;
  unsigned connections = 1;

  SqlDialect dialect() const { return SqlDialect(system); }
  std::unique_ptr<SqlDriver> connect() const {
    auto driver = load_driver(dialect());
    if (!driver.ok()) FAIL(driver.error().message);
    SqlConnect how;
    how.target = target;
    const Status connected = (*driver)->connect(how);
    if (!connected.ok()) FAIL(connected.error().message);
    return std::move(*driver);
  }
  std::string table(const std::string& more) const { return options + ", " + more; }
  // The rows of a query as `a|b` lines; NULL is `-`.
  std::vector<std::string> rows(const std::string& sql) const {
    const auto driver = connect();
    const auto found = driver->query(sql);
    if (!found.ok()) FAIL(found.error().message);
    std::vector<std::string> lines;
    for (const SqlRow& row : *found) {
      std::string& line = lines.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "|" : "") + row[i].value_or("-");
    }
    return lines;
  }
  // A line for each connection of a sink: what stands before the sink's name in it, the sink, what stands behind.
  std::vector<std::string> lanes(const std::string& before, const std::string& sink, const std::string& behind) const {
    if (connections == 1) return {before + sink + behind};
    std::vector<std::string> lines;
    for (unsigned lane = 1; lane <= connections; ++lane) {
      lines.push_back(before + sink + " (" + std::to_string(lane) + " of " + std::to_string(connections) + ")" +
                      behind);
    }
    return lines;
  }
  void execute(const std::string& sql) const {
    const Status done = connect()->execute(sql);
    if (!done.ok()) FAIL(done.error().message);
  }
  void reset() const {
    if (system == SqlSystem::sqlite) {
      for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(target + end);
      return;
    }
    for (const char* name : {"t", "u", "streamrun_commit"}) execute(std::string("DROP TABLE IF EXISTS ") + name);
  }
};

inline std::vector<Database> databases() {
  std::vector<Database> all;
  const std::string file =
      std::filesystem::temp_directory_path() / ("streamrun-test-" + std::to_string(getpid()) + ".db");
  all.push_back({SqlSystem::sqlite, "type: sqlite, path: '" + file + "'", file});
  for (const unsigned connections : {1U, 3U}) {
    const std::string more = connections == 1 ? "'" : "', connections: 3";
    if (const char* url = std::getenv("STREAMRUN_TEST_POSTGRES"))
      all.push_back({SqlSystem::postgres, std::string("type: postgres, url: '") + url + more, url, connections});
    if (const char* url = std::getenv("STREAMRUN_TEST_MYSQL"))
      all.push_back({SqlSystem::mysql, std::string("type: mysql, url: '") + url + more, url, connections});
  }
  for (const Database& database : all) database.reset();
  return all;
}

}  // namespace sr::operators::test
