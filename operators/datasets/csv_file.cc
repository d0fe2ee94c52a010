// csv_file: a table in a CSV file, for joins.
//
//   zones:
//     type: csv_file
//     path: ./data/zones.csv
//     schema: {zone: bigint, borough: string}
//
// Tested in tests/jobs/join_dataset.yaml and tests/unit/operators/file_dataset_test.cc.
#include "operators/formats/csv_decoder.h"
#include "operators/support/file_dataset.h"

namespace sr::operators {
namespace {

struct CsvFileConfig {
  std::string path;
  specs::SchemaOption schema;
  std::string delimiter = ",";
  std::string quote = "\"";
  bool header = false;
};

std::optional<specs::BoundNode> bind_csv_file(const CsvFileConfig& config, specs::BindContext& context) {
  for (const char* option : {"delimiter", "quote"}) {
    const std::string& text = option[0] == 'd' ? config.delimiter : config.quote;
    if (text.size() == 1 && text != "\n" && text != "\r") continue;
    context.error("SR2022", context.value_span(option),
                  std::string("`") + option + "` must be one ASCII character, not a line break");
  }
  const SchemaRef schema = config.schema.schema();
  if (context.failed()) return specs::BoundNode{.ports = {{"", schema}}};
  flow::DecoderOptions options;
  options.schema = schema;
  const CsvRules rules{config.delimiter[0], config.quote[0], config.header};
  return bound_file_dataset({config.path, schema, std::make_shared<CsvDecoder>(options, rules)});
}

std::shared_ptr<const specs::OptionTable<CsvFileConfig>> csv_file_options() {
  auto table = std::make_shared<specs::OptionTable<CsvFileConfig>>();
  table->option("path", &CsvFileConfig::path).required().doc("The file.").example("./data/zones.csv");
  table->option("schema", &CsvFileConfig::schema)
      .required()
      .doc("The columns in the order of the file.")
      .example("{zone: bigint, borough: string}");
  table->option("delimiter", &CsvFileConfig::delimiter).doc("What stands between two fields.");
  table->option("quote", &CsvFileConfig::quote).doc("What encloses a field that holds a delimiter.");
  table->option("header", &CsvFileConfig::header).doc("The first line holds names and is skipped.");
  return table;
}

}  // namespace

void register_csv_file(specs::Registry& registry) {
  registry.add(specs::node<CsvFileConfig>(
      {.name = "csv_file",
       .kind = specs::NodeKind::dataset,
       .group = "datasets",
       .summary = "A table in a CSV file.",
       .example = "zones:\n  type: csv_file\n  path: ./data/zones.csv\n  schema: {zone: bigint, borough: string}\n",
       .inputs = specs::Inputs::none},
      csv_file_options(), bind_csv_file));
}

}  // namespace sr::operators
