// Functions over arrays: NULLs inside, edges of indexes, sets large enough for hashing.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("arrays are made and measured") {
  CHECK(answer("array(1, null, 2.5)") == "[1.0,null,2.5]");
  CHECK(answer("array(1, 2.5D)") == "[1.0,2.5]");
  CHECK(answer("array()") == "[]");
  CHECK(answer("size(array())") == "0");
  CHECK(answer("size(null)") == "null");
  CHECK(answer("typeof(array(1))") == R"("array<bigint>")");
  CHECK(fails_with("array(1, 'a', array(1))", "array"));
  const Rows rows{"a: array<bigint>, n: bigint", R"([{"a": [1, null], "n": 2}, {"n": 3}, {"a": []}])"};
  CHECK(answers("array(n, 1)", rows) == std::vector<std::string>{"[2,1]", "[3,1]", "[null,1]"});
  CHECK(answers("size(a)", rows) == std::vector<std::string>{"2", "null", "0"});
  CHECK(answers("array(a, a)", rows) == std::vector<std::string>{"[[1,null],[1,null]]", "[null,null]", "[[],[]]"});
}

TEST_CASE("elements by index") {
  CHECK(answer("element_at(array(1, 2, 3), -3)") == "1");
  CHECK(fails_with("element_at(array(1, 2, 3), -4)", "index"));
  CHECK(fails_with("element_at(array(1, 2, 3), 0)", "index"));
  CHECK(fails_with("try_element_at(array(1, 2, 3), 0)", "index"));
  CHECK(answer("try_element_at(array(1, 2, 3), 4)") == "null");
  CHECK(answer("get(array(1, 2), -1)") == "null");
  CHECK(answer("get(array(1, 2), 0)") == "1");
  CHECK(answer("element_at(array('a', null), 2)") == "null");
  CHECK(answer("element_at(map('a', 1), 'b')") == "null");
}

TEST_CASE("looking for values") {
  CHECK(answer("array_contains(array(1, null), 1)") == "true");
  CHECK(answer("array_contains(array(1, null), 2)") == "null");
  CHECK(answer("array_contains(array(1, 2), 3)") == "false");
  CHECK(answer("array_contains(array(1, 2), null)") == "null");
  CHECK(answer("array_contains(array(1, 2), 2.0D)") == "true");
  CHECK(answer("array_contains(array(double('NaN')), cast('NaN' as double))") != "false");
  CHECK(answer("array_position(array(1, null, 2), 2)") == "3");
  CHECK(answer("array_position(array(1), 5)") == "0");
  CHECK(answer("array_remove(array(1, null, 1, 2), 1)") == "[null,2]");
  CHECK(answer("array_remove(array(1), null)") == "null");
  CHECK(answer("array_min(array(null, 2, 1))") == "1");
  CHECK(answer("array_max(array(1D, cast('NaN' as double)))") == R"("NaN")");
  CHECK(answer("array_min(array())") == "null");
  CHECK(answer("array_join(array('a', null, ''), ',')") == R"("a,")");
  CHECK(answer("array_join(array('a', null), ',', 'x')") == R"("a,x")");
  CHECK(answer("array_join(array(1, 2), '-')") == R"("1-2")");
  CHECK(fails_with("array_contains(array(1), array(1))", "array"));
}

TEST_CASE("order and shape") {
  CHECK(answer("sort_array(array(2, null, 1))") == "[null,1,2]");
  CHECK(answer("sort_array(array(2, null, 1), false)") == "[2,1,null]");
  CHECK(answer("array_sort(array(2, null, 1))") == "[1,2,null]");
  CHECK(answer("sort_array(array('b', 'é', 'a', 'Z'))") == R"(["Z","a","b","é"])");
  CHECK(answer("sort_array(array(array(2), array(1, 9), array()))") == "[[],[1,9],[2]]");
  CHECK(answer("reverse(array(1, null, 2))") == "[2,null,1]");
  CHECK(answer("concat(array(1), array(), array(null, 2))") == "[1,null,2]");
  CHECK(answer("concat(array(1), null)") == "null");
  CHECK(answer("array(1) || array(2.5D)") == "[1.0,2.5]");
  CHECK(answer("flatten(array(array(1), array(), array(null)))") == "[1,null]");
  CHECK(answer("flatten(array(array(1), null))") == "null");
  CHECK(answer("array_append(array(1), null)") == "[1,null]");
  CHECK(answer("array_append(cast(null as array<bigint>), 1)") == "null");
  CHECK(answer("array_prepend(array('b'), 'a')") == R"(["a","b"])");
  CHECK(answer("array_insert(array(5, 4, 3, 2), -1, 1)") == "[5,4,3,2,1]");
  CHECK(answer("array_insert(array(1), 4, 9)") == "[1,null,null,9]");
  CHECK(answer("array_insert(array(1), -3, 9)") == "[9,null,1]");
  CHECK(answer("slice(array(1, 2, 3), -2, 5)") == "[2,3]");
  CHECK(answer("slice(array(1, 2, 3), 4, 1) || slice(array(1, 2, 3), -4, 2)") == "[]");
  CHECK(answer("slice(array(1, 2, 3), 2, 0)") == "[]");
  CHECK(fails_with("slice(array(1), 0, 1)", "index"));
  CHECK(fails_with("slice(array(1), 1, -1)", "negative"));
  CHECK(answer("array_compact(array(null, 'a', null))") == R"(["a"])");
}

TEST_CASE("arrays out of nothing have limits") {
  CHECK(answer("sequence(1, 5, 2)") == "[1,3,5]");
  CHECK(answer("sequence(5, 1)") == "[5,4,3,2,1]");
  CHECK(answer("sequence(1, 1, 0)") == "[1]");
  CHECK(answer("sequence(-9223372036854775807, 9223372036854775807, 9223372036854775807)") ==
        "[-9223372036854775807,0,9223372036854775807]");
  CHECK(fails_with("sequence(1, 5, -1)", "sequence"));
  CHECK(fails_with("sequence(1, 5, 0)", "sequence"));
  CHECK(fails_with("sequence(1, 9223372036854775807)", "1000000"));
  CHECK(answer("sequence(date '2024-02-28', date '2024-03-01')") == R"(["2024-02-28","2024-02-29","2024-03-01"])");
  CHECK(answer("array_repeat(null, 2)") == "[null,null]");
  CHECK(answer("array_repeat('x', -1)") == "[]");
  CHECK(answer("array_repeat('x', null)") == "null");
  CHECK(fails_with("array_repeat('x', 1000001)", "1000000"));
  CHECK(fails_with("array_repeat(sequence(1, 1000000), 1000000)", "more than 1000000 elements together"));
  CHECK(fails_with("array_repeat(sequence(1, 1001), 1000)", "more than 1000000 elements together"));
  CHECK(answer("size(array_repeat(sequence(1, 1000), 1000))") == "1000");
  CHECK(answer("size(array_repeat(sequence(1, 1000000), 1))") == "1");
  CHECK(answer("size(array_repeat(array(null, 1), 500000))") == "500000");
  CHECK(fails_with("array_repeat(struct(1, array(sequence(1, 10), sequence(1, 88))), 10001)", "together"));
  CHECK(fails_with("array_repeat(map('a', sequence(1, 999)), 1001)", "together"));
  CHECK(answer("array_repeat(array(array(1, 2)), 2)") == "[[[1,2]],[[1,2]]]");
}

TEST_CASE("arrays as sets") {
  CHECK(answer("array_distinct(array(1, null, 1, null))") == "[1,null]");
  CHECK(answer("array_union(array(1, null), array(null, 2, 1))") == "[1,null,2]");
  CHECK(answer("array_intersect(array(1, null, 1, 2), array(null, 1))") == "[1,null]");
  CHECK(answer("array_except(array(1, null, 2, 2), array(1))") == "[null,2]");
  CHECK(answer("arrays_overlap(array(1, null), array(2))") == "null");
  CHECK(answer("arrays_overlap(array(1, null), array(1))") == "true");
  CHECK(answer("arrays_overlap(array(null), array())") == "false");
  CHECK(answer("arrays_overlap(array(1), array(2))") == "false");
  CHECK(answer("size(array_distinct(concat(sequence(1, 1000), sequence(500, 2000))))") == "2000");
  CHECK(answer("array_except(sequence(1, 1000), sequence(2, 999))") == "[1,1000]");
  CHECK(answer("size(array_intersect(sequence(1, 1000), sequence(500, 2000)))") == "501");
  CHECK(answer("array_union(array('a'), array('b', 'a'))") == R"(["a","b"])");
  CHECK(answer("array_distinct(array(array(1), array(1)))") == "[[1]]");
}

}  // namespace sr::expr
