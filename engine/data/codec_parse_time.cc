// Reading dates and timestamps from text by Spark's cast rules: `yyyy-M-d`, `yyyy-MM`, `yyyy`, then `H:m[:s[.f]]` and a
// zone. Entry points: parse_date, parse_timestamp. Patterns belong to the expression functions. Tested in
// tests/unit/data/codec_parse_test.cc.
#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

#include "engine/data/civil.h"
#include "engine/data/codec.h"
#include "engine/data/trim.h"

namespace sr {
namespace {

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  // Reads `least` to `most` digits.
  bool number(int least, int most, std::int64_t* out) {
    std::int64_t value = 0;
    int count = 0;
    while (peek() >= '0' && peek() <= '9') {
      if (++count > most) return false;
      value = value * 10 + (text_[at_++] - '0');
    }
    *out = value;
    return count >= least;
  }

  bool date(std::int64_t* days, bool* complete) {
    bool negative = false;
    if (peek() == '+' || peek() == '-') negative = text_[at_++] == '-';
    std::int64_t year = 0;
    std::int64_t month = 1;
    std::int64_t day = 1;
    *complete = false;
    if (!number(4, 7, &year)) return false;
    if (negative) year = -year;
    if (take('-')) {
      if (!number(1, 2, &month)) return false;
      if (take('-')) {
        if (!number(1, 2, &day)) return false;
        *complete = true;
      }
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, static_cast<unsigned>(month))) return false;
    *days = days_from_civil({year, static_cast<unsigned>(month), static_cast<unsigned>(day)});
    return true;
  }

  bool time_of_day(std::int64_t* micros) {
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    std::int64_t fraction = 0;
    if (!number(1, 2, &hour) || !take(':') || !number(1, 2, &minute)) return false;
    if (take(':')) {
      if (!number(1, 2, &second)) return false;
      if (take('.')) fraction = micros_of_fraction();
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *micros = ((hour * 60 + minute) * 60 + second) * 1'000'000 + fraction;
    return true;
  }

  // Reads `Z`, `UTC` or `±H[H][:MM]` to the end; nothing is UTC.
  bool zone(std::int64_t* offset_micros) {
    *offset_micros = 0;
    while (peek() == ' ') ++at_;
    if (at_end()) return true;
    if (take('Z')) return at_end();
    if (text_.substr(at_) == "UTC") return true;
    if (peek() != '+' && peek() != '-') return false;
    const bool negative = text_[at_++] == '-';
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (!number(1, 2, &hours)) return false;
    if (take(':') && !number(2, 2, &minutes)) return false;
    if (!at_end() || minutes > 59 || hours * 60 + minutes > 18 * 60) return false;
    *offset_micros = (hours * 60 + minutes) * 60'000'000 * (negative ? -1 : 1);
    return true;
  }

 private:
  // Takes every digit; those behind the sixth are dropped.
  std::int64_t micros_of_fraction() {
    std::int64_t value = 0;
    int count = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_, ++count) {
      if (count < 6) value = value * 10 + (text_[at_] - '0');
    }
    for (; count < 6; ++count) value *= 10;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The numbers of `yyyy-MM-ddxHH:mm:ss`, two digits each, in order: century, year, month, day, hour, minute, second.
// False: a digit is missing.
#if defined(__SSSE3__)
bool digit_pairs(const char* text, std::uint16_t (&pairs)[8]) {
  const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 3));
  const __m128i of_first = _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1);
  const __m128i of_last = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 14, 15, 14, 15);
  const __m128i all = _mm_or_si128(_mm_shuffle_epi8(first, of_first), _mm_shuffle_epi8(last, of_last));
  const __m128i digits = _mm_sub_epi8(all, _mm_set1_epi8('0'));
  const __m128i nine = _mm_set1_epi8(9);
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) != 0xffff) return false;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pairs), _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A)));
  return true;
}
#else
bool digit_pairs(const char* text, std::uint16_t (&pairs)[8]) {
  constexpr int kPlaces[] = {0, 2, 5, 8, 11, 14, 17};
  unsigned wrong = 0;
  for (int i = 0; i < 7; ++i) {
    const unsigned high = static_cast<unsigned char>(text[kPlaces[i]]) - unsigned{'0'};
    const unsigned low = static_cast<unsigned char>(text[kPlaces[i] + 1]) - unsigned{'0'};
    wrong |= static_cast<unsigned>(high > 9) | static_cast<unsigned>(low > 9);
    pairs[i] = static_cast<std::uint16_t>(high * 10 + low);
  }
  return wrong == 0;
}
#endif

// Reads `yyyy-MM-ddxHH:mm:ss` with every digit there, x being `T` or a space.
bool read_full_form(const char* text, std::int64_t* days, std::int64_t* micros) {
  std::uint16_t pairs[8];
  if (!digit_pairs(text, pairs)) return false;
  const std::int64_t year = pairs[0] * 100 + pairs[1];
  const unsigned month = pairs[2];
  const unsigned day = pairs[3];
  const unsigned hour = pairs[4];
  const unsigned minute = pairs[5];
  const unsigned second = pairs[6];
  const bool separated =
      text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' && (text[10] == 'T' || text[10] == ' ');
  if (!separated || hour > 23 || minute > 59 || second > 59 || month - 1 > 11) return false;
  if (day < 1 || day > days_in_month(year, month)) return false;
  *days = days_from_civil({year, month, day});
  *micros = ((hour * 60 + minute) * 60 + second) * std::int64_t{1'000'000};
  return true;
}

// The usual form, `2024-02-29T01:02:03[.f]Z` or without the `Z`. False: it is another one, maybe a right one.
bool parse_usual_timestamp(std::string_view text, std::int64_t* micros) {
  constexpr std::size_t kFull = 19;
  std::int64_t days = 0;
  std::int64_t of_day = 0;
  if (text.size() < kFull || !read_full_form(text.data(), &days, &of_day)) return false;
  std::size_t at = kFull;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 1'000'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      unit /= 10;
      of_day += unit * (text[at] - '0');
    }
  }
  if (at < text.size() && text[at] == 'Z') ++at;
  *micros = days * 86'400'000'000 + of_day;
  return at == text.size();
}

}  // namespace

bool parse_date(std::string_view text, std::int64_t* days) {
  TimeReader reader(trim(text));
  bool complete = false;
  if (!reader.date(days, &complete)) return false;
  return reader.at_end() || (complete && (reader.peek() == 'T' || reader.peek() == ' '));
}

bool parse_timestamp(std::string_view text, std::int64_t* micros) {
  if (parse_usual_timestamp(text, micros)) return true;
  TimeReader reader(trim(text));
  bool complete = false;
  std::int64_t days = 0;
  std::int64_t of_day = 0;
  std::int64_t offset = 0;
  if (!reader.date(&days, &complete)) return false;
  if (!reader.at_end()) {
    if (!complete || !(reader.take('T') || reader.take(' '))) return false;
    if (!reader.time_of_day(&of_day) || !reader.zone(&offset)) return false;
  }
  // Adding in 128 bits lets the first instant of the range through, whose day begins before it.
  const Int128 total = static_cast<Int128>(days) * 86'400'000'000 + of_day - offset;
  if (total > INT64_MAX || total < INT64_MIN) return false;
  *micros = static_cast<std::int64_t>(total);
  return true;
}

}  // namespace sr
