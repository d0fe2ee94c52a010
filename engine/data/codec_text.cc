// Writing single values as text by Spark's cast-to-string rules. JSON is in codec_json.cc, reading in codec_parse.cc.
// Entry point: write_text. Tested in tests/unit/data/codec_text_test.cc.
#include <charconv>
#include <cmath>

#include "engine/data/civil.h"
#include "engine/data/codec.h"

namespace sr {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Every two digits from 00 to 99.
constexpr auto kPairs = [] {
  struct Table {
    char text[200];
  } table{};
  for (int i = 0; i < 100; ++i) {
    table.text[2 * i] = static_cast<char>('0' + i / 10);
    table.text[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

char* put_two(char* to, unsigned value) {
  std::memcpy(to, kPairs.text + 2 * value, 2);
  return to + 2;
}

char* put_year(char* to, std::int64_t year) {
  if (year >= 0 && year <= 9999) {
    to = put_two(to, static_cast<unsigned>(year / 100));
    return put_two(to, static_cast<unsigned>(year % 100));
  }
  *to++ = year < 0 ? '-' : '+';
  const std::uint64_t size = year < 0 ? -static_cast<std::uint64_t>(year) : static_cast<std::uint64_t>(year);
  for (std::uint64_t limit = 1000; limit > size && limit > 1; limit /= 10) *to++ = '0';
  return std::to_chars(to, to + 20, size).ptr;
}

char* put_date(char* to, std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  to = put_year(to, date.year);
  *to++ = '-';
  to = put_two(to, date.month);
  *to++ = '-';
  return put_two(to, date.day);
}

char* put_timestamp(char* to, std::int64_t micros, char between) {
  std::int64_t days = micros / kMicrosPerDay;
  std::int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  to = put_date(to, days);
  *to++ = between;
  const unsigned seconds = static_cast<unsigned>(rest / kMicrosPerSecond);
  unsigned fraction = static_cast<unsigned>(rest % kMicrosPerSecond);
  to = put_two(to, seconds / 3600);
  *to++ = ':';
  to = put_two(to, seconds / 60 % 60);
  *to++ = ':';
  to = put_two(to, seconds % 60);
  if (fraction) {
    *to++ = '.';
    to = put_two(to, fraction / 10000);
    to = put_two(to, fraction / 100 % 100);
    to = put_two(to, fraction % 100);
    while (to[-1] == '0') --to;
  }
  return to;
}

// Lays out the digits of |value| (`d.ddde±xx` from to_chars) in Java's way.
char* put_java_double(char* to, double value) {
  char shortest[32];
  const char* end = std::to_chars(shortest, shortest + sizeof(shortest), value, std::chars_format::scientific).ptr;
  const char* e = end;
  while (*--e != 'e') {
  }
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  char digits[24];
  int count = 0;
  for (const char* c = shortest; c < e; ++c) {
    if (*c != '.') digits[count++] = *c;
  }
  const auto copy = [&](int from, int upto) {
    for (int i = from; i < upto; ++i) *to++ = i < count ? digits[i] : '0';
  };
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      *to++ = '0';
      *to++ = '.';
      for (int i = -1; i > exponent; --i) *to++ = '0';
      copy(0, count);
      return to;
    }
    copy(0, exponent + 1);
    *to++ = '.';
    copy(exponent + 1, std::max(count, exponent + 2));
    return to;
  }
  copy(0, 1);
  *to++ = '.';
  copy(1, std::max(count, 2));
  *to++ = 'E';
  return std::to_chars(to, to + 8, exponent).ptr;
}

void write_list(TextBuffer& out, const Column& column, std::uint32_t row) {
  const bool map = column.type->id == TypeId::map;
  out.push(map ? '{' : '[');
  const std::uint32_t begin = column.begin_of(row);
  for (std::uint32_t i = begin; i < column.end_of(row); ++i) {
    if (i != begin) out.append(", ");
    write_text(out, *column.children[0], i);
    if (map) {
      out.append(" -> ");
      write_text(out, *column.children[1], i);
    }
  }
  out.push(map ? '}' : ']');
}

}  // namespace

void write_int(TextBuffer& out, std::int64_t value) {
  char* to = out.reserve(20);
  out.commit(static_cast<std::size_t>(std::to_chars(to, to + 20, value).ptr - to));
}

void write_double(TextBuffer& out, double value) {
  if (std::isnan(value)) return out.append("NaN");
  char* const begin = out.reserve(40);
  char* to = begin;
  if (std::signbit(value)) *to++ = '-';
  const double size = std::fabs(value);
  if (std::isinf(size)) {
    std::memcpy(to, "Infinity", 8);
    to += 8;
  } else if (size < 1e7 && size == static_cast<double>(static_cast<std::uint32_t>(size))) {
    to = std::to_chars(to, to + 10, static_cast<std::uint32_t>(size)).ptr;
    *to++ = '.';
    *to++ = '0';
  } else {
    to = put_java_double(to, size);
  }
  out.commit(static_cast<std::size_t>(to - begin));
}

void write_decimal(TextBuffer& out, Int128 unscaled, int scale) {
  char digits[48];
  char* const end = digits + sizeof(digits);
  char* at = end;
  __extension__ typedef unsigned __int128 Uint128;
  Uint128 size = unscaled < 0 ? -static_cast<Uint128>(unscaled) : static_cast<Uint128>(unscaled);
  while (size > UINT64_MAX) {
    *--at = static_cast<char>('0' + static_cast<int>(size % 10));
    size /= 10;
  }
  for (std::uint64_t low = static_cast<std::uint64_t>(size); low; low /= 10) *--at = static_cast<char>('0' + low % 10);
  while (end - at <= scale) *--at = '0';
  const std::size_t whole = static_cast<std::size_t>(end - at) - static_cast<std::size_t>(scale);
  char* const begin = out.reserve(64);
  char* to = begin;
  if (unscaled < 0) *to++ = '-';
  std::memcpy(to, at, whole);
  to += whole;
  if (scale) {
    *to++ = '.';
    std::memcpy(to, at + whole, static_cast<std::size_t>(scale));
    to += scale;
  }
  out.commit(static_cast<std::size_t>(to - begin));
}

void write_date(TextBuffer& out, std::int64_t days) {
  char* const to = out.reserve(48);
  out.commit(static_cast<std::size_t>(put_date(to, days) - to));
}

void write_timestamp(TextBuffer& out, std::int64_t micros) {
  char* const to = out.reserve(48);
  out.commit(static_cast<std::size_t>(put_timestamp(to, micros, ' ') - to));
}

void write_timestamp_rfc3339(TextBuffer& out, std::int64_t micros) {
  char* const begin = out.reserve(48);
  char* to = put_timestamp(begin, micros, 'T');
  *to++ = 'Z';
  out.commit(static_cast<std::size_t>(to - begin));
}

void write_text(TextBuffer& out, const Column& column, std::uint32_t row) {
  if (!column.valid(row)) return out.append("null");
  switch (column.type->id) {
    case TypeId::null:
      return out.append("null");
    case TypeId::boolean:
      return out.append(column.get<std::uint8_t>(row) ? "true" : "false");
    case TypeId::bigint:
      return write_int(out, column.get<std::int64_t>(row));
    case TypeId::float64:
      return write_double(out, column.get<double>(row));
    case TypeId::string:
    case TypeId::binary:
    case TypeId::variant:
      return out.append(column.get<Str>(row).view());
    case TypeId::timestamp:
      return write_timestamp(out, column.get<std::int64_t>(row));
    case TypeId::date:
      return write_date(out, column.get<std::int64_t>(row));
    case TypeId::decimal:
      return write_decimal(out, column.get<Int128>(row), column.type->scale);
    case TypeId::array:
    case TypeId::map:
      return write_list(out, column, row);
    case TypeId::structure:
      break;
  }
  out.push('{');
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    if (i) out.append(", ");
    write_text(out, *column.children[i], column.at(row));
  }
  out.push('}');
}

}  // namespace sr
