// postgres: rows into a table of PostgreSQL, appended or upserted by key.
//
//   totals:
//     type: postgres
//     input: counts
//     url: postgresql://app@db.example.com/shop
//     password: ${file:/run/secrets/db}
//     table: totals
//     mode: upsert
//     key: word
//
// A batch is one transaction; with a checkpoint folder each is there exactly once. Tested in tests/servers.
#include "operators/support/bind_table_sink.h"

namespace sr::operators {
namespace {

std::optional<specs::BoundNode> bind_postgres(const ServerSinkConfig& config, specs::BindContext& context) {
  return bind_server_sink(SqlSystem::postgres, config, context);
}

}  // namespace

void register_postgres(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "postgres";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Writes rows into a table of PostgreSQL, appended or upserted by key.";
  info.example =
      "totals:\n  type: postgres\n  input: counts\n  url: postgresql://app@db.example.com/shop\n  table: totals\n  "
      "mode: "
      "upsert\n  key: word\n";
  info.capabilities.transactional = true;
  info.capabilities.idempotent = true;
  info.package = "streamrun-postgres";
  registry.add(specs::node<ServerSinkConfig>(
      std::move(info), server_sink_options("postgresql://app@db.example.com/shop"), bind_postgres));
}

}  // namespace sr::operators
