#include "operators/support/bind_table_sink.h"

#include <fmt/format.h>

namespace sr::specs {

const std::vector<std::string>& EnumNames<operators::TableMode>::names() {
  static const std::vector<std::string> names = {"append", "upsert"};
  return names;
}

const std::vector<std::string>& EnumNames<operators::TlsMode>::names() {
  static const std::vector<std::string> names = {"off", "prefer", "require", "verify"};
  return names;
}

}  // namespace sr::specs

namespace sr::operators {

const specs::OptionTable<TableSinkConfig>& table_sink_options() {
  static const auto options = [] {
    specs::OptionTable<TableSinkConfig> table;
    table.option("table", &TableSinkConfig::table)
        .required()
        .doc("The table, in a server also `schema.table`.")
        .example("counts");
    table.option("mode", &TableSinkConfig::mode)
        .doc("`append` adds every row; `upsert` replaces the row with the same key, or adds it.")
        .example("upsert");
    table.option("key", &TableSinkConfig::key)
        .doc("The columns by which an upsert finds a row; of equal keys in a batch the last row counts.")
        .example("word");
    table.option("create", &TableSinkConfig::create)
        .doc("A missing table is made from the columns of the input; an existing one is compared when the job starts.");
    return table;
  }();
  return options;
}

std::shared_ptr<const specs::OptionTable<ServerSinkConfig>> server_sink_options(const std::string& example) {
  auto table = std::make_shared<specs::OptionTable<ServerSinkConfig>>();
  table->option("url", &ServerSinkConfig::url).required().secret().doc("The server and database.").example(example);
  table->include(table_sink_options());
  table->option("user", &ServerSinkConfig::user).doc("The user, instead of the one in `url`.").example("streamrun");
  table->option("password", &ServerSinkConfig::password)
      .secret()
      .doc("The password, instead of the one in `url`.")
      .example("${file:/run/secrets/db}");
  table->option("tls", &ServerSinkConfig::tls)
      .doc(
          "`off`, `prefer` (encrypt if the server can), `require` (encrypt or fail), `verify` (and check the server's "
          "certificate and name). Without it as `url` says, else `prefer`.")
      .example("verify");
  table->option("tls_ca", &ServerSinkConfig::tls_ca)
      .doc("A file with the certificates to trust.")
      .example("/etc/ssl/db-ca.pem");
  table->option("connect_timeout", &ServerSinkConfig::connect_timeout)
      .at_least(1000)
      .doc("How long one attempt may take.");
  table->option("connections", &ServerSinkConfig::connections)
      .range(1, kMostConnections)
      .doc(
          "How many connections write a batch at once, each its share of the rows. With more than one a reader may for "
          "an instant see a part of a batch, and the order of rows holds within a connection only.")
      .example("4");
  return table;
}

std::optional<specs::BoundNode> bind_table_sink(SqlSystem system, const TableSinkConfig& config, TableReach reach,
                                                specs::BindContext& context) {
  const bool upsert = config.mode == TableMode::upsert;
  if (upsert && (!config.key.present || config.key.columns.empty())) {
    context.error("SR2034", context.value_span("mode"), "`mode: upsert` needs `key`", "finds a row by what?",
                  "name the columns that tell rows apart: `key: id` or `key: [day, user]`");
  }
  if (!upsert && config.key.present) {
    context.error("SR2034", context.key_span("key"), "`key` stands with `mode: upsert` only", "is not used");
  }
  specs::BoundNode bound;
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema) return bound;
  const auto key = context.key_columns(config.key.columns, schema);
  const SqlDialect dialect(system);
  for (const Field& field : schema->fields) {
    if (const std::string why = dialect.cannot_hold(*field.type); !why.empty()) {
      context.error("SR2035", context.node_span(),
                    fmt::format("column `{}` ({}) cannot stand in a table: {}", field.name, field.type->name(), why));
    }
  }
  if (!key || context.failed()) return std::nullopt;
  TableSinkOptions options{
      std::move(reach.connect), {dialect, config.table, schema, *key}, config.create, reach.connections};
  bound.make = [options](const specs::MakeOptions&) {
    specs::Made made;
    made.sink = make_table_sink(options);
    return made;
  };
  bound.probe = [options](Environment&) { return probe_table(options); };
  return bound;
}

namespace {

// Reports a url of another system. It is a secret: no part of it is shown.
void check_url(SqlSystem system, const std::string& url, specs::BindContext& context) {
  const bool mysql = system == SqlSystem::mysql;
  const std::string scheme = url.substr(0, url.find("://"));
  const bool fits = mysql ? scheme == "mysql" || scheme == "mariadb"
                          : scheme == "postgresql" || scheme == "postgres" || scheme.find('=') != std::string::npos;
  if (url.empty() || fits) return;
  context.error("SR2116", context.value_span("url"), fmt::format("`url` is none of {}", mysql ? "MySQL" : "PostgreSQL"),
                "", fmt::format("it looks like `{}://user@host/database`", mysql ? "mysql" : "postgresql"));
}

}  // namespace

std::optional<specs::BoundNode> bind_server_sink(SqlSystem system, const ServerSinkConfig& config,
                                                 specs::BindContext& context) {
  check_url(system, config.url, context);
  SqlConnect connect;
  connect.target = config.url;
  connect.user = config.user;
  connect.password = config.password;
  connect.tls = config.tls;
  connect.tls_ca = config.tls_ca;
  connect.connect_timeout_ms = config.connect_timeout.ms;
  const auto connections = static_cast<unsigned>(config.connections);
  return bind_table_sink(system, config, {std::move(connect), connections}, context);
}

}  // namespace sr::operators
