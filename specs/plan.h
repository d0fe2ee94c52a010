// Pass 5: Plan, the job as data: nodes in order, columns on every edge, windows in batches, state, and what each sink
// can guarantee. It feeds the report of a dry run, `explain`, `graph`, the status page and other engines. Entry points:
// make_plan, check_plan. Tested in tests/diagnostics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "specs/bound_job.h"
#include "specs/settings.h"

namespace sr::specs {

struct PlanEdge {
  std::uint32_t node = 0;  // index in Plan::nodes
  std::string id;
  std::string port;  // "" for the node itself
  std::string role;  // "", "left", "right", "initial"
  SchemaRef schema;
  std::optional<WindowPlan> window;  // of a join's side
};

struct PlanPort {
  std::string name;
  SchemaRef schema;
  bool read = false;
};

struct PlanNode {
  std::string id;
  std::string type;
  NodeKind kind = NodeKind::transform;
  bool implied = false;  // a union that a list under `input` stands for
  std::vector<PlanEdge> inputs;
  std::vector<PlanPort> ports;
  std::vector<bool> needed;  // per column of the main port: somebody reads it
  std::optional<WindowPlan> window;
  flow::NodeTiming timing;
  bool windowed = false;
  bool has_event_time = false;
  bool bounded = false;
  bool stateful = false;
  bool deterministic = true;
  std::vector<Field> state;
  std::size_t state_key_columns = 0;
  std::string state_shape;
  std::string was;
  std::string on_error;
  std::vector<std::string> notes;
  SpecValue options;  // as written, with the defaults that apply; secrets are left out
};

// What a sink can guarantee, and the weakest part of the way to it.
struct PlanDelivery {
  std::string sink;
  Delivery reached = Delivery::at_least_once;
  std::optional<Delivery> asked;
  std::string reason;             // why no more than that
  std::vector<std::string> weak;  // ids of the nodes to blame; empty: nothing is weak
};

struct Plan {
  std::string job;
  std::string description;
  std::int64_t interval_ms = 1000;
  Trigger trigger = Trigger::interval;
  std::string checkpoint_dir;  // "" without a folder
  std::int64_t checkpoint_interval_ms = 0;
  std::string wal_dir;
  std::vector<PlanNode> nodes;
  std::vector<PlanDelivery> sinks;

  const PlanNode* find(std::string_view id) const;
};

// Describes a bound job; unknown columns are null schemas.
Plan make_plan(const BoundJob& job);

// Checks what only shows in the whole: guarantees, state without a place, two nodes on one path or address. Each
// mistake is reported once.
void check_plan(const BoundJob& job, const Plan& plan, Diagnostics& diagnostics);

// plan_delivery.cc
std::vector<PlanDelivery> plan_delivery(const BoundJob& job);
// Reports what asks for more than it can reach; says whether a missing checkpoint folder was reported.
bool check_delivery(const BoundJob& job, Diagnostics& diagnostics);
// plan_needed.cc: per node, per column of its main port, whether somebody reads it.
std::vector<std::vector<bool>> needed_columns(const BoundJob& job);

// plan_text.cc, plan_json.cc, plan_graph.cc
std::string plan_text(const Plan& plan);
std::string plan_json(const Plan& plan);
std::string plan_mermaid(const Plan& plan);
std::string plan_dot(const Plan& plan);

}  // namespace sr::specs
