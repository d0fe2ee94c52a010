// The format json: decoding rules, bad records among good ones, grammar against an independent parser, round trips.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "operators/formats/json_decoder.h"
#include "operators/formats/json_encoder.h"
#include "operators/formats/line_decoder.h"
#include "tests/unit/data/sample_columns.h"
#include "tests/unit/operators/format_harness.h"

using namespace sr;
using namespace sr::operators;
using namespace sr::testing;

namespace {

using Lines = std::vector<std::string>;

Collected read(std::string_view columns, std::string_view text, std::vector<bool> needed = {}) {
  return decode(*make_json_decoder(options_for(columns, std::move(needed)), false), text);
}
Collected read_variants(std::string_view text) {
  return decode(*make_json_decoder(options_for("value variant"), true), text);
}

std::string problem(std::string_view columns, std::string_view text) {
  const Collected out = read(columns, text);
  if (out.bad.size() != 1 || out.rows != 0) return "no problem";
  CHECK(out.bad[0].first == text);
  return out.bad[0].second;
}

}  // namespace

TEST_CASE("fields go to the columns of their names") {
  const char* columns =
      "a bigint, b double, c string, d boolean, e timestamp, f date, g decimal(10,2), h binary, i variant, j "
      "array<bigint>, "
      "k struct<x:bigint,y:array<string>>, l map<string,double>";
  const Collected out = read(
      columns,
      R"({"a":1,"b":2,"c":"t\"\u00e4\ud83d\ude00","d":true,"e":"2024-02-29T01:02:03.5Z","f":"2024-02-29","g":1.5,"h":"AAH/", "i" : {"z": [1, 2]} ,"j":[1,null,-3],"k":{"y":["p"],"q":0,"x":9},"l":{"m":1e2,"n":"NaN"}})"
      "\r\n\n   \t\n"
      R"( { "zz" : [ {"a":1} , 2 ] , "l" : { } , "k" : null , "g":"2.345","e":"2024-02-29 01:02","c":-12.50,"b":-0.5e1 } )"
      "\n{}\n"
      R"({"c":true,"a":null,"j":[]})");
  CHECK(out.bad.empty());
  REQUIRE(out.lines.size() == 4);
  CHECK(out.lines[0] ==
        "{\"a\":1,\"b\":2.0,\"c\":\"t\\\"ä😀\",\"d\":true,\"e\":\"2024-02-29T01:02:03.5Z\",\"f\":\"2024-02-29\",\"g\":"
        "1.50,\"h\":\"AAH/\",\"i\":{\"z\": "
        "[1, 2]},\"j\":[1,null,-3],\"k\":{\"x\":9,\"y\":[\"p\"]},\"l\":{\"m\":100.0,\"n\":\"NaN\"}}");
  CHECK(
      out.lines[1] ==
      R"({"a":null,"b":-5.0,"c":"-12.50","d":null,"e":"2024-02-29T01:02:00Z","f":null,"g":2.35,"h":null,"i":null,"j":null,"k":null,"l":{}})");
  CHECK(out.lines[2].find("\"k\":null") != std::string::npos);
  CHECK(out.lines[3].substr(0, 29) == R"({"a":null,"b":null,"c":"true")");
}

TEST_CASE("names match exactly and the last of duplicates wins") {
  const Collected out =
      read("a bigint, b array<bigint>, c struct<x:bigint>, d map<string,bigint>",
           R"({"a":1,"A":5,"b":[1,2],"a":2,"b":[3],"\u0061":7,"c":{"x":1,"x":2},"d":{"k":1,"m":2,"\u006b":3}})"
           "\n"
           R"({"a":1,"b":[1],"b":null,"a":null})");
  CHECK(out.lines ==
        Lines{R"({"a":7,"b":[3],"c":{"x":2},"d":{"m":2,"k":3}})", R"({"a":null,"b":null,"c":null,"d":null})"});
}

TEST_CASE("a value of another JSON type is bad and says so") {
  CHECK(problem("a bigint", R"({"a":"1"})") == "field `a`: expected bigint, got a string");
  CHECK(problem("a bigint", R"({"a":1.0})") == "field `a`: expected bigint, got 1.0");
  CHECK(problem("a bigint", R"({"a":9223372036854775808})") ==
        "field `a`: overflow: 9223372036854775808 does not fit bigint");
  CHECK(problem("a bigint", R"({"a":true})") == "field `a`: expected bigint, got a boolean");
  CHECK(problem("a double", R"({"a":"1.5"})") == "field `a`: expected double, got a string");
  CHECK(problem("a boolean", R"({"a":1})") == "field `a`: expected boolean, got a number");
  CHECK(problem("a string", R"({"a":[1]})") == "field `a`: expected string, got an array");
  CHECK(problem("a timestamp", R"({"a":12})") == "field `a`: expected timestamp, got a number");
  CHECK(problem("a timestamp", R"({"a":"noon"})") == "field `a`: cast: `noon` is not a timestamp");
  CHECK(problem("a date", R"({"a":"2023-02-29"})") == "field `a`: cast: `2023-02-29` is not a date");
  CHECK(problem("a decimal(3,1)", R"({"a":100})") == "field `a`: overflow: 100 does not fit decimal(3,1)");
  CHECK(problem("a binary", R"({"a":"?"})") == "field `a`: the text is not base64");
  CHECK(problem("a array<bigint>", R"({"a":{}})") == "field `a`: expected array<bigint>, got an object");
  CHECK(problem("a array<bigint>", R"({"a":[1,"x"]})") == "field `a`: expected bigint, got a string");
  CHECK(problem("a struct<b:bigint>", R"({"a":{"b":[]}})") == "field `a`: expected bigint, got an array");
  CHECK(problem("a bigint", "[1]") == "expected a JSON object");
  CHECK(problem("a bigint", "{\"a\":1} x") == "invalid JSON: text behind the value at byte 9");
  CHECK(problem("a bigint", "{\"a\":1") == "invalid JSON: expected `,` or `}` at byte 7");
  CHECK(problem("a string", "{\"a\":\"x") == "invalid JSON: a string is not closed");
}

TEST_CASE("the limits of numbers are read exactly") {
  const Collected out = read("a bigint, b double, c decimal(38,0)",
                             R"({"a":9223372036854775807,"b":1e308,"c":99999999999999999999999999999999999999})"
                             "\n"
                             R"({"a":-9223372036854775808,"b":-0.0,"c":-1})");
  CHECK(out.lines == Lines{R"({"a":9223372036854775807,"b":1.0E308,"c":99999999999999999999999999999999999999})",
                           R"({"a":-9223372036854775808,"b":-0.0,"c":-1})"});
}

TEST_CASE("bad records harm no neighbour, in any place and of any kind") {
  const Lines bad = {"{\"a\":1",
                     "\"",
                     "{\"a\":\"unclosed}",
                     "{\"a\":\"tab\tinside\"}",
                     "\xff\xfe",
                     "{\"a\":\"\xc3\x28\"}",
                     "nonsense",
                     "{\"a\":\"x\"}",
                     "{\"a\":1}}",
                     "{\"a\":[1,2}",
                     "}",
                     "{\"b\":\"\\q\"}",
                     "{\"b\":01}",
                     "{\"b\":tru}",
                     "{\"a\":1,}",
                     "{,}",
                     "[",
                     "\"\\\"",
                     "{\"a\":1 \"b\":2}"};
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    std::string text;
    Lines good, raw;
    for (int i = 0; i < 200; ++i) {
      if (random() % 4 == 0) {
        raw.push_back(bad[random() % bad.size()]);
        text += raw.back() + "\n";
      } else {
        good.push_back("{\"a\":" + std::to_string(i) + "}");
        text += good.back() + (random() % 3 ? "\n" : "\r\n");
      }
    }
    const Collected out = read("a bigint", text);
    CHECK(out.lines == good);
    REQUIRE(out.bad.size() == raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i][0] != '\xff' && raw[i].find('\xc3') == std::string::npos) CHECK(out.bad[i].first == raw[i]);
      CHECK_FALSE(out.bad[i].second.empty());
    }
  }
}

TEST_CASE("columns that nobody needs are checked but not decoded") {
  const Collected out =
      read("a bigint, b string, c bigint", "{\"a\":1,\"b\":\"x\",\"c\":3}\n{\"a\":\"?\",\"c\":4}\n{\"a\":1x,\"c\":4}\n",
           {false, false, true});
  CHECK(out.lines == Lines{R"({"a":null,"b":null,"c":3})", R"({"a":null,"b":null,"c":4})"});
  CHECK(out.bad.size() == 1);
  CHECK(read("a bigint", "{\"a\":1}\n{}\n", {false}).rows == 2);
}

TEST_CASE("without a schema a record is one variant, as it came") {
  const Collected out = read_variants("{\"a\": 1}\n [1,2] \r\n\"text\"\n12\nnull\n{\"a\":}\n1 2\n");
  CHECK(out.lines == Lines{"{\"value\":{\"a\": 1}}", "{\"value\":[1,2]}", "{\"value\":\"text\"}", "{\"value\":12}",
                           "{\"value\":null}"});
  CHECK(out.bad.size() == 2);
}

TEST_CASE("what is JSON and what is not agrees with another parser") {
  std::mt19937 random(5);
  const char* const tokens[] = {"{",        "}",     "[",    "]",    ",",           ":",           "\"a\"",   "\"\"",
                                "1",        "-0",    "0.5",  "1e-5", "01",          "1.",          ".5",      "-",
                                "true",     "false", "null", "nul",  "\"\\u00e4\"", "\"\\ud800\"", "\"\\x\"", " ",
                                "\"b\\n\"", "+1",    "1e",   "\"",   "\\",          "\x01"};
  int accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string text;
    if (random() % 2) {
      for (std::uint32_t n = 1 + random() % 7; n > 0; --n) text += tokens[random() % std::size(tokens)];
    } else {  // grown from valid text by one change
      text = R"({"a":[1,-2.5e3,{"b":null}],"c":"d\n","e":{"f":true}})";
      text[random() % text.size()] = "{}[],:\"\\ 1e-.tnx"[random() % 16];
    }
    if (text.find_first_not_of(" ") == std::string::npos) continue;
    const bool valid = nlohmann::json::accept(text);
    INFO(text);
    const Collected out = read_variants(text);
    CHECK(out.rows == (valid ? 1 : 0));
    CHECK(out.bad.size() == (valid ? 0 : 1));
    accepted += valid;
  }
  CHECK(accepted > 1000);
}

TEST_CASE("deep nesting is an error, not a crash") {
  CHECK(read_variants(std::string(1000, '[') + std::string(1000, ']')).rows == 1);
  const Collected out = read_variants(std::string(100000, '[') + "\n{}\n");
  CHECK(out.rows == 1);
  CHECK(out.bad.size() == 1);
}

TEST_CASE("a record longer than max_record is bad, its payload cut") {
  flow::DecoderOptions options = options_for("a string");
  options.max_record = 100;
  const auto decoder = make_json_decoder(options, false);
  const std::string fits = "{\"a\":\"" + std::string(92, 'x') + "\"}";
  for (const std::size_t longer : {1, 1000, 300000}) {
    const Collected out = decode(*decoder, fits + "\n{\"a\":\"" + std::string(92 + longer, 'x') + "\"}\n" + fits);
    CHECK(out.rows == 2);
    REQUIRE(out.bad.size() == 1);
    CHECK(out.bad[0].first.size() == 100);
  }
}

TEST_CASE("JSON rows of every type read back the same, in pieces of any size") {
  std::mt19937_64 random(6);
  std::vector<Field> fields;
  for (const TypeRef& type : sample_types()) fields.push_back({"f" + std::to_string(fields.size()), type});
  Chunk chunk;
  chunk.schema = std::make_shared<const Schema>(fields);
  chunk.rows = 1500;
  for (const Field& field : fields) chunk.columns.push_back(random_column(field.type, chunk.rows, random));
  TextBuffer text;
  JsonEncoder(*chunk.schema).encode(chunk, text);
  flow::DecoderOptions options;
  options.schema = chunk.schema;
  const auto decoder = make_json_decoder(options, false);
  for (const std::size_t size : {1, 300, 70000, 10000000}) {
    const Collected out = decode_in_pieces(*decoder, LineFramer(), text.view(), size);
    REQUIRE(out.bad.empty());
    REQUIRE(out.rows == chunk.rows);
    std::uint32_t row = 0;
    for (const Chunk& part : out.chunks) {
      for (std::uint32_t i = 0; i < part.rows; ++i, ++row) {
        for (std::size_t c = 0; c < fields.size(); ++c) {
          INFO(fields[c].type->name() << " row " << row);
          REQUIRE(equal_values(*part.columns[c], i, *chunk.columns[c], row));
        }
      }
    }
  }
}
