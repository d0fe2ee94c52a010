// Casts between types: which there are, which may fail, and the kernels. Entry points: can_cast, cast_column.
// Rules: FUNCTIONS of the language (Spark's, ANSI). Tested in tests/unit/expr/cast_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/expr/function.h"

namespace sr::expr {

// Says whether `cast(x as to)` may be written for an x of type `from`.
bool can_cast(const Type& from, const Type& to);
// Says whether a value may fail to be cast.
bool cast_can_fail(const Type& from, const Type& to);
// Says whether every value of `from` is one of `to` without loss: what happens without being asked (bigint < decimal <
// double, dates as timestamps, NULL and variants as anything).
bool widens(const Type& from, const Type& to);

// Casts the selected rows (none of them NULL) to context.result. A row that fails is recorded.
std::shared_ptr<Column> cast_column(const CallContext& context, const ColumnRef& from);
// Casts a one-row constant; nullptr if that fails.
ColumnRef cast_constant(const ColumnRef& value, const TypeRef& to);

// The kernels by target, for cast_column alone.
std::shared_ptr<Column> cast_to_bigint(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_to_double(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_to_decimal(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_to_boolean(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_to_text(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_to_time(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_nested(const CallContext& context, const ColumnRef& from);
std::shared_ptr<Column> cast_variant(const CallContext& context, const ColumnRef& from);

// "cannot cast 'abc' to bigint", with the text cut to a readable length.
std::string cast_message(std::string_view text, const Type& to);

}  // namespace sr::expr
