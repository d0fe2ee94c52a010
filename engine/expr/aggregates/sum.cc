// sum and avg of bigint and double. Bigints are added in 128 bits and checked at the end, so that only the result can
// overflow and a window can take values back; doubles are added plainly, in order, and never taken back.
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

// A 128-bit sum in two words (an Int128 would pad the state to 32 bytes), and how many values it has.
struct WholeSum {
  std::uint64_t low;
  std::int64_t high;
  std::int64_t count;

  Int128 total() const { return (static_cast<Int128>(high) << 64) | static_cast<Int128>(low); }
  void set(Int128 total) {
    low = static_cast<std::uint64_t>(total);
    high = static_cast<std::int64_t>(total >> 64);
  }
};

struct SumWhole {
  using State = WholeSum;
  using Value = std::int64_t;
  using Result = std::int64_t;

  void add(State& state, std::int64_t value) const {
    state.set(state.total() + value);
    ++state.count;
  }
  void merge(State& state, const State& other) const {
    state.set(state.total() + other.total());
    state.count += other.count;
  }
  void subtract(State& state, const State& other) const {
    state.set(state.total() - other.total());
    state.count -= other.count;
  }
  Finished finish(const State& state, std::int64_t& result) const {
    if (state.count == 0) return Finished::null;
    result = static_cast<std::int64_t>(state.low);
    return state.total() == result ? Finished::value : Finished::overflow;
  }
};

struct AverageWhole : SumWhole {
  using Result = double;
  Finished finish(const State& state, double& result) const {
    if (state.count == 0) return Finished::null;
    result = static_cast<double>(state.total()) / static_cast<double>(state.count);
    return Finished::value;
  }
};

struct DoubleSum {
  double sum;
  std::int64_t count;
};

struct SumDouble {
  using State = DoubleSum;
  using Value = double;
  using Result = double;

  void add(State& state, double value) const {
    state.sum += value;
    ++state.count;
  }
  void merge(State& state, const State& other) const {
    state.sum += other.sum;
    state.count += other.count;
  }
  Finished finish(const State& state, double& result) const {
    result = state.sum;
    return state.count == 0 ? Finished::null : Finished::value;
  }
};

struct AverageDouble : SumDouble {
  Finished finish(const State& state, double& result) const {
    if (state.count == 0) return Finished::null;
    result = state.sum / static_cast<double>(state.count);
    return Finished::value;
  }
};

constexpr AggregateTraits kWhole{.invertible = true, .order_free = true};
constexpr AggregateTraits kDouble{.exact = false};

bool resolve_sum(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  const TypeRef type = number_argument(input, 0, error);
  if (!type) return false;
  if (type->id == TypeId::decimal) return resolve_decimal_sum(*type, out);
  if (type->id == TypeId::bigint) {
    return set_aggregate<FoldStates<SumWhole>>(out, types::bigint(), {type}, kWhole, types::bigint());
  }
  return set_aggregate<FoldStates<SumDouble>>(out, types::float64(), {type}, kDouble, types::float64());
}

bool resolve_average(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  const TypeRef type = number_argument(input, 0, error);
  if (!type) return false;
  if (type->id == TypeId::decimal) return resolve_decimal_average(*type, out);
  if (type->id == TypeId::bigint) {
    return set_aggregate<FoldStates<AverageWhole>>(out, types::float64(), {type}, kWhole, types::float64());
  }
  return set_aggregate<FoldStates<AverageDouble>>(out, types::float64(), {type}, kDouble, types::float64());
}

}  // namespace

void register_sum(AggregateRegistry& registry) {
  registry.add({.name = "sum",
                .min_args = 1,
                .max_args = 1,
                .signature = "sum(n)",
                .summary = "Adds numbers; NULL without any. A bigint that does not fit 64 bits is an overflow.",
                .example = "sum(x) over x: 1, 2, null gives 3",
                .resolve = resolve_sum});
  const AggregateInfo average{.name = "avg",
                              .min_args = 1,
                              .max_args = 1,
                              .signature = "avg(n)",
                              .summary = "The mean: a double, of decimal(p,s) a decimal(p+4,s+4) rounded half up.",
                              .example = "avg(x) over x: 1, 2, null gives 1.5",
                              .resolve = resolve_average};
  registry.add(average);
  add_alias(registry, average, "mean");
}

}  // namespace sr::expr
