// state skip: leaves a record that ends the process out of the batch that a start is to finish.
#pragma once

#include <string>

#include "engine/durability/store.h"
#include "engine/flow/graph.h"

namespace sr::cli {

// Which record: `SOURCE@BATCH:NUMBER`, as a refused start names it.
struct SkipPlace {
  std::int64_t batch = 0;
  durability::RecordPlace record;
};
std::optional<SkipPlace> parse_skip_place(const std::string& text);

// Writes the deliberate act into the journal. Refused if the batch is not open, if the source gave it nothing, or if a
// sink that takes each batch once holds it already: then its rows are out.
Status skip_record(const durability::StoreOptions& options, flow::Graph& graph, const SkipPlace& place);

}  // namespace sr::cli
