// The traps of YAML and of its parser: what must be refused, where, and what must be read.
#include "read_support.h"
#include "specs/limits.h"

using namespace sr;
using namespace sr::specs;
using namespace sr::specs::test;

namespace {

struct Trap {
  const char* what;
  std::string text;
  std::string places;
  bool whole = false;  // the tree is there all the same
};

const std::vector<Trap>& traps() {
  using std::string_literals::operator""s;
  static const std::vector<Trap> all = {
      {"a duplicate key", "a: 1\nb: 2\na: 3\n", "SR1010 3:1", true},
      {"duplicates at several places", "a: {b: 1, b: 2}\na: 1\nc: 1\nc: 1\n", "SR1010 1:11, SR1010 2:1, SR1010 4:1",
       true},
      {"the same key quoted and plain", "a: 1\n'a': 2\n", "SR1010 2:1", true},
      {"two merges in one map", "x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "SR1010 4:3", true},
      {"a second document", "a: 1\n---\nb: 1\n", "SR1013 2:1"},
      {"content after the document's end", "a: 1\n...\nb: 1\n", "SR1013 3:1"},
      {"content after a closing bracket", "{a: 1}\nb: 1\n", "SR1013 2:1"},
      {"an empty second document", "a: 1\n---\n", "SR1013 2:1"},
      {"an unclosed double quote at the end", "a: \"b\n", "SR1006 1:4"},
      {"an unclosed single quote at the end", "a: 1\nb: 'c", "SR1006 2:4"},
      {"an unclosed quote that swallows keys", "a: 'b\nc: 1\nd: 'e'\n", "SR1006 1:4"},
      {"tags everywhere", "a: !!str 1\nb: ! 2\nc: !x {d: !y [1]}\ne: !<tag:z> 1\n",
       "SR1011 1:4, SR1011 2:4, SR1011 3:4, SR1011 3:11, SR1011 4:4", true},
      {"a tag before an anchor", "a: !!str &x 1\nb: &y !!str 1\n", "SR1011 1:4, SR1011 2:7", true},
      {"a directive", "# first\n%YAML 1.2\n---\na: 1\n", "SR1012 2:1", true},
      {"a tab before a key", "a:\n\tb: 1\n", "SR1004 2:1"},
      {"a tab behind spaces", "a:\n  b: 1\n \t c: 1\n", "SR1004 3:2"},
      {"tabs on several lines in brackets", "a: [\n\t1,\n\t2]\n", "SR1004 2:1, SR1004 3:1", true},
      {"a tab that continues a plain text", "a: b\n\tc\n", "SR1004 2:1"},
      {"a tab before a block text's indentation", "a: |\n  b\n\tc\n", "SR1004 3:1"},
      {"control characters", "a: \x01\nb: x\x7F\n", "SR1003 1:4, SR1003 2:5"},
      {"a NUL byte", "a: 1\nb: x\0y\n"s, "SR1003 2:5"},
      {"a lone carriage return", "a: 1\rb: 2\n", "SR1003 1:5"},
      {"a C1 control", "a: \xC2\x85\n", "SR1003 1:4"},
      {"ill-formed UTF-8", "a: \xC3\xA9\nb: \xC3\x28\n", "SR1002 2:4"},
      {"a surrogate in UTF-8", "a: \xED\xA0\x80\n", "SR1002 1:4"},
      {"UTF-16",
       "\xFF\xFE"
       "a\0:\0"s,
       "SR1002 1:1"},
      {"an unknown alias", "a: &b 1\nc: *d\n", "SR1014 2:4", true},
      {"an alias inside its anchor", "a: &b {c: [*b]}\n", "SR1015 1:12", true},
      {"a merge of a scalar", "a: 1\n<<: 2\n", "SR1016 2:5", true},
      {"a merge of a list with a scalar", "x: &x {a: 1}\ny: {<<: [*x, 1]}\n", "SR1016 2:9", true},
      {"a list as a key", "? [a]\n: b\n", "SR1017 1:3"},
      {"an empty key", "a: 1\n: b\n", "SR1017 2:1"},
      {"an empty file", "", "SR1020 1:1"},
      {"only comments", "# a\n\n# b\n", "SR1020 1:1"},
      {"only a marker", "---\n", "SR1020 1:1"},
      {"a value between two commas", "a: [1,,2]\n", "SR1005 1:7"},
      {"a reserved character", "a: @b\n", "SR1021 1:4"},
      {"a backquote", "a: `b`\n", "SR1021 1:4"},
      {"an unknown escape", "a: \"b\\q\"\n", "SR1022 1:6"},
      {"a short hexadecimal escape", "a: \"\\xg1\"\n", "SR1022 1:5"},
      {"an unclosed bracket", "a: [1, 2\nb: 3\n", "SR1007 1:4"},
      {"an unclosed brace at the end", "a: {b: 1\n", "SR1007 1:4"},
      {"a bracket closed by a brace", "a: [1}\n", "SR1007 1:6"},
      {"a brace too many", "a: {b: 1}}\n", "SR1007 1:10"},
      {"a variable in brackets", "a: {b: ${C}}\n", "SR1023 1:8"},
      {"a variable in a list", "a: [x, ${C:-d}, y]\n", "SR1023 1:8"},
      {"a second colon", "a: b: c\n", "SR1024 1:5"},
      {"a missing comma", "a: {b: 1 c: 2}\n", "SR1024 1:11"},
      {"a missing space after a colon", "a:1\nb: 2\n", "SR1009 1:2"},
      {"a missing space in brackets", "a: {b:1}\n", "SR1009 1:6"},
      {"a missing colon on the last line", "a: 1\nb\n", "SR1009 2:1"},
      {"a missing colon above a key", "a:\n  b 1\n  c: 2\n", "SR1009 2:3"},
      {"a key between two levels", "a:\n    b: 1\n  c: 2\n", "SR1008 3:3"},
      {"a key below a value", "a: 1\n  b: 2\n", "SR1008 2:3"},
      {"a list item among keys", "a: 1\n- b\n", "SR1008 2:1"},
      {"a list item behind a key", "a: - b\n", "SR1008 1:4"},
      {"a reserved character in brackets", "a: {b: @c}\n", "SR1021 1:8"},
      {"a block indicator before a value", "a: |b\n", "SR1021 1:4"},
      {"an unclosed quote instead of a key", "a: 1\n\"b: 2\n", "SR1006 2:1"},
      {"a map as a key without a value", "a: 1\n? b: 1\n", "SR1017 2:3"},
      {"a first key that stands too far left", "a:\n b: 1\n  c: 2\n  d: 3\n", "SR1008 2:2"},
      {"a merge without a space", "x: &x {a: 1}\ny:\n  <<:*x\n  c: 2\n", "SR1009 3:5"},
      {"a key cut off by a comment", "a:\n  b #: 1\n  c: 2\n", "SR1009 2:3"},
      {"a directive in the middle", "a: 1\n%b: 2\nc: 3\n", "SR1012 2:1"},
      {"text after quotes", "a: 'it's'\n", "SR1005 1:8"},
  };
  return all;
}

}  // namespace

TEST_CASE("every trap of YAML is reported at its place") {
  for (const Trap& trap : traps()) {
    INFO(trap.what);
    Read read = test::read(trap.text);
    CHECK(places(read.diagnostics) == trap.places);
    CHECK(read.root.has_value() == trap.whole);
  }
}

TEST_CASE("after a trap that leaves the tree whole, what is not known is opaque") {
  Read read = test::read("x: &x {a: 1}\nb: *y\nc: {<<: *z, d: 2}\ne: {f: 1, f: 2}\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"b"}).opaque);
  CHECK(at(*read.root, {"c"}).opaque);
  CHECK(at(*read.root, {"c", "d"}).text == "2");
  CHECK(at(*read.root, {"e", "f"}).text == "1");
  CHECK(!at(*read.root, {"e"}).opaque);
  Read twice = test::read("s: {a: {t: 1}, a: {t: 2}}\ns: {b: {t: 3}}\n");
  REQUIRE(twice.root);
  CHECK(at(*twice.root, {"s", "a", "t"}).text == "1");
  CHECK(at(*twice.root, {"s", "b", "t"}).text == "3");
  CHECK(at(*twice.root, {"s"}).opaque);
}

TEST_CASE("a byte order mark and CRLF change nothing") {
  Read read = test::read(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: \"d\r\n  e\"\r\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"b"}).text == "x\ny\n");
  CHECK(at(*read.root, {"c"}).text == "d e");
  CHECK(shown(at(*read.root, {"a"}).span) == "1:4-1:5");
  CHECK(shown(read.root->entries[0].key_span) == "1:1-1:2");
}

TEST_CASE("columns count code points") {
  Read read = test::read("é: 'ü' # ö\nß: [ä, x]\n");
  REQUIRE(read.root);
  CHECK(shown(at(*read.root, {"é"}).span) == "1:4-1:7");
  CHECK(shown(at(*read.root, {"ß"}).items[1].span) == "2:8-2:9");
}

TEST_CASE("empty values stand behind their colon or dash") {
  Read read = test::read("a:\n# comment\nb: # more\nc:\n  -\n  - x\nd: {e: , f: }\nnull: 1\n");
  REQUIRE(read.root);
  CHECK(shown(at(*read.root, {"a"}).span) == "1:3-1:3");
  CHECK(shown(at(*read.root, {"b"}).span) == "3:3-3:3");
  CHECK(shown(at(*read.root, {"c"}).items[0].span) == "5:4-5:4");
  CHECK(shown(at(*read.root, {"d", "e"}).span) == "7:7-7:7");
  CHECK(shown(at(*read.root, {"d", "f"}).span) == "7:12-7:12");
  CHECK(at(*read.root, {"a"}).is_null());
  CHECK(at(*read.root, {"null"}).text == "1");
}

TEST_CASE("only a plain null is null, and its text is kept") {
  Read read = test::read("a: null\nb: ~\nc: 'null'\nd: \"\"\ne: nullable\nf: [~, Null]\ng:\n  NULL\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"a"}).is_null());
  CHECK(at(*read.root, {"a"}).text == "null");
  CHECK(shown(at(*read.root, {"b"}).span) == "2:4-2:5");
  CHECK(at(*read.root, {"c"}).is_scalar());
  CHECK(at(*read.root, {"d"}).is_scalar());
  CHECK(at(*read.root, {"e"}).is_scalar());
  CHECK(at(*read.root, {"f"}).items[1].is_null());
  CHECK(at(*read.root, {"g"}).is_null());
  CHECK(shown(at(*read.root, {"g"}).span) == "8:3-8:7");
}

TEST_CASE("scalars stay text") {
  Read read = test::read("a: yes\nb: 010\nc: 0x1F\nd: 1_000\ne: 1e3\nf: 'x'\ng: |\n  y\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"a"}).text == "yes");
  CHECK(at(*read.root, {"b"}).text == "010");
  CHECK(at(*read.root, {"c"}).text == "0x1F");
  CHECK(at(*read.root, {"a"}).style == SpecValue::Style::plain);
  CHECK(at(*read.root, {"f"}).style == SpecValue::Style::quoted);
  CHECK(at(*read.root, {"g"}).style == SpecValue::Style::block);
}

TEST_CASE("question marks inside brackets are text") {
  Read read = test::read("a: [b?c, ?d, e?]\nf: {g: h ? i}\n? j\n: k?\n");
  REQUIRE(read.root);
  CHECK(at(*read.root, {"a"}).items[0].text == "b?c");
  CHECK(at(*read.root, {"a"}).items[1].text == "?d");
  CHECK(at(*read.root, {"a"}).items[2].text == "e?");
  CHECK(at(*read.root, {"j"}).text == "k?");
}

TEST_CASE("tabs in texts and between tokens are fine") {
  Read read = test::read("a: |\n  x\n  \ty\nb:\t1\nc: \"d\n\te\"\n\t# comment\n\t\nf: 1\t# x\n");
  CHECK(places(read.diagnostics).empty());
  REQUIRE(read.root);
  CHECK(at(*read.root, {"a"}).text == "x\n\ty\n");
  CHECK(at(*read.root, {"c"}).text == "d e");
}

TEST_CASE("anchors, aliases and merges work in block and flow") {
  Read read = test::read(
      "x-a: &a\n  k: 1\n  z: 3\nx-b: &b {k: 2, w: 4}\n"
      "one:\n  <<: *a\n  k: own\ntwo: {<<: [*b, *a], m: 5}\nthree: *a\nfour: [*a, &c text, *c]\nfive:\n  k: own\n  <<: "
      "[*a]\n");
  CHECK(places(read.diagnostics).empty());
  REQUIRE(read.root);
  CHECK(at(*read.root, {"one", "k"}).text == "own");
  CHECK(at(*read.root, {"one", "z"}).text == "3");
  CHECK(at(*read.root, {"one"}).entries.size() == 2);
  CHECK(at(*read.root, {"two", "k"}).text == "2");
  CHECK(at(*read.root, {"two", "w"}).text == "4");
  CHECK(at(*read.root, {"two", "z"}).text == "3");
  CHECK(at(*read.root, {"two", "m"}).text == "5");
  CHECK(at(*read.root, {"three", "k"}).text == "1");
  CHECK(at(*read.root, {"four"}).items[2].text == "text");
  CHECK(at(*read.root, {"five", "k"}).text == "own");
  CHECK(shown(at(*read.root, {"three", "k"}).span) == "2:6-2:7");
}

TEST_CASE("a merge inside an aliased map, a reused anchor and an anchored empty value work") {
  Read read = test::read(
      "a: &a {p: 1}\nb: &b\n  <<: *a\n  q: 2\nc:\n  <<: *b\nd: &a 5\ne: *a\nf: &f\ng: *f\nh: {<<: &i {r: 1}, s: "
      "*i}\n'<<': text\n");
  CHECK(places(read.diagnostics).empty());
  REQUIRE(read.root);
  CHECK(at(*read.root, {"c", "p"}).text == "1");
  CHECK(at(*read.root, {"c", "q"}).text == "2");
  CHECK(at(*read.root, {"e"}).text == "5");
  CHECK(at(*read.root, {"g"}).is_null());
  CHECK(at(*read.root, {"h", "r"}).text == "1");
  CHECK(at(*read.root, {"h", "s", "r"}).text == "1");
  CHECK(at(*read.root, {"<<"}).text == "text");
}

TEST_CASE("spans cover keys and whole values") {
  Read read = test::read("a:\n  b: {c: 1, d: [x, y]}\n  e:\n    - f\n    - g: h\nz: 'q' # r\n");
  REQUIRE(read.root);
  CHECK(shown(read.root->span) == "1:1-6:7");
  CHECK(shown(at(*read.root, {"a"}).span) == "2:3-5:11");
  CHECK(shown(at(*read.root, {"a", "b"}).span) == "2:6-2:23");
  CHECK(shown(at(*read.root, {"a", "b", "d"}).span) == "2:16-2:22");
  CHECK(shown(at(*read.root, {"a", "e"}).span) == "4:5-5:11");
  CHECK(shown(at(*read.root, {"z"}).span) == "6:4-6:7");
}
