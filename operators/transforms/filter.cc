// filter: keeps the rows where a predicate is true; those where it is false or NULL go. Nothing is copied: the chunk
// gets a selection.
//
//   errors_only:
//     type: filter
//     input: lines
//     where: contains(value, 'ERROR')
//
// Tested in tests/jobs/filter.yaml.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct FilterConfig {
  specs::ExprOption where;
};

class Filter final : public flow::Stateless {
 public:
  explicit Filter(expr::BoundRef where) : where_(std::move(where)) {}

  Status process(const Chunk& chunk, const flow::BatchContext& context, flow::Emitter& out) const override {
    expr::EvalInput input{chunk.columns, chunk.rows, chunk.selection(), &context.tick, context.seed};
    expr::RowErrors errors;
    auto selected = std::make_shared<Vec<std::uint32_t>>();
    expr::select_true(*where_, input, errors, *selected);
    if (!errors.empty()) {
      Vec<std::uint32_t> kept;
      if (!out.drop_failed(chunk, errors, kept)) return {};
    }
    if (selected->empty()) return {};
    Chunk result = chunk;
    if (selected->size() != chunk.live_rows()) result.selected = std::move(selected);
    out.emit(std::move(result));
    return {};
  }

 private:
  expr::BoundRef where_;
};

std::optional<specs::BoundNode> bind_filter(const FilterConfig& config, specs::BindContext& context) {
  const expr::Scope scope = context.scope();
  expr::BoundRef where = context.bind_condition(config.where, scope, "`where`");
  if (where && where->is_constant() && (!where->value->valid(0) || !where->value->get<std::uint8_t>(0))) {
    context.warn("SR3901", context.value_span("where"), "this filter lets no row through", "never true");
  }
  const SchemaRef schema = context.inputs().empty() ? nullptr : context.inputs()[0].schema;
  if (!where || !schema || context.failed()) {
    // The columns are known even where the predicate is wrong: readers can be checked.
    if (schema) return specs::BoundNode{.ports = {{"", schema}}};
    return std::nullopt;
  }
  std::set<std::uint32_t> read;
  expr::collect_columns(*where, read);
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.deterministic = where->deterministic;
  bound.reads = [read](std::uint32_t, const std::set<std::uint32_t>& output) {
    std::set<std::uint32_t> all = output;
    all.insert(read.begin(), read.end());
    return all;
  };
  bound.make = [where](const specs::MakeOptions&) {
    specs::Made made;
    made.stateless = std::make_unique<Filter>(where);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<FilterConfig>> filter_options() {
  auto table = std::make_shared<specs::OptionTable<FilterConfig>>();
  table->option("where", &FilterConfig::where)
      .required()
      .doc("The predicate; rows where it is true stay.")
      .example("amount > 0");
  return table;
}

}  // namespace

void register_filter(specs::Registry& registry) {
  registry.add(specs::node<FilterConfig>(
      {.name = "filter",
       .group = "transforms",
       .summary = "Keeps the rows where a predicate is true.",
       .example = "errors_only:\n  type: filter\n  input: lines\n  where: contains(value, 'ERROR')\n"},
      filter_options(), bind_filter));
}

}  // namespace sr::operators
