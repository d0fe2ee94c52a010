// Compiling formats and writing values by them. Entry point: TextFormat. Tested in
// tests/unit/expr/format_string_test.cc.
#include "engine/expr/functions/format_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/data/codec.h"
#include "engine/expr/functions/code_points.h"

namespace sr::expr {

namespace {

constexpr int kMaxWidth = 100'000;
constexpr int kMaxPrecision = 1'000;

bool takes(char conversion, TypeId id) {
  if (id == TypeId::null) return true;
  switch (conversion) {
    case 'd':
    case 'x':
    case 'o':
    case 'c':
      return id == TypeId::bigint;
    case 'f':
    case 'e':
    case 'g':
      return id == TypeId::float64 || id == TypeId::decimal;
    default:
      return true;
  }
}

// The decimal digits of a number and where its point is: 0.digits × 10^point.
struct Digits {
  std::string digits;
  int point = 0;

  // Rounds half up to `count` digits behind the point.
  void round_to(int count) {
    const int keep = point + count;
    if (keep >= static_cast<int>(digits.size())) return;
    if (keep < 0) {
      digits.clear();
      return;
    }
    const bool up = digits[static_cast<std::size_t>(keep)] >= '5';
    digits.resize(static_cast<std::size_t>(keep));
    if (!up) return;
    int i = keep - 1;
    while (i >= 0 && digits[static_cast<std::size_t>(i)] == '9') digits[static_cast<std::size_t>(i--)] = '0';
    if (i >= 0) {
      ++digits[static_cast<std::size_t>(i)];
    } else {
      digits.insert(digits.begin(), '1');
      ++point;
    }
  }
  // With `count` digits behind the point.
  std::string plain(int count) const {
    std::string out;
    for (int i = 0; i < std::max(point, 1); ++i) out.push_back(at(point > 0 ? i : -1));
    if (count > 0) out.push_back('.');
    for (int i = 0; i < count; ++i) out.push_back(at(point + i));
    return out;
  }
  char at(int i) const {
    return i >= 0 && i < static_cast<int>(digits.size()) ? digits[static_cast<std::size_t>(i)] : '0';
  }
};

Digits digits_of(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  Digits out;
  const char* at = text;
  for (; at < end && *at != 'e'; ++at) {
    if (*at != '.') out.digits.push_back(*at);
  }
  int exponent = 0;
  if (at < end) std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, exponent);
  out.point = value == 0 ? 1 : exponent + 1;
  return out;
}

Digits digits_of(Int128 value, int scale) {
  Digits out;
  while (value != 0) {
    out.digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  std::reverse(out.digits.begin(), out.digits.end());
  out.point = static_cast<int>(out.digits.size()) - scale;
  return out;
}

std::string scientific(Digits digits, int count) {
  const int point = digits.digits.empty() || digits.digits == "0" ? 1 : digits.point;
  digits.point = 1;
  digits.round_to(count);
  const int exponent = point - 1 + (digits.point - 1);
  digits.point = 1;
  char text[16];
  std::snprintf(text, sizeof(text), "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  return digits.plain(count) + text;
}

void group_thousands(std::string& digits) {
  const std::size_t point = std::min(digits.find_first_not_of("0123456789"), digits.size());
  for (std::size_t at = point; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
}

void append_padded(std::string& out, std::string_view text, int width, bool left) {
  const int missing = width - static_cast<int>(code_points(text));
  const std::size_t spaces = missing > 0 ? static_cast<std::size_t>(missing) : 0;
  if (!left) out.append(spaces, ' ');
  out += text;
  if (left) out.append(spaces, ' ');
}

void make_upper(std::string& text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

class TextFormat::Compiler {
 public:
  Compiler(std::string_view format, std::vector<Item>& items) : format_(format), items_(items) {}

  // Gives what is wrong, or nothing.
  std::string run() {
    std::string literal;
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        literal.push_back(format_[at_++]);
        continue;
      }
      const std::size_t begin = at_++;
      Item item;
      if (!conversion(item)) return "bad format `" + std::string(format_.substr(begin, at_ - begin)) + "`";
      if (item.conversion == '%' || item.conversion == 'n') {
        append_padded(literal, item.conversion == '%' ? "%" : "\n", item.width, item.left);
        continue;
      }
      item.literal = std::move(literal);
      literal.clear();
      items_.push_back(std::move(item));
    }
    Item last;
    last.literal = std::move(literal);
    items_.push_back(std::move(last));
    return {};
  }

 private:
  bool number(int limit, int* out) {
    *out = 0;
    const std::size_t begin = at_;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      *out = *out * 10 + (format_[at_] - '0');
      if (*out > limit) return false;
    }
    return at_ > begin;
  }
  // `3$`: the argument's number; else the next one.
  bool argument(Item& item) {
    const std::size_t begin = at_;
    int index = 0;
    if (at_ < format_.size() && format_[at_] != '0' && number(1000, &index) && at_ < format_.size() &&
        format_[at_] == '$') {
      ++at_;
      item.argument = static_cast<std::size_t>(index - 1);
      return true;
    }
    at_ = begin;
    return false;
  }
  bool flag(Item& item) {
    switch (format_[at_]) {
      case '-':
        return !std::exchange(item.left, true);
      case '+':
        return !std::exchange(item.plus, true);
      case ' ':
        return !std::exchange(item.space, true);
      case '0':
        return !std::exchange(item.zero, true);
      case ',':
        return !std::exchange(item.comma, true);
      case '(':
        return !std::exchange(item.parenthesis, true);
      case '#':
        return !std::exchange(item.alternate, true);
      default:
        return false;
    }
  }
  bool conversion(Item& item) {
    const bool numbered = argument(item);
    while (at_ < format_.size() && flag(item)) ++at_;
    if (at_ < format_.size() && format_[at_] >= '1' && format_[at_] <= '9' && !number(kMaxWidth, &item.width))
      return false;
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      if (!number(kMaxPrecision, &item.precision)) return false;
    }
    if (at_ >= format_.size()) return false;
    const char c = format_[at_++];
    item.upper = c >= 'A' && c <= 'Z';
    item.conversion = item.upper ? static_cast<char>(c + 32) : c;
    if (std::string_view("sdxofegbcn%").find(item.conversion) == std::string_view::npos) return false;
    if (item.upper && std::string_view("sxegbc").find(item.conversion) == std::string_view::npos) return false;
    const bool whole = std::string_view("dxo").find(item.conversion) != std::string_view::npos;
    if ((whole && item.precision >= 0) || ((item.left || item.zero) && item.width < 0)) return false;
    if (item.left && item.zero) return false;
    if (!numbered && item.conversion != '%' && item.conversion != 'n') item.argument = next_++;
    return true;
  }

  std::string_view format_;
  std::vector<Item>& items_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
};

std::shared_ptr<const TextFormat> TextFormat::compile(std::string_view format, std::string* error) {
  auto out = std::make_shared<TextFormat>();
  std::string problem = Compiler(format, out->items_).run();
  if (problem.empty()) return out;
  *error = std::move(problem);
  return nullptr;
}

std::string TextFormat::check(const std::vector<TypeRef>& types) const {
  for (const Item& item : items_) {
    if (item.conversion == '\0') continue;
    if (item.argument >= types.size()) return "the format has more conversions than there are values";
    const Type& type = *types[item.argument];
    if (!takes(item.conversion, type.id)) {
      return std::string("the format's `%") + item.conversion + "` does not take " + type.name();
    }
  }
  return {};
}

// Puts the sign, and zeros up to the width, before the digits.
std::string TextFormat::with_sign(const Item& item, bool negative, std::string digits) {
  std::string sign = negative ? (item.parenthesis ? "(" : "-") : item.plus ? "+" : item.space ? " " : "";
  const bool closes = negative && item.parenthesis;
  if (item.zero) {
    const int missing = item.width - static_cast<int>(sign.size() + digits.size() + (closes ? 1 : 0));
    if (missing > 0) digits.insert(0, static_cast<std::size_t>(missing), '0');
  }
  return sign + digits + (closes ? ")" : "");
}

std::string TextFormat::whole(const Item& item, const Column& column, std::uint32_t row) {
  const auto value = column.get<std::int64_t>(row);
  const auto bits = static_cast<std::uint64_t>(value);
  char text[32];
  if (item.conversion != 'd') {
    const auto end = std::to_chars(text, text + sizeof(text), bits, item.conversion == 'x' ? 16 : 8).ptr;
    const std::string prefix = !item.alternate ? "" : item.conversion == 'x' ? "0x" : "0";
    return with_sign(item, false, prefix + std::string(text, end));
  }
  const auto end = std::to_chars(text, text + sizeof(text), value < 0 ? 0 - bits : bits).ptr;
  std::string digits(text, end);
  if (item.comma) group_thousands(digits);
  return with_sign(item, value < 0, std::move(digits));
}

std::string TextFormat::real(const Item& item, const Column& column, std::uint32_t row) {
  const bool exact = column.type->id == TypeId::decimal;
  const double value = exact ? 0 : column.get<double>(row);
  const Int128 unscaled = exact ? column.get<Int128>(row) : 0;
  Item plain = item;
  plain.zero = false;
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return with_sign(plain, value < 0, "Infinity");
  const bool negative = exact ? unscaled < 0 : std::signbit(value);
  Digits digits =
      exact ? digits_of(unscaled < 0 ? -unscaled : unscaled, column.type->scale) : digits_of(std::fabs(value));
  int precision = item.precision < 0 ? 6 : item.precision;
  char conversion = item.conversion;
  if (conversion == 'g') {  // scientific below 10^-4 and from 10^precision on; precision counts all digits
    precision = std::max(precision, 1);
    Digits rounded = digits;
    rounded.round_to(precision - digits.point);
    const bool zero = digits.digits.find_first_not_of('0') == std::string::npos;
    const bool as_plain = zero || (rounded.point > -4 && rounded.point <= precision);
    conversion = as_plain ? 'f' : 'e';
    precision = !as_plain ? precision - 1 : zero ? precision - 1 : precision - rounded.point;
  }
  std::string text;
  if (conversion == 'e') {
    text = scientific(digits, precision);
  } else {
    digits.round_to(precision);
    text = digits.plain(precision);
    if (item.comma) group_thousands(text);
  }
  if (item.alternate && precision == 0 && conversion == 'f') text.push_back('.');
  return with_sign(item, negative, std::move(text));
}

std::string TextFormat::general(const Item& item, const Column& column, std::uint32_t row) {
  std::string text;
  if (item.conversion == 'b') {
    text = column.type->id == TypeId::boolean && column.get<std::uint8_t>(row) == 0 ? "false" : "true";
  } else if (item.conversion == 'c') {
    const auto code = column.get<std::int64_t>(row);
    append_character(text, code >= 0 && code < 0x110000 ? static_cast<char32_t>(code) : 0xFFFD);
  } else {
    TextBuffer buffer;
    write_text(buffer, column, row);
    text = std::string(buffer.view());
  }
  if (item.precision >= 0) text = std::string(character_range(text, 0, item.precision));
  return text;
}

void TextFormat::write_value(std::string& out, const Item& item, const Column& column, std::uint32_t row) {
  std::string text;
  if (!column.valid(row)) {
    text = item.conversion == 'b' ? "false" : "null";
    if (item.precision >= 0) text.resize(std::min<std::size_t>(text.size(), static_cast<std::size_t>(item.precision)));
  } else if (item.conversion == 'd' || item.conversion == 'x' || item.conversion == 'o') {
    text = whole(item, column, row);
  } else if (item.conversion == 'f' || item.conversion == 'e' || item.conversion == 'g') {
    text = real(item, column, row);
  } else {
    text = general(item, column, row);
  }
  if (item.upper) make_upper(text);
  append_padded(out, text, item.width, item.left);
}

void TextFormat::write(std::string& out, std::span<const ColumnRef> args, std::uint32_t row) const {
  for (const Item& item : items_) {
    out += item.literal;
    if (item.conversion != '\0') write_value(out, item, *args[item.argument], row);
  }
}

}  // namespace sr::expr
