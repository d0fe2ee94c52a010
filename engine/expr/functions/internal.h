// Calls that the binder makes itself because their grammar is no list of arguments: fields, variant paths, intervals,
// lists of constants. Each fills a node of kind call. Private to engine/expr.
#pragma once

#include <string>
#include <vector>

#include "engine/expr/bind.h"

namespace sr::expr {

// base.field of a structure, or of each structure of an array.
void resolve_field(BoundRef base, std::size_t field, BoundExpr* node);
// base.key of a variant; a path on a path becomes one.
void resolve_variant_step(BoundRef base, const std::string& key, BoundExpr* node);
// base[index] of a variant, for a constant index.
void resolve_variant_index(BoundRef base, std::int64_t index, BoundExpr* node);
// base ± interval of a date or timestamp.
void resolve_interval_sum(BoundRef base, std::int64_t months, std::int64_t micros, BoundExpr* node);
// value in (items), all items constants of the value's type.
void resolve_in_constants(BoundRef value, const std::vector<ColumnRef>& items, BoundExpr* node);
// The ordinal of a generated row, and a random number in [0, 1) that depends on it.
void resolve_row(BoundExpr* node);
void resolve_rand(std::int64_t seed, BoundExpr* node);

}  // namespace sr::expr
