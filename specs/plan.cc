// Entry point: make_plan.
#include "specs/plan.h"

namespace sr::specs {

namespace {

const char* action_name(OnErrorAction action) {
  switch (action) {
    case OnErrorAction::fail:
      return "fail";
    case OnErrorAction::skip:
      return "skip";
    case OnErrorAction::route:
      return "route";
    case OnErrorAction::retry:
      return "retry";
  }
  return "";
}

std::vector<PlanEdge> edges_of(const BoundEntry& entry, const BoundJob& job) {
  std::vector<PlanEdge> edges;
  for (std::size_t i = 0; i < entry.inputs.size(); ++i) {
    const BoundEdge& edge = entry.inputs[i];
    PlanEdge planned{edge.node,   job.nodes[edge.node].id, edge.port, "", job.nodes[edge.node].schema(edge.port),
                     std::nullopt};
    if (entry.inputs_known && i < entry.input_infos.size()) {
      planned.role = entry.input_infos[i].role;
      planned.window = entry.input_infos[i].window;
    }
    edges.push_back(std::move(planned));
  }
  return edges;
}

void add_spec(const BoundEntry& entry, PlanNode& node) {
  if (!entry.spec) return;
  node.was = entry.spec->common.was.name;
  node.options = entry.spec->options;
  const OptionTableBase* table = entry.spec->info ? entry.spec->info->options.get() : nullptr;
  std::erase_if(node.options.entries, [&](const SpecEntry& option) {
    const auto index = table ? table->find(option.key) : std::nullopt;
    return option.key == "input" || option.key == "type" || (index && table->options()[*index].secret);
  });
  if (entry.spec->common.on_error.present) node.on_error = action_name(entry.spec->common.on_error.action);
}

void add_bound(const BoundEntry& entry, PlanNode& node) {
  if (!entry.bound) return;
  const BoundNode& bound = *entry.bound;
  for (const BoundPort& port : bound.ports) node.ports.push_back({port.name, port.schema});
  node.window = bound.window;
  node.stateful = bound.stateful;
  node.deterministic = bound.deterministic;
  node.state = bound.state;
  node.state_key_columns = bound.state_key_columns;
  node.state_shape = bound.state_shape;
  node.notes = bound.notes;
}

}  // namespace

const PlanNode* Plan::find(std::string_view id) const {
  for (const PlanNode& node : nodes) {
    if (node.id == id) return &node;
  }
  return nullptr;
}

Plan make_plan(const BoundJob& job) {
  Plan plan;
  plan.job = job.spec->name;
  plan.description = job.spec->description;
  plan.interval_ms = job.facts.interval_ms;
  plan.trigger = job.facts.trigger;
  if (job.spec->checkpoint.has_folder()) {
    plan.checkpoint_dir = job.spec->checkpoint.dir;
    plan.checkpoint_interval_ms = job.spec->checkpoint.interval.ms;
  }
  if (job.spec->wal.present) plan.wal_dir = job.spec->wal.dir;
  const std::vector<std::vector<bool>> needed = needed_columns(job);
  for (std::size_t i = 0; i < job.nodes.size(); ++i) {
    const BoundEntry& entry = job.nodes[i];
    PlanNode node;
    node.id = entry.id;
    node.type = entry.type;
    node.kind = entry.kind;
    node.implied = entry.spec == nullptr;
    node.inputs = edges_of(entry, job);
    node.needed = needed[i];
    node.timing = entry.timing;
    node.windowed = entry.windowed;
    node.has_event_time = entry.has_event_time;
    node.bounded = entry.bounded;
    add_spec(entry, node);
    add_bound(entry, node);
    plan.nodes.push_back(std::move(node));
  }
  for (const PlanNode& node : plan.nodes) {
    for (const PlanEdge& edge : node.inputs) {
      for (PlanPort& port : plan.nodes[edge.node].ports) port.read = port.read || port.name == edge.port;
    }
  }
  plan.sinks = plan_delivery(job);
  return plan;
}

}  // namespace sr::specs
