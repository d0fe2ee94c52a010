// What update_state_by_key and map_with_state share: the shape of a keyed state, its first values, and its binding.
// Tested in tests/jobs/update_state.yaml and tests/jobs/map_with_state.yaml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/flow/operator.h"
#include "engine/state/keyed_state.h"
#include "specs/bind.h"

namespace sr::operators {

struct StateShape {
  SchemaRef input;
  std::vector<std::uint32_t> key;  // columns of the input
  std::vector<Field> key_fields;
  std::vector<Field> state;
  std::vector<expr::BoundRef> init;  // per state column, over the key columns

  std::vector<TypeRef> key_types() const;
  std::vector<TypeRef> state_types() const;
};

// Options that both nodes have.
struct StateOptions {
  const specs::KeyOption* key;
  const specs::SchemaOption* state;
  const specs::ExprMap* init;
  const specs::ExprMap* update;
};

// Resolves key, state and init. Reports: unknown key, a state column named like a key, a missing or unknown name in
// `init`, an unknown name in `update`, a type that does not fit. Nothing on error.
std::optional<StateShape> bind_state_shape(const StateOptions& options, specs::BindContext& context);

// Adds the key columns (by name) and the state columns (as `state.x`) to a scope.
void add_keys(const StateShape& shape, expr::Scope& scope);
void add_state(const StateShape& shape, expr::Scope& scope);

// The expression as a value of the state column's type: lossless widening, or a checked cast to a decimal. Reports and
// gives null otherwise.
expr::BoundRef fit_state(expr::BoundRef value, const Field& column, Span span, specs::BindContext& context);

// Position of a state column by name; reports an unknown one with a suggestion.
std::optional<std::size_t> state_column(const StateShape& shape, const specs::NamedExpr& item, const char* where,
                                        specs::BindContext& context);

// Gives keys that are new in the table their first values; failures of `init` stop the batch through `out`. False:
// stopped.
bool fill_new(const StateShape& shape, KeyedState& state, const flow::BatchContext& context, flow::Emitter& out);

// Takes in a state whose columns were others: those that are new begin with `init`.
Status migrate_state(const StateShape& shape, KeyedState& state, std::string_view in, const flow::StateShape& saved);

// The key of a group as JSON, for messages.
std::string key_json(const StateShape& shape, const std::vector<ColumnRef>& keys, std::uint32_t row);

}  // namespace sr::operators
