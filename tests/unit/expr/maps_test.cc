// Functions over maps and structures.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("maps are made of keys and values") {
  CHECK(answer("map('a', 1, 'b', null)") == R"({"a":1,"b":null})");
  CHECK(answer("map('a', 1, 'b', 2.5D)['a']") == "1.0");
  CHECK(answer("map()") == "{}");
  CHECK(answer("map(1, 'x')['1']") == R"("x")");
  CHECK(fails_with("map('a')", "pairs"));
  CHECK(fails_with("map('a', 1, 'a', 2)", "duplicate"));
  CHECK(fails_with("map(cast(null as string), 1)", "null"));
  CHECK(answer("map_from_arrays(array('u', 'v'), array(1, null))") == R"({"u":1,"v":null})");
  CHECK(fails_with("map_from_arrays(array('u'), array(1, 2))", "as many"));
  CHECK(answer("map_from_entries(array(struct('a', 1), struct('b', 2)))") == R"({"a":1,"b":2})");
  CHECK(answer("str_to_map('a:1,b')") == R"({"a":"1","b":null})");
  CHECK(answer("str_to_map('a=1;b=2', ';', '=')['b']") == R"("2")");
  CHECK(answer("map_concat(map('a', 1), map('b', 2))['b']") == "2");
  CHECK(fails_with("map_concat(map('a', 1), map('a', 2))", "duplicate"));
  CHECK(answer("map_concat(map('a', 1), null)") == "null");
}

TEST_CASE("maps are looked into") {
  const Rows rows{"m: map<string, bigint>", R"([{"m": {"x": 1, "y": null}}, {}, {"m": {}}])"};
  CHECK(answers("map_keys(m)", rows) == std::vector<std::string>{R"(["x","y"])", "null", "[]"});
  CHECK(answers("map_values(m)", rows) == std::vector<std::string>{"[1,null]", "null", "[]"});
  CHECK(answers("map_contains_key(m, 'y')", rows) == std::vector<std::string>{"true", "null", "false"});
  CHECK(answers("element_at(m, 'x')", rows) == std::vector<std::string>{"1", "null", "null"});
  CHECK(answers("map_entries(m)", rows)[0] == R"([{"key":"x","value":1},{"key":"y","value":null}])");
  CHECK(answers("size(m)", rows) == std::vector<std::string>{"2", "null", "0"});
  CHECK(answers("map_concat(m, map('z', 3))", rows)[2] == R"({"z":3})");
}

TEST_CASE("structures hold their fields") {
  CHECK(answer("named_struct('a', 1, 'b', null)") == R"({"a":1,"b":null})");
  CHECK(answer("named_struct('a', null) is null") == "false");
  CHECK(answer("struct(1, 'x' as name)") == R"({"col1":1,"name":"x"})");
  CHECK(answer("named_struct('p', named_struct('q', 7)).p.q") == "7");
  CHECK(fails_with("named_struct('a', 1, 'b')", "pairs"));
  CHECK(fails_with("named_struct('a', 1).b", "b"));
}

}  // namespace sr::expr
