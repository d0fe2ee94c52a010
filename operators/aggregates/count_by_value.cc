// count_by_value: the different rows of a batch or window, every column kept, each with how often it came.
//
//   seen: {type: count_by_value, input: plates}
//
// Tested in tests/jobs/aggregates.yaml and aggregates_window.yaml.
#include "operators/support/bind_aggregation.h"

namespace sr::operators {
namespace {

struct CountByValueConfig : WindowedConfig {};

std::optional<specs::BoundNode> bind_count_by_value(const CountByValueConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  std::optional<Aggregation> aggregation;
  if (schema) {
    std::vector<specs::KeyOption::Column> names;
    for (const Field& field : schema->fields) names.push_back({field.name, context.node_span()});
    if (const auto keys = context.key_columns(names, schema)) {
      aggregation = start_aggregation(context, *keys);
      if (!add_call(*aggregation, "count", count_rows(), context)) aggregation.reset();
    }
  }
  return finish_aggregation(std::move(aggregation), config, context);
}

std::shared_ptr<const specs::OptionTable<CountByValueConfig>> count_by_value_options() {
  auto table = std::make_shared<specs::OptionTable<CountByValueConfig>>();
  add_window_options(*table);
  return table;
}

}  // namespace

void register_count_by_value(specs::Registry& registry) {
  registry.add(specs::node<CountByValueConfig>({.name = "count_by_value",
                                                .group = "aggregates",
                                                .summary = "Gives each different row once, with how often it came.",
                                                .example = "seen: {type: count_by_value, input: plates}\n",
                                                .takes_window = true,
                                                .capabilities = {},
                                                .ports = {"late"}},
                                               count_by_value_options(), bind_count_by_value));
}

}  // namespace sr::operators
