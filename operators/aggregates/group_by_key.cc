// group_by_key: the rows of each key of a batch or window as one row; every other column becomes an array in arrival
// order, NULLs included.
//
//   visits: {type: group_by_key, input: clicks, key: user}
//
// Tested in tests/jobs/aggregates.yaml and aggregates_window.yaml.
#include <algorithm>

#include "operators/support/bind_aggregation.h"

namespace sr::operators {
namespace {

struct GroupByKeyConfig : WindowedConfig {
  specs::KeyOption key;
};

std::optional<specs::BoundNode> bind_group_by_key(const GroupByKeyConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto keys = context.key_columns(config.key.columns, schema);
  std::optional<Aggregation> aggregation;
  if (keys && schema) {
    aggregation = start_aggregation(context, *keys);
    for (std::uint32_t column = 0; column < schema->size(); ++column) {
      if (std::find(keys->begin(), keys->end(), column) != keys->end()) continue;
      add_call(*aggregation, schema->fields[column].name, collect_column(*schema, column), context);
    }
  }
  return finish_aggregation(std::move(aggregation), config, context);
}

std::shared_ptr<const specs::OptionTable<GroupByKeyConfig>> group_by_key_options() {
  auto table = std::make_shared<specs::OptionTable<GroupByKeyConfig>>();
  table->option("key", &GroupByKeyConfig::key).required().doc("a column, or a list of columns").example("user");
  add_window_options(*table);
  return table;
}

}  // namespace

void register_group_by_key(specs::Registry& registry) {
  registry.add(specs::node<GroupByKeyConfig>({.name = "group_by_key",
                                              .group = "aggregates",
                                              .summary = "Gives one row per key, with arrays of its rows' columns.",
                                              .example = "visits: {type: group_by_key, input: clicks, key: user}\n",
                                              .takes_window = true,
                                              .capabilities = {},
                                              .ports = {"late"}},
                                             group_by_key_options(), bind_group_by_key));
}

}  // namespace sr::operators
