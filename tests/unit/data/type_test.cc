// Types and schemas: reading, naming, equality.
#include "engine/data/type.h"

#include <catch2/catch.hpp>

using namespace sr;

TEST_CASE("a type's name reads back as the same type") {
  for (const char* text : {"boolean", "bigint", "double", "string", "binary", "timestamp", "date", "variant",
                           "decimal(10,2)", "decimal(38,38)", "array<string>", "map<string,array<bigint>>",
                           "struct<a:bigint,b:struct<c:date>>", "struct<`odd name`:bigint,`tick``s`:string>"}) {
    TypeError error;
    const TypeRef type = parse_type(text, &error);
    INFO(text << " " << error.message);
    REQUIRE(type);
    CHECK(type->name() == text);
  }
}

TEST_CASE("types are read without regard to case and space") {
  TypeError error;
  CHECK(parse_type(" ARRAY < Struct< a : INT , b Decimal ( 5 , 1 ) > > ", &error)->name() ==
        "array<struct<a:bigint,b:decimal(5,1)>>");
  CHECK(parse_type("decimal", &error)->name() == "decimal(10,0)");
  CHECK(parse_type("decimal(7)", &error)->name() == "decimal(7,0)");
}

TEST_CASE("a wrong type text names its place and offers the right word") {
  const auto check = [](const char* text, std::size_t offset, const char* message, const char* suggestion) {
    TypeError error;
    INFO(text);
    REQUIRE_FALSE(parse_type(text, &error));
    CHECK(error.offset == offset);
    CHECK(error.message == message);
    CHECK(error.suggestion == suggestion);
  };
  check("bigin", 0, "unknown type `bigin`", "bigint");
  check("array<long>", 6, "unknown type `long`", "bigint");
  check("array<string", 12, "expected `>`", "");
  check("", 0, "expected a type", "");
  check("decimal(39,1)", 0, "the precision of a decimal is 1 to 38", "");
  check("decimal(3,4)", 0, "the scale of a decimal is at most its precision", "");
  check("map<bigint,string>", 4, "the keys of a map are strings", "string");
  check("struct<a:int,A:int>", 13, "the name `A` stands twice", "");
  check("string string", 7, "unexpected text after the type", "");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "array<";
  TypeError error;
  CHECK_FALSE(parse_type(deep, &error));
}

TEST_CASE("a list of columns may leave out the colons") {
  TypeError error;
  const auto fields = parse_columns("a bigint, `b c`: array<string>", &error);
  REQUIRE(fields);
  CHECK(Schema(*fields).to_text() == "a bigint, `b c` array<string>");
  CHECK(parse_columns("", nullptr)->empty());
  CHECK_FALSE(parse_columns("a bigint,", &error));
}

TEST_CASE("schemas find names without regard to case") {
  const Schema schema({{"Word", types::string()}, {"count", types::bigint()}});
  CHECK(schema.find("word") == 0u);
  CHECK(schema.find("COUNT") == 1u);
  CHECK_FALSE(schema.find("words"));
  CHECK(schema == Schema({{"word", types::string()}, {"Count", types::bigint()}}));
  CHECK_FALSE(schema == Schema({{"word", types::string()}, {"count", types::float64()}}));
}
