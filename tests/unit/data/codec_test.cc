// Text, JSON and base64 of values: Spark's cast rules both ways.
#include "engine/data/codec.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/data/civil.h"
#include "tests/unit/data/sample_columns.h"

using namespace sr;
using sr::testing::random_column;

namespace {

template <class F>
std::string written(F&& write) {
  TextBuffer out;
  write(out);
  return std::string(out.view());
}
std::string text_of(double value) {
  return written([&](TextBuffer& out) { write_double(out, value); });
}
std::string timestamp_text(std::int64_t micros) {
  return written([&](TextBuffer& out) { write_timestamp(out, micros); });
}
std::string decimal_text(Int128 value, int scale) {
  return written([&](TextBuffer& out) { write_decimal(out, value, scale); });
}

}  // namespace

TEST_CASE("doubles are written as Spark writes them") {
  const std::pair<double, const char*> cases[] = {{0, "0.0"},
                                                  {-0.0, "-0.0"},
                                                  {1, "1.0"},
                                                  {-1.5, "-1.5"},
                                                  {0.001, "0.001"},
                                                  {0.00123, "0.00123"},
                                                  {0.0001, "1.0E-4"},
                                                  {0.00099999, "9.9999E-4"},
                                                  {9999999, "9999999.0"},
                                                  {1e7, "1.0E7"},
                                                  {12345678.5, "1.23456785E7"},
                                                  {1e10, "1.0E10"},
                                                  {100, "100.0"},
                                                  {123456.789, "123456.789"},
                                                  {0.1 + 0.2, "0.30000000000000004"},
                                                  {1.7976931348623157e308, "1.7976931348623157E308"},
                                                  {1e-5, "1.0E-5"},
                                                  {1e23, "1.0E23"},
                                                  {NAN, "NaN"},
                                                  {INFINITY, "Infinity"},
                                                  {-INFINITY, "-Infinity"}};
  for (const auto& [value, text] : cases) {
    CHECK(text_of(value) == text);
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value, back;
    std::memcpy(&value, &bits, 8);
    if (std::isnan(value)) continue;
    REQUIRE(parse_double(text_of(value), &back));
    CHECK(std::memcmp(&value, &back, 8) == 0);
  }
}

TEST_CASE("decimals are written with their full scale") {
  CHECK(decimal_text(150, 2) == "1.50");
  CHECK(decimal_text(-5, 3) == "-0.005");
  CHECK(decimal_text(0, 0) == "0");
  CHECK(decimal_text(0, 2) == "0.00");
  Int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  CHECK(decimal_text(most - 1, 0) == std::string(38, '9'));
  CHECK(decimal_text(-(most - 1), 38) == "-0." + std::string(38, '9'));
}

TEST_CASE("dates and timestamps are written in any year") {
  CHECK(timestamp_text(0) == "1970-01-01 00:00:00");
  CHECK(timestamp_text(-1) == "1969-12-31 23:59:59.999999");
  CHECK(timestamp_text(1709211723500000) == "2024-02-29 13:02:03.5");
  CHECK(timestamp_text(253402300800000000) == "+10000-01-01 00:00:00");
  CHECK(timestamp_text(INT64_MIN) == "-290308-12-21 19:59:05.224192");
  CHECK(timestamp_text(INT64_MAX) == "+294247-01-10 04:00:54.775807");
  CHECK(written([](TextBuffer& out) { write_timestamp_rfc3339(out, 1709211723000000); }) == "2024-02-29T13:02:03Z");
  CHECK(written([](TextBuffer& out) { write_date(out, days_from_civil({-1, 3, 1})); }) == "-0001-03-01");
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t micros = static_cast<std::int64_t>(random()) >> (random() % 20);
    std::int64_t back = 0;
    REQUIRE(parse_timestamp(timestamp_text(micros), &back));
    CHECK(back == micros);
    const std::int64_t days = micros / 100'000'000'000;
    REQUIRE(days_from_civil(civil_from_days(days)) == days);
  }
}

TEST_CASE("bigints are read strictly") {
  std::int64_t value = 0;
  for (const auto& [text, expected] :
       std::initializer_list<std::pair<const char*, std::int64_t>>{{"12", 12},
                                                                   {" -7\t\n", -7},
                                                                   {"+3", 3},
                                                                   {"007", 7},
                                                                   {"9223372036854775807", INT64_MAX},
                                                                   {"-9223372036854775808", INT64_MIN}}) {
    REQUIRE(parse_bigint(text, &value));
    CHECK(value == expected);
  }
  for (const char* text : {"", " ", "12.5", "1e3", "9223372036854775808", "+-1", "--1", "+", "1 2", "0x1F", "1_000"}) {
    INFO(text);
    CHECK_FALSE(parse_bigint(text, &value));
  }
}

TEST_CASE("doubles are read by Spark's rules") {
  double value = 0;
  for (const auto& [text, expected] :
       std::initializer_list<std::pair<const char*, double>>{{"1.5", 1.5},
                                                             {"-.5", -.5},
                                                             {"7.", 7},
                                                             {"2e3", 2000},
                                                             {"+1E-2 ", 0.01},
                                                             {"inf", INFINITY},
                                                             {"-Infinity", -INFINITY},
                                                             {"1e400", INFINITY},
                                                             {"-1e400", -INFINITY},
                                                             {"1e-400", 0},
                                                             {"0.00001e400", INFINITY},
                                                             {"1e99999999999999999999", INFINITY},
                                                             {"0e99999999999999999999", 0}}) {
    INFO(text);
    REQUIRE(parse_double(text, &value));
    CHECK(value == expected);
  }
  REQUIRE(parse_double("nAn", &value));
  CHECK(std::isnan(value));
  for (const char* text : {"", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1.5D", "infin", "--1", "1 e3"}) {
    INFO(text);
    CHECK_FALSE(parse_double(text, &value));
  }
}

TEST_CASE("booleans are read from words and digits") {
  bool value = false;
  for (const char* text : {"t", "TRUE", "y", "Yes", " 1 "}) CHECK((parse_boolean(text, &value) && value));
  for (const char* text : {"f", "False", "N", "no", "0"}) CHECK((parse_boolean(text, &value) && !value));
  for (const char* text : {"", "on", "2", "tr"}) CHECK_FALSE(parse_boolean(text, &value));
}

TEST_CASE("decimals are rounded half up and must fit") {
  const auto read = [](const char* text, int precision, int scale) {
    Int128 value = 0;
    const DecimalParse parsed = parse_decimal(text, precision, scale, &value);
    if (parsed == DecimalParse::malformed) return std::string("malformed");
    if (parsed == DecimalParse::overflow) return std::string("overflow");
    return decimal_text(value, scale);
  };
  CHECK(read("1.005", 10, 2) == "1.01");
  CHECK(read("-1.005", 10, 2) == "-1.01");
  CHECK(read("1.0049999", 10, 2) == "1.00");
  CHECK(read(" 12e-1 ", 10, 2) == "1.20");
  CHECK(read("1.5e3", 10, 2) == "1500.00");
  CHECK(read("9.995", 3, 2) == "overflow");
  CHECK(read("9.994", 3, 2) == "9.99");
  CHECK(read("1000", 5, 2) == "overflow");
  CHECK(read("0.0000000001", 5, 2) == "0.00");
  CHECK(read("1e999999999999", 5, 2) == "overflow");
  CHECK(read("1e-999999999999", 5, 2) == "0.00");
  CHECK(read("0e999999999999", 5, 2) == "0.00");
  CHECK(read("00000000000000000000000000000000000000000000.5", 1, 0) == "1");
  CHECK(read("99999999999999999999999999999999999999", 38, 0) == "99999999999999999999999999999999999999");
  CHECK(read("99999999999999999999999999999999999999.5", 38, 0) == "overflow");
  CHECK(read("", 5, 2) == "malformed");
  CHECK(read("NaN", 5, 2) == "malformed");
  CHECK(read("1,5", 5, 2) == "malformed");
}

TEST_CASE("dates and timestamps are read by Spark's rules") {
  const auto date = [](const char* text) {
    std::int64_t days = 0;
    return parse_date(text, &days) ? written([&](TextBuffer& out) { write_date(out, days); }) : std::string("no");
  };
  const auto timestamp = [](const char* text) {
    std::int64_t micros = 0;
    return parse_timestamp(text, &micros) ? timestamp_text(micros) : std::string("no");
  };
  CHECK(date("2024-2-9") == "2024-02-09");
  CHECK(date(" 2024-02 ") == "2024-02-01");
  CHECK(date("2024") == "2024-01-01");
  CHECK(date("2024-02-29T25:99") == "2024-02-29");
  CHECK(date("2024-02-29 junk") == "2024-02-29");
  CHECK(date("0001-01-01") == "0001-01-01");
  CHECK(date("+12345-01-01") == "+12345-01-01");
  for (const char* text : {"", "2023-02-29", "2024-13-01", "2024-00-01", "24-01-01", "2024-1-", "2024/01/01",
                           "2024-02-29x", "2024-02 x"}) {
    INFO(text);
    CHECK(date(text) == "no");
  }
  CHECK(timestamp("2024-02-29 01:02:03.5") == "2024-02-29 01:02:03.5");
  CHECK(timestamp("2024-2-9T1:2") == "2024-02-09 01:02:00");
  CHECK(timestamp("2024-02-29T01:02:03Z") == "2024-02-29 01:02:03");
  CHECK(timestamp("2024-02-29T01:02:03.1234567+02:30") == "2024-02-28 22:32:03.123456");
  CHECK(timestamp("2024-02-29 01:02:03-01:00") == "2024-02-29 02:02:03");
  CHECK(timestamp("2024-02-29") == "2024-02-29 00:00:00");
  CHECK(timestamp("1969-12-31T23:59:59.999999Z") == "1969-12-31 23:59:59.999999");
  for (const char* text : {"", "2024-02-29 24:00:00", "2024-02-29 1", "2024-02-29 01:60", "2024-02-29 01:02:03 x",
                           "2024-02-29T", "2024-02-29 01:02:03+25:00", "12:00:00", "999999-01-01 00:00:00"}) {
    INFO(text);
    CHECK(timestamp(text) == "no");
  }
}

TEST_CASE("JSON strings escape what must be escaped, wherever it stands") {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char odd : {'"', '\\', '\n', '\x1f', '\x7f', '/', '\xc3'}) {
        std::string text(size, 'x');
        text[at] = odd;
        if (odd == '\xc3') text.insert(at + 1, "\xa4");
        const std::string json = written([&](TextBuffer& out) { write_json_string(out, text); });
        REQUIRE(nlohmann::json::parse(json).get<std::string>() == text);
      }
    }
  }
  CHECK(written([](TextBuffer& out) { write_json_string(out, "a\x01\tb"); }) == "\"a\\u0001\\tb\"");
}

TEST_CASE("values are written as JSON and as text") {
  const TypeRef type = parse_type(
      "struct<b:boolean,i:bigint,d:double,s:string,y:binary,t:timestamp,e:date,n:decimal(5,2),v:variant,"
      "a:array<bigint>,m:map<string,double>,z:bigint>",
      nullptr);
  ColumnBuilder builder(type);
  const auto value = nlohmann::json::parse(
      R"({"b":true,"i":-5,"d":1.5,"s":"x\"y","y":"AAH/","t":"2024-02-29T01:02:03.5Z","e":"2024-02-29","n":"1.5","v":{"k":[1, 2]},"a":[1,null],"m":{"k":"NaN"}})");
  REQUIRE(append_json(builder, value).ok());
  const ColumnRef column = builder.finish();
  CHECK(
      written([&](TextBuffer& out) { write_json(out, *column, 0); }) ==
      R"({"b":true,"i":-5,"d":1.5,"s":"x\"y","y":"AAH/","t":"2024-02-29T01:02:03.5Z","e":"2024-02-29","n":1.50,"v":{"k":[1,2]},"a":[1,null],"m":{"k":"NaN"},"z":null})");
  const std::string compact =
      written([&](TextBuffer& out) { write_json(out, *column, 0, {.omit_null_fields = true}); });
  CHECK(compact.find("\"z\"") == std::string::npos);
  CHECK(compact.find("[1,null]") != std::string::npos);
  const std::string text = written([&](TextBuffer& out) { write_text(out, *column, 0); });
  CHECK(text == std::string("{true, -5, 1.5, x\"y, \0\x01\xff, 2024-02-29 01:02:03.5, 2024-02-29, 1.50, {\"k\":[1,2]}, "
                            "[1, null], {k -> NaN}, null}",
                            108));
}

TEST_CASE("inline values that do not fit say where and why, and leave the builder alone") {
  ColumnBuilder builder(parse_type("struct<a:bigint,b:array<struct<c:date>>,d:decimal(3,1),x:double>", nullptr));
  const auto error = [&](const char* json) {
    const Status status = append_json(builder, nlohmann::json::parse(json));
    return status.ok() ? std::string("fine") : status.error().message;
  };
  CHECK(error(R"({"a":"1"})") == "field a: expected bigint, got string");
  CHECK(error(R"({"a":1.5})") == "field a: expected bigint, got double");
  CHECK(error(R"({"a":18446744073709551615})") == "field a: overflow: the number does not fit bigint");
  CHECK(error(R"({"a":1,"b":[{"c":"2024-01-01"},{"c":"2024-02-30"}]})") ==
        "field b[1].c: cast: `2024-02-30` is not a date");
  CHECK(error(R"({"d":100})") == "field d: overflow: 100 does not fit decimal(3,1)");
  CHECK(error(R"({"d":"x"})") == "field d: cast: `x` is not a decimal(3,1)");
  CHECK(error(R"({"q":1})") == "unknown field `q`");
  CHECK(error(R"([1,2])") == "expected struct<a:bigint,b:array<struct<c:date>>,d:decimal(3,1),x:double>, got array");
  CHECK(error(R"({"x":"Inf"})") == "field x: expected double, got string");
  CHECK(error(R"({"A":1,"x":3})") == "fine");
  CHECK(error(R"([1,[],"2.25","-Infinity"])") == "fine");
  const ColumnRef column = builder.finish();
  REQUIRE(column->size == 2);
  CHECK(written([&](TextBuffer& out) { write_json(out, *column, 1); }) == R"({"a":1,"b":[],"d":2.3,"x":"-Infinity"})");
  for (const ColumnRef& child : column->children) CHECK(child->size == 2);
}

TEST_CASE("JSON of random values of every type reads back as the same values") {
  std::mt19937_64 random(6);
  for (const TypeRef& type : sr::testing::sample_types()) {
    INFO(type->name());
    const ColumnRef column = random_column(type, 200, random);
    ColumnBuilder back(type);
    for (std::uint32_t i = 0; i < 200; ++i) {
      const std::string json = written([&](TextBuffer& out) { write_json(out, *column, i); });
      INFO(json);
      if (type->id == TypeId::variant && column->valid(i))
        back.append_string(json);
      else
        REQUIRE(append_json(back, nlohmann::json::parse(json)).ok());
      const ColumnRef read = back.finish();
      CHECK(equal_values(*read, 0, *column, i));
    }
  }
}

TEST_CASE("base64 reads back and refuses what is none") {
  std::mt19937_64 random(7);
  std::string back;
  for (std::size_t size = 0; size < 50; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    const std::string text = written([&](TextBuffer& out) { encode_base64(out, bytes); });
    REQUIRE(decode_base64(text, &back));
    CHECK(back == bytes);
  }
  CHECK((decode_base64("QUI", &back) && back == "AB"));
  CHECK((decode_base64("QU\r\nI=", &back) && back == "AB"));
  for (const char* text : {"Q", "QU!=", "Q===", "=QUI", "QUI==", "QU=I"}) CHECK_FALSE(decode_base64(text, &back));
}
