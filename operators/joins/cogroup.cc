// cogroup: gives one row per key with `left` and `right`: arrays of the rows of both sides as structures, in arrival
// order. Keys come by first appearance, the left's first; a NULL key is a key like any other.
// Over windows of event time there is a row per key and window, when the window closes.
//
//   together: {type: cogroup, input: {left: views, right: clicks}, key: user}
//
// Tested in tests/jobs/cogroup.yaml.
#include "engine/flow/emit_rows.h"
#include "operators/support/event_sides.h"
#include "operators/support/join_keys.h"
#include "operators/support/list_state.h"
#include "operators/support/side_rows.h"
#include "specs/registry.h"

namespace sr::operators {
namespace {

struct CogroupConfig {
  specs::KeyOption key;
};

struct CogroupPlan {
  SchemaRef sides[2];
  JoinKeys keys;
  std::vector<std::uint32_t> others[2];  // columns that are no keys
  SchemaRef schema;
  std::optional<specs::WindowPlan> windows[2];
  flow::NodeTiming timing;
  bool by_event = false;  // over windows of event time, whose bounds are two more key columns
};

class Cogroup final : public flow::WholeBatch {
 public:
  explicit Cogroup(CogroupPlan plan)
      : plan_(std::move(plan)),
        sides_{SideRows(plan_.sides[kLeft], plan_.windows[kLeft]),
               SideRows(plan_.sides[kRight], plan_.windows[kRight])} {
    if (plan_.by_event) events_.emplace(plan_.sides[kLeft], plan_.sides[kRight], *plan_.windows[kLeft]);
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    Chunk tables[2];
    settled_ = sides_[kLeft].rows() + sides_[kRight].rows() == 0;
    if (events_) {
      std::array<EventSides::Closed, 2> closed;
      SR_TRY(events_->take(context, partials, out, closed));
      for (const std::uint32_t side : {kLeft, kRight}) tables[side] = std::move(closed[side].rows);
      emit(tables, {closed[kLeft].bounds, closed[kRight].bounds}, context, out);
      return {};
    }
    for (const std::uint32_t side : {kLeft, kRight}) {
      if (side < context.datasets.size() && context.datasets[side]) {
        tables[side] = flow::concat_chunks(context.datasets[side]->schema, context.datasets[side]->chunks);
        continue;
      }
      sides_[side].add(context.tick, flow::gather_input(plan_.sides[side], partials, side));
      tables[side] = sides_[side].table();
    }
    if (plan_.timing.has_batch(context.tick.time_ms)) emit(tables, {}, context, out);
    return {};
  }

  bool has_state() const override { return sides_[kLeft].windowed() || sides_[kRight].windowed(); }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override {
    if (events_) return events_->snapshot(out);
    for (const SideRows& side : sides_) side.snapshot(out);
  }
  Status restore(std::string_view in) override {
    if (events_) return events_->restore(&in);
    for (SideRows& side : sides_) SR_TRY(side.restore(&in));
    return {};
  }
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    if (events_) return events_->list_state(tick, read);
    for (const std::uint32_t side : {kLeft, kRight}) sides_[side].list_state(tick, with_side(side, read));
  }
  std::size_t state_bytes() const override {
    if (events_) return events_->memory_bytes();
    return sides_[kLeft].memory_bytes() + sides_[kRight].memory_bytes();
  }
  std::uint64_t state_keys() const override {
    return events_ ? events_->rows() : sides_[kLeft].rows() + sides_[kRight].rows();
  }

 private:
  // Appends the rows of a key as an array of structures.
  void append_rows(const Chunk& table, std::uint32_t side, std::span<const std::uint32_t> rows,
                   ColumnBuilder& list) const {
    ColumnBuilder& element = list.child(0);
    for (const std::uint32_t row : rows) {
      for (std::size_t i = 0; i < plan_.others[side].size(); ++i)
        element.child(i).append_from(*table.columns[plan_.others[side][i]], row);
      element.end_struct();
    }
    list.end_list();
  }

  // `bounds`: key columns of both sides besides those that are evaluated.
  void emit(const Chunk* tables, const std::array<std::vector<ColumnRef>, 2>& bounds, const flow::BatchContext& context,
            flow::Emitter& out) const {
    expr::RowErrors errors;
    std::vector<ColumnRef> keys[2] = {evaluate_keys(plan_.keys.left, tables[kLeft], context, errors),
                                      evaluate_keys(plan_.keys.right, tables[kRight], context, errors)};
    for (const std::uint32_t side : {kLeft, kRight})
      keys[side].insert(keys[side].end(), bounds[side].begin(), bounds[side].end());
    // One index over the keys of both sides gives the order of first appearance, the left's first.
    std::vector<ColumnRef> all;
    for (std::size_t i = 0; i < plan_.keys.types.size(); ++i) {
      const ColumnRef parts[2] = {keys[kLeft][i], keys[kRight][i]};
      all.push_back(concat_columns(plan_.keys.types[i], parts));
    }
    const std::uint32_t lefts = tables[kLeft].rows, count = lefts + tables[kRight].rows;
    const KeyIndex index(plan_.keys.types, all, Selection{nullptr, count}, true);
    std::vector<ColumnBuilder> builders;
    for (const Field& field : plan_.schema->fields) builders.emplace_back(field.type);
    std::vector<std::uint32_t> left_rows, right_rows;
    std::uint32_t pending = 0;
    auto flush = [&] {
      if (pending == 0) return;
      Chunk chunk{plan_.schema, {}, pending, nullptr, nullptr};
      for (ColumnBuilder& builder : builders) chunk.columns.push_back(builder.finish());
      if (plan_.by_event) chunk.event_time = before(*chunk.columns.back());
      out.emit(std::move(chunk));
      pending = 0;
    };
    for (std::uint32_t key = 0; key < index.keys(); ++key) {
      left_rows.clear();
      right_rows.clear();
      for (const std::uint32_t row : index.rows_of(key))
        (row < lefts ? left_rows : right_rows).push_back(row < lefts ? row : row - lefts);
      const std::size_t named = plan_.keys.left.size();  // the bounds of a window come last
      for (std::size_t i = 0; i < all.size(); ++i)
        builders[i < named ? i : i + 2].append_from(*all[i], index.rows_of(key)[0]);
      append_rows(tables[kLeft], kLeft, left_rows, builders[named]);
      append_rows(tables[kRight], kRight, right_rows, builders[named + 1]);
      if (++pending == kChunkRows) flush();
    }
    flush();
  }

  // The event time of a row of a window: the last instant of it.
  static ColumnRef before(const Column& ends) {
    auto times = std::make_shared<Column>(types::timestamp(), ends.size);
    auto* values = times->make_values<std::int64_t>(ends.size);
    for (std::uint32_t i = 0; i < ends.size; ++i) values[i] = ends.get<std::int64_t>(i) - 1;
    return times;
  }

  CogroupPlan plan_;
  SideRows sides_[2];
  bool settled_ = true;  // the windows were empty before the last batch, so that no row has left them
  std::optional<EventSides> events_;
};

std::optional<specs::BoundNode> bind_cogroup(const CogroupConfig& config, specs::BindContext& context) {
  const auto& inputs = context.inputs();
  if (inputs.size() != 2) return std::nullopt;
  check_side_windows("cogroup", context);
  auto keys = bind_join_key(config.key, context);
  CogroupPlan plan;
  std::optional<specs::WindowPlan> window;
  for (const std::uint32_t side : {kLeft, kRight}) {
    plan.sides[side] = inputs[side].schema;
    plan.windows[side] = inputs[side].window;
    if (inputs[side].window) window = inputs[side].window;
    if (!inputs[side].is_dataset) plan.timing = inputs[side].timing;
  }
  if (window) plan.timing = {window->slide_ms, window->offset_ms};
  if (!keys || !plan.sides[kLeft] || !plan.sides[kRight]) return std::nullopt;
  plan.keys = std::move(*keys);
  std::vector<Field> fields;
  for (std::size_t i = 0; i < plan.keys.types.size(); ++i) {
    context.add_column(fields, config.key.columns[i].name, plan.keys.types[i], config.key.columns[i].span);
  }
  for (const std::uint32_t side : {kLeft, kRight}) {
    const auto& names = side == kRight && config.key.two_sided ? config.key.right : config.key.columns;
    std::vector<Field> others;
    for (std::uint32_t i = 0; i < plan.sides[side]->size(); ++i) {
      const Field& field = plan.sides[side]->fields[i];
      bool key = false;
      for (const auto& name : names) key = key || same_name(name.name, field.name);
      if (key) continue;
      others.push_back(field);
      plan.others[side].push_back(i);
    }
    context.add_column(fields, side == kLeft ? "left" : "right", types::array(types::structure(others)),
                       context.node_span());
  }
  plan.by_event = event_window_of(context).has_value();
  if (plan.by_event) {
    for (const Field& bound : window_bounds()) {
      context.add_column(fields, bound.name, bound.type, context.node_span());
      plan.keys.types.push_back(bound.type);
    }
  }
  if (context.failed()) return std::nullopt;
  plan.schema = std::make_shared<const Schema>(std::move(fields));
  specs::BoundNode bound;
  bound.ports = {{"", plan.schema}};
  bound.window = window;
  bound.keeps_event_time = false;
  if (plan.by_event) {
    bound.ports.push_back({"late", late_side_schema()});
    bound.gives_event_time = true;
    bound.needs_event_time = true;
  }
  bound.stateful = window.has_value();
  bound.state_shape = "cogroup rows of " + plan.sides[kLeft]->to_text() + " and " + plan.sides[kRight]->to_text();
  bound.make = [plan](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<Cogroup>(plan);
    return made;
  };
  return bound;
}

std::shared_ptr<const specs::OptionTable<CogroupConfig>> cogroup_options() {
  auto table = std::make_shared<specs::OptionTable<CogroupConfig>>();
  table->option("key", &CogroupConfig::key)
      .required()
      .doc("Columns that both sides have, or `{left: a, right: b}`.")
      .example("user");
  return table;
}

}  // namespace

void register_cogroup(specs::Registry& registry) {
  registry.add(specs::node<CogroupConfig>(
      {.name = "cogroup",
       .group = "joins",
       .summary = "Gives one row per key with the rows of both sides as arrays.",
       .example = "together: {type: cogroup, input: {left: views, right: clicks}, key: user}\n",
       .inputs = specs::Inputs::two_sided,
       .ports = {"late"}},
      cogroup_options(), bind_cogroup));
}

}  // namespace sr::operators
