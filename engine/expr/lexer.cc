// Splits an expression into tokens. Entry points: tokenize, string_value. Knows no grammar. Tested in tests/unit/expr.
#include "engine/expr/lexer.h"

#include <array>

#include "engine/expr/codes.h"

namespace sr::expr {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) {
  return is_word_start(c) || is_digit(c);
}

constexpr std::array<std::string_view, 11> kLongSigns = {
    "<=>", "::", "<=", ">=", "<>", "!=", "==", "||", "->", "&&", ":="};
constexpr std::string_view kSigns = "+-*/%&|^~=<>!()[],.:";

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Tokens run() {
    while (!stopped_) {
      skip_space();
      if (stopped_) break;
      if (at_ >= text_.size()) {
        push(TokenKind::end, at_);
        break;
      }
      next();
    }
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void push(TokenKind kind, std::size_t begin) {
    tokens_.list.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)});
  }

  void fail(std::size_t begin, std::size_t end, const char* code, std::string message, std::string help = {}) {
    tokens_.error = {begin, end, code, std::move(message), {}, std::move(help)};
    at_ = end;
    push(TokenKind::broken, begin);
    stopped_ = true;
  }

  void skip_space() {
    for (;;) {
      while (is_space(peek()) && at_ < text_.size()) ++at_;
      if (peek() == '-' && peek(1) == '-') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (peek() == '/' && peek(1) == '*') {
        const std::size_t begin = at_;
        const std::size_t close = text_.find("*/", at_ + 2);
        if (close == std::string_view::npos)
          return fail(begin, begin + 2, codes::kUnterminated, "this comment never ends", "close it with `*/`");
        at_ = close + 2;
      } else {
        return;
      }
    }
  }

  void next() {
    const char c = peek();
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) return raw_string();
    if (is_word_start(c)) return word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !follows_operand())) return number();
    if (c == '\'' || c == '"') return quoted_text(TokenKind::string, at_, "this string never ends");
    if (c == '`') return quoted_text(TokenKind::quoted, at_, "this quoted name never ends");
    sign();
  }

  // Whether a `.` here continues an operand (`st.1`) instead of beginning a number.
  bool follows_operand() const {
    if (tokens_.list.empty()) return false;
    const Token& last = tokens_.list.back();
    if (last.end != at_) return false;
    if (last.kind == TokenKind::word || last.kind == TokenKind::quoted) return true;
    const char c = text_[last.end - 1];
    return last.kind == TokenKind::sign && (c == ')' || c == ']');
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    push(TokenKind::word, begin);
  }

  void number() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && !(is_word_start(peek(1)) && peek(1) != 'e' && peek(1) != 'E' && peek(1) != 'D' &&
                           peek(1) != 'd' && peek(1) != 'B')) {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      const std::size_t sign_width = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign_width))) {
        at_ += 1 + sign_width;
        while (is_digit(peek())) ++at_;
      }
    }
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;  // the suffix: checked where the literal is read
    push(TokenKind::number, begin);
  }

  void raw_string() {
    const std::size_t begin = at_;
    const std::size_t close = text_.find(text_[at_ + 1], at_ + 2);
    if (close == std::string_view::npos)
      return fail(begin, text_.size(), codes::kUnterminated, "this string never ends");
    at_ = close + 1;
    push(TokenKind::raw_string, begin);
  }

  // Strings and quoted names: the quote doubled stands for itself; in strings a backslash takes the next character
  // along.
  void quoted_text(TokenKind kind, std::size_t begin, const char* message) {
    const char quote = text_[at_++];
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && kind == TokenKind::string) {
        at_ += 2;
      } else if (text_[at_] == quote && peek(1) == quote) {
        at_ += 2;
      } else if (text_[at_] == quote) {
        ++at_;
        return push(kind, begin);
      } else {
        ++at_;
      }
    }
    fail(begin, text_.size(), codes::kUnterminated, message, std::string("close it with `") + quote + "`");
  }

  void sign() {
    const std::size_t begin = at_;
    for (const std::string_view candidate : kLongSigns) {
      if (!text_.substr(at_).starts_with(candidate)) continue;
      at_ += candidate.size();
      return push(TokenKind::sign, begin);
    }
    if (kSigns.find(text_[at_]) != std::string_view::npos) {
      ++at_;
      return push(TokenKind::sign, begin);
    }
    const std::string shown =
        text_[at_] > ' ' ? std::string("unexpected `") + text_[at_] + "`" : "unexpected control character";
    fail(begin, begin + 1, codes::kSyntax, shown);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  Tokens tokens_;
};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code >= 0xD800 && code <= 0xDFFF) code = 0xFFFD;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Reads `count` digits of hex at text[at]; -1 if they are not there.
std::int64_t hex_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    const char c = text[i];
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Resolves the unicode escape whose `u` stands at text[at]; gives how many characters it took, 0 if it is none.
std::size_t unicode_escape(std::string_view text, std::size_t at, std::string& out) {
  const std::int64_t first = hex_at(text, at + 1, 4);
  if (first < 0) return 0;
  if (first >= 0xD800 && first < 0xDC00 && text.substr(at + 5).starts_with("\\u")) {
    const std::int64_t second = hex_at(text, at + 7, 4);
    if (second >= 0xDC00 && second < 0xE000) {
      append_utf8(out, static_cast<std::uint32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)));
      return 11;
    }
  }
  append_utf8(out, static_cast<std::uint32_t>(first));
  return 5;
}

// Resolves the escape after a backslash at text[at - 1]; gives how many characters it took.
std::size_t escape(std::string_view text, std::size_t at, std::string& out) {
  const char c = text[at];
  constexpr std::string_view kFrom = "ntrb0Z";
  constexpr std::string_view kTo("\n\t\r\b\0\x1A", 6);
  if (c == 'u') {
    const std::size_t taken = unicode_escape(text, at, out);
    if (taken) return taken;
  }
  if (c == '%' || c == '_') {
    out += '\\';
    out += c;
  } else if (const std::size_t known = kFrom.find(c); known != std::string_view::npos) {
    out += kTo[known];
  } else {
    out += c;
  }
  return 1;
}

}  // namespace

Tokens tokenize(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    Tokens tokens;
    tokens.error = {0, 1, codes::kTooLarge, "this expression is longer than 1 MiB"};
    tokens.list.push_back({TokenKind::broken, 0, 1});
    return tokens;
  }
  return Lexer(text).run();
}

std::string string_value(std::string_view token) {
  if (token[0] == 'r' || token[0] == 'R') return std::string(token.substr(2, token.size() - 3));
  const char quote = token[0];
  const std::string_view text = token.substr(1, token.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      i += 1 + escape(text, i + 1, out);
    } else {
      out += text[i];
      i += text[i] == quote ? 2 : 1;
    }
  }
  return out;
}

std::string quoted_value(std::string_view token) {
  std::string out;
  for (std::size_t i = 1; i + 1 < token.size(); ++i) {
    out += token[i];
    if (token[i] == '`') ++i;
  }
  return out;
}

}  // namespace sr::expr
