// reduce_by_key: aggregates over the rows of each key of a batch or window; keys by first appearance, NULL is a key.
//
//   counts: {type: reduce_by_key, input: words, key: word, aggregate: {count: count(*)}}
//
// Tested in tests/jobs/aggregates.yaml and aggregates_window.yaml.
#include "operators/support/bind_aggregation.h"

namespace sr::operators {
namespace {

struct ReduceByKeyConfig : AggregateConfig {
  specs::KeyOption key;
};

std::optional<specs::BoundNode> bind_reduce_by_key(const ReduceByKeyConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto keys = context.key_columns(config.key.columns, schema);
  std::optional<Aggregation> aggregation;
  if (keys && schema) {
    aggregation = start_aggregation(context, *keys);
    if (aggregation && !add_expressions(*aggregation, config, context)) aggregation.reset();
  } else {
    check_expressions(config, context);
  }
  auto bound = finish_aggregation(std::move(aggregation), config, context);
  return bound ? std::move(bound) : known_columns(config.key.columns, config, context);
}

std::shared_ptr<const specs::OptionTable<ReduceByKeyConfig>> reduce_by_key_options() {
  auto table = std::make_shared<specs::OptionTable<ReduceByKeyConfig>>();
  table->option("key", &ReduceByKeyConfig::key).required().doc("a column, or a list of columns").example("[city, day]");
  add_aggregate_options(*table);
  add_window_options(*table);
  return table;
}

}  // namespace

void register_reduce_by_key(specs::Registry& registry) {
  registry.add(specs::node<ReduceByKeyConfig>(
      {.name = "reduce_by_key",
       .group = "aggregates",
       .summary = "Aggregates the rows of each key of a batch or window.",
       .example = "counts: {type: reduce_by_key, input: words, key: word, aggregate: {count: count(*)}}\n",
       .takes_window = true,
       .capabilities = {},
       .ports = {"late"}},
      reduce_by_key_options(), bind_reduce_by_key));
}

}  // namespace sr::operators
