// Aggregation within a batch: partials merge in order, and every group of the batch is emitted.
#include "operators/support/aggregation.h"

namespace sr::operators {

namespace {

class BatchAggregation final : public flow::Breaker {
 public:
  explicit BatchAggregation(AggregationRef aggregation)
      : aggregation_(std::move(aggregation)), joins_(aggregation_->shape.all_exact()), pool_(aggregation_->shape) {}

  std::unique_ptr<flow::Partial> partial(std::uint32_t) const override { return pool_.take(); }
  bool partials_join() const override { return joins_; }

  Status accumulate(flow::Partial& partial, const Chunk& chunk, const flow::BatchContext& context,
                    flow::Emitter& errors) const override {
    add_rows(*aggregation_, static_cast<GroupsPartial&>(partial), {chunk, context}, errors);
    return {};
  }

  Status end_batch(const flow::BatchContext& context, std::span<flow::PlacedPartial> partials,
                   flow::Emitter& out) override {
    if (const GroupedStates* groups = merge_partials(partials)) {
      emit_all(*aggregation_, *groups, context, out);
    } else if (aggregation_->zero_without_rows) {
      emit_nothing_seen(*aggregation_, context, out);
    }
    pool_.give_back(partials);
    return {};
  }

 private:
  AggregationRef aggregation_;
  bool joins_;
  mutable PartialPool pool_;
};

}  // namespace

std::unique_ptr<flow::Breaker> make_batch_aggregation(AggregationRef aggregation) {
  return std::make_unique<BatchAggregation>(std::move(aggregation));
}

}  // namespace sr::operators
