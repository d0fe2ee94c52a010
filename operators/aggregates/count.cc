// count: how many rows a batch or window has; 0 for one without rows.
//
//   trips_per_minute: {type: count, input: trips, window: {size: 1m, slide: 10s}}
//
// Tested in tests/jobs/aggregates.yaml and aggregates_window.yaml.
#include "operators/support/bind_aggregation.h"

namespace sr::operators {
namespace {

struct CountConfig : WindowedConfig {};

std::optional<specs::BoundNode> bind_count(const CountConfig& config, specs::BindContext& context) {
  std::optional<Aggregation> aggregation = start_aggregation(context, {});
  if (!aggregation) {  // the result does not depend on the input's columns
    aggregation.emplace();
    aggregation->input = aggregation->key_schema = aggregation->output = std::make_shared<const Schema>();
  }
  add_call(*aggregation, "count", count_rows(), context);
  aggregation->zero_without_rows = true;
  return finish_aggregation(std::move(aggregation), config, context);
}

std::shared_ptr<const specs::OptionTable<CountConfig>> count_options() {
  auto table = std::make_shared<specs::OptionTable<CountConfig>>();
  add_window_options(*table);
  return table;
}

}  // namespace

void register_count(specs::Registry& registry) {
  registry.add(specs::node<CountConfig>({.name = "count",
                                         .group = "aggregates",
                                         .summary = "Counts the rows of a batch or window.",
                                         .example = "trips: {type: count, input: rides, window: {size: 1m}}\n",
                                         .takes_window = true,
                                         .capabilities = {},
                                         .ports = {"late"}},
                                        count_options(), bind_count));
}

}  // namespace sr::operators
