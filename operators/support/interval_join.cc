#include "operators/support/interval_join.h"

#include <algorithm>

#include "engine/flow/emit_rows.h"
#include "operators/support/interval_side.h"
#include "operators/support/list_state.h"

namespace sr::operators {
namespace {

using Pairs = std::vector<std::pair<KeptRow, KeptRow>>;

class IntervalJoin final : public flow::WholeBatch {
 public:
  IntervalJoin(JoinOutput output, std::int64_t within_us)
      : output_(std::move(output)),
        within_us_(within_us),
        left_(output_.left, output_.keys.types),
        right_(output_.right, output_.keys.types) {}

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    if (!add(left_, flow::gather_input(output_.left, partials, kLeft), context, out)) return {};
    if (!add(right_, flow::gather_input(output_.right, partials, kRight), context, out)) return {};
    Pairs pairs = matches();
    const std::int64_t horizon = horizon_of(context.watermark);
    const bool left_waits =
        output_.how == JoinHow::left_outer || output_.how == JoinHow::full_outer || output_.how == JoinHow::left_anti;
    const bool right_waits = output_.how == JoinHow::right_outer || output_.how == JoinHow::full_outer;
    if (left_waits) {
      for (const KeptRow& row : left_.expired_unmatched(horizon)) pairs.emplace_back(row, kNoKeptRow);
    }
    std::sort(pairs.begin(), pairs.end());
    if (right_waits) {
      for (const KeptRow& row : right_.expired_unmatched(horizon)) pairs.emplace_back(kNoKeptRow, row);
    }
    SR_TRY(emit(pairs, context, out));
    left_.tidy(horizon);
    right_.tidy(horizon);
    return {};
  }

  bool has_state() const override { return true; }
  bool settled() const override { return true; }  // changes with rows and watermarks only
  void snapshot(std::string& out) const override {
    left_.snapshot(out);
    right_.snapshot(out);
  }
  Status restore(std::string_view in) override {
    SR_TRY(left_.restore(&in));
    return right_.restore(&in);
  }
  void list_state(const Tick&, const flow::StateReader& read) override {
    left_.list_state(with_side(kLeft, read));
    right_.list_state(with_side(kRight, read));
  }
  std::size_t state_bytes() const override { return left_.memory_bytes() + right_.memory_bytes(); }
  std::uint64_t state_keys() const override { return left_.rows() + right_.rows(); }

 private:
  // A row older than this can match nothing that is still to come.
  std::int64_t horizon_of(std::int64_t watermark) const {
    if (watermark == kNoWatermark || watermark == kEndOfTime) return watermark;
    return watermark < kNoWatermark + within_us_ ? kNoWatermark : watermark - within_us_;
  }

  bool add(IntervalSide& side, const Chunk& rows, const flow::BatchContext& context, flow::Emitter& out) {
    const auto& keys = &side == &left_ ? output_.keys.left : output_.keys.right;
    expr::RowErrors errors;
    const auto columns = evaluate_keys(keys, rows, context, errors);
    if (errors.empty()) {
      side.add(rows, columns);
      return true;
    }
    Vec<std::uint32_t> kept;
    if (!out.drop_failed(rows, errors, kept)) return false;
    Chunk good = rows;
    good.selected = std::make_shared<const Vec<std::uint32_t>>(kept);
    return add(side, good.compact(), context, out);
  }

  bool near(KeptRow left, KeptRow right) const {
    const std::int64_t a = left_.time(left), b = right_.time(right);
    return (a > b ? a - b : b - a) <= within_us_;
  }

  // Pairs in which at least one row is new, i.e. of the newest segment.
  Pairs matches() {
    Pairs pairs;
    const auto new_left = static_cast<std::uint32_t>(left_.segments() - 1),
               new_right = static_cast<std::uint32_t>(right_.segments() - 1);
    for (std::uint32_t s = 0; s <= new_right; ++s) probe(new_left, s, pairs);
    for (std::uint32_t s = 0; s < new_left; ++s) probe(s, new_right, pairs);
    if (output_.how == JoinHow::left_semi || output_.how == JoinHow::left_anti) return semi(pairs);
    for (const auto& [left, right] : pairs) {
      left_.mark_matched(left);
      right_.mark_matched(right);
    }
    return pairs;
  }

  // Looks the smaller segment's rows up in the other's index.
  void probe(std::uint32_t left, std::uint32_t right, Pairs& pairs) const {
    const bool from_left = left_.rows(left) <= right_.rows(right);
    const IntervalSide& asking = from_left ? left_ : right_;
    const std::uint32_t segment = from_left ? left : right;
    const KeyIndex& index = from_left ? right_.index(right) : left_.index(left);
    const std::uint32_t count = asking.rows(segment);
    if (count == 0) return;
    const std::vector<std::uint32_t> key_of = index.lookup(asking.keys(segment), Selection{nullptr, count});
    for (std::uint32_t row = 0; row < count; ++row) {
      if (key_of[row] == kNoRow) continue;
      for (const std::uint32_t other : index.rows_of(key_of[row])) {
        const KeptRow l{left, from_left ? row : other}, r{right, from_left ? other : row};
        if (near(l, r)) pairs.emplace_back(l, r);
      }
    }
  }

  // left_semi gives a left row once, when it first matches; left_anti only remembers that it did.
  Pairs semi(const Pairs& pairs) {
    Pairs once;
    for (const auto& [left, right] : pairs) {
      if (output_.how == JoinHow::left_semi && !left_.is_matched(left)) once.emplace_back(left, kNoKeptRow);
      left_.mark_matched(left);
    }
    return once;
  }

  Status emit(const Pairs& pairs, const flow::BatchContext& context, flow::Emitter& out) const {
    if (pairs.empty()) return {};
    std::vector<KeptRow> lefts, rights;
    for (const auto& [left, right] : pairs) {
      lefts.push_back(left);
      rights.push_back(right);
    }
    const IntervalSide::Picked left = left_.pick(lefts), right = right_.pick(rights);
    return emit_joined({output_, {&left.table, &right.table, left.keys, right.keys}}, {left.rows, right.rows}, context,
                       out);
  }

  JoinOutput output_;
  std::int64_t within_us_;
  IntervalSide left_;
  IntervalSide right_;
};

}  // namespace

std::optional<specs::BoundNode> bind_interval_join(JoinOutput output, Duration within, specs::BindContext& context) {
  for (const specs::InputInfo& input : context.inputs()) {
    if (input.is_dataset) {
      context.error("SR4411", context.value_span("within"),
                    "`within` joins two streams, and `" + input.id + "` is a dataset");
    } else if (!input.has_event_time) {
      context.error("SR4412", context.value_span("within"),
                    "`within` needs event time on both sides, and `" + input.id + "` has none", "",
                    "give its source `event_time: {field: …, delay: …}`");
    } else if (input.window) {
      context.error("SR4413", input.span, "a side of a join takes a window or the join `within`, not both");
    }
  }
  if (context.failed()) return std::nullopt;
  specs::BoundNode bound;
  bound.ports = {{"", output.schema}};
  bound.gives_event_time = true;
  bound.needs_event_time = true;
  if (output.how != JoinHow::inner) bound.hold_back_ms = within.ms;  // so old may a row be that waited for a match
  bound.stateful = true;
  bound.state_shape = "join within, rows of " + output.left->to_text() + " and " + output.right->to_text();
  bound.reads = [output](std::uint32_t side, const std::set<std::uint32_t>& needed) {
    return columns_read(output, side, needed);
  };
  bound.make = [output, within_us = within.ms * 1000](const specs::MakeOptions&) {
    specs::Made made;
    made.breaker = std::make_unique<IntervalJoin>(output, within_us);
    return made;
  };
  return bound;
}

}  // namespace sr::operators
