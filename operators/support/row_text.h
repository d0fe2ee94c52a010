// Rows as text for people: the only column, else (a,b); or a table. Tested in tests/unit/operators/sinks_test.cc.
#pragma once

#include <string>
#include <vector>

#include "engine/data/codec.h"

namespace sr::operators {

// Appends one row without a newline.
void write_row_text(TextBuffer& out, const Chunk& chunk, std::uint32_t row);
// Appends rows as a table with aligned columns; `cells` row by row, as many in each as there are names.
void write_table(std::string& out, const std::vector<std::string>& names, const std::vector<std::string>& cells);

}  // namespace sr::operators
