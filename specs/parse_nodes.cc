// The sections `datasets`, `sources`, `transforms` and `sinks`: ids, types, options. Entry point: parse_section.
#include <fmt/format.h>

#include <algorithm>

#include "specs/option_report.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

class NodeParser {
 public:
  NodeParser(NodeSpec& node, const Defaults& defaults, ParseContext& context)
      : node_(node), defaults_(defaults), context_(context) {}

  void parse(const SpecEntry& entry) {
    node_.id = entry.key;
    node_.id_span = entry.key_span;
    node_.span = entry.value.span.known() ? entry.value.span : entry.key_span;
    check_id();
    decode_.diagnostics = &context_.diagnostics;
    decode_.at = entry.key_span;
    decode_.soundness = &node_.soundness;
    decode_.secrets = &context_.job.secrets;
    if (entry.value.opaque) {  // an alias or merge that failed: a part of it is not known
      node_.options = entry.value;
      give_up();
      if (const SpecEntry* input = node_.options.find("input")) parse_inputs(node_, input, context_);
      return;
    }
    if (!entry.value.is_map()) {
      give_up();
      report_value(
          {.code = entry.value.is_null() ? "SR2114" : "SR2004",
           .message =
               fmt::format("{} `{}` is {}", noun_of(node_.kind), node_.id, entry.value.is_null() ? "empty" : "no map"),
           .help = fmt::format("a {0} is a map with a `type`: `{1}: {{type: …}}`", noun_of(node_.kind), node_.id)},
          entry.value, decode_);
      return;
    }
    node_.options = entry.value;
    if (find_type()) {
      add_defaults();
      mend_names();
      decode_options();
      check_common();
    } else {
      give_up();
    }
    // What begins a stream reads no node: its `input` was reported.
    const bool reads = node_.kind == NodeKind::transform || node_.kind == NodeKind::sink;
    parse_inputs(node_, reads ? node_.options.find("input") : nullptr, context_);
    add_dataset();
  }

 private:
  void give_up() {
    node_.soundness = Soundness::no_bind;
    node_.inputs_sound = false;
  }

  void check_id() {
    if (is_id(node_.id)) return;
    const std::string meant = mended_id(node_.id);
    context_.report({.code = "SR2008",
                     .message = fmt::format("`{}` is no id of a node", node_.id),
                     .span = node_.id_span,
                     .label = is_id(meant) ? "did you mean `" + meant + "`?" : "",
                     .help = "an id is made of letters, digits, `_` and `-`, and begins with a letter",
                     .suggestion = is_id(meant) ? meant : ""});
  }

  // Finds the entry of the node's type in the registry; reports why there is none.
  bool find_type() {
    auto at = std::find_if(node_.options.entries.begin(), node_.options.entries.end(),
                           [](const SpecEntry& e) { return e.key == "type"; });
    if (at == node_.options.entries.end()) {
      at = std::find_if(node_.options.entries.begin(), node_.options.entries.end(),
                        [](const SpecEntry& e) { return e.value.is_scalar() && nearest(e.key, {"type"}) == "type"; });
      if (at == node_.options.entries.end()) return report_no_type();
      decode_.owner = noun_of(node_.kind);
      report_unknown_option(*at, {{"type"}, {}, "type (required) and the options of its type"}, decode_);
      at->key = "type";
    }
    OptionInfo row;
    row.name = "type";
    DecodeContext decode = decode_;
    decode.at = at->key_span;
    if (at->value.opaque || !is_scalar_value(at->value, row, decode, "the name of a node type")) return false;
    node_.type = at->value.text;
    node_.type_span = at->value.span;
    node_.info = context_.registry.find(node_.kind, node_.type);
    return node_.info || report_unknown_type();
  }

  bool report_no_type() {
    context_.report({.code = "SR2007",
                     .message = fmt::format("{} `{}` has no `type`", noun_of(node_.kind), node_.id),
                     .span = node_.id_span,
                     .label = "`type` is missing",
                     .help = fmt::format("types of {}s are {}", noun_of(node_.kind), type_list())});
    return false;
  }

  std::string type_list() const {
    std::string list;
    for (const std::string& name : context_.registry.names(node_.kind)) list += (list.empty() ? "" : ", ") + name;
    return list;
  }

  bool report_unknown_type() {
    Diagnostic finding{.code = "SR2006",
                       .message = fmt::format("unknown type `{}` of {}", node_.type, noun_of(node_.kind)),
                       .span = node_.type_span};
    finding.help = fmt::format("types of {}s are {}", noun_of(node_.kind), type_list());
    std::string other;
    for (const NodeKind kind : {NodeKind::source, NodeKind::transform, NodeKind::sink, NodeKind::dataset}) {
      if (kind == node_.kind || !context_.registry.find(kind, node_.type)) continue;
      other = fmt::format("`{}` is a {}: it stands under `{}`", node_.type, noun_of(kind), section_of(kind));
    }
    finding.suggestion = nearest(node_.type, context_.registry.names(node_.kind));
    if (!other.empty()) {
      finding.message = fmt::format("unknown type `{}` of {}: {}", node_.type, noun_of(node_.kind), other);
      finding.suggestion.clear();
    } else if (finding.suggestion.empty()) {
      suggest_other_kind(finding);
    }
    if (!finding.suggestion.empty()) finding.label = "did you mean `" + finding.suggestion + "`?";
    context_.report(std::move(finding));
    return false;
  }

  void suggest_other_kind(Diagnostic& finding) {
    for (const NodeKind kind : {NodeKind::source, NodeKind::transform, NodeKind::sink, NodeKind::dataset}) {
      const std::string near = nearest(node_.type, context_.registry.names(kind));
      if (near.empty() || kind == node_.kind) continue;
      finding.suggestion = near;
      finding.help = fmt::format("`{}` is a {}: it stands under `{}`", near, noun_of(kind), section_of(kind));
      return;
    }
  }

  // An option that names a dataset is one more input, whose role is the option's name.
  void add_dataset() {
    const SpecValue* value =
        node_.info && !node_.info->dataset_option.empty() ? node_.options.get(node_.info->dataset_option) : nullptr;
    if (!value || !value->is_scalar() || value->opaque) return;
    node_.inputs.push_back({node_.info->dataset_option, {{value->text, "", value->span}}, std::nullopt, value->span});
  }

  const OptionTable<CommonConfig>& common() { return context_.common_of(*node_.info); }

  bool takes(std::string_view option) { return node_.info->options->find(option) || common().find(option); }

  void add_defaults() {
    for (const bool by_type : {true, false}) {
      for (const DefaultOption& option : defaults_) {
        if (option.scope != (by_type ? node_.type : section_of(node_.kind))) continue;
        if (!takes(option.name)) continue;
        option.used = true;
        if (!node_.options.find(option.name))
          node_.options.entries.push_back({option.name, option.entry->key_span, option.entry->value});
      }
    }
  }

  // Reports options that nobody takes and gives them the name that was meant.
  void mend_names() {
    decode_.owner = node_.type;
    for (SpecEntry& entry : node_.options.entries) {
      if (entry.key == "type" || takes(entry.key)) continue;
      OptionNames names;
      for (const OptionTableBase* table : {node_.info->options.get(), static_cast<const OptionTableBase*>(&common())}) {
        for (const OptionInfo& info : table->options()) {
          if (node_.options.find(info.name)) continue;
          names.open.push_back(info.name);
          if (info.required) names.missing.push_back(info.name);
        }
        names.list += (names.list.empty() || table->options().empty() ? "" : ", ") + table->list_text();
      }
      if (!node_.options.find("type")) names.open.emplace_back("type");
      const std::string meant = report_unknown_option(entry, names, decode_);
      if (meant.empty()) continue;
      // A far name stands for a missing option: its value need not fit.
      if (nearest(entry.key, {meant}).empty()) entry.value.opaque = true;
      entry.key = meant;
    }
  }

  void decode_options() {
    const std::vector<std::string> own = node_.info->options->names();
    std::vector<std::string> others = common().names();
    others.emplace_back("type");
    node_.config = node_.info->make_config();
    node_.info->options->decode(node_.options, node_.config.get(), decode_, others);
    SpecValue shared;
    shared.kind = SpecValue::Kind::map;
    shared.span = node_.options.span;
    for (const SpecEntry& entry : node_.options.entries) {
      if (common().find(entry.key)) shared.entries.push_back(entry);
    }
    common().decode(shared, &node_.common, decode_);
  }

  void fail(Soundness level, Diagnostic finding) {
    decode_.raise(level);
    context_.report(std::move(finding));
  }

  Span value_span(std::string_view option) const {
    const SpecValue* value = node_.options.get(option);
    return value && value->span.known() ? value->span : node_.id_span;
  }

  Span entry_span(std::string_view block, std::string_view option) const {
    const SpecValue* value = node_.options.get(block);
    const SpecEntry* entry = value ? value->find(option) : nullptr;
    return entry ? entry->key_span : value_span(block);
  }

  // Input is read from places that stay: only a sink has a place for each batch.
  void check_placeholders() {
    if (node_.kind != NodeKind::source && node_.kind != NodeKind::dataset) return;
    for (const SpecEntry& entry : node_.options.entries) {
      if (!entry.value.is_scalar() || entry.value.text.find("${!batch.time}") == std::string::npos) continue;
      fail(Soundness::harmless,
           {.code = "SR1032",
            .message = fmt::format("`${{!batch.time}}` is not filled in here: a {} has no batch when it is opened",
                                   noun_of(node_.kind)),
            .span = entry.value.span,
            .help = "it stands in the paths of sinks, which write a place for each batch"});
    }
  }

  void check_common() {
    CommonConfig& common_config = node_.common;
    check_placeholders();
    check_ports();
    if (node_.info->takes_format) check_format();
    if (common_config.on_error.present) check_on_error(common_config.on_error);
    const EventTimeConfig& time = common_config.event_time;
    if (time.present && time.field.present() == time.expr.present() && decode_.soundness &&
        *decode_.soundness < Soundness::no_bind) {
      fail(Soundness::no_schema,
           {.code = "SR2118",
            .message = time.field.present() ? "`event_time` takes `field` or `expr`, not both"
                                            : "`event_time` needs `field` or `expr`",
            .span = time.field.present() ? entry_span("event_time", "expr") : value_span("event_time"),
            .help = "`event_time: {field: created_at, delay: 1m}`"});
    }
  }

  // The names of ports are parts of ids: `route.eu`.
  void check_ports() {
    const SpecValue* ports = node_.info->port_option.empty() ? nullptr : node_.options.get(node_.info->port_option);
    if (!ports || !ports->is_map()) return;
    for (const SpecEntry& entry : ports->entries) {
      if (is_id(entry.key)) continue;
      const std::string meant = mended_id(entry.key);
      fail(Soundness::harmless, {.code = "SR2008",
                                 .message = fmt::format("`{}` is no name of a port", entry.key),
                                 .span = entry.key_span,
                                 .label = is_id(meant) ? "did you mean `" + meant + "`?" : "",
                                 .help = "a port is named like a node: letters, digits, `_` and `-`",
                                 .suggestion = is_id(meant) ? meant : ""});
    }
  }

  void check_format() {
    CommonConfig& config = node_.common;
    config.format.format = config.format_name.present() ? config.format_name.name : node_.info->default_format;
    config.format.format_span = value_span("format");
    config.format.schema = config.schema;
    config.format.header = config.header;
    config.format.delimiter = config.delimiter;
    config.format.quote = config.quote;
    if (config.format.format.empty()) return;
    const FormatInfo* format = context_.registry.format(config.format.format);
    const bool fits = format && (node_.kind == NodeKind::sink ? format->writes : format->reads);
    if (!fits) {
      const std::string meant = nearest(config.format.format, context_.registry.format_names());
      std::string list;
      for (const std::string& name : context_.registry.format_names()) list += (list.empty() ? "" : ", ") + name;
      fail(Soundness::no_bind, {.code = "SR2119",
                                .message = format ? fmt::format("format `{}` cannot be {}", format->name,
                                                                node_.kind == NodeKind::sink ? "written" : "read")
                                                  : fmt::format("unknown format `{}`", config.format.format),
                                .span = value_span("format"),
                                .label = meant.empty() || format ? "" : "did you mean `" + meant + "`?",
                                .help = "formats are " + list,
                                .suggestion = format ? "" : meant});
      return;
    }
    check_format_options(*format);
  }

  // An option that the format does not look at is surely not meant.
  void check_format_options(const FormatInfo& format) {
    for (const char* option : {"schema", "delimiter", "quote", "header"}) {
      const SpecEntry* entry = node_.options.find(option);
      if (!entry || node_.info->options->find(option)) continue;
      if (std::find(format.takes.begin(), format.takes.end(), option) != format.takes.end()) {
        check_character(option, *entry);
        continue;
      }
      fail(Soundness::no_schema,
           {.code = "SR2021",
            .message = fmt::format("format `{}` takes no `{}`", format.name, option),
            .span = entry->key_span,
            .help = node_.options.find("format")
                        ? ""
                        : fmt::format("`{}` has no `format`, so it is `{}`", node_.id, format.name)});
    }
  }

  void check_character(std::string_view option, const SpecEntry& entry) {
    if (option != "delimiter" && option != "quote") return;
    if (!entry.value.is_scalar() || entry.value.opaque || entry.value.text.size() == 1) return;
    const bool tab = entry.value.text == "\\t" || entry.value.text == "tab";
    fail(Soundness::harmless, {.code = "SR2022",
                               .message = fmt::format("`{}` is one character, not `{}`", option, entry.value.text),
                               .span = entry.value.span,
                               .label = tab ? "did you mean `\"\\t\"`?" : "",
                               .suggestion = tab ? "\"\\t\"" : ""});
  }

  void check_on_error(const OnErrorConfig& on_error) {
    if (on_error.action == OnErrorAction::retry && node_.kind != NodeKind::sink) {
      const Span span = entry_span("on_error", "action");
      fail(Soundness::harmless,
           {.code = "SR2122",
            .message = fmt::format("`on_error: retry` is for sinks, and `{}` is a {}", node_.id, noun_of(node_.kind)),
            .span = span,
            .help = "a row of a source or transform fails the same way each time: use fail, skip or route"});
      return;
    }
    if (on_error.action == OnErrorAction::retry) return;
    for (const char* option : {"attempts", "backoff", "then"}) {
      const SpecValue* value = node_.options.get("on_error");
      const SpecEntry* entry = value ? value->find(option) : nullptr;
      if (!entry) continue;
      fail(Soundness::harmless, {.code = "SR2122",
                                 .message = fmt::format("`{}` belongs to `action: retry`", option),
                                 .span = entry->key_span,
                                 .help = "`on_error: {action: retry, attempts: 5, then: fail}`"});
    }
  }

  NodeSpec& node_;
  const Defaults& defaults_;
  ParseContext& context_;
  DecodeContext decode_;
};

}  // namespace

const char* section_of(NodeKind kind) {
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

void parse_section(NodeKind kind, const SpecEntry& entry, const Defaults& defaults, ParseContext& context) {
  const std::string section = section_of(kind);
  DecodeContext decode;
  decode.diagnostics = &context.diagnostics;
  decode.at = entry.key_span;
  const bool required = kind == NodeKind::source || kind == NodeKind::sink;
  if (!entry.value.is_map()) {
    if (entry.value.is_null() && !required) return;
    context.job.nodes_incomplete = true;
    if (entry.value.opaque) return;
    report_value({.code = entry.value.is_null() ? "SR2114" : "SR2004",
                  .message = entry.value.is_null()
                                 ? fmt::format("`{}` is empty: a job needs at least one {}", section, noun_of(kind))
                                 : fmt::format("`{}` is a map of ids, not a {}", section,
                                               entry.value.is_list() ? "list" : "scalar"),
                  .help = fmt::format("write `{}: {{my_id: {{type: …}}}}`", section)},
                 entry.value, decode);
    return;
  }
  if (entry.value.entries.empty() && required) {
    context.job.nodes_incomplete = true;
    report_value({.code = "SR2114",
                  .message = fmt::format("`{}` is empty: a job needs at least one {}", section, noun_of(kind))},
                 entry.value, decode);
  }
  if (entry.value.opaque) context.job.nodes_incomplete = true;
  for (const SpecEntry& item : entry.value.entries) {
    NodeSpec node;
    node.kind = kind;
    NodeParser(node, defaults, context).parse(item);
    context.job.nodes.push_back(std::move(node));
  }
}

}  // namespace sr::specs
