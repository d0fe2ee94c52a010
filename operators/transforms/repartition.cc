// repartition: says how many partitions the rows should have from here on. Results never depend on it; on one machine
// the rows pass unchanged, and an engine with many machines takes it as its hint.
//
//   spread: {type: repartition, input: events, partitions: 8}
//
// Tested in tests/jobs/pass.yaml.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct RepartitionConfig {
  std::int64_t partitions = 0;
};

std::optional<specs::BoundNode> bind_repartition(const RepartitionConfig&, specs::BindContext& context) {
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

std::shared_ptr<const specs::OptionTable<RepartitionConfig>> repartition_options() {
  auto table = std::make_shared<specs::OptionTable<RepartitionConfig>>();
  table->option("partitions", &RepartitionConfig::partitions)
      .required()
      .range(1, 65536)
      .doc("The number of partitions.")
      .example("8");
  return table;
}

}  // namespace

void register_repartition(specs::Registry& registry) {
  registry.add(specs::node<RepartitionConfig>(
      {.name = "repartition",
       .group = "transforms",
       .summary = "Says how many partitions the rows should have from here on; results never depend on it.",
       .example = "spread: {type: repartition, input: events, partitions: 8}\n"},
      repartition_options(), bind_repartition));
}

}  // namespace sr::operators
