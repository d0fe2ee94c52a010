// stddev and variance, of samples and of populations. Welford's update ("Note on a method for calculating corrected
// sums of squares", 1962) and the merge of Chan, Golub and LeVeque (1979): stable, and in a fixed order the same bytes.
#include <cmath>

#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

struct Moments {
  std::int64_t count;
  double mean;
  double squares;  // sum of squared distances from the mean
};

struct Spread {
  using State = Moments;
  using Value = double;
  using Result = double;

  bool sample = true;
  bool root = true;

  void add(State& state, double value) const {
    ++state.count;
    const double distance = value - state.mean;
    state.mean += distance / static_cast<double>(state.count);
    state.squares += distance * (value - state.mean);
  }
  void merge(State& state, const State& other) const {
    if (other.count == 0) return;
    if (state.count == 0) {
      state = other;
      return;
    }
    const auto ours = static_cast<double>(state.count);
    const auto theirs = static_cast<double>(other.count);
    const double distance = other.mean - state.mean;
    state.count += other.count;
    state.mean += distance * theirs / (ours + theirs);
    state.squares += other.squares + distance * distance * ours * theirs / (ours + theirs);
  }
  Finished finish(const State& state, double& result) const {
    const std::int64_t divisor = sample ? state.count - 1 : state.count;
    if (divisor <= 0) return Finished::null;
    result = state.squares / static_cast<double>(divisor);
    if (root) result = std::sqrt(result);
    return Finished::value;
  }
};

AggregateInfo spread(std::string name, bool sample, bool root, std::string example) {
  Spread rule;
  rule.sample = sample;
  rule.root = root;
  const std::string what = root ? "standard deviation" : "variance";
  return {.name = name,
          .min_args = 1,
          .max_args = 1,
          .signature = name + "(n)",
          .summary = sample ? "The " + what + " of a sample (n - 1); NULL for fewer than two values."
                            : "The " + what + " of a population (n); NULL without values.",
          .example = std::move(example),
          .resolve = [rule](const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
            if (!number_argument(input, 0, error)) return false;
            return set_aggregate<FoldStates<Spread>>(out, types::float64(), {types::float64()}, {.exact = false},
                                                     types::float64(), rule);
          }};
}

}  // namespace

void register_moments(AggregateRegistry& registry) {
  const AggregateInfo deviation = spread("stddev", true, true, "stddev(x) over x: 1, 3, 5, null gives 2.0");
  registry.add(deviation);
  add_alias(registry, deviation, "stddev_samp");
  add_alias(registry, deviation, "std");
  registry.add(spread("stddev_pop", false, true, "stddev_pop(x) over x: 1, 3, 1, 3 gives 1.0"));
  const AggregateInfo variance = spread("variance", true, false, "variance(x) over x: 1, 3, 5, null gives 4.0");
  registry.add(variance);
  add_alias(registry, variance, "var_samp");
  registry.add(spread("var_pop", false, false, "var_pop(x) over x: 1, 3, 1, 3 gives 1.0"));
}

}  // namespace sr::expr
