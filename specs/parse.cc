// The top level of a job file: which sections there are, which are missing. Entry point: parse_job.
#include "specs/parse.h"

#include <fmt/format.h>

#include <algorithm>

namespace sr::specs {

namespace {

const std::vector<std::string>& sections() {
  static const std::vector<std::string> names = {"version",  "name",       "description", "labels",   "batch",
                                                 "delivery", "checkpoint", "wal",         "defaults", "functions",
                                                 "datasets", "sources",    "transforms",  "sinks",    "tests",
                                                 "server",   "logging",    "shutdown",    "targets",  "include"};
  return names;
}

// The section that each top-level key is, or means; "" for keys that are nobody's business.
std::vector<std::string> resolve_sections(const SpecValue& root, ParseContext& context) {
  std::vector<std::string> resolved(root.entries.size());
  std::vector<std::string> open;
  for (const std::string& name : sections()) {
    if (!root.find(name)) open.push_back(name);
  }
  for (std::size_t i = 0; i < root.entries.size(); ++i) {
    const SpecEntry& entry = root.entries[i];
    if (entry.key.starts_with("x-")) continue;
    if (std::find(sections().begin(), sections().end(), entry.key) != sections().end()) {
      resolved[i] = entry.key;
      continue;
    }
    resolved[i] = nearest(entry.key, open);
    std::erase(open, resolved[i]);
    std::string list;
    for (const std::string& name : sections()) list += (list.empty() ? "" : ", ") + name;
    const bool is_twice = resolved[i].empty() && !nearest(entry.key, sections()).empty();
    const std::string suggestion = is_twice ? nearest(entry.key, sections()) : resolved[i];
    context.report({.code = "SR2001",
                    .message = fmt::format("unknown section `{}`", entry.key),
                    .span = entry.key_span,
                    .label = suggestion.empty() ? "" : "did you mean `" + suggestion + "`?",
                    .help = "sections are " + list + "; keys that begin with `x-` are ignored",
                    .suggestion = suggestion});
    // A section of an unknown name may hold nodes under another word.
    if (resolved[i].empty() && entry.value.is_map()) context.job.nodes_incomplete = true;
  }
  return resolved;
}

void require_sections(const std::vector<std::string>& given, const SpecValue& root, ParseContext& context) {
  struct Required {
    const char* name;
    const char* help;
  };
  static constexpr Required kRequired[] = {
      {"version", "begin the file with `version: 1`"},
      {"name", "the job's identity, such as `name: word-count`"},
      {"batch", "how the stream is cut, such as `batch: {interval: 1s}`"},
      {"sources", "a job reads at least one source"},
      {"sinks", "a job writes to at least one sink"},
  };
  const Span at = root.entries.empty() ? root.span : root.entries.front().key_span;
  for (const Required& required : kRequired) {
    if (std::find(given.begin(), given.end(), required.name) != given.end()) continue;
    const std::string name = required.name;
    if ((name == "sources" || name == "sinks") && context.job.nodes_incomplete) continue;
    context.report({.code = "SR2002",
                    .message = fmt::format("the job has no `{}`", name),
                    .span = at,
                    .label = fmt::format("`{}` is missing", name),
                    .help = required.help});
  }
}

const SpecEntry* section_entry(const SpecValue& root, const std::vector<std::string>& resolved, std::string_view name) {
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    if (resolved[i] == name) return &root.entries[i];
  }
  return nullptr;
}

}  // namespace

const OptionTable<CommonConfig>& ParseContext::common_of(const NodeInfo& info) {
  auto& table = common[&info];
  if (!table) table = common_options(info);
  return *table;
}

bool is_id(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::string mended_id(std::string_view text) {
  std::string meant;
  for (const char c : text) meant += is_id(std::string("a") + c) ? c : '_';
  return meant;
}

const NodeSpec* JobSpec::find(std::string_view id) const {
  for (const NodeSpec& node : nodes) {
    if (node.id == id) return &node;
  }
  return nullptr;
}

JobSpec parse_job(const SpecValue& root, const Registry& registry, Diagnostics& diagnostics) {
  JobSpec job;
  job.root_span = root.entries.empty() ? root.span : root.entries.front().key_span;
  ParseContext context{registry, diagnostics, job, {}};
  if (!root.is_map()) {
    context.report({.code = "SR2004",
                    .message = "a job file is a map of sections",
                    .span = root.span,
                    .help = "begin with `version: 1`, `name: …`, `batch: {interval: 1s}`, `sources:` and `sinks:`"});
    job.nodes_incomplete = true;
    job.settings_sound = false;
    return job;
  }
  const std::vector<std::string> resolved = resolve_sections(root, context);
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    if (!resolved[i].empty()) parse_setting(resolved[i], root.entries[i], context);
  }
  if (root.opaque) job.nodes_incomplete = true;
  if (!root.opaque) require_sections(resolved, root, context);
  if (const SpecEntry* functions = section_entry(root, resolved, "functions")) parse_functions(*functions, context);
  const Defaults defaults = parse_defaults(section_entry(root, resolved, "defaults"), context);
  for (const NodeKind kind : {NodeKind::dataset, NodeKind::source, NodeKind::transform, NodeKind::sink}) {
    if (const SpecEntry* entry = section_entry(root, resolved, section_of(kind)))
      parse_section(kind, *entry, defaults, context);
  }
  report_unused_defaults(defaults, context);
  return job;
}

}  // namespace sr::specs
