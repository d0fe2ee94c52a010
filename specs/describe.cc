#include "specs/describe.h"

#include <fmt/format.h>

#include <set>

#include "engine/base/text.h"
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "specs/common_options.h"
#include "specs/settings.h"

namespace sr::specs {

namespace {

std::string kind_text(const OptionInfo& option) {
  switch (option.kind) {
    case OptionKind::boolean:
      return "true or false";
    case OptionKind::integer:
      return option.port ? "port" : "whole number";
    case OptionKind::number:
      return "number";
    case OptionKind::string:
      return "text";
    case OptionKind::duration:
      return "duration";
    case OptionKind::size:
      return "size";
    case OptionKind::rate:
      return "rate";
    case OptionKind::enumeration:
      return "choice";
    case OptionKind::expression:
      return "expression";
    case OptionKind::expression_map:
      return "column: expression";
    case OptionKind::schema:
      return "column: type";
    case OptionKind::key:
      return "column or columns";
    case OptionKind::name:
      return "name";
    case OptionKind::name_list:
      return "names";
    case OptionKind::string_list:
      return "texts";
    case OptionKind::order:
      return "order";
    case OptionKind::block:
      return "block";
    case OptionKind::raw:
      return "value";
  }
  return "";
}

std::string details(const OptionInfo& option) {
  std::string text = option.doc;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (!option.choices.empty()) {
    std::string list;
    for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
    add("one of " + list);
  }
  if (option.min && option.max) {
    add(fmt::format("{} to {}", *option.min, *option.max));
  }
  if (option.secret) add("secret: never shown");
  if (option.required) {
    add(option.required_unless.empty() ? "required"
                                       : "required unless " + option.required_unless.front() + " is given");
  } else if (!option.default_text.empty()) {
    add("default " + option.default_text);
  }
  if (!option.example.empty()) add("such as `" + option.example + "`");
  return text;
}

void write_options(std::string& out, const OptionTableBase& table, int depth) {
  for (const OptionInfo& option : table.options()) {
    const std::string name = std::string(static_cast<std::size_t>(depth) * 2, ' ') + option.name;
    out += fmt::format("  {:<24} {:<18} {}\n", name, kind_text(option), details(option));
    if (option.block) write_options(out, *option.block, depth + 1);
  }
}

std::string indented(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += "  " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

const char* section_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::source:
      return "sources";
    case NodeKind::transform:
      return "transforms";
    case NodeKind::sink:
      return "sinks";
    case NodeKind::dataset:
      return "datasets";
  }
  return "";
}

std::string node_text(const NodeInfo& node) {
  std::string out = fmt::format("{} (under `{}`)\n  {}\n", node.name, section_name(node.kind), node.summary);
  if (!node.package.empty()) out += fmt::format("  needs the package {}\n", node.package);
  out += "\noptions\n";
  write_options(out, *node.options, 0);
  out += "\noptions of every node of its kind\n";
  write_options(out, *common_options(node), 0);
  if (!node.ports.empty() || !node.fixed_ports.empty()) {
    out += "\nports beside `errors`: ";
    for (const std::string& port : node.ports) out += port + " ";
    for (const std::string& port : node.fixed_ports) out += port + " ";
    out += "\n";
  }
  if (!node.example.empty()) out += "\nexample\n" + indented(node.example);
  return out;
}

void describe_nodes(const Registry& registry, const std::string& name, std::string& out) {
  for (const NodeInfo* node : registry.nodes()) {
    if (node->name == name) out += (out.empty() ? "" : "\n") + node_text(*node);
  }
}

void describe_settings(const std::string& name, std::string& out) {
  for (const SettingsBlock& block : settings_blocks()) {
    if (block.name != name) continue;
    out += fmt::format("{}{} (settings)\n  {}\n\noptions\n", out.empty() ? "" : "\n", block.name, block.summary);
    write_options(out, *block.table, 0);
  }
}

void describe_functions(const std::string& name, std::string& out) {
  if (const expr::FunctionInfo* info = expr::functions().find(ascii_lower(name))) {
    out += fmt::format("{}{} (function)\n  {}\n  example: {}\n", out.empty() ? "" : "\n", info->signature,
                       info->summary, info->example);
  }
  if (const expr::AggregateInfo* info = expr::aggregates().find(ascii_lower(name))) {
    out += fmt::format("{}{} (aggregate)\n  {}\n  example: {}\n", out.empty() ? "" : "\n", info->signature,
                       info->summary, info->example);
  }
}

std::string cell(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void write_rows(std::string& out, const OptionTableBase& table, const std::string& prefix) {
  for (const OptionInfo& option : table.options()) {
    out += fmt::format("| `{}{}` | {} | {} |\n", prefix, option.name, kind_text(option), cell(details(option)));
    if (option.block) write_rows(out, *option.block, prefix + option.name + ".");
  }
}

}  // namespace

std::string describe(const Registry& registry, const std::string& name) {
  std::string out;
  describe_nodes(registry, name, out);
  describe_settings(name, out);
  if (const FormatInfo* format = registry.format(name)) {
    out += fmt::format("{}{} (format)\n  {}\n", out.empty() ? "" : "\n", format->name, format->summary);
  }
  describe_functions(name, out);
  return out;
}

std::vector<std::string> describable_names(const Registry& registry) {
  std::set<std::string> names;
  for (const NodeInfo* node : registry.nodes()) names.insert(node->name);
  for (const SettingsBlock& block : settings_blocks()) names.insert(block.name);
  for (const std::string& format : registry.format_names()) names.insert(format);
  for (const std::string& name : expr::functions().names()) names.insert(name);
  for (const std::string& name : expr::aggregates().names()) names.insert(name);
  return {names.begin(), names.end()};
}

std::string nodes_markdown(const Registry& registry) {
  std::string out =
      "# Node reference\n\nMade from the registry by `streamrun describe --format markdown`; do not edit.\n";
  std::string group;
  for (const NodeInfo* node : registry.nodes()) {
    if (node->group != group) out += "\n## " + node->group + "\n";
    group = node->group;
    out += fmt::format("\n### {}\n\n{}\n\n", node->name, node->summary);
    if (!node->example.empty())
      out += "```yaml fragment\n" + node->example + (node->example.ends_with('\n') ? "" : "\n") + "```\n\n";
    out += "| option | takes | |\n|---|---|---|\n";
    write_rows(out, *node->options, "");
    write_rows(out, *common_options(*node), "");
  }
  out += "\n## settings\n";
  for (const SettingsBlock& block : settings_blocks()) {
    out += fmt::format("\n### {}\n\n{}\n\n| option | takes | |\n|---|---|---|\n", block.name, block.summary);
    write_rows(out, *block.table, "");
  }
  out += "\n## formats\n\n| format | |\n|---|---|\n";
  for (const FormatInfo* format : registry.formats())
    out += fmt::format("| `{}` | {} |\n", format->name, cell(format->summary));
  return out;
}

std::string functions_markdown() {
  std::string out =
      "# Function reference\n\nMade from the registry by `streamrun describe functions --format markdown`; do not "
      "edit.\n";
  std::string family;
  for (const expr::FunctionInfo* info : expr::functions().all()) {
    if (!info->alias_of.empty()) continue;
    if (info->family != family) out += "\n## " + info->family + "\n\n| function | | example |\n|---|---|---|\n";
    family = info->family;
    out += fmt::format("| `{}` | {} | `{}` |\n", cell(info->signature), cell(info->summary), cell(info->example));
  }
  out += "\n## aggregates\n\n| aggregate | | example |\n|---|---|---|\n";
  for (const expr::AggregateInfo* info : expr::aggregates().all()) {
    out += fmt::format("| `{}` | {} | {} |\n", cell(info->signature), cell(info->summary), cell(info->example));
  }
  return out;
}

}  // namespace sr::specs
