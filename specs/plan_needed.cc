// Which columns somebody reads, from the sinks upwards: sources then decode no others. Entry point: needed_columns.
#include <set>

#include "specs/plan.h"

namespace sr::specs {

namespace {

using Columns = std::set<std::uint32_t>;

Columns all_of(const SchemaRef& schema) {
  Columns columns;
  for (std::uint32_t i = 0; schema && i < schema->size(); ++i) columns.insert(columns.end(), i);
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

// Adds what a node reads of its inputs for the columns that are needed of it.
void ask_inputs(const BoundJob& job, std::size_t i, std::vector<Columns>& needed) {
  const BoundEntry& entry = job.nodes[i];
  for (std::uint32_t input = 0; input < entry.inputs.size(); ++input) {
    const BoundEdge& edge = entry.inputs[input];
    // A port other than the node itself may hold its input's columns: nothing is left out there.
    const SchemaRef schema = job.nodes[edge.node].schema("");
    const bool all = !entry.inputs_known || !edge.port.empty();
    Columns read = all ? all_of(schema) : read_of(entry, input, needed[i], schema);
    Columns& of_input = needed[edge.node];
    if (of_input.empty()) {
      of_input = std::move(read);
    } else {
      of_input.insert(read.begin(), read.end());
    }
  }
}

}  // namespace

std::vector<std::vector<bool>> needed_columns(const BoundJob& job) {
  std::vector<Columns> needed(job.nodes.size());  // a node's are complete once all behind it have been asked
  std::vector<std::vector<bool>> result(job.nodes.size());
  for (std::size_t i = job.nodes.size(); i-- > 0;) {
    const BoundEntry& entry = job.nodes[i];
    ask_inputs(job, i, needed);
    if (entry.event_time) expr::collect_columns(*entry.event_time, needed[i]);
    const SchemaRef schema = entry.schema("");
    result[i].assign(schema ? schema->size() : 0, false);
    for (const std::uint32_t column : needed[i]) {
      if (column < result[i].size()) result[i][column] = true;
    }
    needed[i].clear();
  }
  return result;
}

}  // namespace sr::specs
