// A row as text for people: the only column, else (a,b). Tested in tests/unit/operators/sinks_test.cc.
#pragma once

#include "engine/data/codec.h"

namespace sr::operators {

// Appends one row without a newline.
void write_row_text(TextBuffer& out, const Chunk& chunk, std::uint32_t row);

}  // namespace sr::operators
