// `defaults: {sources|transforms|sinks|datasets|<type>: {option: value}}`. Entry points: parse_defaults,
// report_unused_defaults. The nodes take them in parse_nodes.cc, where their values are decoded.
#include <fmt/format.h>

#include <algorithm>

#include "specs/option_report.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

constexpr NodeKind kKinds[] = {NodeKind::dataset, NodeKind::source, NodeKind::transform, NodeKind::sink};

// The types that a scope covers: all of a section, or those with one name.
std::vector<const NodeInfo*> covered(const std::string& scope, const Registry& registry) {
  std::vector<const NodeInfo*> types;
  for (const NodeInfo* info : registry.nodes()) {
    if (scope == section_of(info->kind) || scope == info->name) types.push_back(info);
  }
  return types;
}

std::string resolve_scope(const SpecEntry& entry, ParseContext& context) {
  std::vector<std::string> names;
  for (const NodeKind kind : kKinds) names.emplace_back(section_of(kind));
  for (const NodeInfo* info : context.registry.nodes()) names.push_back(info->name);
  if (std::find(names.begin(), names.end(), entry.key) != names.end()) return entry.key;
  const std::string meant = nearest(entry.key, names);
  context.report({.code = "SR2010",
                  .message = fmt::format("`{}` is neither a section nor a node type", entry.key),
                  .span = entry.key_span,
                  .label = meant.empty() ? "" : "did you mean `" + meant + "`?",
                  .help = "`defaults` is {sources|transforms|sinks|datasets|<type>: {option: value}}",
                  .suggestion = meant});
  return meant;
}

// Gives the option's name as some type of the scope has it; reports if none has.
std::string resolve_option(const DefaultOption& option, ParseContext& context) {
  std::vector<std::string> names;
  for (const NodeInfo* info : covered(option.scope, context.registry)) {
    for (const OptionTableBase* table :
         {info->options.get(), static_cast<const OptionTableBase*>(&context.common_of(*info))}) {
      if (table->find(option.entry->key)) return option.entry->key;
      for (std::string& name : table->names()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
      }
    }
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.owner = option.scope;
  return report_unknown_option(*option.entry, {names, {}, list}, decode);
}

// A value that no node decodes is checked by the first type that has the option.
void check_value(const DefaultOption& option, ParseContext& context) {
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.owner = option.scope;
  decode.at = option.entry->key_span;
  for (const NodeInfo* info : covered(option.scope, context.registry)) {
    if (const auto index = info->options->find(option.name)) {
      const std::shared_ptr<void> config = info->make_config();
      info->options->decode_option(*index, option.entry->value, config.get(), decode);
      return;
    }
    const OptionTable<CommonConfig>& common = context.common_of(*info);
    if (const auto index = common.find(option.name)) {
      CommonConfig config;
      common.decode_option(*index, option.entry->value, &config, decode);
      return;
    }
  }
}

}  // namespace

Defaults parse_defaults(const SpecEntry* section, ParseContext& context) {
  Defaults defaults;
  if (!section) return defaults;
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.at = section->key_span;
  if (!section->value.is_map()) {
    report_value({.code = "SR2004",
                  .message = "`defaults` is a map of sections and types",
                  .help = "`defaults: {sources: {on_error: skip}, print: {limit: 3}}`"},
                 section->value, decode);
    return defaults;
  }
  for (const SpecEntry& entry : section->value.entries) {
    const std::string scope = resolve_scope(entry, context);
    decode.at = entry.key_span;
    if (!entry.value.is_map()) {
      report_value({.code = "SR2004", .message = fmt::format("`{}` is a map of options", entry.key)}, entry.value,
                   decode);
      continue;
    }
    if (scope.empty()) continue;
    for (const SpecEntry& option : entry.value.entries) {
      DefaultOption found{scope, "", &option};
      found.name = resolve_option(found, context);
      if (!found.name.empty()) defaults.push_back(std::move(found));
    }
  }
  return defaults;
}

void report_unused_defaults(const Defaults& defaults, ParseContext& context) {
  for (const DefaultOption& option : defaults) {
    if (!option.used) check_value(option, context);
  }
}

}  // namespace sr::specs
