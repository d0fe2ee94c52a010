// The parser: precedence, literal forms, special calls, and errors at the exact token.
#include <catch2/catch.hpp>

#include "engine/expr/ast.h"

namespace sr::expr {
namespace {

std::string parsed(std::string_view text) {
  ExprError error;
  const ExprPtr expr = parse_expression(text, &error);
  return expr ? to_text(*expr) : error.code + " " + error.message;
}

// `code@begin-end: message`, with a suggestion behind it.
std::string failure(std::string_view text) {
  ExprError error;
  if (parse_expression(text, &error)) return "parsed";
  std::string out =
      error.code + "@" + std::to_string(error.begin) + "-" + std::to_string(error.end) + ": " + error.message;
  if (!error.suggestion.empty()) out += " [" + error.suggestion + "]";
  return out;
}

TEST_CASE("operators bind in the order of the language") {
  CHECK(parsed("a + b * c") == "(a + (b * c))");
  CHECK(parsed("(a + b) * c") == "((a + b) * c)");
  CHECK(parsed("a - b - c") == "((a - b) - c)");
  CHECK(parsed("-a % b") == "(negative(a) % b)");
  CHECK(parsed("-1 + - 2") == "(-1 + -2)");
  CHECK(parsed("-2::string") == "cast(-2 as string)");
  CHECK(parsed("-a::string") == "negative(cast(a as string))");
  CHECK(parsed("a & 6 | 1 ^ 2") == "((a & 6) | (1 ^ 2))");
  CHECK(parsed("a + 1 & b") == "((a + 1) & b)");
  CHECK(parsed("a = b & c") == "(a = (b & c))");
  CHECK(parsed("a == b != c") == "((a = b) <> c)");
  CHECK(parsed("not a = b") == "not((a = b))");
  CHECK(parsed("!a is null") == "not(isnull(a))");
  CHECK(parsed("a = b is null") == "isnull((a = b))");
  CHECK(parsed("a or b and not c or d") == "(a or (b and not(c)) or d)");
  CHECK(parsed("(a or b) or c") == "((a or b) or c)");
  CHECK(parsed("a || b || 'c'") == "(a || b || 'c')");
  CHECK(parsed("a div b * b + a % b") == "(((a div b) * b) + (a % b))");
  CHECK(parsed("A DIV B And C") == "((A div B) and C)");
  CHECK(parsed("~a[0].b::int") == "~(cast(a[0].b as bigint))");
  CHECK(parsed("a <=> null") == "(a <=> null)");
}

TEST_CASE("predicates take operands of comparison strength") {
  CHECK(parsed("a between 1 and 3 and b") == "(between(a, 1, 3) and b)");
  CHECK(parsed("a not between b and 10") == "not(between(a, b, 10))");
  CHECK(parsed("a in (1, null)") == "in(a, 1, null)");
  CHECK(parsed("a not in (1)") == "not(in(a, 1))");
  CHECK(parsed("s like 'a#_c' escape '#'") == "like(s, 'a#_c', '#')");
  CHECK(parsed("s not ilike 'x' or s rlike r'\\d'") == "(not(ilike(s, 'x')) or rlike(s, '\\d'))");
  CHECK(parsed("p is not false") == "not(is_false(p))");
  CHECK(parsed("p is distinct from q") == "not((p <=> q))");
  CHECK(parsed("p is not distinct from q") == "(p <=> q)");
  CHECK(parsed("a is not null") == "isnotnull(a)");
}

TEST_CASE("literals have the type of their form") {
  CHECK(parsed("12L") == "12");
  CHECK(parsed("1.50") == "1.50");
  CHECK(parsed(".5") == "0.5");
  CHECK(parsed("1.5D") == "1.5D");
  CHECK(parsed("1e3") == "1000.0D");
  CHECK(parsed("-9223372036854775808") == "-9223372036854775808");
  CHECK(parsed("'it\\'s'") == "'it''s'");
  CHECK(parsed("'it''s'") == "'it''s'");
  CHECK(parsed("\"dq\"") == "'dq'");
  CHECK(parsed("r'raw\\d'") == "'raw\\d'");
  CHECK(parsed("'\\u00e9\\ud83d\\ude00'") == "'é😀'");
  CHECK(parsed("'a\\%b\\_c\\d'") == "'a\\%b\\_cd'");
  CHECK(parsed("''") == "''");
  CHECK(parsed("date '2024-02-29'") == "date '2024-02-29'");
  CHECK(parsed("timestamp '2024-02-29 01:02:03.5'") == "timestamp '2024-02-29 01:02:03.5'");
  CHECK(parsed("t + interval 90 minutes") == "(t + interval(0 months, 5400000000 us))");
  CHECK(parsed("t - interval '1' year 2 days") == "(t - interval(12 months, 172800000000 us))");
  CHECK(parsed("t - interval '1 month 3 hours'") == "(t - interval(1 months, 10800000000 us))");
  CHECK(parsed("interval + 1") == "(interval + 1)");
}

TEST_CASE("names may be paths, quoted, or words that are keywords elsewhere") {
  CHECK(parsed("`odd name`.b.c[0].d") == "odd name.b.c[0].d");
  CHECK(parsed("date + timestamp") == "(date + timestamp)");
  CHECK(parsed("left.a = right.b") == "(left.a = right.b)");
  CHECK(parsed("f(x).y") == "f(x).y");
  CHECK(parsed("first + last") == "(first + last)");
}

TEST_CASE("special calls become ordinary ones") {
  CHECK(parsed("trim(both 'x' from s)") == "btrim(s, 'x')");
  CHECK(parsed("trim(leading from s)") == "ltrim(s)");
  CHECK(parsed("trim('x' from s)") == "btrim(s, 'x')");
  CHECK(parsed("trim(trim(s))") == "trim(trim(s))");
  CHECK(parsed("position('a' in s)") == "position('a', s)");
  CHECK(parsed("position('a', s)") == "position('a', s)");
  CHECK(parsed("extract(year from t)") == "extract('year', t)");
  CHECK(parsed("timestampadd(minute, 30, t)") == "timestampadd('minute', 30, t)");
  CHECK(parsed("datediff(day, a, b)") == "timestampdiff('day', a, b)");
  CHECK(parsed("datediff(a, b)") == "datediff(a, b)");
  CHECK(parsed("substring(s from 2 for 3)") == "substring(s, 2, 3)");
  CHECK(parsed("struct(a, st.b as b)") == "struct(a, st.b as b)");
  CHECK(parsed("count(*) + count(distinct x)") == "(count(*) + count(distinct x))");
  CHECK(parsed("transform(arr, x -> x + 1)") == "transform(arr, (x) -> (x + 1))");
  CHECK(parsed("aggregate(arr, 0, (a, b) -> a + b)") == "aggregate(arr, 0, (a, b) -> (a + b))");
  CHECK(parsed("case a when 1 then 'x' else 'y' end") == "case a when 1 then 'x' else 'y' end");
  CHECK(parsed("try_cast(s as array<struct<a: int>>)") == "try_cast(s as array<struct<a:bigint>>)");
  CHECK(parsed("x::decimal(5,2) < 3") == "(cast(x as decimal(5,2)) < 3)");
}

TEST_CASE("a syntax error names the exact token") {
  CHECK(failure("") == "SR3006@0-0: this expression is empty");
  CHECK(failure("(a + 1") == "SR3002@0-1: this `(` is never closed: expected `)`");
  CHECK(failure("f(a, b") == "SR3002@1-2: this `(` is never closed: expected `)`");
  CHECK(failure("a + 1)") == "SR3002@5-6: unexpected `)`, expected an operator or the end");
  CHECK(failure("arr[1") == "SR3002@3-4: this `[` is never closed: expected `]`");
  CHECK(failure("a +") == "SR3001@3-3: expected an expression, found the end");
  CHECK(failure("a = = b") == "SR3001@4-5: expected an expression, found `=`");
  CHECK(failure("= b") == "SR3001@0-1: expected an expression, found `=`");
  CHECK(failure("f(a b)") == "SR3001@4-5: expected `)`, found `b`");
  CHECK(failure("a bettween 1 and 2") == "SR3001@2-10: expected an operator or the end, found `bettween` [between]");
  CHECK(failure("case wen a then 1 end") == "SR3001@9-10: expected `when`, found `a`");
  CHECK(failure("'abc") == "SR3003@0-4: this string never ends");
  CHECK(failure("a and `b") == "SR3003@6-8: this quoted name never ends");
  CHECK(failure("12abc") == "SR3004@0-5: `12abc` is not a number");
  CHECK(failure("date '2024-02-30'") == "SR3004@5-17: `2024-02-30` is not a date");
  CHECK(failure("cast(a as bigintt)").starts_with("SR3019@10-17"));
  CHECK(failure("a ? b") == "SR3001@2-3: unexpected `?`");
  CHECK(failure("a && b").starts_with("SR3001@2-4"));
  CHECK(failure("a and and b") == "SR3001@6-9: expected an expression, found `and`");
  CHECK(failure("a, b") == "SR3001@1-2: expected an operator or the end, found `,`");
  CHECK(failure("sum(*, 1)") == "SR3001@4-5: expected an expression, found `*`");
}

TEST_CASE("hostile texts end in an error, not in an overflow") {
  const std::size_t size = 1 << 20;
  for (const char* part : {"(", "not ", "-", "a+", "f(", "[", "case when ", "trim(", "a.", "cast(", "x->", "a or ",
                           "a||", "datediff(a,", "~", "a["}) {
    std::string text;
    while (text.size() + std::string_view(part).size() <= size) text += part;
    ExprError error;
    INFO(part);
    CHECK(parse_expression(text, &error) == nullptr);
    CHECK_FALSE(error.code.empty());
  }
  std::string nested = std::string(150, '(') + "a" + std::string(150, ')');
  CHECK(parsed(nested) == "a");
}

TEST_CASE("an order list has directions and places for NULLs") {
  ExprError error;
  const std::vector<OrderItem> items =
      parse_order("a desc, b + 1 nulls last, c asc nulls first, d desc nulls first", &error);
  REQUIRE(items.size() == 4);
  CHECK(items[0].descending);
  CHECK_FALSE(items[0].nulls_first);
  CHECK_FALSE(items[1].nulls_first);
  CHECK(items[2].nulls_first);
  CHECK(items[3].nulls_first);
  CHECK(parse_order("a dessc", &error).empty());
  CHECK(error.suggestion == "desc");
}

}  // namespace
}  // namespace sr::expr
