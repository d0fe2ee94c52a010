// Which columns somebody reads, from the sinks upwards: sources then decode no others. Entry point: needed_columns.
#include <set>

#include "specs/plan.h"

namespace sr::specs {

namespace {

using Columns = std::set<std::uint32_t>;

Columns all_of(const SchemaRef& schema) {
  Columns columns;
  for (std::uint32_t i = 0; schema && i < schema->size(); ++i) columns.insert(i);
  return columns;
}

// What a node reads of one input.
Columns read_of(const BoundEntry& entry, std::uint32_t input, const Columns& output, const SchemaRef& schema) {
  const bool routes = entry.spec && entry.spec->common.on_error.routes();  // the payload is the whole row
  const bool ports = entry.bound && entry.bound->ports.size() > 1;
  if (!entry.bound || !entry.bound->reads || routes || ports || entry.kind == NodeKind::sink) {
    if (entry.kind != NodeKind::sink || !entry.bound || !entry.bound->reads || routes) return all_of(schema);
  }
  return entry.bound->reads(input, output);
}

}  // namespace

std::vector<std::vector<bool>> needed_columns(const BoundJob& job) {
  std::vector<Columns> needed(job.nodes.size());
  for (std::size_t i = job.nodes.size(); i-- > 0;) {
    const BoundEntry& entry = job.nodes[i];
    if (!entry.inputs_known) {
      for (const BoundEdge& edge : entry.inputs) needed[edge.node] = all_of(job.nodes[edge.node].schema(""));
      continue;
    }
    for (std::uint32_t input = 0; input < entry.inputs.size(); ++input) {
      const BoundEdge& edge = entry.inputs[input];
      // A port other than the node itself may hold its input's columns: nothing is left out there.
      const SchemaRef schema = job.nodes[edge.node].schema("");
      const Columns read = edge.port.empty() ? read_of(entry, input, needed[i], schema) : all_of(schema);
      needed[edge.node].insert(read.begin(), read.end());
    }
  }
  std::vector<std::vector<bool>> result(job.nodes.size());
  for (std::size_t i = 0; i < job.nodes.size(); ++i) {
    const BoundEntry& entry = job.nodes[i];
    if (entry.event_time) expr::collect_columns(*entry.event_time, needed[i]);
    const SchemaRef schema = entry.schema("");
    result[i].assign(schema ? schema->size() : 0, false);
    for (const std::uint32_t column : needed[i]) {
      if (column < result[i].size()) result[i][column] = true;
    }
  }
  return result;
}

}  // namespace sr::specs
