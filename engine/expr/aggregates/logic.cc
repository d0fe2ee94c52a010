// bool_and and bool_or. They count both outcomes, so that a window can take rows back.
#include "engine/expr/aggregates/families.h"
#include "engine/expr/aggregates/fold.h"

namespace sr::expr {

namespace {

struct Outcomes {
  std::int64_t yes;
  std::int64_t no;
};

template <bool kAnd>
struct Quantifier {
  using State = Outcomes;
  using Value = std::uint8_t;
  using Result = std::uint8_t;

  void add(State& state, std::uint8_t value) const { ++(value ? state.yes : state.no); }
  void merge(State& state, const State& other) const {
    state.yes += other.yes;
    state.no += other.no;
  }
  void subtract(State& state, const State& other) const {
    state.yes -= other.yes;
    state.no -= other.no;
  }
  Finished finish(const State& state, std::uint8_t& result) const {
    result = kAnd ? state.no == 0 : state.yes > 0;
    return state.yes + state.no == 0 ? Finished::null : Finished::value;
  }
};

template <bool kAnd>
bool resolve(const ResolveInput& input, bool, ResolvedAggregate* out, ResolveError* error) {
  if (!check_argument(input, 0, types::boolean(), error)) return false;
  return set_aggregate<FoldStates<Quantifier<kAnd>>>(out, types::boolean(), {types::boolean()},
                                                     {.invertible = true, .order_free = true}, types::boolean());
}

}  // namespace

void register_logic(AggregateRegistry& registry) {
  const AggregateInfo all{.name = "bool_and",
                          .min_args = 1,
                          .max_args = 1,
                          .signature = "bool_and(b)",
                          .summary = "Whether b is true in every row where it is not NULL; NULL without any.",
                          .example = "bool_and(x) over x: true, false, null gives false",
                          .resolve = resolve<true>};
  const AggregateInfo any{.name = "bool_or",
                          .min_args = 1,
                          .max_args = 1,
                          .signature = "bool_or(b)",
                          .summary = "Whether b is true in some row; NULL if it has no value at all.",
                          .example = "bool_or(x) over x: true, false, null gives true",
                          .resolve = resolve<false>};
  registry.add(all);
  add_alias(registry, all, "every");
  registry.add(any);
  add_alias(registry, any, "some");
  add_alias(registry, any, "any");
}

}  // namespace sr::expr
