// The plan for machines: a versioned document that other engines can execute. Entry point: plan_json. The form is
// described in docs/plan. Tested in tests/cli.
#include <nlohmann/json.hpp>

#include "specs/plan.h"

namespace sr::specs {

namespace {

using Json = nlohmann::ordered_json;

template <class E>
const std::string& name_of(E value) {
  return EnumNames<E>::names()[static_cast<std::size_t>(value)];
}

Json fields_json(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const Field& field : fields)
    list.push_back({{"name", field.name}, {"type", field.type ? field.type->name() : "unknown"}});
  return list;
}

Json schema_json_of(const SchemaRef& schema) {
  return schema ? fields_json(schema->fields) : Json(nullptr);
}

Json window_json(const WindowPlan& window) {
  Json json = {{"type", name_of(window.type)}, {"time", name_of(window.time)}};
  if (window.type == WindowType::session) {
    json["gap_ms"] = window.size_ms;
  } else {
    json["size_ms"] = window.size_ms;
    json["slide_ms"] = window.slide_ms;
    json["offset_ms"] = window.offset_ms;
  }
  if (window.time == WindowTime::event) {
    json["lateness_ms"] = window.lateness_ms;
    json["emit"] = name_of(window.emit);
  }
  return json;
}

// A value of the spec as JSON: scalars stay the texts that they are.
Json spec_json(const SpecValue& value) {
  if (value.is_list()) {
    Json list = Json::array();
    for (const SpecValue& item : value.items) list.push_back(spec_json(item));
    return list;
  }
  if (value.is_map()) {
    Json map = Json::object();
    for (const SpecEntry& entry : value.entries) map[entry.key] = spec_json(entry.value);
    return map;
  }
  return value.is_null() ? Json(nullptr) : Json(value.text);
}

Json node_json(const PlanNode& node) {
  Json json = {{"id", node.id}, {"kind", noun_of(node.kind)}, {"type", node.type}};
  if (node.implied) json["implied"] = true;
  Json inputs = Json::array();
  for (const PlanEdge& edge : node.inputs) {
    Json input = {
        {"node", edge.id}, {"port", edge.port}, {"role", edge.role}, {"columns", schema_json_of(edge.schema)}};
    if (edge.window) input["window"] = window_json(*edge.window);
    inputs.push_back(std::move(input));
  }
  json["inputs"] = std::move(inputs);
  Json ports = Json::array();
  for (const PlanPort& port : node.ports)
    ports.push_back({{"name", port.name}, {"columns", schema_json_of(port.schema)}, {"read", port.read}});
  json["outputs"] = std::move(ports);
  Json needed = Json::array();
  for (const bool column : node.needed) needed.push_back(column);
  json["needed"] = std::move(needed);
  json["options"] = spec_json(node.options);
  if (node.window) json["window"] = window_json(*node.window);
  json["slide_ms"] = node.timing.slide_ms;
  json["offset_ms"] = node.timing.offset_ms;
  json["event_time"] = node.has_event_time;
  json["bounded"] = node.bounded;
  json["deterministic"] = node.deterministic;
  if (node.stateful) {
    json["state"] = {
        {"columns", fields_json(node.state)}, {"key_columns", node.state_key_columns}, {"shape", node.state_shape}};
  }
  if (!node.was.empty()) json["was"] = node.was;
  if (!node.on_error.empty()) json["on_error"] = node.on_error;
  if (!node.notes.empty()) json["notes"] = node.notes;
  return json;
}

}  // namespace

std::string plan_json(const Plan& plan) {
  Json json = {
      {"plan_version", 1}, {"job", plan.job}, {"interval_ms", plan.interval_ms}, {"trigger", name_of(plan.trigger)}};
  if (!plan.description.empty()) json["description"] = plan.description;
  json["checkpoint"] = plan.checkpoint_dir.empty()
                           ? Json(nullptr)
                           : Json{{"dir", plan.checkpoint_dir}, {"interval_ms", plan.checkpoint_interval_ms}};
  json["wal"] = plan.wal_dir.empty() ? Json(nullptr) : Json{{"dir", plan.wal_dir}};
  Json nodes = Json::array();
  for (const PlanNode& node : plan.nodes) nodes.push_back(node_json(node));
  json["nodes"] = std::move(nodes);
  Json sinks = Json::array();
  for (const PlanDelivery& sink : plan.sinks) {
    Json delivery = {
        {"sink", sink.sink}, {"reached", name_of(sink.reached)}, {"reason", sink.reason}, {"weak", sink.weak}};
    if (sink.asked) delivery["asked"] = name_of(*sink.asked);
    sinks.push_back(std::move(delivery));
  }
  json["delivery"] = std::move(sinks);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sr::specs
