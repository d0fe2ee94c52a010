// Values of operators, casts, numbers and like: decimals at their limits, rounding, conversions.
#include <catch2/catch.hpp>

#include "engine/expr/decimal.h"
#include "tests/unit/expr/fixture.h"

namespace sr::expr::testing {
namespace {

std::string value(std::string_view text) {
  return Table::value(text);
}

TEST_CASE("decimals have the types and values of the language") {
  CHECK(value("cast(12.34 as decimal(10,2)) / (cast(0.125 as decimal(6,3)) + 1)") == "10.9688888889");
  CHECK(value("typeof(cast(1 as decimal(10,2)) / cast(1 as decimal(6,3)))") == "\"decimal(20,9)\"");
  CHECK(value("typeof(cast(1 as decimal(38,10)) * cast(1 as decimal(38,10)))") == "\"decimal(38,6)\"");
  CHECK(value("cast(1.5 as decimal(38,10)) * cast(2.5 as decimal(38,10))") == "3.750000");
  CHECK(value("typeof(cast(1 as decimal(38,2)) + cast(1 as decimal(10,8)))") == "\"decimal(38,6)\"");
  CHECK(value("2.0 / 3") == "0.666667");
  CHECK(value("-2.0 / 3") == "-0.666667");
  CHECK(value("7.5 % 2") == "1.5");
  CHECK(value("-7.5 % 2") == "-1.5");
  CHECK(value("7.5 div 2") == "3");
  CHECK(value("1.0 / 0") == "!division by zero");
  CHECK(value("cast(99999999999999999999999999999999999999 as decimal(38,0)) + 1") == "!decimal overflow");
  CHECK(value("99999999999999999999 * 99999999999999999999") == "!decimal overflow");
  CHECK(value("cast(1 as decimal(38,0)) / cast(3 as decimal(38,37))") == "0.333333");
  CHECK(value("1.50 = 1.5") == "true");
  CHECK(value("cast(2.675 as decimal(5,2))") == "2.68");
  CHECK(value("cast(9999.99 as decimal(4,2))").starts_with("!overflow"));
}

TEST_CASE("256-bit intermediates agree with schoolbook results") {
  Int128 out = 0;
  const Int128 big = power_of_ten(37) + 1;
  const Int128 fits = power_of_ten(36) + 1;
  REQUIRE(decimal_multiply(fits, 10, {0, 0, {38, 0}}, &out));
  CHECK(out == fits * 10);
  CHECK_FALSE(decimal_multiply(big, 10, {0, 0, {38, 0}}, &out));
  REQUIRE(decimal_multiply(big, big, {37, 37, {38, 37}}, &out));  // (1 + 1e-37)^2 = 1 + 2e-37 + …
  CHECK(out == power_of_ten(37) + 2);
  REQUIRE(decimal_divide(1, 3, {0, 0, {38, 38}}, &out));
  CHECK(out == (power_of_ten(38) - 1) / 3);
  REQUIRE(decimal_remainder(power_of_ten(37), 7, {0, 2, {38, 2}}, &out));
  std::int64_t whole = 0;
  REQUIRE(decimal_whole_quotient(power_of_ten(37), power_of_ten(37) / 5, {0, 0, {}}, &whole));
  CHECK(whole == 5);
  REQUIRE(decimal_whole_quotient(-7, 2, {0, 38, {}}, &whole) == false);
}

TEST_CASE("casts follow the rules of the language") {
  CHECK(value("cast(' -7 ' as bigint)") == "-7");
  CHECK(value("cast('12.5' as bigint)") == "!cannot cast '12.5' to bigint");
  CHECK(value("cast(-1.9D as bigint)") == "-1");
  CHECK(value("cast(1e30 as bigint)").starts_with("!overflow"));
  CHECK(value("cast(-9.223372036854775808e18 as bigint)") == "-9223372036854775808");
  CHECK(value("cast(cast('NaN' as double) as bigint)").starts_with("!overflow"));
  CHECK(value("cast(2.5D as decimal(2,0))") == "3");
  CHECK(value("cast(1.005D as decimal(5,2))") == "1.01");
  CHECK(value("cast(true as bigint) + cast(0.0D as boolean)::bigint") == "1");
  CHECK(value("cast(1e7 as string)") == "\"1.0E7\"");
  CHECK(value("cast(date '2024-01-05' as timestamp)") == "\"2024-01-05T00:00:00Z\"");
  CHECK(value("cast(timestamp '1969-12-31 23:59:59.25' as bigint)") == "-1");
  CHECK(value("cast(timestamp '1969-12-31 23:59:59.25' as double)") == "-0.75");
  CHECK(value("cast(-1 as timestamp)") == "\"1969-12-31T23:59:59Z\"");
  CHECK(value("cast(timestamp '1969-12-31 23:59:59.25' as date)") == "\"1969-12-31\"");
  CHECK(value("try_cast('x' as date)") == "null");
  CHECK(value("cast('2024-02-30' as date)").starts_with("!cannot cast"));
  CHECK(value("cast(array(1, 2) as array<string>)") == "[\"1\",\"2\"]");
  CHECK(value("cast(array('1', 'x') as array<bigint>)") == "!cannot cast 'x' to bigint");
  CHECK(value("cast(named_struct('a', 1, 'b', null) as struct<a: double, b: string>)") == "{\"a\":1.0,\"b\":null}");
  CHECK(value("cast(map('a', 1) as map<string, decimal(5,1)>)") == "{\"a\":1.0}");
}

TEST_CASE("rounding uses the shortest decimal form") {
  CHECK(value("round(1.005D, 2)") == "1.01");
  CHECK(value("round(2.5D)") == "3.0");
  CHECK(value("round(-2.5D)") == "-3.0");
  CHECK(value("bround(2.5D, 0)") == "2.0");
  CHECK(value("bround(0.125D, 2)") == "0.12");
  CHECK(value("round(0.125D, 2)") == "0.13");
  CHECK(value("round(9.995D, 2)") == "10.0");
  CHECK(value("round(0.4D)") == "0.0");
  CHECK(value("round(12345.678D, -2)") == "12300.0");
  CHECK(value("round(1e300, 2)") == "1.0E300");
  CHECK(value("round(125, -1)") == "130");
  CHECK(value("bround(125, -1)") == "120");
  CHECK(value("round(9223372036854775807, -1)") == "!bigint overflow");
  CHECK(value("round(2.55, 1)") == "2.6");
  CHECK(value("bround(2.500, 2)") == "2.50");
  CHECK(value("round(99.9)") == "100");
  CHECK(value("ceil(-2.5)") == "-2");
  CHECK(value("floor(2.449D)") == "2");
}

TEST_CASE("like takes the whole string, with escapes") {
  CHECK(value(R"('a%c' like 'a\%c')") == "true");
  CHECK(value(R"('abc' like 'a\%c')") == "false");
  CHECK(value("'a_c' like 'a#_c' escape '#'") == "true");
  CHECK(value("'a\\nc' like 'a%'") == "true");
  CHECK(value("'añc' like 'a_c'") == "true");
  CHECK(value("'ÀBC' ilike 'àb_'") == "true");
  CHECK(value("'' like ''") == "true");
  CHECK(value("'aXbXc' like '%b%c'") == "true");
  CHECK(value("'mississippi' like 'm%iss%ip_i'") == "true");
  CHECK(value("'abc' like concat('a', '%')") == "true");
  CHECK(value("'abc' like 'ab'") == "false");
  CHECK(value(R"('abc' like r'a\bc')").starts_with("SR3015"));
}

TEST_CASE("intervals keep a month's end in its month") {
  CHECK(value("date '2024-01-31' + interval 1 month") == "\"2024-02-29\"");
  CHECK(value("date '2023-01-31' + interval 1 month") == "\"2023-02-28\"");
  CHECK(value("timestamp '2024-03-31 10:00:00' - interval 1 month") == "\"2024-02-29T10:00:00Z\"");
  CHECK(value("date '1970-01-01' - interval 1 year") == "\"1969-01-01\"");
  CHECK(value("timestamp '2024-01-31 10:11:12' + interval 90 minutes") == "\"2024-01-31T11:41:12Z\"");
  CHECK(value("date '2024-01-01' + interval 2 weeks") == "\"2024-01-15\"");
}

TEST_CASE("NaN is the greatest and equal to itself, -0.0 is 0.0") {
  CHECK(value("cast('NaN' as double) = cast('NaN' as double)") == "true");
  CHECK(value("greatest(cast('NaN' as double), 5D)") == "\"NaN\"");
  CHECK(value("least(cast('NaN' as double), 5D)") == "5.0");
  CHECK(value("-0.0D = 0.0D") == "true");
  CHECK(value("1D / -0.0D") == "!division by zero");
  CHECK(value("array(1, null) < array(1, 2)") == "true");
}

}  // namespace
}  // namespace sr::expr::testing
