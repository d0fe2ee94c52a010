#include "specs/schema_json.h"

#include <nlohmann/json.hpp>

#include "specs/common_options.h"
#include "specs/parse.h"
#include "specs/settings.h"
#include "specs/tests_spec.h"

namespace sr::specs {

namespace {

using Json = nlohmann::ordered_json;

Json interpolated() {
  return {{"type", "string"}, {"pattern", "\\$\\{"}};
}

Json or_interpolated(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), interpolated()})}};
}

Json pattern(const char* text) {
  return {{"type", "string"}, {"pattern", text}};
}

Json expression() {
  return {{"type", Json::array({"string", "number", "boolean", "null"})}};
}

Json text_schema() {
  return {{"type", Json::array({"string", "number", "boolean"})}};
}

Json names_schema() {
  return {{"anyOf", Json::array({text_schema(), Json{{"type", "array"}, {"items", text_schema()}}})}};
}

Json columns_schema() {
  return {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", {{"type", "string"}}}};
}

Json table_schema(const OptionTableBase& table);

Json block_schema(const OptionInfo& option) {
  Json block = option.block ? table_schema(*option.block) : Json{{"type", "object"}};
  if (option.shorthands.empty()) return block;
  Json words = Json::array();
  for (const std::string& word : option.shorthands) {
    if (word == "true" || word == "false") {
      words.push_back(word == "true");
    } else {
      words.push_back(word);
    }
  }
  return {{"anyOf", Json::array({Json{{"enum", words}}, block, interpolated()})}};
}

Json number_schema(const OptionInfo& option, const char* type) {
  Json schema = {{"type", type}};
  if (option.min || option.port) schema["minimum"] = option.port ? 0 : *option.min;
  if (option.max || option.port) schema["maximum"] = option.port ? 65535 : *option.max;
  return or_interpolated(std::move(schema));
}

Json key_schema() {
  const Json side = names_schema();
  const Json sides = {{"type", "object"},
                      {"required", Json::array({"left", "right"})},
                      {"additionalProperties", false},
                      {"properties", {{"left", side}, {"right", side}}}};
  return {{"anyOf", Json::array({text_schema(), Json{{"type", "array"}, {"items", text_schema()}}, sides})}};
}

Json value_schema(const OptionInfo& option) {
  switch (option.kind) {
    case OptionKind::boolean:
      return or_interpolated({{"type", "boolean"}});
    case OptionKind::integer:
      return number_schema(option, "integer");
    case OptionKind::number:
      return number_schema(option, "number");
    case OptionKind::string:
      if (!option.choices.empty()) return or_interpolated({{"enum", option.choices}});
      return text_schema();
    case OptionKind::duration:
      return pattern("^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$|\\$\\{");
    case OptionKind::size:
      return pattern("^[0-9]+([kKMGT]?B|[KMGT]iB)$|\\$\\{");
    case OptionKind::rate:
      return pattern("^[0-9.]+/[smh]$|\\$\\{");
    case OptionKind::enumeration:
      return or_interpolated({{"enum", option.choices}});
    case OptionKind::expression:
    case OptionKind::order:
      return expression();
    case OptionKind::expression_map:
      return {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", expression()}};
    case OptionKind::schema:
      return columns_schema();
    case OptionKind::key:
      return key_schema();
    case OptionKind::name:
      return text_schema();
    case OptionKind::name_list:
    case OptionKind::string_list:
      return names_schema();
    case OptionKind::block:
      return block_schema(option);
    case OptionKind::raw:
      break;
  }
  return option.schema_json.empty() ? Json::object() : Json::parse(option.schema_json);
}

// A default as JSON where its text is one of JSON's scalars.
Json default_json(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  Json number = Json::parse(text, nullptr, false);
  if (!number.is_discarded() && number.is_number()) return number;
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') return text.substr(1, text.size() - 2);
  return text;
}

Json option_schema(const OptionInfo& option) {
  Json schema = value_schema(option);
  if (!option.doc.empty()) schema["description"] = option.doc;
  if (!option.default_text.empty()) schema["default"] = default_json(option.default_text);
  if (!option.example.empty()) schema["examples"] = Json::array({default_json(option.example)});
  return schema;
}

void add_options(const OptionTableBase& table, Json& properties, Json& required) {
  for (const OptionInfo& option : table.options()) {
    properties[option.name] = option_schema(option);
    if (option.required && option.required_unless.empty()) required.push_back(option.name);
  }
}

Json object_schema(Json properties, Json required) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Json table_schema(const OptionTableBase& table) {
  Json properties = Json::object();
  Json required = Json::array();
  add_options(table, properties, required);
  return object_schema(std::move(properties), std::move(required));
}

Json input_schema(const NodeInfo& info) {
  Json refs = {{"anyOf", Json::array({Json{{"type", "string"}},
                                      Json{{"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}}}}})}};
  if (info.inputs != Inputs::two_sided) return refs;
  const Json window = table_schema(*WindowConfig::table());
  const Json from = {{"type", "object"},
                     {"required", Json::array({"from"})},
                     {"additionalProperties", false},
                     {"properties", {{"from", refs}, {"window", window}}}};
  const Json side = {{"anyOf", Json::array({Json{{"type", "string"}}, Json{{"type", "array"}}, from})}};
  return object_schema({{"left", side}, {"right", side}}, Json::array({"left", "right"}));
}

Json node_schema(const NodeInfo& info) {
  Json properties = Json::object();
  Json required = Json::array({"type"});
  add_options(*info.options, properties, required);
  add_options(*common_options(info), properties, required);
  properties["type"] = {{"const", info.name}};  // not an option of this name, such as that of a window
  if (properties.contains("input")) {
    const Json described = properties["input"];
    properties["input"] = input_schema(info);
    if (described.contains("description")) properties["input"]["description"] = described["description"];
  }
  Json schema = object_schema(std::move(properties), std::move(required));
  schema["description"] = info.summary;
  return schema;
}

// One definition per kind that picks the node's own by its `type`, so that an editor shows that type's options.
void add_kind(NodeKind kind, const Registry& registry, Json& definitions) {
  Json types = Json::array();
  Json choices = Json::array();
  for (const NodeInfo* info : registry.nodes()) {
    if (info->kind != kind) continue;
    const std::string name = std::string(noun_of(kind)) + "_" + info->name;
    definitions[name] = node_schema(*info);
    types.push_back(info->name);
    choices.push_back(
        {{"if", {{"properties", {{"type", {{"const", info->name}}}}}}}, {"then", {{"$ref", "#/definitions/" + name}}}});
  }
  definitions[noun_of(kind)] = {
      {"type", "object"},
      {"required", Json::array({"type"})},
      {"properties", {{"type", {{"enum", types}, {"description", std::string("the type of the ") + noun_of(kind)}}}}},
      {"allOf", choices}};
}

Json section(NodeKind kind, const char* text) {
  const bool required = kind == NodeKind::source || kind == NodeKind::sink;
  return {{"type", required ? Json("object") : Json::array({"object", "null"})},
          {"description", text},
          {"additionalProperties", {{"$ref", std::string("#/definitions/") + noun_of(kind)}}}};
}

Json default_scopes(const Registry& registry) {
  Json names = Json::array();
  for (const NodeKind kind : {NodeKind::dataset, NodeKind::source, NodeKind::transform, NodeKind::sink}) {
    names.push_back(section_of(kind));
    for (const std::string& name : registry.names(kind)) names.push_back(name);
  }
  return names;
}

Json job_properties(const Registry& registry) {
  Json properties;
  properties["version"] = {{"const", 1}, {"description", "version of the job language"}};
  properties["name"] = {
      {"type", "string"}, {"pattern", "^[a-z][a-z0-9-]*$|\\$\\{"}, {"description", "identity of the job's state"}};
  properties["description"] = {{"type", "string"}};
  properties["labels"] = {{"type", "object"}, {"additionalProperties", text_schema()}};
  properties["delivery"] = {{"enum", EnumNames<Delivery>::names()},
                            {"description", "the guarantee that every sink must reach"}};
  for (const SettingsBlock& block : settings_blocks()) {
    Json schema = table_schema(*block.table);
    if (!block.shorthands.empty()) schema = {{"anyOf", Json::array({Json{{"enum", block.shorthands}}, schema})}};
    schema["description"] = block.summary;
    properties[block.name] = std::move(schema);
  }
  properties["defaults"] = {{"type", "object"},
                            {"description", "options for all nodes of a section or type"},
                            {"propertyNames", {{"enum", default_scopes(registry)}}},
                            {"additionalProperties", {{"type", "object"}}}};
  const Json function = object_schema(
      {{"params", {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}}, {"expr", expression()}},
      Json::array({"expr"}));
  properties["functions"] = {{"type", "object"},
                             {"description", "named expressions with typed parameters"},
                             {"additionalProperties", function}};
  properties["datasets"] = section(NodeKind::dataset, "tables that joins look rows up in");
  properties["sources"] = section(NodeKind::source, "where rows come from");
  properties["transforms"] = section(NodeKind::transform, "what is computed");
  properties["sinks"] = section(NodeKind::sink, "where rows go");
  properties["tests"] = {
      {"type", "array"}, {"description", "tests of this job"}, {"items", table_schema(test_option_table())}};
  properties["targets"] = {{"type", "object"},
                           {"description", "other engines that the job is meant for, with their options"},
                           {"properties", {{"spark", {{"type", {"object", "null"}}}}}},
                           {"additionalProperties", false}};
  properties["include"] = {{"type", "array"}, {"description", "fragments to merge"}};
  return properties;
}

}  // namespace

std::string job_schema(const Registry& registry) {
  Json schema;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "streamrun job";
  schema["type"] = "object";
  schema["required"] = Json::array({"version", "name", "batch"});
  // Fragments may bring the nodes.
  schema["if"] = {{"not", {{"required", Json::array({"include"})}}}};
  schema["then"] = {{"required", Json::array({"sources", "sinks"})}};
  schema["additionalProperties"] = false;
  schema["patternProperties"] = {{"^x-", Json::object()}};
  schema["properties"] = job_properties(registry);
  Json definitions = Json::object();
  for (const NodeKind kind : {NodeKind::source, NodeKind::transform, NodeKind::sink, NodeKind::dataset})
    add_kind(kind, registry, definitions);
  schema["definitions"] = std::move(definitions);
  return schema.dump(2) + "\n";
}

}  // namespace sr::specs
