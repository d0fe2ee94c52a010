// Binding: types of results, implicit casts, macros, errors at the exact token, no follow-on noise.
#include <catch2/catch.hpp>

#include "tests/unit/expr/fixture.h"

namespace sr::expr::testing {
namespace {

const Table& table() {
  static const Table rows({{"a", "bigint"},
                           {"b", "bigint"},
                           {"x", "double"},
                           {"s", "string"},
                           {"p", "boolean"},
                           {"d", "decimal(10,2)"},
                           {"t", "timestamp"},
                           {"dt", "date"},
                           {"arr", "array<bigint>"},
                           {"m", "map<string, bigint>"},
                           {"st", "struct<a: bigint, b: string>"},
                           {"value", "variant"}},
                          "[]");
  return rows;
}

std::string type_of(std::string_view text) {
  std::vector<ExprError> errors;
  const BoundRef expr = table().bound(text, errors);
  return expr ? expr->type->name() : Table::texts(errors);
}

std::string canonical(std::string_view text) {
  std::vector<ExprError> errors;
  const BoundRef expr = table().bound(text, errors);
  return expr ? to_text(*expr, const_cast<Table&>(table()).scope()) : Table::texts(errors);
}

TEST_CASE("numbers widen from bigint to decimal to double") {
  CHECK(type_of("a + b") == "bigint");
  CHECK(type_of("a / b") == "double");
  CHECK(type_of("a div b") == "bigint");
  CHECK(type_of("a + x") == "double");
  CHECK(type_of("d + x") == "double");
  CHECK(type_of("d + 1") == "decimal(11,2)");
  CHECK(type_of("d * a") == "decimal(31,2)");
  CHECK(type_of("d / 3") == "decimal(14,6)");
  CHECK(type_of("1.10 + 2.255") == "decimal(5,3)");
  CHECK(type_of("if(p, a, x)") == "double");
  CHECK(type_of("coalesce(null, d, 1.555)") == "decimal(11,3)");
  CHECK(type_of("greatest(d, a)") == "decimal(22,2)");
  CHECK(type_of("dt + 1") == "date");
  CHECK(type_of("dt + interval 1 month") == "date");
  CHECK(type_of("dt + interval 1 hour") == "timestamp");
  CHECK(type_of("t - interval 1 day") == "timestamp");
  CHECK(type_of("null") == "void");
}

TEST_CASE("casts are made explicit and constants are folded") {
  CHECK(canonical("a + x") == "(cast(a as double) + x)");
  CHECK(canonical("A + 1 * 2") == "(a + 2)");
  CHECK(canonical("a + 1 div 0") == "(a + div(1, 0))");
  CHECK(canonical("dt < t") == "(cast(dt as timestamp) < t)");
  CHECK(canonical("a between 1 and 3") == "((a >= 1) and (a <= 3))");
  CHECK(canonical("a in (1, 2, null)") == "in(a, 1, 2, null)");
  CHECK(canonical("st.a + arr[0]") == "(field(st, a) + (arr [] 0))");
  CHECK(canonical("value.user.items[0].id = a") == "(cast(variant_path(value, $.user.items[0].id) as bigint) = a)");
  CHECK(canonical("batch.time") == "batch.time");
}

TEST_CASE("equal parts of an expression are one node") {
  std::vector<ExprError> errors;
  const BoundRef expr = table().bound("(a + b) * 2 - (A + B)", errors);
  REQUIRE(expr);
  CHECK(expr->args[0]->args[0] == expr->args[1]);
  CHECK(expr->args[1]->shared);
  std::vector<BoundRef> both = {table().bound("abs(a) + 1", errors), table().bound("abs(a) + 2", errors)};
  share_common(both);
  CHECK(both[0]->args[0] == both[1]->args[0]);
}

TEST_CASE("an unknown name is reported at its token with the nearest one") {
  CHECK(type_of("a + nope") == "SR3010@4-8 unknown column `nope`");
  CHECK(type_of("aa + 1") == "SR3010@0-2 unknown column `aa` [a]");
  CHECK(type_of("st.zz") == "SR3012@3-5 unknown field `zz` of struct<a:bigint,b:string>");
  CHECK(type_of("a.b") == "SR3015@2-3 a bigint has no field `b`");
  CHECK(type_of("a[0]") == "SR3015@0-1 `[]`: a bigint has no elements");
  CHECK(type_of("absx(a)") == "SR3011@0-4 unknown function `absx` [abs]");
  CHECK(type_of("nope1 + nope2") == "SR3010@0-5 unknown column `nope1` | SR3010@8-13 unknown column `nope2`");
  CHECK(type_of("abs(nope)") == "SR3010@4-8 unknown column `nope`");
}

TEST_CASE("wrong arguments are reported at the argument") {
  CHECK(type_of("abs(a, b)") == "SR3014@0-3 `abs` takes 1 argument, got 2");
  CHECK(type_of("p + 1") == "SR3015@0-1 `+`: expected a number, got boolean");
  CHECK(type_of("1 + p") == "SR3015@4-5 `+`: expected a number, got boolean");
  CHECK(type_of("s + 1") == "SR3015@0-1 `+`: expected a number, got string");
  CHECK(type_of("p and a") == "SR3017@6-7 expected boolean, got bigint");
  CHECK(type_of("not a") == "SR3015@4-5 `not`: expected boolean, got bigint");
  CHECK(type_of("case when a then 1 end") == "SR3017@10-11 expected boolean, got bigint");
  CHECK(type_of("if(a, 1, 2)") == "SR3017@3-4 expected boolean, got bigint");
  CHECK(type_of("a = s") == "SR3015@2-3 `=`: cannot compare bigint with string: cast one of them");
  CHECK(type_of("p = 1") == "SR3015@2-3 `=`: cannot compare boolean with bigint");
  CHECK(type_of("arr = 1").starts_with("SR3015@4-5"));
  CHECK(type_of("m = m").starts_with("SR3015"));
  CHECK(type_of("coalesce(a, s)").starts_with("SR3016@12-13"));
  CHECK(type_of("case when p then a else s end").starts_with("SR3016@24-25"));
  CHECK(type_of("a in (1, 'x')").starts_with("SR3016@9-12"));
  CHECK(type_of("cast(arr as bigint)") == "SR3018@0-19 cannot cast array<bigint> to bigint");
  CHECK(type_of("cast(p as timestamp)") == "SR3018@0-20 cannot cast boolean to timestamp");
  CHECK(type_of("interval 1 day").starts_with("SR3024"));
  CHECK(type_of("a + interval 1 day").starts_with("SR3015@0-1"));
  CHECK(type_of("sum(a)").starts_with("SR3020@0-3"));
  CHECK(type_of("x -> x").starts_with("SR3001"));
  CHECK(type_of("rand()").starts_with("SR3011"));
  CHECK(type_of("value.a = value.b").starts_with("SR3015"));
}

TEST_CASE("a place may ask for a type") {
  std::vector<ExprError> errors;
  CHECK_FALSE(table().bound("a + 1", errors, types::boolean()));
  CHECK(Table::texts(errors) == "SR3017@0-5 expected boolean, got bigint");
  errors.clear();
  CHECK(table().bound("null", errors, types::bigint())->type->name() == "bigint");
  CHECK(table().bound("1", errors, types::decimal(5, 2))->type->name() == "decimal(5,2)");
  CHECK(table().bound("a", errors, types::float64())->type->name() == "double");
  CHECK(errors.empty());
  CHECK_FALSE(table().bound("s", errors, types::bigint()));
}

TEST_CASE("an open scope says nothing about unknown names") {
  Scope scope;
  scope.open = true;
  ExprError syntax;
  const ExprPtr expr = parse_expression("nope + 1", &syntax);
  std::vector<ExprError> errors;
  CHECK_FALSE(sr::expr::bind(*expr, scope, nullptr, errors));
  CHECK(errors.empty());
}

TEST_CASE("qualified names, ambiguity and names that need their qualifier") {
  Scope scope;
  scope.add(Schema({{"k", types::string()}, {"v", types::bigint()}}), "left");
  scope.add(Schema({{"k", types::string()}, {"w", types::bigint()}}), "right");
  scope.columns.push_back({"state", "total", types::bigint(), true});
  const auto bound = [&](std::string_view text) {
    ExprError syntax;
    const ExprPtr expr = parse_expression(text, &syntax);
    std::vector<ExprError> errors;
    const BoundRef result = sr::expr::bind(*expr, scope, nullptr, errors);
    return result ? to_text(*result, scope) : Table::texts(errors);
  };
  CHECK(bound("left.k = right.k") == "(left.k = right.k)");
  CHECK(bound("v + w") == "(left.v + right.w)");
  CHECK(bound("k") == "SR3013@0-1 the name `k` is ambiguous");
  CHECK(bound("state.total + 1") == "(state.total + 1)");
  CHECK(bound("total").starts_with("SR3010@0-5 unknown column `total`"));
  CHECK(bound("right.v").starts_with("SR3010@6-7 unknown column `right.v`"));
}

TEST_CASE("macros are expanded with typed parameters and must not call themselves") {
  Macros macros;
  const auto define = [&](const std::string& name, std::vector<Field> params, std::string_view body) {
    ExprError error;
    macros[name] = {std::move(params), parse_expression(body, &error), std::string(body)};
  };
  define("twice", {{"n", types::float64()}}, "n + n");
  define("plus", {{"n", types::bigint()}}, "twice(n) + one()");
  define("one", {}, "1");
  define("loop", {{"n", types::bigint()}}, "loop(n - 1)");
  define("outside", {}, "a + 1");
  define("less", {{"y", types::bigint()}, {"x", types::bigint()}}, "y - x");
  define("each", {{"list", types::array(types::bigint())}, {"n", types::bigint()}}, "transform(list, x -> x + n)");
  Table rows({{"a", "bigint"}}, "[{\"a\": 3}]");
  rows.scope().macros = &macros;
  CHECK(rows.run("twice(a)") == "[6.0]");
  CHECK(rows.run("plus(a + 1)") == "[9.0]");
  CHECK(rows.run("loop(a)") == "SR3025@0-4 in `loop`: the macro `loop` calls itself");
  CHECK(rows.run("twice('x')").starts_with("SR3015@6-9"));
  CHECK(rows.run("twice()").starts_with("SR3014@0-5"));
  CHECK(rows.run("transform(array(10, 20), x -> less(x, 1))") == "[[9,19]]");
  CHECK(rows.run("transform(array(10, 20), x -> each(array(x), x + a)[0])") == "[[23,43]]");
  CHECK(rows.run("1 + outside()").starts_with("SR3010@4-11 in `outside`"));
}

TEST_CASE("the columns that an expression reads are known, also inside of lambdas") {
  std::vector<ExprError> errors;
  const BoundRef expr = table().bound("transform(arr, v -> v + a)[0] + length(s)", errors);
  REQUIRE(expr);
  std::set<std::uint32_t> columns;
  collect_columns(*expr, columns);
  CHECK(columns == std::set<std::uint32_t>{0, 3, 8});
}

}  // namespace
}  // namespace sr::expr::testing
