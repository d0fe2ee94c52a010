// sqlite: rows into a table of a SQLite file, appended or upserted by key.
//
//   totals:
//     type: sqlite
//     input: counts
//     path: out/totals.db
//     table: totals
//     mode: upsert
//     key: word
//
// A batch is one transaction; with a checkpoint folder each is there exactly once. Tested in
// tests/unit/operators/table_sink_test.cc and tests/servers.
#include "operators/support/bind_table_sink.h"

namespace sr::operators {
namespace {

struct SqliteConfig : TableSinkConfig {
  std::string path;
};

std::optional<specs::BoundNode> bind_sqlite(const SqliteConfig& config, specs::BindContext& context) {
  SqlConnect connect;
  connect.target = config.path;
  return bind_table_sink(SqlSystem::sqlite, config, {std::move(connect)}, context);
}

std::shared_ptr<const specs::OptionTable<SqliteConfig>> sqlite_options() {
  auto table = std::make_shared<specs::OptionTable<SqliteConfig>>();
  table->option("path", &SqliteConfig::path)
      .required()
      .doc("The database file; it and its folder are made if they are missing.")
      .example("out/totals.db");
  table->include(table_sink_options());
  return table;
}

}  // namespace

void register_sqlite(specs::Registry& registry) {
  specs::NodeInfo info;
  info.name = "sqlite";
  info.kind = specs::NodeKind::sink;
  info.group = "sinks";
  info.summary = "Writes rows into a table of a SQLite file, appended or upserted by key.";
  info.example =
      "totals:\n  type: sqlite\n  input: counts\n  path: out/totals.db\n  table: totals\n  mode: upsert\n  key: word\n";
  info.capabilities.transactional = true;
  info.capabilities.idempotent = true;
  info.package = "streamrun-sqlite";
  registry.add(specs::node<SqliteConfig>(std::move(info), sqlite_options(), bind_sqlite));
}

}  // namespace sr::operators
