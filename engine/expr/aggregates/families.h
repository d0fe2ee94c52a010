// The families of aggregates, one file each, and what their resolvers share. Called by aggregates/register.cc only.
// Knows nothing of groups or windows. Tested in tests/unit/expr.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/expr/aggregate.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

void register_count(AggregateRegistry& registry);
void register_sum(AggregateRegistry& registry);
void register_extremes(AggregateRegistry& registry);
void register_first_last(AggregateRegistry& registry);
void register_min_by(AggregateRegistry& registry);
void register_collect(AggregateRegistry& registry);
void register_distinct(AggregateRegistry& registry);
void register_approx_distinct(AggregateRegistry& registry);
void register_moments(AggregateRegistry& registry);
void register_logic(AggregateRegistry& registry);
void register_percentile(AggregateRegistry& registry);
void register_approx_percentile(AggregateRegistry& registry);

// Parts of `count` and of `sum` and `avg` that have a file of their own.
bool resolve_count_distinct(const ResolveInput& input, ResolvedAggregate* out, ResolveError* error);
bool resolve_decimal_sum(const Type& argument, ResolvedAggregate* out);
bool resolve_decimal_average(const Type& argument, ResolvedAggregate* out);

// What a resolved aggregate promises about the order of its rows.
struct AggregateTraits {
  bool invertible = false;
  bool order_free = false;
  bool exact = true;
  bool empty_is_zero = false;
  bool grows = false;
};

// Fills a resolved aggregate whose states are `S(args…)`.
template <class S, class... Args>
bool set_aggregate(ResolvedAggregate* out, TypeRef result, std::vector<TypeRef> params, AggregateTraits traits,
                   Args... args) {
  out->result = std::move(result);
  out->params = std::move(params);
  out->make = [args...]() -> std::unique_ptr<AggregateStates> { return std::make_unique<S>(args...); };
  out->invertible = traits.invertible;
  out->order_free = traits.order_free;
  out->exact = traits.exact;
  out->empty_is_zero = traits.empty_is_zero;
  out->grows = traits.grows;
  return true;
}

// Registers `info` again under another name.
void add_alias(AggregateRegistry& registry, AggregateInfo info, std::string name);

// The type in which argument `index` takes part as a number: bigint, double or decimal; a NULL or a variant counts as a
// double. Refuses everything else.
TypeRef number_argument(const ResolveInput& input, std::size_t index, ResolveError* error);
// The type of argument `index` if its values have an order (no map, no variant); else refuses.
TypeRef orderable_argument(const ResolveInput& input, std::size_t index, ResolveError* error);

// The constant percentage, or array of percentages, of percentile and its like: within 0 … 1. Refuses anything else.
struct Percentages {
  std::vector<double> values;
  bool is_array = false;

  // The result's type where one percentage gives `value`.
  TypeRef result(const TypeRef& value) const { return is_array ? types::array(value) : value; }
};
std::optional<Percentages> constant_percentages(const ResolveInput& input, std::size_t index, ResolveError* error);

}  // namespace sr::expr
