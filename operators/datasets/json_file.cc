// json_file: a table in a file of JSON objects, one a line, for joins.
//
//   swearwords:
//     type: json_file
//     path: ./data/swearwords.json
//     schema: {word: string, weight: bigint}
//     reload: on_change
//
// Tested in tests/jobs/join_dataset.yaml and tests/unit/operators/file_dataset_test.cc.
#include "operators/formats/json_decoder.h"
#include "operators/support/file_dataset.h"

namespace sr::operators {
namespace {

struct JsonFileConfig {
  std::string path;
  specs::SchemaOption schema;
};

std::optional<specs::BoundNode> bind_json_file(const JsonFileConfig& config, specs::BindContext& context) {
  const SchemaRef schema = config.schema.schema();
  if (context.failed()) return specs::BoundNode{.ports = {{"", schema}}};
  flow::DecoderOptions options;
  options.schema = schema;
  return bound_file_dataset({config.path, schema, make_json_decoder(options, false)});
}

std::shared_ptr<const specs::OptionTable<JsonFileConfig>> json_file_options() {
  auto table = std::make_shared<specs::OptionTable<JsonFileConfig>>();
  table->option("path", &JsonFileConfig::path)
      .required()
      .doc("The file: one JSON object a line.")
      .example("./data/words.jsonl");
  table->option("schema", &JsonFileConfig::schema)
      .required()
      .doc("The columns; other fields are ignored, absent ones are NULL.")
      .example("{word: string, weight: bigint}");
  return table;
}

}  // namespace

void register_json_file(specs::Registry& registry) {
  registry.add(specs::node<JsonFileConfig>(
      {.name = "json_file",
       .kind = specs::NodeKind::dataset,
       .group = "datasets",
       .summary = "A table in a file of JSON objects, one a line.",
       .example = "words:\n  type: json_file\n  path: ./data/words.jsonl\n  schema: {word: string, weight: bigint}\n",
       .inputs = specs::Inputs::none},
      json_file_options(), bind_json_file));
}

}  // namespace sr::operators
