// Units of the job language and their texts.
#include "engine/base/units.h"

#include <catch2/catch.hpp>

using namespace sr;

TEST_CASE("durations are read with every unit and in combination") {
  CHECK(parse_duration("250ms")->ms == 250);
  CHECK(parse_duration("10s")->ms == 10'000);
  CHECK(parse_duration("1m30s")->ms == 90'000);
  CHECK(parse_duration("2h")->ms == 7'200'000);
  CHECK(parse_duration("7d")->ms == 604'800'000);
  CHECK(parse_duration("1d2h3m4s5ms")->ms == 93'784'005);
  CHECK(parse_duration("0s")->ms == 0);
  CHECK(parse_duration("1000000000000000ms")->ms == 1'000'000'000'000'000);
}

TEST_CASE("texts that are no durations are refused") {
  for (const char* text : {"", "10", "s", "10 s", " 10s", "10s ", "1s1s", "30s1m", "1.5s", "-1s", "01s", "10S", "10us",
                           "1m30", "1000000000000001ms", "99999999999999999999d", "1s\n"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("sizes are read in powers of 1024 and of 1000") {
  CHECK(parse_size("512B")->bytes == 512);
  CHECK(parse_size("64KiB")->bytes == 65'536);
  CHECK(parse_size("1GiB")->bytes == 1'073'741'824);
  CHECK(parse_size("10kB")->bytes == 10'000);
  CHECK(parse_size("10KB")->bytes == 10'000);
  CHECK(parse_size("10MB")->bytes == 10'000'000);
  for (const char* text : {"", "10", "10K", "10mb", "1.5MiB", "-1B", "10 MB", "1073741825GiB", "B", "010B"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("rates are read per second, minute and hour") {
  CHECK(parse_rate("5000/s")->per_second == 5000);
  CHECK(parse_rate("0.5/s")->per_second == 0.5);
  CHECK(parse_rate("0.5/s")->per_second == 0.5);
  CHECK(!parse_rate("30/m"));
  for (const char* text : {"", "5000", "/s", "-1/s", "1e3/s", "nan/s", "inf/s", "5./s", "5/d", "5 /s"}) {
    INFO(text);
    CHECK_FALSE(parse_rate(text).has_value());
  }
}

TEST_CASE("what is written is read back as the same value") {
  for (const std::int64_t ms : {0LL, 1LL, 999LL, 90'000LL, 93'784'005LL, 86'400'000LL, 1'000'000'000'000'000LL}) {
    CHECK(parse_duration(to_text(Duration{ms}))->ms == ms);
  }
  for (const std::int64_t bytes : {0LL, 1LL, 1000LL, 1024LL, 1025LL, 65'536LL, 10'000'000LL, 1LL << 60}) {
    CHECK(parse_size(to_text(ByteSize{bytes}))->bytes == bytes);
  }
  for (const double rate : {0.0, 1.0 / 3, 0.5, 5000.0, 1e9}) {
    CHECK(parse_rate(to_text(Rate{rate}))->per_second == rate);
  }
  CHECK(to_text(Duration{90'000}) == "1m30s");
  CHECK(to_text(ByteSize{65'536}) == "64KiB");
  CHECK(to_text(ByteSize{10'000'000}) == "10MB");
  CHECK(to_text(Rate{5000}) == "5000/s");
}
