// Unicode case mappings of single characters, without locale. Knows nothing of columns. Tested in
// tests/unit/expr/strings_test.cc.
#pragma once

#include <cstdint>

namespace sr::expr {

// Give the simple mapping of a character, itself if it has none. Good for any character, ASCII included only by
// to_title's callers: ASCII letters are not in the tables.
char32_t to_upper(char32_t c);
char32_t to_lower(char32_t c);
char32_t to_title(char32_t c);
// Gives the capital form of a character that turns into several (ß: SS), in UTF-8; else nullptr.
const char* long_upper(char32_t c);

}  // namespace sr::expr
