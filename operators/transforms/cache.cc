// cache: marks a stream that several nodes read. The engine computes every node once per batch anyway, so the rows pass
// unchanged; an engine that would compute them again per reader keeps them.
//
//   kept: {type: cache, input: parsed}
//
// Tested in tests/jobs/pass.yaml.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct CacheConfig {};

std::optional<specs::BoundNode> bind_cache(const CacheConfig&, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.reads = [](std::uint32_t, const std::set<std::uint32_t>& output) { return output; };
  bound.make = [](const specs::MakeOptions&) {
    specs::Made made;
    made.union_node = flow::UnionNode{};
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<CacheConfig>> cache_options() {
  auto table = std::make_shared<specs::OptionTable<CacheConfig>>();

  return table;
}

}  // namespace

void register_cache(specs::Registry& registry) {
  registry.add(specs::node<CacheConfig>(
      {.name = "cache",
       .group = "transforms",
       .summary = "Marks a stream that several nodes read, for engines that would otherwise compute it again.",
       .example = "kept: {type: cache, input: parsed}\n"},
      cache_options(), bind_cache));
}

}  // namespace sr::operators
