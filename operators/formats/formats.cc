// Registers the wire formats that need no library: text, json, csv, raw. What each promises stands in its summary.
// Entry point: register_formats. Tested in tests/unit/operators/*_format_test.cc and tests/jobs/formats.yaml.
#include "operators/formats/csv_decoder.h"
#include "operators/formats/csv_encoder.h"
#include "operators/formats/json_decoder.h"
#include "operators/formats/json_encoder.h"
#include "operators/formats/line_decoder.h"
#include "operators/formats/text_encoder.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

using specs::BindContext;
using specs::FormatConfig;

SchemaRef one_column(TypeRef type) {
  return std::make_shared<const Schema>(std::vector<Field>{{"value", std::move(type)}});
}

SchemaRef fixed_schema(const FormatConfig& config, BindContext& context, const TypeRef& type) {
  if (config.schema.present) {
    context.error("SR2021", context.key_span("schema"), "format `" + config.format + "` takes no schema",
                  "its only column is `value`, of type " + type->name());
  }
  return one_column(type);
}

SchemaRef json_schema(const FormatConfig& config, BindContext& context) {
  return config.schema.present ? config.schema.schema() : one_column(types::variant());
}

// A byte of an option; the fallback where the option is wrong (which csv_schema reports).
char only_byte(const std::string& text, char fallback) {
  return text.size() == 1 ? text[0] : fallback;
}

bool check_byte(const std::string& text, const char* option, BindContext& context) {
  if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\n' && text[0] != '\r') return true;
  context.error("SR2022", context.value_span(option),
                std::string("`") + option + "` must be one ASCII character, not a line break");
  return false;
}

SchemaRef csv_schema(const FormatConfig& config, BindContext& context) {
  const bool fine = check_byte(config.delimiter, "delimiter", context) && check_byte(config.quote, "quote", context);
  if (fine && config.delimiter == config.quote) {
    context.error("SR2022", context.value_span("delimiter"), "`delimiter` and `quote` must differ");
  }
  if (!config.schema.present) {
    context.error("SR2020", config.format_span, "format `csv` needs a schema", "",
                  "add `schema: {column: type, …}`, in the order of the file");
    return nullptr;
  }
  return config.schema.schema();
}

CsvRules csv_rules(const FormatConfig& config, bool default_header) {
  return {only_byte(config.delimiter, ','), only_byte(config.quote, '"'), config.header.value_or(default_header)};
}

specs::FormatInfo text_format() {
  specs::FormatInfo info;
  info.name = "text";
  info.summary = "Lines: read as one string column `value`; written as the only column's text, else as `(a,b)`.";
  info.schema = [](const FormatConfig& config, BindContext& context) {
    return fixed_schema(config, context, types::string());
  };
  info.decoder = [](const FormatConfig&, const flow::DecoderOptions& options) {
    return std::make_shared<LineDecoder>(options, LineRules{.utf8 = true, .strip_cr = true});
  };
  info.framer = [](const FormatConfig&) { return std::make_shared<LineFramer>(); };
  info.encoder = [](const FormatConfig&, const SchemaRef&) { return std::make_shared<TextEncoder>(); };
  info.refuses = [](const Schema&) { return std::string(); };
  return info;
}

specs::FormatInfo json_format() {
  specs::FormatInfo info;
  info.name = "json";
  info.summary = "One JSON object a line; read without a schema as one variant column `value`.";
  info.takes = {"schema"};
  info.schema = json_schema;
  info.decoder = [](const FormatConfig& config, const flow::DecoderOptions& options) {
    return make_json_decoder(options, !config.schema.present);
  };
  info.framer = [](const FormatConfig&) { return std::make_shared<LineFramer>(); };
  info.encoder = [](const FormatConfig&, const SchemaRef& schema) { return std::make_shared<JsonEncoder>(*schema); };
  info.refuses = [](const Schema&) { return std::string(); };
  return info;
}

specs::FormatInfo csv_format() {
  specs::FormatInfo info;
  info.name = "csv";
  info.summary = "Comma-separated values (RFC 4180): an empty field is NULL, `\"\"` the empty string.";
  info.takes = {"schema", "delimiter", "header", "quote"};
  info.schema = csv_schema;
  info.decoder = [](const FormatConfig& config, const flow::DecoderOptions& options) {
    return std::make_shared<CsvDecoder>(options, csv_rules(config, false));
  };
  info.framer = [](const FormatConfig& config) { return std::make_shared<CsvFramer>(csv_rules(config, false)); };
  info.encoder = [](const FormatConfig& config, const SchemaRef&) {
    return std::make_shared<CsvEncoder>(csv_rules(config, true));
  };
  info.refuses = [](const Schema&) { return std::string(); };
  return info;
}

specs::FormatInfo raw_format() {
  specs::FormatInfo info;
  info.name = "raw";
  info.summary = "Lines of any bytes: one binary column `value`, read and written as it is.";
  info.schema = [](const FormatConfig& config, BindContext& context) {
    return fixed_schema(config, context, types::binary());
  };
  info.decoder = [](const FormatConfig&, const flow::DecoderOptions& options) {
    return std::make_shared<LineDecoder>(options, LineRules{.utf8 = false, .strip_cr = false});
  };
  info.framer = [](const FormatConfig&) { return std::make_shared<LineFramer>(); };
  info.encoder = [](const FormatConfig&, const SchemaRef&) { return std::make_shared<RawEncoder>(); };
  info.refuses = [](const Schema& schema) {
    const bool fine = schema.size() == 1 && schema.fields[0].type->is_text();
    return fine ? std::string() : std::string("format `raw` writes one column of type binary or string");
  };
  return info;
}

}  // namespace

void register_formats(specs::Registry& registry) {
  registry.add_format(text_format());
  registry.add_format(json_format());
  registry.add_format(csv_format());
  registry.add_format(raw_format());
}

}  // namespace sr::operators
