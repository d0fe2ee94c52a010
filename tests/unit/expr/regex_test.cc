// Functions of regular expressions, and their limits.
#include <catch2/catch.hpp>

#include "engine/expr/functions/regex.h"
#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("patterns that match one text are known as such") {
  CHECK(literal_of_pattern("abc").value() == "abc");
  CHECK(literal_of_pattern("\\.").value() == ".");
  CHECK(literal_of_pattern("a\\|b[.]c\\t").value() == "a|b.c\t");
  for (const char* pattern : {"a.b", "a*", "[ab]", "\\d", "^a", "a$", "(a)", "a|b", "\\b", "[^a]", "a{2}", "\\Qa\\E"}) {
    INFO(pattern);
    CHECK(!literal_of_pattern(pattern));
  }
}

TEST_CASE("rlike finds the pattern anywhere") {
  CHECK(answer("rlike('banana', 'n.n')") == "true");
  CHECK(answer("'banana' rlike '^a'") == "false");
  CHECK(answer("regexp_like('a\\nb', 'a.b')") == "false");
  CHECK(answer("'é' rlike r'^\\w$'") == "false");
  CHECK(answer("'é' rlike '^.$'") == "true");
  CHECK(answer("'٣' rlike r'\\d'") == "false");
  CHECK(answer("'日本語' rlike '本'") == "true");
  CHECK(answer("'a.b' rlike r'a\\.b' and not 'axb' rlike r'a\\.b'") == "true");
  CHECK(answer("'ABC' rlike '(?i)abc'") == "true");
  CHECK(answer("'abc' rlike ''") == "true");
  CHECK(fails_with("'abc' rlike '['", "regular expression"));
}

TEST_CASE("groups are extracted") {
  CHECK(answer("regexp_extract('100-200', r'(\\d+)-(\\d+)')") == R"("100")");
  CHECK(answer("regexp_extract('100-200', r'(\\d+)-(\\d+)', 0)") == R"("100-200")");
  CHECK(answer("regexp_extract('x', r'(\\d+)', 1)") == R"("")");
  CHECK(answer("regexp_extract('b', '(a)|(b)', 1)") == R"("")");
  CHECK(fails_with("regexp_extract('a', '(a)', 2)", "group"));
  CHECK(fails_with("regexp_extract('a', 'a')", "group"));
  CHECK(answer("regexp_extract_all('a1b22', '([0-9]+)')") == R"(["1","22"])");
  CHECK(answer("regexp_extract_all('a1b22', '([a-z])([0-9]+)', 2)") == R"(["1","22"])");
  CHECK(answer("regexp_extract_all('zzz', '([0-9])')") == "[]");
  CHECK(answer("regexp_extract_all('abab', 'a', 0)") == R"(["a","a"])");
  CHECK(answer("regexp_count('abab', 'a')") == "2");
  CHECK(answer("regexp_instr('éa1', '[0-9]')") == "3");
  CHECK(answer("regexp_substr('a', '[0-9]')") == "null");
}

TEST_CASE("replacements take groups and signs") {
  CHECK(answer("regexp_replace('a1b2', '([0-9])', '<$1>')") == R"("a<1>b<2>")");
  CHECK(answer("regexp_replace('abc', 'x*', '-')") == R"("-a-b-c-")");
  CHECK(answer("regexp_replace('axb', 'x*', '-')") == R"("-a--b-")");
  CHECK(answer("regexp_replace('a.b', r'\\.', r'\\$')") == R"("a$b")");
  CHECK(answer("regexp_replace('ab', '(a)(b)', '$2$1$0')") == R"("baab")");
  CHECK(answer("regexp_replace('ab', '(?<x>a)', '${x}${x}')") == R"("aab")");
  CHECK(answer("regexp_replace('a1', '(a)', '$11')") == R"("a11")");
  CHECK(answer("regexp_replace('aaa', 'a', 'b', 2)") == R"("abb")");
  CHECK(answer("regexp_replace('é😀', '.', 'x')") == R"("xx")");
  CHECK(fails_with("regexp_replace('a', 'a', '$1')", "group"));
  CHECK(answer("regexp_replace('zzz', 'a', '$1x')") == answer("regexp_replace('zzz', 'a', '$1x')"));
}

TEST_CASE("a hostile pattern fails its row alone") {
  const Rows rows{"s: string",
                  R"([{"s": "ok"}, {"s": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}, {"s": "aa"}])"};
  const std::vector<std::string> got = answers("s rlike '^(a+)+$'", rows);
  CHECK(got[0] == "false");
  CHECK(got[1].starts_with("error: "));
  CHECK(got[2] == "true");
}

TEST_CASE("patterns of a column are compiled once each") {
  const Rows rows{
      "s: string, p: string",
      R"([{"s": "a1", "p": "[0-9]"}, {"s": "a", "p": "["}, {"s": "b", "p": null}, {"s": "b2", "p": "[0-9]"}])"};
  const std::vector<std::string> got = answers("rlike(s, p)", rows);
  CHECK(got[0] == "true");
  CHECK(got[1].starts_with("error: "));
  CHECK(got[2] == "null");
  CHECK(got[3] == "true");
}

}  // namespace sr::expr
