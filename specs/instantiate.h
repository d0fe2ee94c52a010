// Pass 6: a bound job becomes a flow::Graph of fresh operators. Entry point: instantiate. May be called again for
// another run of the same job. Tested through tests/jobs.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/flow/graph.h"
#include "specs/plan.h"
#include "specs/registry.h"

namespace sr::specs {

struct InstantiateOptions {
  // Every column of every node is made, also those that nobody reads (a test may look at any of them).
  bool all_columns = false;
  // Sources that the caller replaces: they are left without a `Source` of their own.
  std::set<std::string> without_source;
};

// Makes the operators. The job must have been compiled without errors.
flow::Graph instantiate(const BoundJob& job, const Registry& registry, const InstantiateOptions& options = {});

}  // namespace sr::specs
