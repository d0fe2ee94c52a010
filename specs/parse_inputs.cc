// `input:` in its forms: an id, a list of ids (an implicit union), a map role → id or {from, window}. Entry point:
// parse_inputs. Whether the ids exist is the matter of specs/link.
#include <fmt/format.h>

#include <algorithm>

#include "specs/option_report.h"
#include "specs/parse.h"

namespace sr::specs {

namespace {

class InputParser {
 public:
  InputParser(NodeSpec& node, ParseContext& context) : node_(node), context_(context) {
    decode_.diagnostics = &context.diagnostics;
  }

  void parse(const SpecEntry& entry) {
    decode_.at = entry.key_span;
    decode_.owner = "input";
    if (entry.value.opaque) {
      node_.inputs_sound = false;
    } else if (entry.value.is_map()) {
      parse_roles(entry.value);
    } else {
      parse_single(entry.value);
    }
  }

  // An option that names a dataset instead of holding rows makes it a further input.
  void parse_dataset(const std::string& option, const SpecValue& value) {
    if (!value.is_scalar() || value.opaque) return;
    InputSpec input;
    input.role = option;
    input.span = value.span;
    add_ref(value, input);
    node_.inputs.push_back(std::move(input));
  }

 private:
  void fail(const SpecValue& value, ValueReport report) {
    node_.inputs_sound = false;
    report_value(std::move(report), value, decode_);
  }

  bool is_two_sided() const { return node_.info && node_.info->inputs == Inputs::two_sided; }

  void parse_single(const SpecValue& value) {
    InputSpec input;
    input.span = value.span;
    if (!parse_refs(value, input)) return;
    if (is_two_sided()) {
      fail(value, {.code = "SR4008",
                   .message = fmt::format("`{}` reads two sides: its `input` is {{left: …, right: …}}", node_.type),
                   .help = "write `input: {left: a, right: b}`"});
      // The ids are read all the same: in their order, which is surely meant.
      for (std::size_t i = 0; i < input.refs.size(); ++i)
        node_.inputs.push_back({i == 0 ? "left" : i == 1 ? "right" : "", {input.refs[i]}, std::nullopt, input.span});
      return;
    }
    const bool many = node_.info && node_.info->inputs == Inputs::many;
    if (!many) {
      node_.inputs.push_back(std::move(input));
      return;
    }
    for (InputRef& ref : input.refs) node_.inputs.push_back({"", {ref}, std::nullopt, ref.span});
  }

  bool parse_refs(const SpecValue& value, InputSpec& input) {
    if (value.is_list()) {
      if (value.items.empty())
        fail(value, {.code = "SR2114", .message = "`input` is an empty list", .help = "name at least one node"});
      for (const SpecValue& item : value.items) {
        if (item.is_scalar()) {
          add_ref(item, input);
        } else {
          fail(item,
               {.code = "SR2004", .message = "`input` is a list of ids", .help = "such as `input: [north, south]`"});
        }
      }
      return !input.refs.empty();
    }
    if (value.is_scalar() && !value.text.empty()) {
      add_ref(value, input);
      return true;
    }
    fail(value, {.code = "SR2114", .message = "`input` is empty", .help = "name the node that is read"});
    return false;
  }

  static void add_ref(const SpecValue& value, InputSpec& input) {
    const std::size_t dot = value.text.find('.');
    InputRef ref{value.text.substr(0, dot), "", value.span};
    if (dot != std::string::npos) ref.port = value.text.substr(dot + 1);
    input.refs.push_back(std::move(ref));
  }

  void parse_roles(const SpecValue& map) {
    if (node_.info && !is_two_sided()) {
      fail(map, {.code = "SR4008",
                 .message = fmt::format("`{}` reads {}, not sides", node_.type,
                                        node_.info->inputs == Inputs::many ? "a list of nodes" : "one node"),
                 .help = "write `input: id` or `input: [a, b]`"});
    }
    bool has_left = false;
    bool has_right = false;
    for (const SpecEntry& entry : map.entries) {
      std::string role = entry.key;
      if (node_.info && is_two_sided() && role != "left" && role != "right") role = report_role(entry, map);
      has_left |= role == "left";
      has_right |= role == "right";
      parse_side(role, entry);
    }
    if (!is_two_sided() || (has_left && has_right)) return;
    fail(map, {.code = "SR4008",
               .message = fmt::format("`{}` reads two sides: `{}` is missing", node_.type, has_left ? "right" : "left"),
               .help = "write `input: {left: a, right: b}`"});
  }

  // Gives the role that was surely meant; with one side left over it is that.
  std::string report_role(const SpecEntry& entry, const SpecValue& map) {
    std::vector<std::string> open;
    for (const char* side : {"left", "right"}) {
      if (!map.find(side)) open.emplace_back(side);
    }
    std::string meant = nearest(entry.key, open);
    if (meant.empty() && open.size() == 1) meant = open[0];
    node_.inputs_sound = false;
    context_.report({.code = "SR4008",
                     .message = fmt::format("unknown side `{}` in the input of {}", entry.key, node_.type),
                     .span = entry.key_span,
                     .label = meant.empty() ? "" : "did you mean `" + meant + "`?",
                     .help = "the sides are `left` and `right`",
                     .suggestion = meant});
    return meant.empty() && !open.empty() ? open[0] : meant;
  }

  void parse_side(const std::string& role, const SpecEntry& entry) {
    InputSpec input;
    input.role = role;
    input.span = entry.value.span;
    decode_.at = entry.key_span;
    if (!entry.value.is_map()) {
      if (parse_refs(entry.value, input)) node_.inputs.push_back(std::move(input));
      return;
    }
    SideConfig side;
    DecodeContext decode = decode_;
    decode.owner = role.empty() ? "input" : role;
    if (!side_options().decode(entry.value, &side, decode)) node_.inputs_sound = false;
    if (side.from.present() && parse_refs(side.from.value, input)) {
      if (side.window.present) input.window = side.window;
      node_.inputs.push_back(std::move(input));
    }
  }

  struct SideConfig {
    RawOption from;
    WindowConfig window;
  };
  static const OptionTable<SideConfig>& side_options() {
    static const OptionTable<SideConfig> table = [] {
      OptionTable<SideConfig> rows;
      rows.option("from", &SideConfig::from).required().doc("the node that is read").example("orders");
      rows.option("window", &SideConfig::window).doc("the rows of this side that a batch sees").example("{size: 60s}");
      return rows;
    }();
    return table;
  }

  NodeSpec& node_;
  ParseContext& context_;
  DecodeContext decode_;
};

}  // namespace

void parse_inputs(NodeSpec& node, const SpecEntry* input, ParseContext& context) {
  if (!input) {
    node.inputs_sound = node.kind == NodeKind::source || node.kind == NodeKind::dataset;
    return;
  }
  InputParser parser(node, context);
  parser.parse(*input);
  if (!node.info || node.info->dataset_option.empty()) return;
  if (const SpecValue* value = node.options.get(node.info->dataset_option))
    parser.parse_dataset(node.info->dataset_option, *value);
}

}  // namespace sr::specs
