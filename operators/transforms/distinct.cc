// distinct: of equal rows of a batch the first. All columns count.
//
//   once: {type: distinct, input: words}
//
// Tested in tests/jobs/distinct.yaml.
#include "engine/flow/emit_rows.h"
#include "engine/state/group_table.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct DistinctConfig {};

class Distinct final : public flow::WholeBatch {
 public:
  explicit Distinct(SchemaRef schema) : schema_(std::move(schema)) {}

  Status end_batch(const flow::BatchContext&, std::span<flow::PlacedPartial> partials, flow::Emitter& out) override {
    const Chunk table = flow::gather_input(schema_, partials, 0);
    std::vector<TypeRef> types;
    for (const Field& field : schema_->fields) types.push_back(field.type);
    GroupTable seen(types);
    std::vector<std::uint32_t> groups(table.rows), first;
    seen.find_or_insert(table.columns, table.selection(), groups.data());
    for (std::uint32_t row = 0; row < table.rows; ++row) {
      if (groups[row] == first.size()) first.push_back(row);
    }
    flow::emit_rows(table, first, out);
    return {};
  }

 private:
  SchemaRef schema_;
};

std::optional<specs::BoundNode> bind_distinct(const DistinctConfig&, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!schema) return std::nullopt;
  std::vector<specs::KeyOption::Column> all;
  for (const Field& field : schema->fields) all.push_back({field.name, context.node_span()});
  if (!context.key_columns(all, schema)) return specs::BoundNode{.ports = {{"", schema}}};
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.make = [schema](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Distinct>(schema);
    return made;
  };
  return bound;
}

}  // namespace

void register_distinct(specs::Registry& registry) {
  registry.add(specs::node<DistinctConfig>({.name = "distinct",
                                            .group = "transforms",
                                            .summary = "Gives of equal rows of a batch the first.",
                                            .example = "once: {type: distinct, input: words}\n"},
                                           std::make_shared<specs::OptionTable<DistinctConfig>>(), bind_distinct));
}

}  // namespace sr::operators
