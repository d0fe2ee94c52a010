// window: gives the rows of a window again at each of its slides; every node below works on the whole window.
//
//   last_minute: {type: window, input: trips, size: 1m, slide: 10s}
//
// Windows of event time and sessions add the columns window_start and window_end. Tested in tests/jobs/window.yaml.
#include "operators/support/bind_aggregation.h"
#include "operators/support/window_rows.h"

namespace sr::operators {
namespace {

struct WindowNodeConfig : specs::WindowConfig {
  std::optional<specs::EmitMode> emit;
};

void place_options(WindowedConfig& config, specs::BindContext& context) {
  specs::WindowConfig& window = config.window;
  window.present = true;
  window.span = context.node_span();
  window.size_span = context.value_span("size");
  window.slide_span = context.value_span("slide");
  window.offset_span = context.value_span("offset");
  window.gap_span = context.value_span("gap");
  window.lateness_span = context.value_span("lateness");
  window.time_span = context.value_span("time");
  window.type_span = context.value_span("type");
}

SchemaRef output_of(const SchemaRef& schema, const specs::WindowPlan& window, specs::BindContext& context) {
  if (window.time != specs::WindowTime::event && window.type != specs::WindowType::session) return schema;
  std::vector<Field> fields = schema->fields;
  context.add_column(fields, "window_start", types::timestamp(), context.node_span());
  context.add_column(fields, "window_end", types::timestamp(), context.node_span());
  return std::make_shared<const Schema>(std::move(fields));
}

std::optional<specs::BoundNode> bind_window_node(const WindowNodeConfig& config, specs::BindContext& context) {
  WindowedConfig placed;
  placed.window = config;
  placed.emit = config.emit;
  place_options(placed, context);
  const std::optional<specs::WindowPlan> window = bind_window_option(placed, context);
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema || !window) return std::nullopt;
  const SchemaRef output = output_of(schema, *window, context);
  const bool by_event = window->time == specs::WindowTime::event;
  specs::BoundNode bound;
  bound.ports = {{"", output}};
  if (by_event) bound.ports.push_back({"late", schema});
  bound.window = window;
  bound.keeps_event_time = !by_event;
  bound.gives_event_time = by_event;
  bound.needs_event_time = by_event;
  bound.stateful = true;
  bound.state = schema->fields;
  bound.state_shape = window_text(*window);
  const auto columns = static_cast<std::uint32_t>(schema->size());
  bound.reads = [columns, by_event](std::uint32_t, const std::set<std::uint32_t>& needed) {
    std::set<std::uint32_t> read;
    for (std::uint32_t i = 0; i < columns; ++i) {
      if (by_event || needed.empty() || needed.contains(i)) read.insert(i);
    }
    return read;
  };
  bound.make = [schema, output, plan = *window](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = make_row_window(schema, output, plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<WindowNodeConfig>> window_node_options() {
  auto table = std::make_shared<specs::OptionTable<WindowNodeConfig>>();
  table->include(*specs::WindowConfig::table());
  table->option("emit", &WindowNodeConfig::emit)
      .doc(
          "when the rows of an event-time window are given: once it is closed (the default), as they come, or all "
          "open windows in every batch")
      .example("on_update");
  return table;
}

}  // namespace

void register_window(specs::Registry& registry) {
  registry.add(
      specs::node<WindowNodeConfig>({.name = "window",
                                     .group = "windows",
                                     .summary = "Gives the rows of a window again at each of its slides.",
                                     .example = "last_minute: {type: window, input: trips, size: 1m, slide: 10s}\n",
                                     .capabilities = {.stateful = true},
                                     .ports = {"late"}},
                                    window_node_options(), bind_window_node));
}

}  // namespace sr::operators
