// Binding of aggregating nodes: what their Configs share, calls made without text, and the BoundNode. Tested in
// tests/diagnostics and tests/jobs/aggregates.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operators/support/aggregation.h"
#include "specs/registry.h"

namespace sr::operators {

// Options of every node that takes a window.
struct WindowedConfig {
  specs::WindowConfig window;
  std::optional<specs::EmitMode> emit;
};

template <class Config>
void add_window_options(specs::OptionTable<Config>& table) {
  table.option("window", static_cast<specs::WindowConfig Config::*>(&Config::window))
      .doc("works on the rows of a window instead of one batch")
      .example("{size: 60s, slide: 10s}")
      .block(specs::WindowConfig::table());
  table.option("emit", static_cast<std::optional<specs::EmitMode> Config::*>(&Config::emit))
      .doc(
          "when the rows of an event-time window are given: once it is closed (the default), what changed, or all "
          "open windows in every batch")
      .example("on_update");
}

// Options of nodes with expressions over groups: `aggregate: {…}`, or `expr: A` for `aggregate: {value: A}`.
struct AggregateConfig : WindowedConfig {
  specs::ExprMap aggregate;
  specs::ExprOption expr;
};

template <class Config>
void add_aggregate_options(specs::OptionTable<Config>& table) {
  table.option("aggregate", static_cast<specs::ExprMap Config::*>(&Config::aggregate))
      .doc("columns of the result, each an expression of aggregates")
      .example("{total: sum(fare), trips: count(*)}");
  table.option("expr", static_cast<specs::ExprOption Config::*>(&Config::expr))
      .doc("a single aggregate: short for `aggregate: {value: …}`")
      .example("sum(fare)");
}

// Checks and completes a node's window; `emit` is for windows of event time only. Nothing without a window or if it is
// wrong.
std::optional<specs::WindowPlan> bind_window_option(const WindowedConfig& config, specs::BindContext& context);
// A window as part of the shape of a state.
std::string window_text(const specs::WindowPlan& window);

// Starts an Aggregation over the node's input with keys; nothing while the input is unknown.
std::optional<Aggregation> start_aggregation(specs::BindContext& context, const std::vector<std::uint32_t>& keys);
// Adds the expressions of a node; reports what is wrong. False: no sound result.
bool add_expressions(Aggregation& aggregation, const AggregateConfig& config, specs::BindContext& context);
// Adds one call, as a result column.
bool add_call(Aggregation& aggregation, std::string name, expr::AggregateCall call, specs::BindContext& context);
// The call count(*), and the list of all values of an input column.
expr::AggregateCall count_rows();
expr::AggregateCall collect_column(const Schema& input, std::uint32_t column);

// Reports what is wrong in the expressions although the key is unknown.
void check_expressions(const AggregateConfig& config, specs::BindContext& context);

// The columns of a node whose expressions are wrong, as far as their names tell; unknown types are null.
std::optional<specs::BoundNode> known_columns(const std::vector<specs::KeyOption::Column>& keys,
                                              const AggregateConfig& config, specs::BindContext& context);

// Checks the window, completes the output and gives the node. Without a sound Aggregation the ports alone where they
// are known.
std::optional<specs::BoundNode> finish_aggregation(std::optional<Aggregation> aggregation, const WindowedConfig& config,
                                                   specs::BindContext& context);

}  // namespace sr::operators
