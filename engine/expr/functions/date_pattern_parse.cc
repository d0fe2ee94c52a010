// Parsing texts by a pattern. Entry point: DatePattern::parse. Tested in tests/unit/expr/date_pattern_test.cc.
#include <optional>

#include "engine/data/type.h"
#include "engine/expr/functions/date_names.h"
#include "engine/expr/functions/date_pattern.h"
#include "engine/expr/functions/time_units.h"

namespace sr::expr {

// What a text said; nothing for what it did not.
struct DatePattern::Fields {
  std::optional<std::int64_t> year, month, day, day_of_year, weekday, hour, hour_12, minute, second;
  std::int64_t micros = 0;
  std::int64_t offset_micros = 0;
  bool afternoon = false;
  bool before_christ = false;

  // False: there is no such day or time.
  bool to_micros(std::int64_t* out) const {
    std::int64_t days = 0;
    if (!to_days(&days)) return false;
    if (weekday && *weekday != floor_mod(days + 3, 7)) return false;
    const std::int64_t hours = hour ? *hour : hour_12.value_or(0) % 12 + (afternoon ? 12 : 0);
    const std::int64_t minutes = minute.value_or(0);
    const std::int64_t seconds = second.value_or(0);
    if (hours > 23 || minutes > 59 || seconds > 59) return false;
    if (days > kMaxDays || days < -kMaxDays) return false;
    const std::int64_t time = ((hours * 60 + minutes) * 60 + seconds) * kMicrosPerSecond + micros;
    *out = days * kMicrosPerDay + time - offset_micros;
    return true;
  }

 private:
  bool to_days(std::int64_t* out) const {
    std::int64_t in_year = year.value_or(1970);
    if (before_christ) in_year = 1 - in_year;
    if (in_year > 290'000 || in_year < -290'000) return false;
    if (day_of_year && !month && !day) {
      if (*day_of_year < 1 || *day_of_year > (is_leap_year(in_year) ? 366 : 365)) return false;
      *out = days_from_civil({in_year, 1, 1}) + *day_of_year - 1;
      return true;
    }
    const std::int64_t m = month.value_or(1);
    const std::int64_t d = day.value_or(1);
    if (m < 1 || m > 12 || d < 1 || d > days_in_month(in_year, static_cast<unsigned>(m))) return false;
    *out = days_from_civil({in_year, static_cast<unsigned>(m), static_cast<unsigned>(d)});
    return true;
  }
};

class DatePattern::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t place() const { return at_; }
  void back_to(std::size_t place) { at_ = place; }

  bool read(const Item& item, Fields& fields) {
    switch (item.kind) {
      case Kind::literal:
        return word(item.text);
      case Kind::year:
        return year(item, fields);
      case Kind::month:
        return number(item, &fields.month);
      case Kind::day:
        return number(item, &fields.day);
      case Kind::day_of_year:
        return number(item, &fields.day_of_year);
      case Kind::hour:
        return number(item, &fields.hour);
      case Kind::hour_1_24:
        return number(item, &fields.hour) && wrap(&fields.hour, 24);
      case Kind::hour_12:
        return number(item, &fields.hour_12) && *fields.hour_12 >= 1 && *fields.hour_12 <= 12;
      case Kind::hour_0_11:
        return number(item, &fields.hour_12) && *fields.hour_12 <= 11;
      case Kind::minute:
        return number(item, &fields.minute);
      case Kind::second:
        return number(item, &fields.second);
      case Kind::fraction:
        return fraction(item, fields);
      case Kind::month_name:
        return month(item, fields);
      case Kind::day_name:
        return weekday(item, fields);
      case Kind::am_pm:
        return half_of_day(fields);
      case Kind::era:
        return era(item, fields);
      case Kind::zone_colon:
      case Kind::zone_plain:
      case Kind::zone_short:
        return zone(item, fields);
      case Kind::zone_name:
        return word("UTC") || word("GMT") || word("Z");
      default:
        return false;  // quarters are only written
    }
  }

 private:
  bool word(std::string_view wanted) {
    if (!same_name(text_.substr(at_, wanted.size()), wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  // Digits at the current place, at most `most`.
  int digits(int most) const {
    int count = 0;
    while (count < most && at_ + static_cast<std::size_t>(count) < text_.size()) {
      const char c = text_[at_ + static_cast<std::size_t>(count)];
      if (c < '0' || c > '9') break;
      ++count;
    }
    return count;
  }
  std::int64_t take(int count) {
    std::int64_t value = 0;
    for (; count > 0; --count) value = value * 10 + (text_[at_++] - '0');
    return value;
  }
  // One letter: any number of digits; two: exactly two.
  bool number(const Item& item, std::optional<std::int64_t>* out) {
    const bool open = item.width == 1;
    int count = digits(open ? 18 : item.width);
    if (open && count - item.reserved >= 1) count -= item.reserved;
    if (count < item.width) return false;
    *out = take(count);
    return true;
  }
  bool year(const Item& item, Fields& fields) {
    if (item.width == 2) {
      if (digits(2) < 2) return false;
      fields.year = 2000 + take(2);
      return true;
    }
    const bool plus = item.width >= 4 && word("+");
    int count = digits(10);
    if (item.reserved > 0 && count - item.reserved >= item.width) count -= item.reserved;
    if (count < item.width || count > 6 || count == 0) return false;
    if (item.width >= 4 && plus != (count > item.width)) return false;
    fields.year = take(count);
    return true;
  }
  bool wrap(std::optional<std::int64_t>* hour, std::int64_t at) {
    if (**hour < 1 || **hour > at) return false;
    if (**hour == at) *hour = 0;
    return true;
  }
  bool fraction(const Item& item, Fields& fields) {
    if (digits(item.width) < item.width) return false;
    std::int64_t value = take(item.width);
    for (int i = item.width; i < 9; ++i) value *= 10;
    fields.micros = value / 1000;
    return true;
  }
  bool month(const Item& item, Fields& fields) {
    for (unsigned m = 1; m <= 12; ++m) {
      if (!word(month_name(m, item.width == 4))) continue;
      fields.month = m;
      return true;
    }
    return false;
  }
  bool weekday(const Item& item, Fields& fields) {
    for (int day = 0; day < 7; ++day) {
      if (!word(day_name(day, item.width == 4))) continue;
      fields.weekday = day;
      return true;
    }
    return false;
  }
  bool half_of_day(Fields& fields) {
    fields.afternoon = word("PM");
    return fields.afternoon || word("AM");
  }
  bool era(const Item& item, Fields& fields) {
    fields.before_christ = word(item.width == 4 ? "Before Christ" : "BC");
    return fields.before_christ || word(item.width == 4 ? "Anno Domini" : "AD");
  }
  // `Z` where the letter allows it, else a sign, two digits of hours and two of minutes.
  bool zone(const Item& item, Fields& fields) {
    if (item.zulu && word("Z")) return true;
    const bool west = word("-");
    if (!west && !word("+")) return false;
    if (digits(2) < 2) return false;
    std::int64_t minutes = take(2) * 60;
    const bool colon = item.kind == Kind::zone_colon;
    if (item.kind != Kind::zone_short || digits(2) == 2) {
      if ((colon && !word(":")) || digits(2) < 2) return false;
      const std::int64_t rest = take(2);
      if (rest > 59) return false;
      minutes += rest;
    }
    if (minutes > 18 * 60) return false;
    fields.offset_micros = (west ? -minutes : minutes) * 60 * kMicrosPerSecond;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool DatePattern::parse(std::string_view text, std::int64_t* micros) const {
  Reader reader(text);
  Fields fields;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].kind == Kind::optional_begin) {
      const std::size_t begin = reader.place();
      const Fields before = fields;
      std::size_t j = i + 1;
      bool good = true;
      for (; items_[j].kind != Kind::optional_end; ++j) good = good && reader.read(items_[j], fields);
      if (!good) {
        reader.back_to(begin);
        fields = before;
      }
      i = j;
    } else if (!reader.read(items_[i], fields)) {
      return false;
    }
  }
  return reader.at_end() && fields.to_micros(micros);
}

}  // namespace sr::expr
