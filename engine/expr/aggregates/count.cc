// count(*), count(x, …) and count_if: 0 for a group without such rows. count(distinct x) stands in distinct.cc.
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

// Counts rows in which every argument has a value (or, for count_if, is true).
class CountStates final : public AggregateStates {
 public:
  explicit CountStates(bool if_true) : if_true_(if_true) {}

  void resize(std::uint32_t groups) override { counts_.resize(groups, 0); }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(counts_.size()); }

  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    bool all = !if_true_;
    for (const ColumnRef& arg : args) all = all && !arg->may_have_nulls();
    if (!all) return update_some(groups, selection, args);
    if (groups == nullptr) {
      counts_[0] += selection.count;
      return;
    }
    std::int64_t* const counts = counts_.data();
    for (std::uint32_t i = 0; i < selection.count; ++i) ++counts[groups[i]];
  }

  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const CountStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) counts_[pairs.targets[i]] += other.counts_[pairs.source(i)];
  }
  void subtract_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const CountStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) counts_[pairs.targets[i]] -= other.counts_[pairs.source(i)];
  }

  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    const auto count = static_cast<std::uint32_t>(groups.size());
    auto column = std::make_shared<Column>(types::bigint(), count);
    std::int64_t* const values = column->make_values<std::int64_t>(count);
    for (std::uint32_t i = 0; i < count; ++i) values[i] = counts_[groups[i]];
    return column;
  }
  void reset(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) counts_[group] = 0;
  }
  void clear() override { counts_.clear(); }
  std::size_t memory_bytes() const override { return counts_.capacity() * sizeof(std::int64_t); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    encode_states(out, counts_, groups);
  }
  Status decode(std::string_view* input, std::uint32_t count) override { return decode_states(input, count, counts_); }

 private:
  void update_some(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) {
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      bool counts = true;
      for (const ColumnRef& arg : args) {
        counts = counts && arg->valid(row) && (!if_true_ || arg->get<std::uint8_t>(row) != 0);
      }
      if (counts) ++counts_[groups ? groups[i] : 0];
    }
  }

  bool if_true_;
  Vec<std::int64_t> counts_;
};

constexpr AggregateTraits kCounts{.invertible = true, .order_free = true, .empty_is_zero = true};

}  // namespace

void register_count(AggregateRegistry& registry) {
  registry.add({.name = "count",
                .min_args = 0,
                .max_args = -1,
                .signature = "count(*), count(v, …), count(distinct v, …)",
                .summary = "Counts rows, rows in which every v is not NULL, or distinct values.",
                .example = "count(x) over x: 1, 2, null gives 2",
                .resolve = [](const ResolveInput& input, bool distinct, ResolvedAggregate* out, ResolveError* error) {
                  if (distinct) return resolve_count_distinct(input, out, error);
                  return set_aggregate<CountStates>(out, types::bigint(), std::vector<TypeRef>(input.types.size()),
                                                    kCounts, false);
                }});
  registry.add({.name = "count_if",
                .min_args = 1,
                .max_args = 1,
                .signature = "count_if(b)",
                .summary = "Counts the rows in which b is true.",
                .example = "count_if(x > 1) over x: 1, 2, null gives 1",
                .resolve = [](const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
                  if (!check_argument(input, 0, types::boolean(), error)) return false;
                  return set_aggregate<CountStates>(out, types::bigint(), {types::boolean()}, kCounts, true);
                }});
}

}  // namespace sr::expr
