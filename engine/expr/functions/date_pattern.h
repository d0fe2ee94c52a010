// Patterns of dates and times such as `yyyy-MM-dd HH:mm:ss`: compiled once, then formatting and parsing in UTC. Parsing
// is strict: `MM` is two digits, all of the text is used, the day exists. Tested in
// tests/unit/expr/date_pattern_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/civil.h"

namespace sr::expr {

class DatePattern {
 public:
  // Gives nullptr and fills *error if a letter means nothing or a quote is open.
  static std::shared_ptr<const DatePattern> compile(std::string_view pattern, std::string* error);

  void format(std::int64_t micros, std::string& out) const;
  // Says whether the text follows the pattern. Fields that it lacks are those of 1970-01-01 00:00:00.
  bool parse(std::string_view text, std::int64_t* micros) const;

 private:
  enum class Kind : std::uint8_t {
    literal,
    era,
    year,
    quarter,
    month,
    month_name,
    day,
    day_of_year,
    day_name,
    am_pm,
    hour,
    hour_1_24,
    hour_12,
    hour_0_11,
    minute,
    second,
    fraction,
    zone_colon,
    zone_plain,
    zone_short,
    zone_name,
    optional_begin,
    optional_end
  };
  struct Item {
    Kind kind = Kind::literal;
    int width = 0;          // the number of letters
    bool zulu = false;      // zones: `Z` for UTC
    int reserved = 0;       // digits of the fixed numbers that follow without a gap
    std::string text = {};  // literal
  };
  struct Fields;
  class Compiler;
  class Reader;

  static void write_date(const Item& item, std::int64_t day, const CivilDate& date, std::string& out);
  static void write_time(const Item& item, std::int64_t time, std::string& out);
  static void write_zone(const Item& item, std::string& out);

  std::vector<Item> items_;
};

}  // namespace sr::expr
