#include "operators/support/batch_join.h"

#include "operators/support/list_state.h"
#include "operators/support/side_index.h"

namespace sr::operators {

namespace {

// A window must be so many times as long as that on the other side for an index to pay that is kept between batches.
constexpr std::int64_t kMuchLonger = 4;

// Whether rows of a side give output also without a match.
bool gives_unmatched(JoinHow how, std::uint32_t side) {
  if (how == JoinHow::full_outer) return true;
  return side == kLeft ? how == JoinHow::left_outer || how == JoinHow::left_anti : how == JoinHow::right_outer;
}

// The side of which the rows with a match are all that counts and few beside its window.
std::optional<std::uint32_t> side_to_index(const BatchJoinPlan& plan) {
  for (const std::uint32_t side : {kLeft, kRight}) {
    const auto &own = plan.windows[side], &other = plan.windows[1 - side];
    if (!own || plan.datasets[1 - side] || gives_unmatched(plan.output.how, side)) continue;
    if (other && own->size_ms < kMuchLonger * other->size_ms) continue;
    const auto& keys = side == kLeft ? plan.output.keys.left : plan.output.keys.right;
    bool lasting = true;
    for (const expr::BoundRef& key : keys) lasting = lasting && !depends_on_batch(*key);
    if (lasting) return side;
  }
  return std::nullopt;
}

class BatchJoin final : public flow::WholeBatch {
 public:
  explicit BatchJoin(BatchJoinPlan plan)
      : plan_(std::move(plan)),
        sides_{SideRows(plan_.output.left, plan_.windows[kLeft]), SideRows(plan_.output.right, plan_.windows[kRight])} {
    const std::optional<std::uint32_t> side = side_to_index(plan_);
    if (!side) return;
    indexed_ = *side;
    index_.emplace(keys_of(indexed_), plan_.output.keys.types);
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    settled_ = sides_[kLeft].rows() + sides_[kRight].rows() == 0;
    for (const std::uint32_t side : {kLeft, kRight}) {
      if (dataset_of(context, side)) continue;
      const SchemaRef& schema = side == kLeft ? plan_.output.left : plan_.output.right;
      sides_[side].add(context.tick, flow::gather_input(schema, partials, side));
    }
    if (index_) index_->follow(sides_[indexed_], context);
    if (!plan_.timing.has_batch(context.tick.time_ms)) return {};
    Chunk tables[2];
    if (index_) {
      tables[1 - indexed_] = table(context, 1 - indexed_);
      tables[indexed_] = table_for(tables[1 - indexed_], context);
    } else {
      for (const std::uint32_t side : {kLeft, kRight}) tables[side] = table(context, side);
    }
    return join_tables(plan_.output, {&tables[kLeft], &tables[kRight]}, {}, context, out);
  }

  bool has_state() const override { return sides_[kLeft].windowed() || sides_[kRight].windowed(); }
  bool settled() const override { return settled_; }
  void snapshot(std::string& out) const override {
    for (const SideRows& side : sides_) side.snapshot(out);
  }
  Status restore(std::string_view in) override {
    for (SideRows& side : sides_) SR_TRY(side.restore(&in));
    return {};
  }
  void list_state(const Tick& tick, const flow::StateReader& read) override {
    for (const std::uint32_t side : {kLeft, kRight}) sides_[side].list_state(tick, with_side(side, read));
  }
  std::size_t state_bytes() const override {
    return sides_[kLeft].memory_bytes() + sides_[kRight].memory_bytes() + (index_ ? index_->memory_bytes() : 0);
  }
  std::uint64_t state_keys() const override { return sides_[kLeft].rows() + sides_[kRight].rows(); }

 private:
  const std::vector<expr::BoundRef>& keys_of(std::uint32_t side) const {
    return side == kLeft ? plan_.output.keys.left : plan_.output.keys.right;
  }
  static const flow::DatasetVersion* dataset_of(const flow::BatchContext& context, std::uint32_t side) {
    return side < context.datasets.size() ? context.datasets[side].get() : nullptr;
  }

  // All rows of a side.
  Chunk table(const flow::BatchContext& context, std::uint32_t side) const {
    if (const flow::DatasetVersion* dataset = dataset_of(context, side))
      return flow::concat_chunks(dataset->schema, dataset->chunks);
    return sides_[side].table();
  }

  // The rows of the indexed side that may match those of the other, or all.
  Chunk table_for(const Chunk& other, const flow::BatchContext& context) {
    const SideRows& side = sides_[indexed_];
    if (other.rows > side.rows() / 2) return side.table();
    expr::RowErrors errors;  // raised by the join
    const std::vector<ColumnRef> keys = evaluate_keys(keys_of(1 - indexed_), other, context, errors);
    const JoinHow how = plan_.output.how;
    const bool first_only = indexed_ == kRight && (how == JoinHow::left_semi || how == JoinHow::left_anti);
    std::optional<Chunk> rows = index_->matching(side, {keys, other.selection(), first_only});
    return rows ? std::move(*rows) : side.table();
  }

  BatchJoinPlan plan_;
  SideRows sides_[2];
  std::optional<SideIndex> index_;
  std::uint32_t indexed_ = kLeft;
  bool settled_ = true;  // the windows were empty before the last batch, so that no row has left them
};

}  // namespace

std::unique_ptr<flow::Breaker> make_batch_join(BatchJoinPlan plan) {
  return std::make_unique<BatchJoin>(std::move(plan));
}

}  // namespace sr::operators
