// Functions over dates and timestamps: calendars before 1970, ends of months, patterns.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("fields of dates and timestamps") {
  CHECK(answer("year(timestamp '1969-12-31 23:59:59.999')") == "1969");
  CHECK(answer("second(timestamp '1969-12-31 23:59:59.999')") == "59");
  CHECK(answer("extract(second from timestamp '1969-12-31 23:59:59.999')") == "59.999000");
  CHECK(answer("typeof(extract(second from timestamp '2024-01-01 00:00:00'))") == "\"decimal(8,6)\"");
  CHECK(answer("weekofyear(date '2021-01-03')") == "53");
  CHECK(answer("weekofyear(date '2020-12-31')") == "53");
  CHECK(answer("weekofyear(date '2024-12-30')") == "1");
  CHECK(answer("dayofweek(date '2024-03-03')") == "1");
  CHECK(answer("weekday(date '2024-03-03')") == "6");
  CHECK(answer("dayofyear(date '2024-12-31')") == "366");
  CHECK(answer("hour(date '2024-12-31')") == "0");
  CHECK(answer("extract(dow from date '2024-03-03')") == "1");
  CHECK(answer("date_part('WEEK', date '2024-12-30')") == "1");
  CHECK(answer("quarter(date '0001-12-31')") == "4");
  CHECK(fails_with("date_part('nope', date '2024-03-03')", "nope"));
  CHECK(fails_with("year('x', 1)", "year"));
  CHECK(fails_with("year(5)", "bigint"));
}

TEST_CASE("dates move by days and months") {
  CHECK(answer("add_months(date '2024-01-31', 1)") == R"("2024-02-29")");
  CHECK(answer("add_months(date '2024-02-29', 12)") == R"("2025-02-28")");
  CHECK(answer("add_months(date '2024-02-29', -1)") == R"("2024-01-29")");
  CHECK(answer("add_months(date '1970-01-31', -2)") == R"("1969-11-30")");
  CHECK(answer("date_add(date '2024-02-28', 2)") == R"("2024-03-01")");
  CHECK(answer("date_sub(date '1970-01-01', 1)") == R"("1969-12-31")");
  CHECK(answer("datediff(date '2024-01-01', date '2024-03-01')") == "-60");
  CHECK(answer("datediff(timestamp '2024-01-02 00:00:00', timestamp '2024-01-01 23:59:59')") == "1");
  CHECK(answer("last_day(date '1900-02-01')") == R"("1900-02-28")");
  CHECK(answer("next_day(date '2024-01-01', 'Mon')") == R"("2024-01-08")");
  CHECK(answer("next_day(date '2024-01-01', 'tuesday')") == R"("2024-01-02")");
  CHECK(answer("next_day(date '1969-07-20', 'SU')") == R"("1969-07-27")");
  CHECK(fails_with("next_day(date '2024-01-01', 'x')", "day"));
  CHECK(fails_with("date_add(date '2024-01-01', 9223372036854775807)", "overflow"));
  CHECK(answer("months_between(timestamp '1997-02-28 10:30:00', date '1996-10-30')") == "3.94959677");
  CHECK(answer("months_between(timestamp '1997-02-28 10:30:00', date '1996-10-30', false)") == "3.9495967741935485");
  CHECK(answer("months_between(date '2024-02-29', date '2024-01-31')") == "1.0");
}

TEST_CASE("times are cut to units") {
  CHECK(answer("trunc(date '2024-02-29', 'week')") == R"("2024-02-26")");
  CHECK(answer("trunc(date '2024-05-29', 'QUARTER')") == R"("2024-04-01")");
  CHECK(answer("trunc(date '2024-05-29', 'day')") == "null");
  CHECK(answer("trunc(date '2024-05-29', 'nope')") == "null");
  CHECK(answer("date_trunc('week', timestamp '1969-12-31 10:00:00')") == R"("1969-12-29T00:00:00Z")");
  CHECK(answer("date_trunc('MM', timestamp '1969-12-31 10:00:00')") == R"("1969-12-01T00:00:00Z")");
  CHECK(answer("date_trunc('second', timestamp '1969-12-31 23:59:59.9')") == R"("1969-12-31T23:59:59Z")");
  CHECK(answer("date_trunc('nope', timestamp '1969-12-31 23:59:59.9')") == "null");
  CHECK(answer("date_trunc('hour', date '2024-02-29')") == R"("2024-02-29T00:00:00Z")");
}

TEST_CASE("units are added and counted") {
  CHECK(answer("timestampadd(month, 1, timestamp '2024-01-31 10:00:00')") == R"("2024-02-29T10:00:00Z")");
  CHECK(answer("timestampadd(QUARTER, -1, date '2024-05-31')") == R"("2024-02-29T00:00:00Z")");
  CHECK(answer("timestampadd(week, 1, date '2024-02-26')") == R"("2024-03-04T00:00:00Z")");
  CHECK(answer("timestampdiff(hour, timestamp '2024-01-01 01:00:00', timestamp '2024-01-01 00:00:01')") == "0");
  CHECK(answer("timestampdiff(month, timestamp '2024-01-31 00:00:00', timestamp '2024-02-29 00:00:00')") == "0");
  CHECK(answer("timestampdiff(month, timestamp '2024-03-31 00:00:00', timestamp '2024-02-29 00:00:00')") == "-1");
  CHECK(answer("timestampdiff(year, date '2020-02-29', date '2024-02-28')") == "3");
  CHECK(answer("timestampdiff(day, date '2020-02-29', date '2020-02-28')") == "-1");
  CHECK(fails_with("timestampdiff(lightyear, date '2020-02-29', date '2020-02-28')", "unit"));
}

TEST_CASE("times are numbers and numbers times") {
  CHECK(answer("unix_seconds(timestamp '1969-12-31 23:59:59.5')") == "-1");
  CHECK(answer("unix_millis(timestamp '1969-12-31 23:59:59.9999')") == "-1");
  CHECK(answer("timestamp_seconds(-1)") == R"("1969-12-31T23:59:59Z")");
  CHECK(answer("timestamp_seconds(1.25)") == R"("1970-01-01T00:00:01.25Z")");
  CHECK(answer("timestamp_seconds(1.5D)") == R"("1970-01-01T00:00:01.5Z")");
  CHECK(fails_with("timestamp_seconds(9223372036854775807)", "overflow"));
  CHECK(answer("unix_timestamp(date '1970-01-02')") == "86400");
  CHECK(answer("unix_timestamp('1970-01-02 00:00:01')") == "86401");
  CHECK(answer("from_unixtime(0, 'yyyy/MM/dd EEE')") == R"("1970/01/01 Thu")");
  CHECK(answer("from_unixtime(-1)") == R"("1969-12-31 23:59:59")");
  CHECK(answer("unix_date(timestamp '1969-12-31 23:59:59.5')") == "-1");
  CHECK(answer("make_date(-1, 2, 28)") != "null");
  CHECK(fails_with("make_date(2023, 2, 29)", "date"));
  CHECK(fails_with("make_timestamp(2023, 13, 1, 0, 0, 0)", "date"));
  CHECK(fails_with("make_timestamp(2023, 1, 1, 24, 0, 0)", "date"));
  CHECK(answer("make_timestamp(2023, 12, 31, 23, 59, 60)") == R"("2024-01-01T00:00:00Z")");
  CHECK(answer("make_timestamp(2023, 12, 31, 23, 59, 58.123456)") == R"("2023-12-31T23:59:58.123456Z")");
}

TEST_CASE("texts are read by patterns, strictly") {
  CHECK(answer("to_date('2024-01-05', 'yyyy-MM-dd')") == R"("2024-01-05")");
  CHECK(fails_with("to_date('2024-1-5', 'yyyy-MM-dd')", "parse"));
  CHECK(answer("to_date('2024-1-5', 'yyyy-M-d')") == R"("2024-01-05")");
  CHECK(answer("to_date('2024-12-25', 'yyyy-M-d')") == R"("2024-12-25")");
  CHECK(fails_with("to_date('2024-02-30', 'yyyy-MM-dd')", "parse"));
  CHECK(fails_with("to_date('2024-01-05 ', 'yyyy-MM-dd')", "parse"));
  CHECK(fails_with("to_date('x')", "cast"));
  CHECK(answer("to_date('20240105', 'yyyyMMdd')") == R"("2024-01-05")");
  CHECK(answer("to_date('5 jan 2024', 'd MMM yyyy')") == R"("2024-01-05")");
  CHECK(answer("to_date('Friday, 05 January 2024', 'EEEE, dd MMMM yyyy')") == R"("2024-01-05")");
  CHECK(fails_with("to_date('Mon 05 Jan 2024', 'EEE dd MMM yyyy')", "parse"));
  CHECK(answer("to_date('24', 'yy')") == R"("2024-01-01")");
  CHECK(answer("to_timestamp('10:11', 'HH:mm')") == R"("1970-01-01T10:11:00Z")");
  CHECK(answer("to_timestamp('05/01/2024 11:10 PM', 'dd/MM/yyyy hh:mm a')") == R"("2024-01-05T23:10:00Z")");
  CHECK(answer("to_timestamp('2024-01-05T10:11:12.345+0230', \"yyyy-MM-dd'T'HH:mm:ss.SSSZ\")") ==
        R"("2024-01-05T07:41:12.345Z")");
  CHECK(answer("to_timestamp('2024-01-05T10:11:12Z', \"yyyy-MM-dd'T'HH:mm:ssXXX\")") == R"("2024-01-05T10:11:12Z")");
  CHECK(answer("to_timestamp('2024-01-05 10', 'yyyy-MM-dd[ HH]')") == R"("2024-01-05T10:00:00Z")");
  CHECK(answer("to_timestamp('2024-01-05', 'yyyy-MM-dd[ HH]')") == R"("2024-01-05T00:00:00Z")");
  CHECK(fails_with("to_timestamp('2024-01-05 24:00:00', 'yyyy-MM-dd HH:mm:ss')", "parse"));
  CHECK(fails_with("to_date('2024', 'yyyy-nope')", "pattern"));
  CHECK(answer("try_to_timestamp('nope', 'yyyy')") == "null");
  CHECK(answer("to_date(timestamp '2024-01-05 23:00:00')") == R"("2024-01-05")");
  CHECK(answer("to_date(null, 'yyyy')") == "null");
}

TEST_CASE("times are written by patterns") {
  const std::string t = "timestamp '2024-01-05 03:07:09.045678'";
  CHECK(answer("date_format(" + t + ", 'yyyy-MM-dd HH:mm:ss.SSS')") == R"("2024-01-05 03:07:09.045")");
  CHECK(answer("date_format(" + t + ", 'y yy M d H h m s S SSSSSS a')") == R"("2024 24 1 5 3 3 7 9 0 045678 AM")");
  CHECK(answer("date_format(" + t + ", 'EEE EEEE MMM MMMM D Q')") == R"("Fri Friday Jan January 5 1")");
  CHECK(answer("date_format(" + t +
               ", 'XX"
               "X Z x ZZZZZ z')") == R"("Z +0000 +00 Z UTC")");
  CHECK(answer("date_format(" + t + ", \"'o''clock' ''H''\")") == R"("o'clock '3'")");
  CHECK(answer("date_format(date '0099-03-01', 'yyyy')") == R"("0099")");
  CHECK(answer("date_format(timestamp '1969-12-31 23:59:59.999999', 'ss.SSSSSS')") == R"("59.999999")");
  CHECK(fails_with("date_format(" + t + ", 'YYYY')", "yyyy"));
  const Rows rows{"t: timestamp, p: string",
                  R"([{"t": "2024-01-05T10:00:00Z", "p": "HH"}, {"t": "2024-01-05T10:00:00Z", "p": "b"}])"};
  const std::vector<std::string> got = answers("date_format(t, p)", rows);
  CHECK(got[0] == R"("10")");
  CHECK(got[1].starts_with("error: "));
}

}  // namespace sr::expr
