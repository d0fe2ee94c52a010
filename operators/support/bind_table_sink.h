// What the sinks of all databases have in common for the job file: options, checks, the factory. Entry points:
// table_sink_options, bind_table_sink. Tested in tests/diagnostics and tests/jobs/databases.yaml.
#pragma once

#include <optional>
#include <string>

#include "operators/support/table_sink.h"
#include "specs/registry.h"

namespace sr::operators {

enum class TableMode : std::uint8_t { append, upsert };

}  // namespace sr::operators

namespace sr::specs {
template <>
struct EnumNames<operators::TableMode> {
  static const std::vector<std::string>& names();
};
template <>
struct EnumNames<operators::TlsMode> {
  static const std::vector<std::string>& names();
};
}  // namespace sr::specs

namespace sr::operators {

// Options of every table sink.
struct TableSinkConfig {
  std::string table;
  TableMode mode = TableMode::append;
  specs::KeyOption key;
  bool create = true;
};

// Options of a database that is reached over the network.
struct ServerSinkConfig : TableSinkConfig {
  std::string url;
  std::string user;
  std::string password;
  std::optional<TlsMode> tls;
  std::string tls_ca;
  Duration connect_timeout{10'000};
  std::int64_t connections = 1;
};

const specs::OptionTable<TableSinkConfig>& table_sink_options();
// `example`: of a url.
std::shared_ptr<const specs::OptionTable<ServerSinkConfig>> server_sink_options(const std::string& example);

// How a table sink reaches its database.
struct TableReach {
  SqlConnect connect;
  unsigned connections = 1;
};

// Checks the options of a table sink against its input and makes its factory and its probe.
std::optional<specs::BoundNode> bind_table_sink(SqlSystem system, const TableSinkConfig& config, TableReach reach,
                                                specs::BindContext& context);
std::optional<specs::BoundNode> bind_server_sink(SqlSystem system, const ServerSinkConfig& config,
                                                 specs::BindContext& context);

}  // namespace sr::operators
