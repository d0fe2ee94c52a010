// sql: one query over the node's inputs, run each batch (or window). Tables are the ids under `input`, datasets too.
//
//   best:
//     type: sql
//     input: [sales, products]
//     query: |
//       SELECT category, product, sold FROM (
//         SELECT p.category, s.product, sum(s.pieces) AS sold,
//                row_number() OVER (PARTITION BY p.category ORDER BY sum(s.pieces) DESC) AS n
//         FROM sales s JOIN products p ON s.product = p.product
//         GROUP BY p.category, s.product)
//       WHERE n <= 3
//
// Tested in tests/jobs/sql.yaml.
#include "engine/flow/emit_rows.h"
#include "operators/support/sql_bind.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct SqlConfig {
  specs::RawOption query;
};

class Sql final : public flow::WholeBatch {
 public:
  Sql(SqlRelationRef query, SchemaRef schema, std::vector<SchemaRef> inputs)
      : query_(std::move(query)), schema_(std::move(schema)), inputs_(std::move(inputs)) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    SqlRun run;
    run.context = &context;
    run.out = &out;
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
      const bool dataset = i < context.datasets.size() && context.datasets[i];
      run.tables.push_back(dataset ? flow::concat_chunks(inputs_[i], context.datasets[i]->chunks)
                                   : flow::gather_input(inputs_[i], partials, i));
    }
    Chunk result = query_->run(run);
    result.schema = schema_;
    if (!run.failed) flow::emit_table(result, out);
    return {};
  }

 private:
  SqlRelationRef query_;
  SchemaRef schema_;
  std::vector<SchemaRef> inputs_;
};

std::optional<specs::BoundNode> bind_sql(const SqlConfig& config, specs::BindContext& context) {
  const specs::SpecValue& value = config.query.value;
  if (!value.is_scalar()) {
    context.error("SR4600", value.span, "`query` must be the text of one SELECT");
    return std::nullopt;
  }
  SqlError error;
  const auto query = parse_query(value.text, &error);
  if (!query) {
    context.error("SR4600", value.locate(error.begin, error.end), error.message, "", error.help);
    return std::nullopt;
  }
  std::vector<SqlInput> inputs;
  std::vector<SchemaRef> schemas;
  for (const specs::InputInfo& input : context.inputs()) {
    inputs.push_back({input.port.empty() ? input.id : input.id + "." + input.port, input.schema});
    schemas.push_back(input.schema);
  }
  const SqlRelationRef relation = bind_query(*query, inputs, {&value, &context});
  if (!relation || context.failed()) return std::nullopt;
  specs::BoundNode bound;
  const SchemaRef schema = relation->schema();
  bound.ports = {{"", schema}};
  bound.keeps_event_time = false;
  bound.make = [relation, schema, schemas](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Sql>(relation, schema, schemas);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<SqlConfig>> sql_options() {
  auto table = std::make_shared<specs::OptionTable<SqlConfig>>();
  table->option("query", &SqlConfig::query)
      .required()
      .schema_json(R"({"type": "string"})")
      .doc("One SELECT of Spark's SQL over the inputs.")
      .example("SELECT word, count(*) AS n FROM words GROUP BY word ORDER BY n DESC LIMIT 10");
  return table;
}

}  // namespace

void register_sql(specs::Registry& registry) {
  registry.add(specs::node<SqlConfig>({.name = "sql",
                                       .group = "transforms",
                                       .summary = "Runs one SQL query over the node's inputs, each batch.",
                                       .example = "ranking:\n  type: sql\n  input: words\n  query: SELECT word, "
                                                  "count(*) AS n FROM words GROUP BY word ORDER BY n DESC LIMIT 10\n",
                                       .inputs = specs::Inputs::many,
                                       .takes_datasets = true},
                                      sql_options(), bind_sql));
}

}  // namespace sr::operators
