// min and max of every type that has an order. NaN is the greatest double; of -0.0 and 0.0, which are equal, -0.0
// counts as the less, so that the result does not depend on the order of rows.
#include <cmath>

#include "engine/expr/aggregates/cells.h"
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

template <class T>
bool less(const T& a, const T& b) {
  return a < b;
}
template <>
bool less(const double& a, const double& b) {
  if (a < b) return true;
  if (a > b) return false;
  if (a == b) return std::signbit(a) && !std::signbit(b);
  return !std::isnan(a);  // one of them is NaN: a is less if it is not
}

template <class T>
struct Best {
  T value;
  std::int64_t present;
};
template <>
struct Best<Int128> {
  Int128 value;
  std::int64_t present;
  std::int64_t padding;
};
template <>
struct Best<std::uint8_t> {
  std::uint64_t value;
  std::int64_t present;
};

template <class T, bool kMax>
struct Extreme {
  using State = Best<T>;
  using Value = T;
  using Result = T;

  void add(State& state, const T& value) const {
    if (state.present == 0 || better(value, static_cast<T>(state.value))) state.value = value;
    state.present = 1;
  }
  void merge(State& state, const State& other) const {
    if (other.present != 0) add(state, static_cast<T>(other.value));
  }
  Finished finish(const State& state, T& result) const {
    result = static_cast<T>(state.value);
    return state.present != 0 ? Finished::value : Finished::null;
  }
  static bool better(const T& a, const T& b) { return kMax ? less<T>(b, a) : less<T>(a, b); }
};

// The same for strings and nested values, which are copied.
template <bool kMax>
class ExtremeCells final : public AggregateStates {
 public:
  explicit ExtremeCells(TypeRef type) : cells_(std::move(type)) {}

  void resize(std::uint32_t groups) override { cells_.resize(groups); }
  std::uint32_t size() const override { return cells_.size(); }
  void update(const std::uint32_t* groups, Selection selection, std::span<const ColumnRef> args) override {
    const Column& column = *args[0];
    cells_.begin(column);
    for (std::uint32_t i = 0; i < selection.count; ++i) {
      const std::uint32_t row = selection[i];
      const std::uint32_t group = groups ? groups[i] : 0;
      if (column.valid(row) && wins(group, column, row)) cells_.set(group, row);
    }
    cells_.commit();
  }
  void merge_pairs(const AggregateStates& from, const GroupPairs& pairs) override {
    const ValueCells& other = static_cast<const ExtremeCells&>(from).cells_;
    for (std::size_t i = 0; i < pairs.targets.size(); ++i) {
      const std::uint32_t source = pairs.source(i);
      const std::uint32_t target = pairs.targets[i];
      if (!other.has(source)) continue;
      if (wins(target, other.column(source), other.row(source))) cells_.adopt(target, other, source);
    }
    cells_.settle();
  }
  std::shared_ptr<Column> finish(std::span<const std::uint32_t> groups, RowErrors&) const override {
    return cells_.values(groups);
  }
  void reset(std::span<const std::uint32_t> groups) override { cells_.reset(groups); }
  void clear() override { cells_.clear(); }
  std::size_t memory_bytes() const override { return cells_.memory_bytes(); }
  void encode(std::string& out, std::span<const std::uint32_t> groups) const override { cells_.encode(out, groups); }
  Status decode(std::string_view* input, std::uint32_t count) override { return cells_.decode(input, count); }

 private:
  bool wins(std::uint32_t group, const Column& column, std::uint32_t row) const {
    if (!cells_.has(group)) return true;
    const int order = compare_values(column, row, cells_.column(group), cells_.row(group));
    return kMax ? order > 0 : order < 0;
  }

  ValueCells cells_;
};

constexpr AggregateTraits kTraits{.order_free = true};

template <bool kMax>
bool resolve(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  const TypeRef type = orderable_argument(input, 0, error);
  if (!type) return false;
  switch (type->id) {
    case TypeId::boolean:
      return set_aggregate<FoldStates<Extreme<std::uint8_t, kMax>>>(out, type, {nullptr}, kTraits, type);
    case TypeId::bigint:
    case TypeId::timestamp:
    case TypeId::date:
      return set_aggregate<FoldStates<Extreme<std::int64_t, kMax>>>(out, type, {nullptr}, kTraits, type);
    case TypeId::float64:
      return set_aggregate<FoldStates<Extreme<double, kMax>>>(out, type, {nullptr}, kTraits, type);
    case TypeId::decimal:
      return set_aggregate<FoldStates<Extreme<Int128, kMax>>>(out, type, {nullptr}, kTraits, type);
    default:
      return set_aggregate<ExtremeCells<kMax>>(out, type, {nullptr}, kTraits, type);
  }
}

}  // namespace

void register_extremes(AggregateRegistry& registry) {
  registry.add({.name = "min",
                .min_args = 1,
                .max_args = 1,
                .signature = "min(v)",
                .summary = "The least value that is not NULL.",
                .example = "min(x) over x: 2, 1, null gives 1",
                .resolve = resolve<false>});
  registry.add({.name = "max",
                .min_args = 1,
                .max_args = 1,
                .signature = "max(v)",
                .summary = "The greatest value that is not NULL; NaN is the greatest double.",
                .example = "max(x) over x: 'a', 'b', null gives b",
                .resolve = resolve<true>});
}

}  // namespace sr::expr
