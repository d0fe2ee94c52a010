// JSON in texts: paths, schemas, writing; text that is no JSON.
#include <catch2/catch.hpp>

#include "engine/expr/functions/json_reader.h"
#include "tests/unit/expr/answers.h"

namespace sr::expr {

namespace {

std::string path(const std::string& json, const std::string& at) {
  nlohmann::json row;
  row["j"] = json;
  row["p"] = at;
  return answers("get_json_object(j, p)", {"j: string, p: string", nlohmann::json::array({row}).dump()}).front();
}

std::string read(const std::string& json, const std::string& schema) {
  nlohmann::json row;
  row["j"] = json;
  return answers("from_json(j, '" + schema + "')", {"j: string", nlohmann::json::array({row}).dump()}).front();
}

}  // namespace

TEST_CASE("the reader takes JSON and nothing else") {
  for (const char* good :
       {"1", "-0.5e+3", "\"a\\u00e9\\n\"", "[]", "{}", "[1, [2], {\"a\": null}]", " true ", "'x'", "[1e5]"}) {
    INFO(good);
    CHECK(JsonReader(good).skip_value());
  }
  for (const char* bad : {"", "01", "1.", ".5", "+1", "nul", "truex", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}",
                          "\"a", "\"\\x\"", "[", "{\"a\":1,}", "\"\\u12\"", "NaN", "-"}) {
    INFO(bad);
    CHECK(!JsonReader(bad).skip_value());
  }
  CHECK(!JsonReader(std::string(2000, '[') + std::string(2000, ']')).skip_value());
}

TEST_CASE("paths lead into JSON") {
  const std::string json =
      R"({"a": {"b": [1, {"c": "x\ty"}, "é"]}, "n": null, "k k": 1.50, "t": true, "e": {}, "big": 1e10})";
  CHECK(path(json, "$.a.b[0]") == R"("1")");
  CHECK(path(json, "$.a.b[1].c") == R"("x\ty")");
  CHECK(path(json, "$.a.b[2]") == R"("é")");
  CHECK(path(json, "$.a.b[3]") == "null");
  CHECK(path(json, "$.a.b") == R"("[1,{\"c\":\"x\\ty\"},\"é\"]")");
  CHECK(path(json, "$.n") == "null");
  CHECK(path(json, "$['k k']") == R"("1.5")");
  CHECK(path(json, "$.big") == R"("1.0E10")");
  CHECK(path(json, "$.t") == R"("true")");
  CHECK(path(json, "$.e") == R"("{}")");
  CHECK(path(json, "$.a.x") == "null");
  CHECK(path(json, "$.t.x") == "null");
  CHECK(path(json, "a") == "null");
  CHECK(path(json, "$.") == "null");
  CHECK(path(json, "$[") == "null");
  CHECK(path("[1, 2, 3]", "$[*]") == R"("[1,2,3]")");
  CHECK(path(R"([{"a": "x"}, {"a": "y"}, {}])", "$[*].a") == R"("[\"x\",\"y\"]")");
  CHECK(path(R"([{"a": "x"}, {}])", "$[*].a") == R"("\"x\"")");
  CHECK(path("{\"a\": 1, bad", "$.a") == "null");
  CHECK(path("12", "$") == R"("12")");
  CHECK(path("\"s\"", "$") == R"("s")");
  CHECK(path("{'a': 'b'}", "$.a") == R"("b")");
  CHECK(path(R"({"a": null, "a": 2})", "$.a") == R"("2")");
  CHECK(path(R"({"a\u0062": 3})", "$.ab") == R"("3")");
}

TEST_CASE("from_json reads by a schema") {
  CHECK(read(R"({"a": 1, "b": ["x", 2, null]})", "a bigint, b array<string>") == R"({"a":1,"b":["x","2",null]})");
  CHECK(read(R"({"b": 1})", "a bigint") == R"({"a":null})");
  CHECK(read("[1, null, 3]", "array<bigint>") == "[1,null,3]");
  CHECK(read("not json", "a bigint") == R"({"a":null})");
  CHECK(read("not json", "array<bigint>") == "null");
  CHECK(read("", "a bigint") == "null");
  CHECK(read("  ", "array<bigint>") == "null");
  CHECK(read(R"({"a": "x", "b": 2})", "a bigint, b bigint") == R"({"a":null,"b":2})");
  CHECK(read(R"({"a": 1.5})", "a bigint") == R"({"a":null})");
  CHECK(read(R"({"a": "12"})", "a bigint") == R"({"a":null})");
  CHECK(read(R"({"a": 99999999999999999999})", "a bigint") == R"({"a":null})");
  CHECK(read(R"({"a": 1, "b": "NaN", "c": "-INF"})", "a double, b double, c double") ==
        R"({"a":1.0,"b":"NaN","c":"-Infinity"})");
  CHECK(read(R"({"a": 1.005})", "a decimal(5,2)") == R"({"a":1.01})");
  CHECK(read(R"({"a": true, "b": "true"})", "a boolean, b boolean") == R"({"a":true,"b":null})");
  CHECK(read(R"({"a": {"b": {"c": 1}}})", "a struct<b: struct<c: bigint>>") == R"({"a":{"b":{"c":1}}})");
  CHECK(read(R"({"a": [1, 2]})", "a string") == R"({"a":"[1, 2]"})");
  CHECK(read(R"({"k": 1, "l": null})", "map<string, bigint>") == R"({"k":1,"l":null})");
  CHECK(read(R"({"t": "2024-01-05T10:11:12Z", "d": "2024-01-05"})", "t timestamp, d date") ==
        R"({"t":"2024-01-05T10:11:12Z","d":"2024-01-05"})");
  CHECK(read(R"([{"a": 1}, {"a": 2}])", "a bigint") == R"({"a":1})");
  CHECK(read(R"({"a": 1})", "array<struct<a: bigint>>") == R"([{"a":1}])");
  CHECK(read(R"({"a": 1, "a": 2})", "a bigint") == R"({"a":2})");
  CHECK(read(R"({"A": 1})", "a bigint") == R"({"a":null})");
  CHECK(fails_with("from_json('{}', 'a nope')", "nope"));
  CHECK(fails_with("from_json('{}', 'bigint')", "schema"));
  CHECK(fails_with("from_json('{}', '')", "schema"));
}

TEST_CASE("to_json writes compactly") {
  CHECK(answer("to_json(named_struct('a', null, 'b', array(1, null), 'c', map('k', cast(null as bigint))))") ==
        R"("{\"b\":[1,null],\"c\":{\"k\":null}}")");
  CHECK(answer("to_json(array(named_struct('s', 'q\"é\\n')))") == R"("[{\"s\":\"q\\\"é\\n\"}]")");
  CHECK(answer("to_json(named_struct('t', timestamp '2024-01-05 10:11:12', 'd', date '2024-01-05', 'x', 1e10, 'm', "
               "1.50))") == R"("{\"t\":\"2024-01-05T10:11:12.000Z\",\"d\":\"2024-01-05\",\"x\":1.0E10,\"m\":1.50}")");
  CHECK(answer("to_json(array())") == R"("[]")");
  CHECK(fails_with("to_json(1)", "struct"));
  CHECK(answer("json_array_length('[1,[2,3],{}]')") == "3");
  CHECK(answer("json_array_length('[]')") == "0");
  CHECK(answer("json_array_length('[1')") == "null");
  CHECK(answer("json_array_length('{}')") == "null");
  CHECK(answer("json_object_keys('{\"b\": 1, \"a\": {}}')") == R"(["b","a"])");
  CHECK(answer("json_object_keys('[]')") == "null");
}

}  // namespace sr::expr
