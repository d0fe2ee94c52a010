#include "operators/support/aggregation.h"

#include <algorithm>
#include <numeric>

#include "engine/expr/eval.h"

namespace sr::operators {

bool RowArguments::evaluate(const Aggregation& aggregation, const Chunk& chunk, const flow::BatchContext& context,
                            flow::Emitter& errors) {
  keys.clear();
  for (const std::uint32_t column : aggregation.keys) keys.push_back(chunk.columns[column]);
  selection = chunk.selection();
  expr::RowErrors failed;
  const expr::EvalInput input{chunk.columns, chunk.rows, selection, &context.tick, context.seed, 0};
  args.resize(aggregation.args.size());
  for (std::size_t call = 0; call < args.size(); ++call) {
    args[call].clear();
    for (const expr::BoundRef& arg : aggregation.args[call]) args[call].push_back(expr::evaluate(*arg, input, failed));
  }
  if (failed.empty()) return true;
  kept_.clear();
  if (!errors.drop_failed(chunk, failed, kept_)) return false;
  selection = {kept_.data(), static_cast<std::uint32_t>(kept_.size())};
  return true;
}

void RowArguments::release() {
  keys.clear();
  for (std::vector<ColumnRef>& columns : args) columns.clear();
}

void add_rows(const Aggregation& aggregation, GroupsPartial& partial, const BatchRows& rows, flow::Emitter& errors) {
  RowArguments& values = partial.rows;
  if (values.evaluate(aggregation, rows.chunk, rows.context, errors)) {
    partial.groups.add(values.keys, values.args, values.selection);
  }
  values.release();
}

namespace {

// A column of bounds, `member` plus `shift`; constant if there is one window for all.
ColumnRef bounds_column(std::span<const WindowBounds> windows, std::int64_t WindowBounds::* member, std::int64_t shift,
                        std::uint32_t rows) {
  auto column = std::make_shared<Column>(types::timestamp(), rows);
  column->constant = windows.size() == 1 && rows > 1;
  const std::uint32_t count = column->constant ? 1 : rows;
  std::int64_t* const values = column->make_values<std::int64_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) values[i] = windows[i].*member + shift;
  return column;
}

// A chunk of finished groups.
struct FinishedGroups {
  std::vector<ColumnRef> columns;  // keys, then one per call
  std::uint32_t rows = 0;
  expr::RowErrors failed = {};
  std::span<const WindowBounds> windows = {};  // none, one for all groups, or one each
};

// Sends the groups that failed where failed rows go, as rows of their keys, and gives the others in `kept`.
bool drop_failed_groups(const Aggregation& aggregation, const FinishedGroups& groups, flow::Emitter& out,
                        Vec<std::uint32_t>& kept) {
  const auto end = groups.columns.begin() + static_cast<std::ptrdiff_t>(aggregation.keys.size());
  const Chunk chunk{aggregation.key_schema, {groups.columns.begin(), end}, groups.rows, nullptr, nullptr};
  return out.drop_failed(chunk, groups.failed, kept);
}

bool emit_finished(const Aggregation& aggregation, FinishedGroups groups, const flow::BatchContext& context,
                   flow::Emitter& out) {
  const std::span<const WindowBounds> windows = groups.windows;
  const std::size_t keys = aggregation.keys.size();
  const expr::EvalInput input{groups.columns, groups.rows,  Selection{nullptr, groups.rows},
                              &context.tick,  context.seed, 0};
  Chunk chunk{aggregation.output, {}, groups.rows, nullptr, nullptr};
  chunk.columns.assign(groups.columns.begin(), groups.columns.begin() + static_cast<std::ptrdiff_t>(keys));
  for (const expr::BoundRef& result : aggregation.results) {
    chunk.columns.push_back(expr::evaluate(*result, input, groups.failed));
  }
  if (!windows.empty()) {
    chunk.columns.push_back(bounds_column(windows, &WindowBounds::start_us, 0, groups.rows));
    chunk.columns.push_back(bounds_column(windows, &WindowBounds::end_us, 0, groups.rows));
    chunk.event_time = bounds_column(windows, &WindowBounds::end_us, -1, groups.rows);
  }
  if (!groups.failed.empty()) {
    auto kept = std::make_shared<Vec<std::uint32_t>>();
    if (!drop_failed_groups(aggregation, groups, out, *kept)) return false;
    chunk.selected = std::move(kept);
  }
  if (chunk.live_rows() > 0) out.emit(std::move(chunk));
  return true;
}

}  // namespace

bool emit_groups(const Aggregation& aggregation, const EmittedGroups& groups, const flow::BatchContext& context,
                 flow::Emitter& out) {
  for (std::size_t begin = 0; begin < groups.key_groups.size(); begin += kChunkRows) {
    const std::size_t count = std::min<std::size_t>(kChunkRows, groups.key_groups.size() - begin);
    FinishedGroups finished;
    finished.rows = static_cast<std::uint32_t>(count);
    if (!aggregation.keys.empty()) finished.columns = groups.keys->keys(groups.key_groups.subspan(begin, count));
    for (const expr::AggregateStates* states : groups.states) {
      finished.columns.push_back(states->finish(groups.state_groups.subspan(begin, count), finished.failed));
    }
    const bool shared = groups.windows.size() == 1;
    finished.windows = shared || groups.windows.empty() ? groups.windows : groups.windows.subspan(begin, count);
    if (!emit_finished(aggregation, std::move(finished), context, out)) return false;
  }
  return true;
}

bool emit_all(const Aggregation& aggregation, const GroupedStates& groups, const flow::BatchContext& context,
              flow::Emitter& out) {
  std::vector<std::uint32_t> all(groups.size());
  std::iota(all.begin(), all.end(), 0U);
  EmittedGroups emitted;
  emitted.keys = &groups.table();
  emitted.key_groups = emitted.state_groups = all;
  for (std::size_t call = 0; call < aggregation.args.size(); ++call) emitted.states.push_back(&groups.states(call));
  return emit_groups(aggregation, emitted, context, out);
}

bool emit_nothing_seen(const Aggregation& aggregation, const flow::BatchContext& context, flow::Emitter& out) {
  const std::vector<AggregateStatesPtr> empty = make_states(aggregation.shape);
  const std::uint32_t group[] = {0};
  EmittedGroups emitted;
  emitted.key_groups = emitted.state_groups = group;
  for (const AggregateStatesPtr& states : empty) {
    states->resize(1);
    emitted.states.push_back(states.get());
  }
  return emit_groups(aggregation, emitted, context, out);
}

GroupedStates* merge_partials(std::span<flow::PlacedPartial> partials) {
  GroupedStates* first = nullptr;
  for (flow::PlacedPartial& placed : partials) {
    GroupedStates& groups = static_cast<GroupsPartial&>(*placed.partial).groups;
    if (groups.size() == 0) continue;
    if (first == nullptr) {
      first = &groups;
    } else {
      first->merge(groups);
    }
  }
  return first;
}

std::unique_ptr<flow::Partial> PartialPool::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<GroupsPartial>(shape_);
  std::unique_ptr<GroupsPartial> partial = std::move(free_.back());
  free_.pop_back();
  return partial;
}

void PartialPool::give_back(std::span<flow::PlacedPartial> partials) {
  for (flow::PlacedPartial& placed : partials) {
    std::unique_ptr<GroupsPartial> partial(static_cast<GroupsPartial*>(placed.partial.release()));
    partial->groups.clear();
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(partial));
  }
}

std::unique_ptr<flow::Breaker> make_aggregation(AggregationRef aggregation,
                                                const std::optional<specs::WindowPlan>& window) {
  if (!window) return make_batch_aggregation(std::move(aggregation));
  if (window->type == specs::WindowType::session) return make_session_aggregation(std::move(aggregation), *window);
  if (window->time == specs::WindowTime::processing) return make_window_aggregation(std::move(aggregation), *window);
  return make_event_aggregation(std::move(aggregation), *window);
}

}  // namespace sr::operators
