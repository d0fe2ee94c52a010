// reduce: aggregates over all rows of a batch or window, as one row; none for a batch without rows.
//
//   totals: {type: reduce, input: trips, aggregate: {fares: sum(fare), mean: avg(fare)}}
//
// Tested in tests/jobs/aggregates.yaml and aggregates_window.yaml.
#include "operators/support/bind_aggregation.h"

namespace sr::operators {
namespace {

struct ReduceConfig : AggregateConfig {};

std::optional<specs::BoundNode> bind_reduce(const ReduceConfig& config, specs::BindContext& context) {
  std::optional<Aggregation> aggregation = start_aggregation(context, {});
  if (!aggregation) check_expressions(config, context);
  if (aggregation && !add_expressions(*aggregation, config, context)) aggregation.reset();
  auto bound = finish_aggregation(std::move(aggregation), config, context);
  return bound ? std::move(bound) : known_columns({}, config, context);
}

std::shared_ptr<const specs::OptionTable<ReduceConfig>> reduce_options() {
  auto table = std::make_shared<specs::OptionTable<ReduceConfig>>();
  add_aggregate_options(*table);
  add_window_options(*table);
  return table;
}

}  // namespace

void register_reduce(specs::Registry& registry) {
  registry.add(specs::node<ReduceConfig>({.name = "reduce",
                                          .group = "aggregates",
                                          .summary = "Aggregates all rows of a batch or window into one row.",
                                          .example = "totals: {type: reduce, input: trips, expr: sum(fare)}\n",
                                          .takes_window = true,
                                          .capabilities = {},
                                          .ports = {"late"}},
                                         reduce_options(), bind_reduce));
}

}  // namespace sr::operators
