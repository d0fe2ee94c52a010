// Finds values in JSON text that is known to be valid, without building a tree: paths of variants. Tested in
// tests/unit/expr/variant_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sr::expr {

// One step of a path: a member of an object, or (key absent) an element of an array.
struct JsonStep {
  std::string key;
  std::int64_t index = -1;
  bool is_index = false;
};

// The text of the value at the path, without white space around; empty where it is absent. Of equal names the last
// counts.
std::string_view find_json(std::string_view json, const std::vector<JsonStep>& path);

// Says whether a value's text is null or absent.
bool is_json_null(std::string_view json);

// The characters of a JSON string (quotes included in the text), escapes resolved.
std::string json_string_value(std::string_view json);

}  // namespace sr::expr
