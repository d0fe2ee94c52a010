// inline (dataset): a small table written in the job file, for joins and tests.
//
//   regions: {type: inline, schema: {code: string, name: string}, rows: [[DE, Germany], [FR, France]]}
//
// Tested in tests/jobs/join_dataset.yaml.
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct InlineConfig {
  specs::SchemaOption schema;
  specs::RawOption rows;
};

class InlineLoader final : public flow::DatasetLoader {
 public:
  explicit InlineLoader(std::shared_ptr<const flow::DatasetVersion> rows) : rows_(std::move(rows)) {}

  Result<std::shared_ptr<const flow::DatasetVersion>> load(Environment&, std::int64_t) override {
    return std::exchange(rows_, nullptr);
  }

 private:
  std::shared_ptr<const flow::DatasetVersion> rows_;
};

std::optional<specs::BoundNode> bind_inline_dataset(const InlineConfig& config, specs::BindContext& context) {
  const SchemaRef schema = config.schema.schema();
  auto rows = context.rows(config.rows.value, schema);
  if (!rows) return specs::BoundNode{.ports = {{"", schema}}};
  auto version = std::make_shared<flow::DatasetVersion>();
  version->version = 1;
  version->schema = schema;
  version->chunks = std::move(*rows);
  specs::BoundNode bound;
  bound.ports = {{"", schema}};
  bound.bounded = true;
  bound.make = [version](const specs::MakeOptions&) {
    specs::Made made;
    made.dataset = std::make_unique<InlineLoader>(version);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<InlineConfig>> inline_dataset_options() {
  auto table = std::make_shared<specs::OptionTable<InlineConfig>>();
  table->option("schema", &InlineConfig::schema).required().doc("The columns.").example("{code: string, name: string}");
  table->option("rows", &InlineConfig::rows)
      .required()
      .doc("The rows: maps, lists in column order, or bare values of a single column.")
      .example("[[DE, Germany], [FR, France]]");
  return table;
}

}  // namespace

void register_inline_dataset(specs::Registry& registry) {
  registry.add(specs::node<InlineConfig>(
      {.name = "inline",
       .kind = specs::NodeKind::dataset,
       .group = "datasets",
       .summary = "A small table written in the job file.",
       .example =
           "regions: {type: inline, schema: {code: string, name: string}, rows: [[DE, Germany], [FR, France]]}\n",
       .inputs = specs::Inputs::none},
      inline_dataset_options(), bind_inline_dataset));
}

}  // namespace sr::operators
