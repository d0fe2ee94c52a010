// Compiling patterns and formatting by them; parsing is in date_pattern_parse.cc. Entry point: DatePattern. Tested in
// tests/unit/expr/date_pattern_test.cc.
#include "engine/expr/functions/date_pattern.h"

#include "engine/expr/functions/date_names.h"
#include "engine/expr/functions/time_units.h"

namespace sr::expr {

class DatePattern::Compiler {
 public:
  Compiler(std::string_view pattern, DatePattern& out) : pattern_(pattern), items_(out.items_) {}

  std::string run() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      std::string error;
      if (is_letter) {
        error = letters(c);
      } else if (c == '\'') {
        error = quoted();
      } else {
        error = sign(c);
      }
      if (!error.empty()) return error;
    }
    if (open_) return "the pattern has `[` without `]`";
    reserve_digits();
    return {};
  }

 private:
  void literal(char c) {
    if (items_.empty() || items_.back().kind != Kind::literal) items_.push_back({});
    items_.back().text.push_back(c);
  }
  std::string sign(char c) {
    ++at_;
    if (c == '[' || c == ']') {
      if ((c == '[') == open_) return "the pattern's brackets do not match";
      open_ = c == '[';
      items_.push_back({open_ ? Kind::optional_begin : Kind::optional_end});
      return {};
    }
    if (c == '{' || c == '}' || c == '#') return std::string("`") + c + "` means nothing in a date pattern";
    literal(c);
    return {};
  }
  std::string quoted() {
    ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == '\'') {
      literal('\'');
      ++at_;
      return {};
    }
    for (; at_ < pattern_.size(); ++at_) {
      if (pattern_[at_] != '\'') {
        literal(pattern_[at_]);
      } else if (at_ + 1 < pattern_.size() && pattern_[at_ + 1] == '\'') {
        literal('\'');
        ++at_;
      } else {
        ++at_;
        return {};
      }
    }
    return "the pattern has an open quote";
  }
  std::string letters(char c) {
    int width = 0;
    while (at_ < pattern_.size() && pattern_[at_] == c) {
      ++at_;
      ++width;
    }
    Item item;
    item.width = width;
    if (!set_kind(c, width, item)) {
      return "`" + std::string(static_cast<std::size_t>(width), c) + "` means nothing in a date pattern";
    }
    items_.push_back(std::move(item));
    return {};
  }
  static bool set_kind(char c, int width, Item& item);
  static bool set_zone(char c, int width, Item& item);

  // `yyyyMMdd`: a number of open length leaves the digits of the fixed ones that follow.
  void reserve_digits() {
    int reserved = 0;
    for (std::size_t i = items_.size(); i-- > 0;) {
      Item& item = items_[i];
      const bool number = item.kind >= Kind::year && item.kind <= Kind::fraction && item.kind != Kind::month_name &&
                          item.kind != Kind::day_name && item.kind != Kind::am_pm;
      item.reserved = number ? reserved : 0;
      const bool fixed = number && (item.width == 2 || item.kind == Kind::fraction || item.kind == Kind::day_of_year);
      reserved = fixed ? reserved + item.width : 0;
    }
  }

  std::string_view pattern_;
  std::vector<Item>& items_;
  std::size_t at_ = 0;
  bool open_ = false;
};

bool DatePattern::Compiler::set_zone(char c, int width, Item& item) {
  item.zulu = c == 'X' || (c == 'Z' && width == 5);
  if (c == 'Z') {
    item.kind = width == 5 ? Kind::zone_colon : Kind::zone_plain;
    return width <= 3 || width == 5;
  }
  item.kind = width == 1 ? Kind::zone_short : width % 2 == 0 ? Kind::zone_plain : Kind::zone_colon;
  return width <= 5;
}

bool DatePattern::Compiler::set_kind(char c, int width, Item& item) {
  const auto as = [&](Kind kind, int most) {
    item.kind = kind;
    return width <= most;
  };
  switch (c) {
    case 'G':
      return as(Kind::era, 4);
    case 'y':
    case 'u':
      return as(Kind::year, 6);
    case 'q':
    case 'Q':
      return as(Kind::quarter, 2);
    case 'M':
    case 'L':
      return width <= 2 ? as(Kind::month, 2) : as(Kind::month_name, 4);
    case 'd':
      return as(Kind::day, 2);
    case 'D':
      return as(Kind::day_of_year, 3);
    case 'E':
      return as(Kind::day_name, 4);
    case 'a':
      return as(Kind::am_pm, 1);
    case 'H':
      return as(Kind::hour, 2);
    case 'k':
      return as(Kind::hour_1_24, 2);
    case 'h':
      return as(Kind::hour_12, 2);
    case 'K':
      return as(Kind::hour_0_11, 2);
    case 'm':
      return as(Kind::minute, 2);
    case 's':
      return as(Kind::second, 2);
    case 'S':
      return as(Kind::fraction, 9);
    case 'X':
    case 'x':
    case 'Z':
      return set_zone(c, width, item);
    case 'V':
    case 'z':
      return as(Kind::zone_name, c == 'V' ? 2 : 3);
    default:
      return false;
  }
}

std::shared_ptr<const DatePattern> DatePattern::compile(std::string_view pattern, std::string* error) {
  auto out = std::make_shared<DatePattern>();
  std::string problem = Compiler(pattern, *out).run();
  if (problem.empty()) return out;
  *error = std::move(problem);
  return nullptr;
}

namespace {

// Appends a number that is not negative, with zeros in front up to a width of at most 9.
void append_number(std::string& out, std::int64_t value, int width) {
  char digits[24];
  char* const end = digits + sizeof(digits);
  char* at = end;
  for (; value > 0 || at == end; value /= 10) *--at = static_cast<char>('0' + value % 10);
  while (end - at < width) *--at = '0';
  out.append(at, static_cast<std::size_t>(end - at));
}

void append_year(std::string& out, std::int64_t year, int width) {
  if (year <= 0) year = 1 - year;  // the year of its era
  if (width == 2) return append_number(out, year % 100, 2);
  if (width >= 4 && year >= 10000) out.push_back('+');
  append_number(out, year, width);
}

void append_fraction(std::string& out, std::int64_t micros, int width) {
  std::int64_t rest = micros % kMicrosPerSecond;
  char digits[9] = {'0', '0', '0', '0', '0', '0', '0', '0', '0'};
  for (int i = 5; i >= 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

}  // namespace

void DatePattern::write_date(const Item& item, std::int64_t day, const CivilDate& date, std::string& out) {
  switch (item.kind) {
    case Kind::era:
      out += item.width == 4 ? (date.year > 0 ? "Anno Domini" : "Before Christ") : (date.year > 0 ? "AD" : "BC");
      return;
    case Kind::year:
      return append_year(out, date.year, item.width);
    case Kind::quarter:
      return append_number(out, (date.month - 1) / 3 + 1, item.width);
    case Kind::month:
      return append_number(out, date.month, item.width);
    case Kind::month_name:
      out += month_name(date.month, item.width == 4);
      return;
    case Kind::day:
      return append_number(out, date.day, item.width);
    case Kind::day_of_year:
      return append_number(out, day - truncate_day(day, TimeUnit::year) + 1, item.width);
    default:
      out += day_name(static_cast<int>(floor_mod(day + 3, 7)), item.width == 4);
  }
}

void DatePattern::write_time(const Item& item, std::int64_t time, std::string& out) {
  const std::int64_t hour = time / micros_of(TimeUnit::hour);
  switch (item.kind) {
    case Kind::am_pm:
      out += hour < 12 ? "AM" : "PM";
      return;
    case Kind::hour:
      return append_number(out, hour, item.width);
    case Kind::hour_1_24:
      return append_number(out, hour == 0 ? 24 : hour, item.width);
    case Kind::hour_12:
      return append_number(out, hour % 12 == 0 ? 12 : hour % 12, item.width);
    case Kind::hour_0_11:
      return append_number(out, hour % 12, item.width);
    case Kind::minute:
      return append_number(out, time / micros_of(TimeUnit::minute) % 60, item.width);
    case Kind::second:
      return append_number(out, time / kMicrosPerSecond % 60, item.width);
    default:
      append_fraction(out, time, item.width);
  }
}

void DatePattern::write_zone(const Item& item, std::string& out) {
  if (item.kind == Kind::zone_name) {
    out += "UTC";
  } else if (item.zulu) {
    out += "Z";
  } else {
    out += item.kind == Kind::zone_colon ? "+00:00" : item.kind == Kind::zone_plain ? "+0000" : "+00";
  }
}

void DatePattern::format(std::int64_t micros, std::string& out) const {
  const std::int64_t day = day_of(micros);
  const CivilDate date = civil_from_days(day);
  const std::int64_t time = time_of_day(micros);
  for (const Item& item : items_) {
    if (item.kind == Kind::literal) {
      out += item.text;
    } else if (item.kind >= Kind::era && item.kind <= Kind::day_name) {
      write_date(item, day, date, out);
    } else if (item.kind >= Kind::am_pm && item.kind <= Kind::fraction) {
      write_time(item, time, out);
    } else if (item.kind >= Kind::zone_colon && item.kind <= Kind::zone_name) {
      write_zone(item, out);
    }
  }
}

}  // namespace sr::expr
