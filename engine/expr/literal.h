// One-row constant columns: the values of literals and folded expressions. Tested in tests/unit/expr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/data/column.h"

namespace sr::expr {

ColumnRef literal_null();
ColumnRef literal_bool(bool value);
ColumnRef literal_int(TypeRef type, std::int64_t value);  // bigint, timestamp, date
ColumnRef literal_double(double value);
ColumnRef literal_decimal(Int128 unscaled, int precision, int scale);
ColumnRef literal_text(TypeRef type, std::string_view text);  // string, binary; copies

// The literal as a constant column of `rows` rows.
ColumnRef spread(const ColumnRef& literal, std::uint32_t rows);

// Reads the text of a number literal with an optional leading `-`: bigint, decimal or double by its form; nullptr if it
// is none or does not fit, and then says why in *problem.
ColumnRef number_literal(std::string_view text, std::string* problem);

}  // namespace sr::expr
