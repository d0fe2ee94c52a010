// The plan for people: what a dry run and `explain` print. Entry point: plan_text. Tested in tests/cli.
#include <fmt/format.h>

#include "specs/plan.h"

namespace sr::specs {

namespace {

std::string duration_text(std::int64_t ms) {
  return to_text(Duration{ms});
}

std::string columns_text(const SchemaRef& schema) {
  if (!schema) return "unknown columns";
  return schema->size() == 0 ? "no columns" : schema->to_text();
}

std::string in_batches(std::int64_t ms, std::int64_t interval_ms) {
  if (interval_ms <= 0 || ms % interval_ms != 0) return {};
  const std::int64_t count = ms / interval_ms;
  return fmt::format(" ({} {})", count, count == 1 ? "batch" : "batches");
}

std::string window_text(const WindowPlan& window, std::int64_t interval_ms) {
  const bool event = window.time == WindowTime::event;
  std::string text = event ? "event-time " : "processing-time ";
  if (window.type == WindowType::session)
    return text + fmt::format("session window, gap {}", duration_text(window.size_ms));
  const auto counted = [&](std::int64_t ms) { return duration_text(ms) + (event ? "" : in_batches(ms, interval_ms)); };
  text += window.type == WindowType::tumbling
              ? "tumbling window of " + counted(window.size_ms)
              : fmt::format("window of {}, every {}", counted(window.size_ms), counted(window.slide_ms));
  if (window.offset_ms != 0) text += ", offset " + duration_text(window.offset_ms);
  if (window.lateness_ms != 0) text += ", lateness " + duration_text(window.lateness_ms);
  if (event && window.emit != EmitMode::on_close)
    text += ", emitted " + EnumNames<EmitMode>::names()[static_cast<std::size_t>(window.emit)];
  return text;
}

std::string edge_text(const PlanEdge& edge, std::int64_t interval_ms) {
  std::string text = edge.role.empty() ? "" : edge.role + ": ";
  text += edge.id + (edge.port.empty() ? "" : "." + edge.port);
  if (edge.window) text += " [" + window_text(*edge.window, interval_ms) + "]";
  return text;
}

// Rough bytes of one value in a state table.
std::int64_t width_of(const TypeRef& type) {
  if (!type) return 8;
  switch (type->id) {
    case TypeId::boolean:
      return 1;
    case TypeId::decimal:
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return 16;
    case TypeId::array:
    case TypeId::map:
    case TypeId::structure:
      return 32;
    default:
      return 8;
  }
}

std::string state_text(const PlanNode& node) {
  std::string key;
  std::string values;
  std::int64_t bytes = 8;  // of the hash
  for (std::size_t i = 0; i < node.state.size(); ++i) {
    std::string& part = i < node.state_key_columns ? key : values;
    const Field& field = node.state[i];
    part += (part.empty() ? "" : ", ") + field.name + " " + (field.type ? field.type->name() : "unknown");
    bytes += width_of(field.type);
  }
  if (node.state.empty()) return "keeps state";
  return fmt::format("state: {} per key ({}), about {} bytes and its texts", values.empty() ? "the key alone" : values,
                     key.empty() ? "none: one state" : key, bytes);
}

void write_node(std::string& out, const PlanNode& node, const Plan& plan) {
  out += fmt::format("{:<9}  {}  ({})\n", noun_of(node.kind), node.id, node.type);
  const auto line = [&](const std::string& text) { out += "           " + text + "\n"; };
  for (const PlanEdge& edge : node.inputs) line("<- " + edge_text(edge, plan.interval_ms));
  for (const PlanPort& port : node.ports) {
    if (node.kind == NodeKind::sink) continue;
    if (port.name.empty() || port.read)
      line(fmt::format("-> {}{}", port.name.empty() ? "" : "." + port.name + ": ", columns_text(port.schema)));
  }
  if (node.kind == NodeKind::sink && !node.inputs.empty()) line("writes " + columns_text(node.inputs[0].schema));
  if (node.window) line(window_text(*node.window, plan.interval_ms));
  if (node.windowed && !node.window) line(fmt::format("has a batch every {}", duration_text(node.timing.slide_ms)));
  if (node.stateful) line(state_text(node));
  if (!node.on_error.empty()) line("on_error: " + node.on_error);
  for (const std::string& note : node.notes) line(note);
}

const char* trigger_text(Trigger trigger) {
  switch (trigger) {
    case Trigger::interval:
      return "";
    case Trigger::available_now:
      return ", until the present input is drained";
    case Trigger::eager:
      return ", as soon as there is input";
  }
  return "";
}

}  // namespace

std::string plan_text(const Plan& plan) {
  std::string out = fmt::format("job {}: a batch every {}{}\n", plan.job, duration_text(plan.interval_ms),
                                trigger_text(plan.trigger));
  out += plan.checkpoint_dir.empty() ? "state is kept in memory only\n"
                                     : fmt::format("checkpoint in {} every {}\n", plan.checkpoint_dir,
                                                   duration_text(plan.checkpoint_interval_ms));
  if (!plan.wal_dir.empty()) out += fmt::format("write-ahead log in {}\n", plan.wal_dir);
  out += "\n";
  for (const PlanNode& node : plan.nodes) {
    if (!node.implied) write_node(out, node, plan);
  }
  out += "\ndelivery\n";
  for (const PlanDelivery& sink : plan.sinks) {
    out += fmt::format("  {}: {}\n    {}\n", sink.sink,
                       EnumNames<Delivery>::names()[static_cast<std::size_t>(sink.reached)], sink.reason);
  }
  return out;
}

}  // namespace sr::specs
