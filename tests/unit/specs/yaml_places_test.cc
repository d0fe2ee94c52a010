// Where each byte of a scalar's text stands in the file: plain, quoted and block scalars.
#include "read_support.h"

using namespace sr;
using namespace sr::specs;
using namespace sr::specs::test;

namespace {

// The place in the file of the first occurrence of `part` in the value of key `a`.
std::string place(const std::string& text, const std::string& part) {
  Read read = test::read(text);
  REQUIRE(read.root);
  const SpecValue& value = at(*read.root, {"a"});
  const std::size_t begin = value.text.find(part);
  INFO("text: " << value.text);
  REQUIRE(begin != std::string::npos);
  return shown(value.locate(begin, begin + part.size()));
}

}  // namespace

TEST_CASE("places in plain scalars") {
  CHECK(place("a: sum(x) + y\n", "y") == "1:13-1:14");
  CHECK(place("a: sum(é) + y\n", "y") == "1:13-1:14");
  CHECK(place("a: one\n  two\n\n  three   four # c\n", "two") == "2:3-2:6");
  CHECK(place("a: one\n  two\n\n  three   four # c\n", "four") == "4:11-4:15");
}

TEST_CASE("places in quoted scalars") {
  CHECK(place("a: 'it''s me'\n", "me") == "1:11-1:13");
  CHECK(place("a: 'it''s me'\n", "'") == "1:7-1:8");
  CHECK(place("a: \"x\\ty \\u00e9 z\"\n", "y") == "1:8-1:9");
  CHECK(place("a: \"x\\ty \\u00e9 z\"\n", "z") == "1:17-1:18");
  CHECK(place("a: \"one  \n   two\n\n   three\"\n", "three") == "4:4-4:9");
  CHECK(place("a: \"one \\\n   two\"\n", "two") == "2:4-2:7");
  CHECK(place("a: 'one\n   two'\n", "two") == "2:4-2:7");
  CHECK(place("a: \"\\N\\_\\x41b\"\n", "b") == "1:13-1:14");
}

TEST_CASE("places in block scalars") {
  CHECK(place("a: |\n  one\n   two\n  three\n", "two") == "3:4-3:7");
  CHECK(place("a: |\n  one\n   two\n  three\n", "three") == "4:3-4:8");
  CHECK(place("a: |-\n\n\n    one\n\n    two", "two") == "6:5-6:8");
  CHECK(place("a: |2\n    one\n  two\n", "one") == "2:5-2:8");
  CHECK(place("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "two") == "3:3-3:6");
  CHECK(place("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "three") == "5:3-5:8");
  CHECK(place("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "four") == "6:5-6:9");
  CHECK(place("a: >+\n  one\n  two\n\n  three\n    four\n  five\n\n", "five") == "7:3-7:7");
  CHECK(place("a: >- # why\n  sum(é) +\n  y\nb: 1\n", "y") == "3:3-3:4");
  CHECK(place("a:\r\n  |\r\n  one\r\n  two\r\n", "two") == "4:3-4:6");
}

TEST_CASE("quoted texts are decoded as YAML says") {
  Read read = test::read(
      "a: \"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\\"\\/\\\\\\N\\_\\L\\P\\x41\\u20ac\\U0001F600\"\nb: ' x  \n\n\n y '\nc: \"x \\ "
      " \n y\"\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"a"}).text == std::string("\0\a\b\t\n\v\f\r\x1b\"/\\\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9"
                                                  "A\xE2\x82\xAC\xF0\x9F\x98\x80",
                                                  12 + 10 + 1 + 3 + 4));
  CHECK(at(*read.root, {"b"}).text == " x\n\ny ");
  CHECK(at(*read.root, {"c"}).text == "x   y");
}
