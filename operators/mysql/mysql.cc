// mysql: rows into a table of MySQL or MariaDB, appended or upserted by key.
//
//   totals:
//     type: mysql
//     input: counts
//     url: mysql://app@db.example.com/shop
//     password: ${file:/run/secrets/db}
//     table: totals
//     mode: upsert
//     key: word
//
// A batch is one transaction; with a checkpoint folder each is there exactly once. Tested in tests/servers.
#include "operators/support/bind_table_sink.h"

namespace sr::operators {
namespace {

std::optional<specs::BoundNode> bind_mysql(const ServerSinkConfig& config, specs::BindContext& context) {
  return bind_server_sink(SqlSystem::mysql, config, context);
}

}  // namespace

void register_mysql(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "mysql";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Writes rows into a table of MySQL or MariaDB, appended or upserted by key.";
  info.example =
      "totals:\n  type: mysql\n  input: counts\n  url: mysql://app@db.example.com/shop\n  table: totals\n  mode: "
      "upsert\n  key: word\n";
  info.capabilities.transactional = true;
  info.capabilities.idempotent = true;
  info.package = "streamrun-mysql";
  registry.add(specs::node<ServerSinkConfig>(std::move(info), server_sink_options("mysql://app@db.example.com/shop"),
                                             bind_mysql));
}

}  // namespace sr::operators
