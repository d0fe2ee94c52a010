// format_string by Java's rules.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("values are written by their conversions") {
  CHECK(answer("format_string('%s|%5s|%-5s|%.2s', 'ab', 'é', 'é', 'abc')") == R"("ab|    é|é    |ab")");
  CHECK(answer("format_string('%d|%5d|%05d|%-5d|%+d|% d|%,d|%(d', 7, 7, -7, 7, 7, 7, 1234567, -7)") ==
        R"x("7|    7|-0007|7    |+7| 7|1,234,567|(7)")x");
  CHECK(answer("format_string('%x %X %o %x', 255, 255, 8, -1)") == R"("ff FF 10 ffffffffffffffff")");
  CHECK(
      answer("format_string('%.2f|%f|%.0f|%8.3f|%08.2f|%,.2f', 1.005D, 0.5D, 2.5D, 3.14159D, -3.14159D, 12345.678D)") ==
      R"("1.01|0.500000|3|   3.142|-0003.14|12,345.68")");
  CHECK(answer("format_string('%.2f %.1f %.2f', 1.005, 0.05, 12)").starts_with("refused"));
  CHECK(answer("format_string('%.2f %.1f', 1.005, 0.05)") == R"("1.01 0.1")");
  CHECK(answer("format_string('%e %.2e %E', 12345.678D, 0.00012D, 0D)") == R"("1.234568e+04 1.20e-04 0.000000E+00")");
  CHECK(answer("format_string('%.3f %.1f %f', 1e-10, 9.99D, cast('Infinity' as double))") ==
        R"("0.000 10.0 Infinity")");
  CHECK(answer("format_string('%b %B %c', true, false, 233)") == R"("true FALSE é")");
  CHECK(answer("format_string('%%|%n|%2$s %1$s', 'a', 'b')") == R"("%|\n|b a")");
  CHECK(answer("format_string('%s %s %S', 1.50, 2D, 'é')").starts_with("\"1.50 2.0 "));
  CHECK(answer("format_string('plain')") == R"("plain")");
  CHECK(answer("format_string('%d', -9223372036854775808)") == R"("-9223372036854775808")");
}

TEST_CASE("NULL is a text") {
  CHECK(answer("format_string('%s %d %5s %b', null, null, null, null)") == R"("null null  null false")");
  CHECK(answer("format_string('%05d', cast(null as bigint))") == R"(" null")");
  CHECK(answer("format_string('%.2f', cast(null as double))") == R"("nu")");
}

TEST_CASE("formats that do not fit are refused") {
  CHECK(fails_with("format_string('%d', 'a')", "string"));
  CHECK(fails_with("format_string('%d', 1.5D)", "double"));
  CHECK(fails_with("format_string('%s %s', 'a')", "more"));
  CHECK(fails_with("format_string('%q', 'a')", "%q"));
  CHECK(fails_with("format_string('%', 'a')", "%"));
  const Rows rows{"f: string, n: bigint", R"([{"f": "%03d", "n": 5}, {"f": "%q", "n": 5}, {"n": 5}])"};
  const std::vector<std::string> got = answers("format_string(f, n)", rows);
  CHECK(got[0] == R"("005")");
  CHECK(got[1].starts_with("error: "));
  CHECK(got[2] == "null");
}

}  // namespace sr::expr
