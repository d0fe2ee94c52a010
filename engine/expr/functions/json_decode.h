// Values of given types out of JSON text, as from_json reads them: what does not fit its type is NULL. Tested in
// tests/unit/expr/json_test.cc.
#pragma once

#include <string_view>

#include "engine/data/builder.h"
#include "engine/expr/functions/json_reader.h"

namespace sr::expr {

// Appends the value of one text to `out` (of a structure, array or map type): NULL for a blank text; of a text that is
// no such JSON a structure of NULLs, or NULL.
void append_json_text(ColumnBuilder& out, std::string_view text);

}  // namespace sr::expr
