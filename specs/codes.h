// The table of every diagnostic code: what `streamrun describe` and the documentation list. Codes are never reused.
// Entry points: code_table, find_code. A test checks that each has a page under docs/errors. Tested in
// tests/unit/specs.
#pragma once

#include <span>
#include <string_view>

namespace sr::specs {

struct CodeInfo {
  const char* code;   // SRnnnn
  const char* title;  // a few words, lower case
};

// Gives all codes in ascending order.
std::span<const CodeInfo> code_table();
// Gives the entry of a code, or nullptr.
const CodeInfo* find_code(std::string_view code);

}  // namespace sr::specs
