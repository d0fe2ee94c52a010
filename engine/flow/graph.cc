#include "engine/flow/graph.h"

namespace sr::flow {

SchemaRef error_port_schema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"node", types::string()},
                                                           {"message", types::string()},
                                                           {"payload", types::string()},
                                                           {"batch_time", types::timestamp()}});
}

std::optional<std::uint32_t> Graph::find(std::string_view id) const {
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].id == id) return i;
  }
  return std::nullopt;
}

}  // namespace sr::flow
