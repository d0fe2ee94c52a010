// Finding a text in a text, 16 or 32 places at a time: what `contains`, `like`, `instr` and `replace` stand on. Tested
// in tests/unit/data/text_find_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

namespace sr {

// Gives the first place at or behind `from` where `what` begins, or npos; an empty `what` is found at `from` if that is
// not behind the end. Reads nothing outside of `in`.
std::size_t find_text(std::string_view in, std::string_view what, std::size_t from = 0);

}  // namespace sr
