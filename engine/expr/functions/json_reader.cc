// The JSON cursor. Entry point: JsonReader. Tested in tests/unit/expr/json_test.cc.
#include "engine/expr/functions/json_reader.h"

#include "engine/expr/functions/code_points.h"

namespace sr::expr {

namespace {

constexpr int kMaxDepth = 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool JsonReader::hex4(char32_t* out) {
  if (at_ + 4 > text_.size()) return false;
  char32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return false;
    code = code * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  *out = code;
  return true;
}

// Behind `\u`; two halves of a pair make one character, a half alone is unknown (U+FFFD).
bool JsonReader::unicode(std::string* out) {
  char32_t code = 0;
  if (!hex4(&code)) return false;
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
    const std::size_t before = at_;
    at_ += 2;
    char32_t low = 0;
    if (!hex4(&low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else {
      at_ = before;
    }
  }
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  if (out) append_character(*out, code);
  return true;
}

bool JsonReader::escape(std::string* out) {
  if (at_ >= text_.size()) return false;
  const char c = text_[at_++];
  if (c == 'u') return unicode(out);
  constexpr std::string_view kFrom = "bfnrt\"\\/'";
  constexpr std::string_view kTo = "\b\f\n\r\t\"\\/'";
  const std::size_t known = kFrom.find(c);
  if (known == std::string_view::npos) return false;
  if (out) out->push_back(kTo[known]);
  return true;
}

bool JsonReader::string(std::string* out) {
  const char quote = text_[at_++];
  while (at_ < text_.size()) {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\\') ++end;
    if (out) out->append(text_, at_, end - at_);
    if (end == text_.size()) return false;
    at_ = end + 1;
    if (text_[end] == quote) return true;
    if (!escape(out)) return false;
  }
  return false;
}

bool JsonReader::number() {
  if (text_[at_] == '-') ++at_;
  const auto digits = [&] {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > begin;
  };
  if (at_ < text_.size() && text_[at_] == '0') {
    ++at_;
  } else if (!digits()) {
    return false;
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return false;
  }
  return at_ == text_.size() || std::string_view(" \t\r\n,]}").find(text_[at_]) != std::string_view::npos;
}

bool JsonReader::word(std::string_view wanted) {
  if (text_.substr(at_, wanted.size()) != wanted) return false;
  at_ += wanted.size();
  return at_ == text_.size() || std::string_view(" \t\r\n,]}").find(text_[at_]) != std::string_view::npos;
}

bool JsonReader::skip_nested(int depth) {
  const char c = peek();
  if (c == '"' || c == '\'') return string(nullptr);
  if (c == 't') return word("true");
  if (c == 'f') return word("false");
  if (c == 'n') return word("null");
  if (c == '-' || is_digit(c)) return number();
  if ((c != '{' && c != '[') || depth >= kMaxDepth) return false;
  enter();
  bool end = false;
  while (c == '{' ? next_member(nullptr, &end) : next_element(&end)) {
    if (end) return true;
    if (!skip_nested(depth + 1)) return false;
  }
  return false;
}

bool JsonReader::skip_value() {
  return skip_nested(0);
}

bool JsonReader::value(std::string_view* out) {
  skip_space();
  const std::size_t begin = at_;
  if (!skip_value()) return false;
  *out = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonReader::enter() {
  ++at_;
  first_ = true;
  return true;
}

bool JsonReader::next_member(std::string* name, bool* end) {
  const bool first = std::exchange(first_, false);
  char c = peek();
  if (c == '}') {
    ++at_;
    *end = true;
    return true;
  }
  if (!first) {
    if (c != ',') return false;
    ++at_;
    c = peek();
  }
  if (c != '"' && c != '\'') return false;
  if (name) name->clear();
  if (!string(name) || peek() != ':') return false;
  ++at_;
  return true;
}

bool JsonReader::next_element(bool* end) {
  const bool first = std::exchange(first_, false);
  const char c = peek();
  if (c == ']') {
    ++at_;
    *end = true;
    return true;
  }
  if (first) return true;
  if (c != ',') return false;
  ++at_;
  return true;
}

std::string json_text(std::string_view value) {
  std::string out;
  JsonReader reader(value);
  reader.string(&out);
  return out;
}

void write_compact_json(std::string& out, std::string_view value) {
  TextBuffer buffer;
  for (std::size_t at = 0; at < value.size();) {
    const char c = value[at];
    const std::string_view rest = value.substr(at);
    if (c == '"' || c == '\'') {
      JsonReader reader(rest);
      std::string text;
      reader.string(&text);
      write_json_string(buffer, text);
      at += reader.place();
    } else if (c == '-' || is_digit(c)) {
      const std::size_t end = std::min(rest.find_first_of(" \t\r\n,]}"), rest.size());
      const std::string_view digits = rest.substr(0, end);
      double number = 0;
      if (digits.find_first_of(".eE") != std::string_view::npos && parse_double(digits, &number)) {
        write_double(buffer, number);
      } else {
        buffer.append(digits == "-0" ? "0" : digits);
      }
      at += end;
    } else {
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') buffer.push(c);
      ++at;
    }
  }
  out += buffer.view();
}

}  // namespace sr::expr
