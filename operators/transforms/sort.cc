// sort: puts the rows of a batch in order. Stable; NULLs are least unless the text says otherwise.
//
//   ranked: {type: sort, input: takings, by: 'cents desc, item'}
//
// Tested in tests/jobs/sort.yaml.
#include <numeric>

#include "engine/flow/emit_rows.h"
#include "engine/flow/row_order.h"
#include "operators/support/failed_rows.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct SortConfig {
  specs::ExprOption by;
};

class Sort final : public flow::WholeBatch {
 public:
  Sort(SchemaRef schema, std::vector<expr::BoundOrder> order) : schema_(std::move(schema)), order_(std::move(order)) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const Chunk table = flow::gather_input(schema_, partials, 0);
    expr::RowErrors errors;
    const flow::RowOrder order(order_, table, context, errors);
    std::vector<std::uint32_t> rows;
    if (!live_rows(table, errors, out, rows)) return {};
    order.sort(rows);
    flow::emit_rows(table, rows, out);
    return {};
  }

 private:
  SchemaRef schema_;
  std::vector<expr::BoundOrder> order_;
};

std::optional<specs::BoundNode> bind_sort(const SortConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto order = context.bind_order(config.by, context.scope());
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  if (!order) return bound;
  std::set<std::uint32_t> read;
  for (const expr::BoundOrder& item : *order) expr::collect_columns(*item.expr, read);
  bound.reads = [read](std::uint32_t, std::set<std::uint32_t> output) {
    output.insert(read.begin(), read.end());
    return output;
  };
  bound.make = [schema, order = *order](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Sort>(schema, order);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<SortConfig>> sort_options() {
  auto table = std::make_shared<specs::OptionTable<SortConfig>>();
  table->option("by", &SortConfig::by)
      .required()
      .doc("The order: expressions, each with `asc` or `desc` and `nulls first` or `nulls last`.")
      .example("total desc, name");
  return table;
}

}  // namespace

void register_sort(specs::Registry& registry) {
  registry.add(specs::node<SortConfig>({.name = "sort",
                                        .group = "transforms",
                                        .summary = "Puts the rows of a batch in order.",
                                        .example = "ranked: {type: sort, input: takings, by: 'cents desc, item'}\n"},
                                       sort_options(), bind_sort));
}

}  // namespace sr::operators
