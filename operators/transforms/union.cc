// union: passes the rows of several inputs with the same columns on, in `input` order.
//
//   both: {type: union, input: [north, south]}
//
// Tested in tests/jobs/union.yaml.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct UnionConfig {};

std::optional<specs::BoundNode> bind_union(const UnionConfig&, specs::BindContext& context) {
  const auto columns = context.union_columns();
  if (!columns) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", columns->schema}};
  bound.reads = [pick = columns->pick](std::uint32_t input, const std::set<std::uint32_t>& output) {
    if (pick[input].empty()) return output;
    std::set<std::uint32_t> read;
    for (const std::uint32_t column : output) read.insert(pick[input][column]);
    return read;
  };
  bound.make = [pick = columns->pick](const specs::MakeOptions&) {
    specs::Made made;
    made.union_node = flow::UnionNode{pick};
    return made;
  };
  return bound;
}

}  // namespace

void register_union(specs::Registry& registry) {
  registry.add(specs::node<UnionConfig>(
      {.name = "union",
       .group = "transforms",
       .summary = "Passes the rows of several inputs with the same columns on, in `input` order.",
       .example = "both: {type: union, input: [north, south]}\n",
       .inputs = specs::Inputs::many},
      std::make_shared<specs::OptionTable<UnionConfig>>(), bind_union));
}

}  // namespace sr::operators
