// top: the first n rows of a batch by an order, for all rows or per group. Rows that equal the n-th in every key of the
// order stay too with `ties: true`. Groups come by first appearance, each sorted.
//
//   hottest: {type: top, input: counts, n: 3, by: 'searches desc', per: category}
//
// Tested in tests/jobs/top.yaml.
#include <numeric>

#include "engine/flow/emit_rows.h"
#include "engine/flow/row_order.h"
#include "engine/state/group_table.h"
#include "operators/support/failed_rows.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct TopConfig {
  std::int64_t n = 0;
  specs::ExprOption by;
  specs::KeyOption per;
  bool ties = false;
};

struct TopPlan {
  SchemaRef schema;
  std::size_t n = 0;
  bool ties = false;
  std::vector<expr::BoundOrder> order;
  std::vector<std::uint32_t> per;
};

class Top final : public flow::WholeBatch {
 public:
  explicit Top(TopPlan plan) : plan_(std::move(plan)) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    const Chunk table = flow::gather_input(plan_.schema, partials, 0);
    expr::RowErrors errors;
    const flow::RowOrder order(plan_.order, table, context, errors);
    std::vector<std::uint32_t> rows;
    if (!live_rows(table, errors, out, rows)) return {};
    std::vector<std::uint32_t> chosen;
    for (std::vector<std::uint32_t>& group : groups(table, std::move(rows))) {
      order.top(group, plan_.n);
      if (!plan_.ties && group.size() > plan_.n) group.resize(plan_.n);
      chosen.insert(chosen.end(), group.begin(), group.end());
    }
    flow::emit_rows(table, chosen, out);
    return {};
  }

 private:
  std::vector<std::vector<std::uint32_t>> groups(const Chunk& table, std::vector<std::uint32_t> rows) const {
    if (plan_.per.empty()) return {std::move(rows)};
    std::vector<TypeRef> types;
    std::vector<ColumnRef> keys;
    for (const std::uint32_t column : plan_.per) {
      types.push_back(plan_.schema->fields[column].type);
      keys.push_back(table.columns[column]);
    }
    GroupTable seen(types);
    std::vector<std::uint32_t> group_of(rows.size());
    seen.find_or_insert(keys, Selection{rows.data(), static_cast<std::uint32_t>(rows.size())}, group_of.data());
    std::vector<std::vector<std::uint32_t>> result(seen.size());
    for (std::size_t i = 0; i < rows.size(); ++i) result[group_of[i]].push_back(rows[i]);
    return result;
  }

  TopPlan plan_;
};

std::optional<specs::BoundNode> bind_top(const TopConfig& config, specs::BindContext& context) {
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  const auto order = context.bind_order(config.by, context.scope());
  const auto per = context.key_columns(config.per.columns, schema);
  if (!schema) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  if (!order || !per) return bound;
  std::set<std::uint32_t> read(per->begin(), per->end());
  for (const expr::BoundOrder& item : *order) expr::collect_columns(*item.expr, read);
  bound.reads = [read](std::uint32_t, std::set<std::uint32_t> output) {
    output.insert(read.begin(), read.end());
    return output;
  };
  bound.make = [plan = TopPlan{schema, static_cast<std::size_t>(config.n), config.ties, *order, *per}](
                   const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Top>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<TopConfig>> top_options() {
  auto table = std::make_shared<specs::OptionTable<TopConfig>>();
  table->option("n", &TopConfig::n)
      .required()
      .at_least(1)
      .doc("How many rows, of each group where there is `per`.")
      .example("10");
  table->option("by", &TopConfig::by).required().doc("The order, as in `sort`.").example("count desc, word");
  table->option("per", &TopConfig::per)
      .doc("Columns that make groups; without it all rows are one.")
      .example("category");
  table->option("ties", &TopConfig::ties).doc("Keep also the rows that equal the n-th in every key of `by`.");
  return table;
}

}  // namespace

void register_top(specs::Registry& registry) {
  registry.add(specs::node<TopConfig>(
      {.name = "top",
       .group = "transforms",
       .summary = "Gives the first n rows of a batch by an order, for all rows or per group.",
       .example = "hottest: {type: top, input: counts, n: 3, by: 'searches desc', per: category}\n"},
      top_options(), bind_top));
}

}  // namespace sr::operators
