#include "operators/support/join_output.h"

#include <algorithm>

namespace sr::operators {

JoinPairs match(JoinHow how, const KeyIndex& right, const JoinLeft& left_rows, Selection right_rows) {
  const Selection left = left_rows.rows;
  JoinPairs pairs;
  const std::vector<std::uint32_t> key_of = right.lookup(left_rows.keys, left);
  const bool keeps_left = how == JoinHow::left_outer || how == JoinHow::full_outer;
  const bool keeps_right = how == JoinHow::right_outer || how == JoinHow::full_outer;
  const bool any_right = keeps_right && right_rows.count > 0;
  std::vector<bool> matched(any_right ? right_rows[right_rows.count - 1] + 1 : 0, false);
  for (std::uint32_t i = 0; i < left.count; ++i) {
    const bool found = key_of[i] != kNoRow;
    if (how == JoinHow::left_semi || how == JoinHow::left_anti) {
      if (found == (how == JoinHow::left_semi)) pairs.add(left[i], kNoRow);
    } else if (found) {
      for (const std::uint32_t row : right.rows_of(key_of[i])) {
        pairs.add(left[i], row);
        if (keeps_right) matched[row] = true;
      }
    } else if (keeps_left) {
      pairs.add(left[i], kNoRow);
    }
  }
  if (!keeps_right) return pairs;
  right_rows.for_each([&](std::uint32_t row) {
    if (!matched[row]) pairs.add(kNoRow, row);
  });
  return pairs;
}

namespace {

using Rows = std::span<const std::uint32_t>;

// The key of each pair: the left's, or the right's where only that has a row.
ColumnRef key_column(const ColumnRef& left, const ColumnRef& right, Rows left_rows, Rows right_rows) {
  if (std::find(left_rows.begin(), left_rows.end(), kNoRow) == left_rows.end()) return gather_or_null(left, left_rows);
  ColumnBuilder builder(left->type);
  for (std::size_t i = 0; i < left_rows.size(); ++i) {
    if (left_rows[i] != kNoRow) {
      builder.append_from(*left, left_rows[i]);
    } else {
      builder.append_from(*right, right_rows[i]);
    }
  }
  return builder.finish();
}

// The later event time of both sides.
ColumnRef later_time(const Chunk& left, const Chunk& right, Rows left_rows, Rows right_rows) {
  if (!left.event_time && !right.event_time) return nullptr;
  auto times = std::make_shared<Column>(types::timestamp(), static_cast<std::uint32_t>(left_rows.size()));
  auto* values = times->make_values<std::int64_t>(times->size);
  for (std::size_t i = 0; i < left_rows.size(); ++i) {
    std::int64_t time = kNoWatermark;
    if (left.event_time && left_rows[i] != kNoRow) time = left.event_time->get<std::int64_t>(left_rows[i]);
    if (right.event_time && right_rows[i] != kNoRow)
      time = std::max(time, right.event_time->get<std::int64_t>(right_rows[i]));
    values[i] = time;
  }
  return times;
}

class Piece {
 public:
  Piece(const JoinOutput& output, const JoinTables& tables, Rows left_rows, Rows right_rows)
      : output_(output), tables_(tables), left_rows_(left_rows), right_rows_(right_rows) {}

  ColumnRef column(JoinColumn from) const {
    switch (from.from) {
      case JoinColumn::From::left:
        return gather_or_null(tables_.left->columns[from.index], left_rows_);
      case JoinColumn::From::right:
        return gather_or_null(tables_.right->columns[from.index], right_rows_);
      case JoinColumn::From::key:
        return key_column(tables_.left_keys[from.index], tables_.right_keys[from.index], left_rows_, right_rows_);
    }
    return nullptr;
  }

  Status emit(const flow::BatchContext& context, flow::Emitter& out) const {
    const auto count = static_cast<std::uint32_t>(left_rows_.size());
    Chunk chunk{output_.schema, {}, count, nullptr, later_time(*tables_.left, *tables_.right, left_rows_, right_rows_)};
    if (output_.select.empty()) {
      for (const JoinColumn& from : output_.columns) chunk.columns.push_back(column(from));
      out.emit(std::move(chunk));
      return {};
    }
    return emit_selected(std::move(chunk), context, out);
  }

 private:
  // All columns that `select` may read; those it does not read are NULLs.
  std::vector<ColumnRef> inputs(std::uint32_t count) const {
    std::set<std::uint32_t> read;
    for (const expr::BoundRef& expression : output_.select) expr::collect_columns(*expression, read);
    const std::uint32_t lefts = static_cast<std::uint32_t>(output_.left->size());
    const std::uint32_t rights = static_cast<std::uint32_t>(output_.right->size());
    std::vector<ColumnRef> columns(lefts + rights + output_.keys.types.size(), null_column(types::null(), count));
    for (const std::uint32_t index : read) {
      if (index < lefts) {
        columns[index] = column({JoinColumn::From::left, index});
      } else if (index < lefts + rights) {
        columns[index] = column({JoinColumn::From::right, index - lefts});
      } else {
        columns[index] = column({JoinColumn::From::key, index - lefts - rights});
      }
    }
    return columns;
  }

  Status emit_selected(Chunk chunk, const flow::BatchContext& context, flow::Emitter& out) const {
    const std::vector<ColumnRef> columns = inputs(chunk.rows);
    const expr::EvalInput input{columns, chunk.rows, Selection{nullptr, chunk.rows}, &context.tick, context.seed};
    expr::RowErrors errors;
    for (const expr::BoundRef& expression : output_.select)
      chunk.columns.push_back(expr::evaluate(*expression, input, errors));
    if (!errors.empty()) {
      auto kept = std::make_shared<Vec<std::uint32_t>>();
      if (!out.drop_failed(chunk, errors, *kept)) return {};
      chunk.selected = std::move(kept);
    }
    out.emit(std::move(chunk));
    return {};
  }

  const JoinOutput& output_;
  const JoinTables& tables_;
  Rows left_rows_;
  Rows right_rows_;
};

}  // namespace

Status emit_joined(const Joined& joined, const JoinPairs& pairs, const flow::BatchContext& context,
                   flow::Emitter& out) {
  for (std::size_t at = 0; at < pairs.left.size(); at += kChunkRows) {
    const std::size_t count = std::min<std::size_t>(kChunkRows, pairs.left.size() - at);
    const Piece piece(joined.output, joined.tables, Rows(pairs.left).subspan(at, count),
                      Rows(pairs.right).subspan(at, count));
    SR_TRY(piece.emit(context, out));
  }
  return {};
}

Status join_tables(const JoinOutput& output, const std::array<const Chunk*, 2>& tables,
                   const std::array<std::vector<ColumnRef>, 2>& bounds, const flow::BatchContext& context,
                   flow::Emitter& out) {
  std::vector<ColumnRef> keys[2];
  Vec<std::uint32_t> kept[2];
  Selection rows[2];
  for (const std::uint32_t side : {kLeft, kRight}) {
    const Chunk& table = *tables[side];
    expr::RowErrors errors;
    keys[side] = evaluate_keys(side == kLeft ? output.keys.left : output.keys.right, table, context, errors);
    keys[side].insert(keys[side].end(), bounds[side].begin(), bounds[side].end());
    rows[side] = table.selection();
    if (errors.empty()) continue;
    if (!out.drop_failed(table, errors, kept[side])) return {};
    rows[side] = {kept[side].data(), static_cast<std::uint32_t>(kept[side].size())};
  }
  const KeyIndex index(output.keys.types, keys[kRight], rows[kRight]);
  const JoinPairs pairs = match(output.how, index, {keys[kLeft], rows[kLeft]}, rows[kRight]);
  return emit_joined({output, {tables[kLeft], tables[kRight], keys[kLeft], keys[kRight]}}, pairs, context, out);
}

std::set<std::uint32_t> columns_read(const JoinOutput& output, std::uint32_t side,
                                     const std::set<std::uint32_t>& needed) {
  std::set<std::uint32_t> read;
  for (const expr::BoundRef& key : side == kLeft ? output.keys.left : output.keys.right)
    expr::collect_columns(*key, read);
  const auto lefts = static_cast<std::uint32_t>(output.left->size());
  const auto rights = static_cast<std::uint32_t>(output.right->size());
  if (!output.select.empty()) {
    std::set<std::uint32_t> used;
    for (const expr::BoundRef& expression : output.select) expr::collect_columns(*expression, used);
    for (const std::uint32_t index : used) {
      if (side == kLeft && index < lefts) read.insert(index);
      if (side == kRight && index >= lefts && index < lefts + rights) read.insert(index - lefts);
    }
    return read;
  }
  const auto from = side == kLeft ? JoinColumn::From::left : JoinColumn::From::right;
  for (std::uint32_t i = 0; i < output.columns.size(); ++i) {
    if (output.columns[i].from == from && (needed.empty() || needed.contains(i))) read.insert(output.columns[i].index);
  }
  return read;
}

}  // namespace sr::operators
