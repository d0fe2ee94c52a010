// English names of months and days, as patterns print them. Tested in tests/unit/expr/date_pattern_test.cc.
#pragma once

#include <string_view>

namespace sr::expr {

// The name of a month (1 to 12), whole or its first three letters.
inline std::string_view month_name(unsigned month, bool whole) {
  constexpr std::string_view kNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
  const std::string_view name = kNames[month - 1];
  return whole ? name : name.substr(0, 3);
}

// The name of a day (0 is Monday), whole or its first three letters.
inline std::string_view day_name(int weekday, bool whole) {
  constexpr std::string_view kNames[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  const std::string_view name = kNames[weekday];
  return whole ? name : name.substr(0, 3);
}

}  // namespace sr::expr
