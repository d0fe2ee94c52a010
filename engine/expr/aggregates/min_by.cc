// min_by and max_by: the v of the row with the least or greatest k; of equal k the last to arrive. Rows whose k is NULL
// are skipped, a v that is NULL is not.
#include "engine/expr/aggregates/cells.h"
#include "engine/expr/aggregates/families.h"

namespace sr::expr {

namespace {

template <bool kMax>
class ByStates final : public AggregateStates {
 public:
  ByStates(TypeRef value, TypeRef key) : values_(std::move(value)), keys_(std::move(key)) {}

  void resize(std::uint32_t groups) override {
    values_.resize(groups);
    keys_.resize(groups);
  }
  std::uint32_t size() const override { return keys_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Column& key = *args[1];
    values_.begin(*args[0]);
    keys_.begin(key);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      const std::uint32_t group = groups ? groups[i] : 0;
      if (!key.valid(row) || !wins(group, key, row)) continue;
      values_.set(group, row);
      keys_.set(group, row);
    }
    values_.commit();
    keys_.commit();
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const auto& other = static_cast<const ByStates&>(from);
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      const std::uint32_t source = pairs.source(i);
      const std::uint32_t target = pairs.targets[i];
      if (!other.keys_.has(source)) continue;
      if (!wins(target, other.keys_.column(source), other.keys_.row(source))) continue;
      values_.adopt(target, other.values_, source);
      keys_.adopt(target, other.keys_, source);
    }
    values_.settle();
    keys_.settle();
  }
  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    return values_.values(groups);
  }
  void reset(std::span<const std::uint32_t> groups) override {
    values_.reset(groups);
    keys_.reset(groups);
  }
  void clear() override {
    values_.clear();
    keys_.clear();
  }
  std::size_t memory_bytes() const override { return values_.memory_bytes() + keys_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override {
    values_.encode(out, groups);
    keys_.encode(out, groups);
  }
  Status decode(std::string_view* input, std::uint32_t count) override {
    SR_TRY(values_.decode(input, count));
    return keys_.decode(input, count);
  }

 private:
  bool wins(std::uint32_t group, const Column& key, std::uint32_t row) const {
    if (!keys_.has(group)) return true;
    const int order = compare_values(key, row, keys_.column(group), keys_.row(group));
    return kMax ? order >= 0 : order <= 0;
  }

  ValueCells values_;
  ValueCells keys_;
};

template <bool kMax>
bool resolve(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  const TypeRef key = orderable_argument(input, 1, error);
  if (!key) return false;
  return set_aggregate<ByStates<kMax>>(out, input.types[0], {nullptr, nullptr}, {}, input.types[0], key);
}

}  // namespace

void register_min_by(AggregateRegistry& registry) {
  registry.add({.name = "min_by",
                .min_args = 2,
                .max_args = 2,
                .signature = "min_by(v, k)",
                .summary = "The v of the row with the least k, of equal k the last to arrive.",
                .example = "min_by(x, k) over x: 'a', 'b', 'c'; k: 2, 1, 1 gives c",
                .resolve = resolve<false>});
  registry.add({.name = "max_by",
                .min_args = 2,
                .max_args = 2,
                .signature = "max_by(v, k)",
                .summary = "The v of the row with the greatest k, of equal k the last to arrive.",
                .example = "max_by(x, k) over x: 'a', 'b', 'c'; k: 2, 1, null gives a",
                .resolve = resolve<true>});
}

}  // namespace sr::expr
