// Entry point: bind_job.
#include "specs/bind_pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "specs/bind_context.h"
#include "specs/bind_facts.h"

namespace sr::specs {

SchemaRef BoundEntry::schema(std::string_view port) const {
  if (port == "errors") return flow::error_port_schema();
  if (!bound) return nullptr;
  for (const BoundPort& candidate : bound->ports) {
    if (candidate.name == port) return candidate.schema;
  }
  return nullptr;
}

std::optional<std::uint32_t> BoundEntry::port_index(std::string_view port) const {
  if (!bound) return std::nullopt;
  for (std::uint32_t i = 0; i < bound->ports.size(); ++i) {
    if (bound->ports[i].name == port) return i;
  }
  return std::nullopt;
}

namespace {

class BindPass {
 public:
  BindPass(const JobSpec& job, const LinkedJob& linked, const Registry& registry, Diagnostics& diagnostics)
      : job_(job),
        linked_(linked),
        registry_(registry),
        diagnostics_(diagnostics),
        result_(std::make_unique<BoundJob>()),
        places_(job.nodes.size()) {}

  std::unique_ptr<BoundJob> run() {
    result_->spec = &job_;
    bind_macros(job_, result_->macros, diagnostics_);
    JobFacts& facts = result_->facts;
    facts.name = job_.name;
    facts.interval_ms = job_.batch.interval.ms;
    facts.trigger = job_.batch.trigger;
    facts.has_checkpoint = job_.checkpoint.has_folder();
    facts.macros = &result_->macros;
    for (const std::uint32_t node : linked_.order) bind_node(node);
    return std::move(result_);
  }

 private:
  void report(Diagnostic finding) { diagnostics_.add(std::move(finding)); }

  void bind_node(std::uint32_t index) {
    const NodeSpec& node = job_.nodes[index];
    BoundEntry entry;
    entry.spec = &node;
    entry.id = node.id;
    entry.type = node.type;
    entry.kind = node.kind;
    entry.inputs_known = node.inputs_sound;
    entry.timing = base_timing();
    for (const LinkedInput& input : linked_.inputs[index]) add_input(node, input, entry);
    if (node.info && node.inputs_sound) {
      inherit(entry);
      bind_entry(entry);
    } else {
      // Sides may be missing: only expressions over no known column could be checked.
      entry.bound.reset();
    }
    places_[index] = static_cast<std::uint32_t>(result_->nodes.size());
    result_->index.emplace(entry.id, *places_[index]);
    result_->nodes.push_back(std::move(entry));
  }

  flow::NodeTiming base_timing() const {
    return {job_.batch.trigger == Trigger::eager ? 0 : job_.batch.interval.ms, 0};
  }

  // What a reader sees of one name under `input`.
  InputInfo info_of(const LinkedRef& ref, const std::string& role) const {
    InputInfo info;
    info.role = role;
    info.id = ref.id;
    info.port = ref.port;
    info.span = ref.span;
    info.timing = base_timing();
    if (!ref.node || !places_[*ref.node]) return info;
    const BoundEntry& from = result_->nodes[*places_[*ref.node]];
    info.schema = from.schema(ref.port);
    info.is_dataset = from.kind == NodeKind::dataset;
    info.has_event_time = from.has_event_time && ref.port != "errors";
    info.bounded = from.bounded;
    info.windowed = from.windowed;
    info.timing = from.timing;
    if (info.is_dataset) {
      for (const KeyOption::Column& column : from.spec->common.key.columns) info.dataset_key.push_back(column.name);
    }
    return info;
  }

  // A port that the type may have, but not this node: `late` without an event-time window.
  void check_bound_port(const LinkedRef& ref) {
    if (!ref.node || !places_[*ref.node] || ref.port.empty() || ref.port == "errors") return;
    const BoundEntry& from = result_->nodes[*places_[*ref.node]];
    if (!from.bound || from.port_index(ref.port)) return;
    report({.code = "SR4004",
            .message = fmt::format("`{}` has no port `{}`", ref.id, ref.port),
            .span = ref.span,
            .help = ref.port == "late" ? "only event-time windows have late rows: `window: {…, time: event}`" : ""});
  }

  bool edge_of(const LinkedRef& ref, BoundEntry& entry) {
    check_bound_port(ref);
    if (!ref.node || !places_[*ref.node]) {
      entry.inputs_known = false;
      return false;
    }
    entry.inputs.push_back({*places_[*ref.node], ref.port, ref.span});
    return true;
  }

  void add_input(const NodeSpec& node, const LinkedInput& input, BoundEntry& entry) {
    if (input.refs.size() == 1) {
      edge_of(input.refs[0], entry);
      entry.input_infos.push_back(info_of(input.refs[0], input.role));
    } else {
      imply_union(node, input, entry);
    }
    InputInfo& info = entry.input_infos.back();
    if (!input.window || !node.info) return;
    // A side's window is checked against that side.
    const std::vector<InputInfo> side{info};
    NodeBindContext context({node, side, result_->facts}, registry_, diagnostics_);
    info.window = context.window(*input.window);
    if (!info.window) side_failed_ = true;
  }

  // A list of ids is a union of its own that stands before the reader.
  void imply_union(const NodeSpec& node, const LinkedInput& input, BoundEntry& reader) {
    BoundEntry entry;
    entry.id = node.id + (input.role.empty() ? ".input" : "." + input.role);
    entry.type = "union";
    entry.timing = base_timing();
    for (const LinkedRef& ref : input.refs) {
      edge_of(ref, entry);
      entry.input_infos.push_back(info_of(ref, ""));
    }
    inherit(entry);
    NodeSpec plain;
    plain.id = node.id;
    plain.id_span = node.id_span;
    NodeBindContext context({plain, entry.input_infos, result_->facts}, registry_, diagnostics_);
    check_inputs_agree({entry.input_infos, "union"}, context);
    if (auto columns = context.union_columns()) entry.bound = union_node(std::move(*columns));
    entry.bounded = all_bounded(entry.input_infos);
    entry.has_event_time = !entry.input_infos.empty() && entry.input_infos[0].has_event_time;
    InputInfo info;
    info.role = input.role;
    info.id = input.refs[0].id;
    info.span = input.span;
    info.schema = entry.schema("");
    info.has_event_time = entry.has_event_time;
    info.bounded = entry.bounded;
    info.windowed = entry.windowed;
    info.timing = entry.timing;
    reader.input_infos.push_back(std::move(info));
    reader.inputs_known = reader.inputs_known && entry.inputs_known;
    reader.inputs.push_back({static_cast<std::uint32_t>(result_->nodes.size()), "", input.span});
    result_->nodes.push_back(std::move(entry));
  }

  static bool all_bounded(const std::vector<InputInfo>& inputs) {
    return std::all_of(inputs.begin(), inputs.end(),
                       [](const InputInfo& input) { return input.is_dataset || input.bounded; });
  }

  // A node has batches when its inputs have.
  static void inherit(BoundEntry& entry) {
    for (const InputInfo& input : entry.input_infos) {
      if (input.is_dataset) continue;
      entry.timing = input.timing;
      entry.windowed = input.windowed;
      if (input.windowed) break;
    }
  }

  void bind_entry(BoundEntry& entry) {
    const NodeSpec& node = *entry.spec;
    NodeBindContext context({node, entry.input_infos, result_->facts}, registry_, diagnostics_);
    check_inputs_agree({entry.input_infos, node.type}, context);
    if (node.soundness != Soundness::no_bind && !std::exchange(side_failed_, false)) {
      entry.bound = node.info->bind(node.config.get(), context);
      if (context.failed() && entry.bound) entry.bound->make = nullptr;
      forget_unknown_types(entry);
      if (node.soundness == Soundness::no_schema) entry.bound.reset();
    }
    if (node.kind == NodeKind::source) bind_source_facts(entry, context);
    if (node.kind == NodeKind::dataset) bind_dataset_facts(entry, context);
    check_window_options(entry, context);
    settle(entry);
  }

  // A type that holds an unknown one is unknown as a whole, so that nobody looks inside.
  static void forget_unknown_types(BoundEntry& entry) {
    if (!entry.bound) return;
    for (BoundPort& port : entry.bound->ports) {
      if (!port.schema) continue;
      std::vector<Field> fields = port.schema->fields;
      bool changed = false;
      for (Field& field : fields) {
        if (!field.type || is_known(*field.type)) continue;
        field.type = nullptr;
        changed = true;
      }
      if (changed) port.schema = std::make_shared<const Schema>(std::move(fields));
    }
  }

  static bool is_known(const Type& type) {
    return std::all_of(type.fields.begin(), type.fields.end(),
                       [](const Field& field) { return field.type && is_known(*field.type); });
  }

  // Facts that readers see.
  void settle(BoundEntry& entry) {
    const bool from_inputs = std::any_of(entry.input_infos.begin(), entry.input_infos.end(),
                                         [](const InputInfo& i) { return i.has_event_time; });
    const bool is_source = entry.kind == NodeKind::source;
    entry.bounded = is_source ? entry.bound && entry.bound->bounded : all_bounded(entry.input_infos);
    if (is_source) {
      entry.has_event_time = entry.spec->common.event_time.present;
    } else {
      entry.has_event_time =
          entry.bound ? entry.bound->gives_event_time || (entry.bound->keeps_event_time && from_inputs) : from_inputs;
    }
    const auto apply = [&](const std::optional<WindowPlan>& window) {
      if (!window || window->time != WindowTime::processing || window->type == WindowType::session) return;
      entry.timing = {window->slide_ms, window->offset_ms};
      entry.windowed = true;
    };
    for (const InputInfo& input : entry.input_infos) apply(input.window);
    if (entry.bound) apply(entry.bound->window);
    if (entry.spec->common.on_error.routes() && entry.bound)
      entry.bound->ports.push_back({"errors", flow::error_port_schema()});
  }

  const JobSpec& job_;
  const LinkedJob& linked_;
  const Registry& registry_;
  Diagnostics& diagnostics_;
  std::unique_ptr<BoundJob> result_;
  std::vector<std::optional<std::uint32_t>> places_;  // of each node of the spec in the result
  bool side_failed_ = false;                          // the window of a side of the next node is wrong
};

}  // namespace

std::unique_ptr<BoundJob> bind_job(const JobSpec& job, const LinkedJob& linked, const Registry& registry,
                                   Diagnostics& diagnostics) {
  return BindPass(job, linked, registry, diagnostics).run();
}

}  // namespace sr::specs
