#include "specs/bind_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace sr::specs {

namespace {

struct Rhythm {
  std::int64_t slide_ms = 0;
  std::int64_t offset_ms = 0;
  bool operator==(const Rhythm&) const = default;
};

Rhythm rhythm_of(const InputInfo& input) {
  const bool own = input.window && input.window->time == WindowTime::processing;
  return own ? Rhythm{input.window->slide_ms, input.window->offset_ms}
             : Rhythm{input.timing.slide_ms, input.timing.offset_ms};
}

std::string name_of(const InputInfo& input) {
  return input.port.empty() ? input.id : input.id + "." + input.port;
}

std::string rhythm_text(const InputInfo& input) {
  const Rhythm rhythm = rhythm_of(input);
  std::string text = fmt::format("`{}` has a batch every {}", name_of(input), to_text(Duration{rhythm.slide_ms}));
  if (rhythm.offset_ms != 0) text += " + " + to_text(Duration{rhythm.offset_ms});
  return text;
}

}  // namespace

void check_inputs_agree(const InputGroup& group, BindContext& context) {
  if (group.type == "join") return;  // knows more of its sides, and says so itself
  const InputInfo* first = nullptr;
  for (const InputInfo& input : group.inputs) {
    if (input.is_dataset || !input.schema || input.role == "initial") continue;
    if (!first) {
      first = &input;
      continue;
    }
    if (!(rhythm_of(*first) == rhythm_of(input))) {
      context.error("SR4022", input.span,
                    fmt::format("the inputs of a {} have the same slide: {}, {}", group.type, rhythm_text(*first),
                                rhythm_text(input)),
                    "", "give both the same window, or none");
    }
    if (group.type == "union" && first->has_event_time != input.has_event_time) {
      const InputInfo& without = first->has_event_time ? input : *first;
      context.error("SR4021", without.span,
                    fmt::format("all inputs of a union have an event time or none: `{}` has one, `{}` has none",
                                name_of(first->has_event_time ? *first : input), name_of(without)),
                    "", "give both sources `event_time`");
    }
  }
}

void bind_source_facts(BoundEntry& entry, BindContext& context) {
  const EventTimeConfig& config = entry.spec->common.event_time;
  if (!config.present || !entry.bound || entry.bound->ports.empty() || !entry.bound->ports[0].schema) return;
  const SchemaRef& schema = entry.bound->ports[0].schema;
  if (config.expr.present()) {
    expr::Scope scope;
    scope.macros = context.job().macros;
    scope.what = "`" + entry.id + "`";
    scope.add(*schema);
    entry.event_time = context.bind(config.expr, scope, types::timestamp());
    if (entry.event_time && entry.event_time->type->id != TypeId::timestamp) {
      context.error("SR3026", config.expr.value.span,
                    fmt::format("`event_time` is a timestamp, but `{}` is of type {}", config.expr.text,
                                entry.event_time->type->name()));
      entry.event_time = nullptr;
    }
    return;
  }
  if (!config.field.present()) return;
  const auto column = schema->find(config.field.name);
  if (!column) {
    const std::string near = nearest(config.field.name, schema->names());
    context.report({.code = "SR3010",
                    .message = fmt::format("unknown column `{}` in `event_time`", config.field.name),
                    .span = config.field.span,
                    .label = near.empty() ? "" : "did you mean `" + near + "`?",
                    .help = "columns: " + schema->to_text(),
                    .suggestion = near});
    return;
  }
  const TypeRef& type = schema->fields[*column].type;
  if (type->id != TypeId::timestamp) {
    context.error("SR4037", config.field.span,
                  fmt::format("`event_time` is a timestamp, but `{}` is of type {}", config.field.name, type->name()),
                  "", fmt::format("declare it as timestamp, or use `expr: to_timestamp({})`", config.field.name));
    return;
  }
  auto bound = std::make_shared<expr::BoundExpr>();
  bound->kind = expr::BoundExpr::Kind::column;
  bound->type = type;
  bound->index = static_cast<std::uint32_t>(*column);
  entry.event_time = std::move(bound);
}

void bind_dataset_facts(BoundEntry& entry, BindContext& context) {
  if (!entry.bound || entry.bound->ports.empty() || !entry.bound->ports[0].schema) return;
  const CommonConfig& common = entry.spec->common;
  const SchemaRef& schema = entry.bound->ports[0].schema;
  if (common.key.present) {
    if (common.key.two_sided) {
      context.error("SR2112", common.key.span, "the `key` of a dataset is a column or a list of columns");
    } else {
      context.key_columns(common.key.columns, schema);
    }
  }
  if (!common.where.present()) return;
  expr::Scope scope;
  scope.macros = context.job().macros;
  scope.what = "`" + entry.id + "`";
  scope.add(*schema);
  entry.where = context.bind_condition(common.where, scope, "`where`");
}

void check_window_options(BoundEntry& entry, BindContext& context) {
  const bool is_common = entry.spec->info->group == "windows" || entry.spec->info->group == "joins";
  if (!is_common || !context.has_option("emit") || !entry.bound) return;
  if (entry.spec->info->options->find("emit")) return;
  const auto is_event = [](const std::optional<WindowPlan>& window) {
    return window && window->time == WindowTime::event;
  };
  const bool side = std::any_of(entry.input_infos.begin(), entry.input_infos.end(),
                                [&](const InputInfo& i) { return is_event(i.window); });
  if (side || is_event(entry.bound->window)) return;
  const bool windowed = entry.bound->window.has_value();
  context.error("SR4038", context.key_span("emit"),
                windowed ? "`emit` is for event-time windows: in processing time windows are emitted at each slide"
                         : "`emit` is for event-time windows, and there is no window",
                "",
                windowed ? "leave `emit` out, or use `time: event`" : "give the node a `window` with `time: event`");
}

BoundNode union_node(UnionColumns columns) {
  BoundNode bound;
  bound.ports = {{"", columns.schema}};
  bound.reads = [pick = columns.pick](std::uint32_t input, const std::set<std::uint32_t>& output) {
    if (pick[input].empty()) return output;
    std::set<std::uint32_t> read;
    for (const std::uint32_t column : output) read.insert(pick[input][column]);
    return read;
  };
  bound.make = [pick = columns.pick](const MakeOptions&) {
    Made made;
    made.union_node = flow::UnionNode{pick};
    return made;
  };
  return bound;
}

}  // namespace sr::specs
