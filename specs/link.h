// Pass 3: names under `input` become nodes and ports; the nodes get an order in which inputs stand before their
// readers. Entry point: link_job. Knows nothing of columns. Tested in tests/diagnostics.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "specs/job_spec.h"

namespace sr::specs {

struct LinkedRef {
  std::optional<std::uint32_t>
      node;  // index in JobSpec::nodes; nothing: unknown, reported or hidden by an earlier mistake
  std::string id;
  std::string port;
  Span span;
};

struct LinkedInput {
  std::string role;
  std::vector<LinkedRef> refs;
  std::optional<WindowConfig> window;
  Span span;
};

struct LinkedJob {
  std::vector<std::uint32_t> order;              // indices of JobSpec::nodes; those of cycles come last
  std::vector<std::vector<LinkedInput>> inputs;  // per node
  std::vector<std::set<std::string>>
      read_ports;  // per node: ports that somebody reads or surely means to read; "" is the node itself
};

// Gives the links of all nodes, the sound ones at least; reports the others. Warns of nodes and ports that nobody
// reads.
LinkedJob link_job(const JobSpec& job, const Registry& registry, Diagnostics& diagnostics);

}  // namespace sr::specs
