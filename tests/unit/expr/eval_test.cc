// Evaluation: selections, short circuits, NULLs, errors of rows, time and random numbers.
#include <catch2/catch.hpp>

#include "tests/unit/expr/fixture.h"

namespace sr::expr::testing {
namespace {

const Table& table() {
  static const Table rows({{"a", "bigint"}, {"b", "bigint"}, {"s", "string"}, {"p", "boolean"}}, R"([
    {"a": 10, "b": 0, "s": "7", "p": true}, {"a": 10, "b": 5, "s": "x", "p": false}, {"a": null, "b": 4, "s": null, "p": null},
    {"a": 10, "b": null, "s": "12", "p": true}, {"a": 9223372036854775807, "b": 2, "s": "", "p": false}])");
  return rows;
}

TEST_CASE("a branch that is not taken raises nothing") {
  CHECK(table().run("if(b = 0, -1, a div b)") == "[-1, 2, null, null, 4611686018427387903]");
  CHECK(table().run("case when b = 0 then 0 else a % b end") == "[0, 0, null, null, 1]");
  CHECK(table().run("coalesce(a, 1 div b)") == "[10, 10, 0, 10, 9223372036854775807]");
  CHECK(table().run("b <> 0 and a / b > 1") == "[false, true, null, null, true]");
  CHECK(table().run("b = 0 or a / b > 1") == "[true, true, null, null, true]");
  CHECK(table().run("case when a < 100 then a + 1 else 0 end") == "[11, 11, 0, 11, 0]");
  CHECK(table().run("nvl2(a, a div 1, 1 div 0)") == "[10, 10, !division by zero, 10, 9223372036854775807]");
  CHECK(table().run("case when p then s when not p then concat(s, '!') end") == R"(["7", "x!", null, "12", "!"])");
  CHECK(table().run("case when p then array(a) else array(b, b) end") == "[[10], [5,5], [4,4], [10], [2,2]]");
}

TEST_CASE("a failing row is recorded with its first message and does no harm") {
  CHECK(table().run("a + 1") == "[11, 11, null, 11, !bigint overflow]");
  CHECK(table().run("a div b") == "[!division by zero, 2, null, null, 4611686018427387903]");
  CHECK(table().run("cast(s as bigint)") == "[7, !cannot cast 'x' to bigint, null, 12, !cannot cast '' to bigint]");
  CHECK(table().run("concat('n: ', cast(cast(s as bigint) as string))") ==
        R"(["n: 7", !cannot cast 'x' to bigint, null, "n: 12", !cannot cast '' to bigint])");
  CHECK(table().run("upper(split(s, ',')[1])") ==
        "[!index 1 is outside of an array of 1 elements, !index 1 is outside of an array of 1 elements, null, "
        "!index 1 is outside of an array of 1 elements, !index 1 is outside of an array of 1 elements]");
  CHECK(table().run("1 div 0 + a") ==
        "[!division by zero, !division by zero, !division by zero, !division by zero, !division by zero]");
}

TEST_CASE("a selection leaves the other rows alone") {
  std::vector<ExprError> problems;
  const BoundRef expr = table().bound("a div b", problems);
  const std::uint32_t rows[] = {1, 4};
  RowErrors errors;
  const EvalInput input{.columns = table().columns(), .rows = 5, .selection = {rows, 2}};
  const ColumnRef result = evaluate(*expr, input, errors);
  CHECK(errors.empty());
  CHECK(result->size == 5);
  CHECK(result->get<std::int64_t>(1) == 2);
  Vec<std::uint32_t> selected;
  select_true(*table().bound("a div b > 2 and b < 5", problems), input, errors, selected);
  REQUIRE(selected.size() == 1);
  CHECK(selected[0] == 4);
}

TEST_CASE("a predicate selects the rows where it is true; failed rows are left out") {
  std::vector<ExprError> problems;
  RowErrors errors;
  Vec<std::uint32_t> selected;
  const EvalInput input{.columns = table().columns(), .rows = 5, .selection = {nullptr, 5}};
  select_true(*table().bound("a div b >= 0", problems), input, errors, selected);
  REQUIRE(selected.size() == 2);
  CHECK(selected[0] == 1);
  CHECK(selected[1] == 4);
  CHECK(errors.failed(0));
}

TEST_CASE("three-valued logic") {
  const Table logic({{"p", "boolean"}, {"q", "boolean"}},
                    R"([{"p": true, "q": true}, {"p": true, "q": false}, {"p": true},
    {"p": false, "q": true}, {"p": false, "q": false}, {"p": false}, {"q": true}, {"q": false}, {}])");
  CHECK(logic.run("p and q") == "[true, false, null, false, false, false, null, false, null]");
  CHECK(logic.run("p or q") == "[true, true, true, true, false, null, true, null, null]");
  CHECK(logic.run("p and cast(cast(q as string) as boolean)") ==
        "[true, false, null, false, false, false, null, false, null]");
  CHECK(logic.run("p is not false") == "[true, true, true, false, false, false, true, true, true]");
  CHECK(logic.run("p <=> q") == "[true, false, false, false, true, false, false, false, true]");
}

TEST_CASE("time is the batch's, random numbers depend on seed and row alone") {
  CHECK(Table::value("now()") == "\"2024-01-05T10:11:12.345Z\"");
  CHECK(Table::value("current_date()") == "\"2024-01-05\"");
  Table generated({{"n", "bigint"}}, R"([{"n": 1}, {"n": 2}])");
  generated.scope().allows_row = true;
  const std::string first = generated.run("rand(5)");
  CHECK(first == generated.run("rand(5)"));
  CHECK(first != generated.run("rand(6)"));
  CHECK(generated.run("rand() >= 0 and rand() < 1") == "[true, true]");
  CHECK(generated.run("row") == "[0, 1]");
}

TEST_CASE("shared parts of several expressions are computed together") {
  std::vector<ExprError> problems;
  std::vector<BoundRef> both = {table().bound("a div b", problems), table().bound("(a div b) + 1", problems)};
  share_common(both);
  RowErrors errors;
  const EvalInput input{.columns = table().columns(), .rows = 5, .selection = {nullptr, 5}};
  const std::vector<ColumnRef> results = evaluate_all(both, input, errors);
  REQUIRE(results.size() == 2);
  CHECK(results[1]->get<std::int64_t>(1) == 3);
  CHECK(errors.count() == 1);
}

TEST_CASE("lambdas see the elements, the row and outer lambdas") {
  const Table lists(
      {{"arr", "array<bigint>"}, {"n", "bigint"}, {"m", "map<string, bigint>"}},
      R"([{"arr": [1, 2, 3], "n": 10, "m": {"x": 1, "y": 5}}, {"arr": [], "n": 1, "m": {}}, {"arr": null, "n": 2}, {"arr": [4, null], "n": 0, "m": {"z": null}}])");
  CHECK(lists.run("transform(arr, v -> v + n)") == "[[11,12,13], [], null, [4,null]]");
  CHECK(lists.run("transform(arr, (v, i) -> i)") == "[[0,1,2], [], null, [0,1]]");
  CHECK(lists.run("filter(arr, v -> v > 1)") == "[[2,3], [], null, [4]]");
  CHECK(lists.run("exists(arr, v -> v > 2)") == "[true, false, null, true]");
  CHECK(lists.run("exists(arr, v -> v > 4)") == "[false, false, null, null]");
  CHECK(lists.run("forall(arr, v -> v > 0)") == "[true, true, null, null]");
  CHECK(lists.run("aggregate(arr, 0, (acc, v) -> acc + coalesce(v, 100))") == "[6, 0, null, 104]");
  CHECK(lists.run("aggregate(arr, 0, (acc, v) -> acc + coalesce(v, 0), acc -> acc * n)") == "[60, 0, null, 0]");
  CHECK(lists.run("transform(arr, v -> size(filter(arr, w -> w < v)))") == "[[0,1,2], [], null, [0,0]]");
  CHECK(lists.run("transform(arr, v -> 6 div (v - 2))") == "[!division by zero, [], null, [3,null]]");
  CHECK(lists.run("map_filter(m, (k, v) -> v > 1)") == "[{\"y\":5}, {}, null, {}]");
  CHECK(lists.run("transform_values(m, (k, v) -> concat(k, v))") ==
        "[{\"x\":\"x1\",\"y\":\"y5\"}, {}, null, {\"z\":null}]");
  CHECK(lists.run("transform(arr, v -> nope)").starts_with("SR3010@20-24"));
  CHECK(lists.run("transform(arr, 1)").starts_with("SR3023"));
  CHECK(lists.run("transform(arr, (a, b, c) -> a)").starts_with("SR3023"));
  CHECK(lists.run("transform(n, v -> v)").starts_with("SR3015@10-11"));
}

TEST_CASE("variants give their paths, typed per row") {
  const Table json({{"value", "variant"}, {"i", "bigint"}}, R"([
    {"value": {"user": {"id": 7, "name": "é\n"}, "items": [1, {"k": true}], "x": 5.5}, "i": 0},
    {"value": {"user": null, "items": [], "x": "12"}, "i": 1},
    {"value": {"user": {"id": "9", "id": 8}, "x": null}, "i": 2}, {"value": null, "i": 3}])");
  CHECK(json.run("value.user.id > 7") == "[false, null, true, null]");
  CHECK(json.run("upper(value.user.name)") == "[\"É\\n\", null, null, null]");
  CHECK(json.run("value.items[0]") == "[1, null, null, null]");
  CHECK(json.run("value.items[1].k is true") == "[true, false, false, false]");
  CHECK(json.run("cast(value.x as bigint)") == "[5, 12, null, null]");
  CHECK(json.run("value.x + i") == "[!cannot cast '5.5' to bigint, 13, null, null]");
  CHECK(json.run("cast(value.x as double)") == "[5.5, 12.0, null, null]");
  CHECK(json.run("try_cast(value.user as bigint)") == "[null, null, null, null]");
  CHECK(json.run("cast(value.items as array<variant>)[0]").starts_with("[1, !index"));
}

}  // namespace
}  // namespace sr::expr::testing
