#include "operators/support/state_rounds.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "engine/flow/emit_rows.h"

namespace sr::operators {

namespace {

bool some_value(const Chunk& chunk, std::uint32_t row) {
  return std::any_of(chunk.columns.begin(), chunk.columns.end(), [&](const ColumnRef& c) { return c->valid(row); });
}

}  // namespace

StateRounds::StateRounds(RoundsPlan plan) : plan_(std::move(plan)) {
  std::set<std::uint32_t> update_reads, emit_reads;
  for (const RoundsPlan::Update& update : plan_.updates) expr::collect_columns(*update.value, update_reads);
  for (const expr::BoundRef& column : plan_.emit) {
    expr::collect_columns(*column, emit_reads);
    at_end_ = at_end_ && !column->can_fail && column->deterministic;
  }
  if (!at_end_) update_reads.insert(emit_reads.begin(), emit_reads.end());
  step_reads_.assign(update_reads.begin(), update_reads.end());
  emit_reads_.assign(emit_reads.begin(), emit_reads.end());
}

bool StateRounds::run(const Rows& rows, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out) {
  Work work{rows, state, context, {}, {}, {}, {}};
  for (std::size_t i = 0; at_end_ && i < plan_.updates.size(); ++i) {
    work.after.emplace_back(plan_.state[plan_.updates[i].column]);
    work.after.back().resize(rows.table.rows);
  }
  order_rounds(rows.groups, state.table().size());
  for (std::size_t round = 0; round + 1 < round_begin_.size(); ++round) {
    const std::uint32_t end = round_begin_[round + 1];
    for (std::uint32_t at = round_begin_[round]; at < end; at += kChunkRows)
      step(std::span(order_).subspan(at, std::min(kChunkRows, end - at)), work);
  }
  Vec<std::uint32_t> good;
  if (!work.failed.empty() && !out.drop_failed(rows.table, work.failed, good)) return false;
  at_end_ ? emit_at_end(work, out) : emit_in_order(work, out);
  return true;
}

// Orders the rows by how many rows of their key came before them.
void StateRounds::order_rounds(std::span<const std::uint32_t> groups, std::uint32_t keys) {
  if (seen_.size() < keys) seen_.resize(keys, 0);
  std::vector<std::uint32_t> round_of(groups.size());
  std::vector<std::uint32_t> next;  // rows of each round, then where the next one goes
  for (std::size_t row = 0; row < groups.size(); ++row) {
    round_of[row] = seen_[groups[row]]++;
    if (round_of[row] == next.size()) next.push_back(0);
    ++next[round_of[row]];
  }
  for (const std::uint32_t group : groups) seen_[group] = 0;
  round_begin_.assign(1, 0);
  for (std::uint32_t& rows : next) {
    round_begin_.push_back(round_begin_.back() + rows);
    rows = round_begin_[round_begin_.size() - 2];
  }
  order_.resize(groups.size());
  for (std::uint32_t row = 0; row < groups.size(); ++row) order_[next[round_of[row]]++] = row;
}

// Updates the states of rows of one round, or computes what they emit.
void StateRounds::step(std::span<const std::uint32_t> rows, Work& work) {
  const auto count = static_cast<std::uint32_t>(rows.size());
  const std::size_t inputs = plan_.input->size();
  own_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) own_[i] = work.rows.groups[rows[i]];
  std::vector<ColumnRef> columns(inputs + plan_.state.size());
  for (const std::uint32_t index : step_reads_) {
    columns[index] = index < inputs ? gather(work.rows.table.columns[index], Selection{rows.data(), count})
                                    : work.state.values(index - inputs, own_);
  }
  expr::EvalInput input{columns, count, Selection{nullptr, count}, &work.context.tick, work.context.seed};
  expr::RowErrors errors;
  std::vector<ColumnRef> fresh;
  fresh.reserve(plan_.updates.size());
  for (const RoundsPlan::Update& update : plan_.updates) fresh.push_back(expr::evaluate(*update.value, input, errors));
  Chunk result{plan_.schema, {}, count, nullptr, nullptr};
  if (!at_end_) {
    for (std::size_t i = 0; i < fresh.size(); ++i) columns[inputs + plan_.updates[i].column] = fresh[i];
    for (const expr::BoundRef& column : plan_.emit) result.columns.push_back(expr::evaluate(*column, input, errors));
  }
  for (expr::RowErrors::Item& item : errors.sorted()) work.failed.add(rows[item.row], item.message);
  good_.clear();
  good_groups_.clear();
  std::vector<std::uint32_t> good_rows;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!errors.empty() && errors.failed(i)) continue;
    good_.push_back(i);
    good_groups_.push_back(own_[i]);
    if (!errors.empty()) good_rows.push_back(rows[i]);
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    work.state.store(plan_.updates[i].column, good_groups_, *fresh[i], good_);
    if (at_end_)
      work.after[i].store(errors.empty() ? rows : std::span<const std::uint32_t>(good_rows), *fresh[i], good_);
  }
  if (!at_end_) keep_emitted(std::move(result), rows, work);
}

// Keeps the good rows that are not all NULL.
void StateRounds::keep_emitted(Chunk result, std::span<const std::uint32_t> rows, Work& work) const {
  auto kept = std::make_shared<Vec<std::uint32_t>>();
  for (const std::uint32_t i : good_) {
    if (!some_value(result, i)) continue;
    kept->push_back(i);
    work.places.push_back(rows[i]);
  }
  if (kept->empty()) return;
  result.selected = std::move(kept);
  work.chunks.push_back(std::move(result));
}

void StateRounds::emit_in_order(const Work& work, flow::Emitter& out) const {
  const std::vector<std::uint32_t>& places = work.places;
  if (places.empty()) return;
  const Chunk all = flow::concat_chunks(plan_.schema, work.chunks);
  if (std::is_sorted(places.begin(), places.end())) return flow::emit_table(all, out);
  std::vector<std::uint32_t> order(places.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return places[a] < places[b]; });
  flow::emit_rows(all, order, out);
}

void StateRounds::emit_at_end(const Work& work, flow::Emitter& out) const {
  const std::size_t inputs = plan_.input->size();
  std::vector<const StateColumn*> after(plan_.state.size(), nullptr);
  for (std::size_t i = 0; i < work.after.size(); ++i) after[plan_.updates[i].column] = &work.after[i];
  std::vector<std::uint32_t> numbers(work.rows.table.rows);
  std::iota(numbers.begin(), numbers.end(), 0U);
  for (std::uint32_t at = 0; at < numbers.size(); at += kChunkRows) {
    const std::uint32_t count = std::min(kChunkRows, work.rows.table.rows - at);
    std::vector<ColumnRef> columns(inputs + plan_.state.size());
    for (const std::uint32_t index : emit_reads_) {
      if (index < inputs) {
        columns[index] = slice(work.rows.table.columns[index], at, count);
      } else if (const StateColumn* column = after[index - inputs]) {
        columns[index] = column->values(std::span(numbers).subspan(at, count));
      } else {
        columns[index] = work.state.values(index - inputs, work.rows.groups.subspan(at, count));
      }
    }
    const expr::EvalInput input{columns, count, Selection{nullptr, count}, &work.context.tick, work.context.seed};
    expr::RowErrors errors;
    Chunk result{plan_.schema, {}, count, nullptr, nullptr};
    for (const expr::BoundRef& column : plan_.emit) result.columns.push_back(expr::evaluate(*column, input, errors));
    SR_CHECK(errors.empty());
    auto kept = std::make_shared<Vec<std::uint32_t>>();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!work.failed.failed(at + i) && some_value(result, i)) kept->push_back(i);
    }
    if (kept->empty()) continue;
    if (kept->size() < count) result.selected = std::move(kept);
    out.emit(std::move(result));
  }
}

}  // namespace sr::operators
