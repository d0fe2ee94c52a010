// BoundJob: the nodes of a job with their columns, types and facts, in topological order. Made by specs/bind_pass; read
// by specs/plan and specs/instantiate. Plain structs. Tested through tests/diagnostics and tests/jobs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "specs/bind.h"
#include "specs/job_spec.h"

namespace sr::specs {

// One edge into a node.
struct BoundEdge {
  std::uint32_t node = 0;  // index in BoundJob::nodes
  std::string port;        // "" for the node itself
  Span span;
};

struct BoundEntry {
  const NodeSpec* spec = nullptr;  // null: the union that a list under `input` implies
  std::string id;
  std::string type;
  NodeKind kind = NodeKind::transform;
  std::vector<BoundEdge> inputs;       // empty where an input is unknown: `inputs_known` is false then
  std::vector<InputInfo> input_infos;  // as the bind function saw them
  bool inputs_known = true;
  std::optional<BoundNode> bound;  // nothing: it could not be bound
  flow::NodeTiming timing;
  bool windowed = false;  // at or below a processing-time window: has a batch only at its slides
  bool has_event_time = false;
  bool bounded = false;
  expr::BoundRef event_time;  // of a source
  expr::BoundRef where;       // of a dataset
  // A port's columns; null: unknown.
  SchemaRef schema(std::string_view port) const;
  // A port's place among the node's outputs.
  std::optional<std::uint32_t> port_index(std::string_view port) const;
};

struct BoundJob {
  const JobSpec* spec = nullptr;
  JobFacts facts;
  expr::Macros macros;  // facts.macros points here
  std::vector<BoundEntry> nodes;
  std::unordered_map<std::string, std::uint32_t> index;  // by id, without implied unions
};

}  // namespace sr::specs
