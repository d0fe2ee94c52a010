// What stands between operators: literals, names, parentheses. Entry point: Parser::parse_primary.
// Tested in tests/unit/expr.
#include <algorithm>
#include <array>

#include "engine/base/diagnostic.h"
#include "engine/data/codec.h"
#include "engine/expr/codes.h"
#include "engine/expr/literal.h"
#include "engine/expr/parser.h"

namespace sr::expr {

namespace {

// Words that cannot be names unless they are quoted.
constexpr std::array<std::string_view, 17> kReserved = {"and",   "or",    "not", "between",  "in",    "like",
                                                        "ilike", "rlike", "is",  "case",     "when",  "then",
                                                        "else",  "end",   "div", "distinct", "escape"};

bool is_reserved(std::string_view word) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view reserved) { return same_name(reserved, word); });
}

struct Unit {
  std::string_view name;
  std::int64_t months;
  std::int64_t micros;
};
constexpr std::int64_t kSecond = 1000000;
constexpr std::array<Unit, 10> kUnits = {{{"microsecond", 0, 1},
                                          {"millisecond", 0, 1000},
                                          {"second", 0, kSecond},
                                          {"minute", 0, 60 * kSecond},
                                          {"hour", 0, 3600 * kSecond},
                                          {"day", 0, 86400 * kSecond},
                                          {"week", 0, 7 * 86400 * kSecond},
                                          {"month", 1, 0},
                                          {"quarter", 3, 0},
                                          {"year", 12, 0}}};

const Unit* find_unit(std::string_view word) {
  for (const Unit& unit : kUnits) {
    if (same_name(word, unit.name)) return &unit;
    if (word.size() == unit.name.size() + 1 && (word.back() | 0x20) == 's' &&
        same_name(word.substr(0, word.size() - 1), unit.name))
      return &unit;
  }
  return nullptr;
}

// Adds `amount unit` to the interval: whole units, of seconds also a fraction. False if the amount is no such number or
// too large.
bool add_units(std::string_view amount, const Unit& unit, Expr& interval) {
  DecimalParse status = DecimalParse::ok;
  Int128 scaled = 0;
  status = parse_decimal(amount, 38, 6, &scaled);
  if (status != DecimalParse::ok) return false;
  const bool whole = scaled % 1000000 == 0;
  if (!whole && unit.micros != kSecond) return false;
  const Int128 months = scaled / 1000000 * unit.months + interval.months;
  const Int128 micros = (unit.micros == kSecond ? scaled : scaled / 1000000 * unit.micros) + interval.micros;
  const Int128 limit = Int128{1} << 62;
  if (months > limit || months < -limit || micros > limit || micros < -limit) return false;
  interval.months = static_cast<std::int64_t>(months);
  interval.micros = static_cast<std::int64_t>(micros);
  return true;
}

}  // namespace

ExprPtr Parser::parse_primary() {
  const Token token = peek();
  switch (token.kind) {
    case TokenKind::number:
      return parse_number(false, token.begin);
    case TokenKind::string:
    case TokenKind::raw_string:
      return parse_string();
    case TokenKind::quoted:
      return parse_name();
    case TokenKind::word:
      return parse_word();
    case TokenKind::sign:
      if (is_sign("(")) return parse_parenthesis();
      if (is_sign("-") && peek(1).kind == TokenKind::number) {
        advance();
        return parse_number(true, token.begin);
      }
      if (is_sign("!")) return fail_expr(token, codes::kSyntax, "`!` needs parentheses here", "write `(not …)`");
      if (is_sign("*"))
        return fail_expr(token, codes::kSyntax, "expected an expression, found `*`",
                         "`*` alone stands only in `count(*)`");
      [[fallthrough]];
    default:
      fail_expected("an expression");
      return nullptr;
  }
}

ExprPtr Parser::parse_number(bool negative, std::size_t begin) {
  const Token token = peek();
  advance();
  ExprPtr expr = make(ExprKind::literal, begin);
  std::string problem;
  expr->value = number_literal((negative ? "-" : "") + std::string(text_of(token)), &problem);
  if (!expr->value) return fail_expr(token, codes::kBadLiteral, problem);
  expr->type = expr->value->type;
  return finish(std::move(expr));
}

ExprPtr Parser::make_text(std::string_view value, const Token& token) {
  ExprPtr expr = make(ExprKind::literal, token.begin);
  expr->value = literal_text(types::string(), value);
  expr->type = expr->value->type;
  expr->end = token.end;
  return expr;
}

ExprPtr Parser::parse_string() {
  const Token token = peek();
  advance();
  return finish(make_text(string_value(text_of(token)), token));
}

ExprPtr Parser::parse_word() {
  const Token token = peek();
  const std::string word = lower_of(token);
  const bool called = is_sign("(", 1);
  if (word == "true" || word == "false" || word == "null") {
    advance();
    ExprPtr expr = make(ExprKind::literal, token.begin);
    expr->value = word == "null" ? literal_null() : literal_bool(word == "true");
    expr->type = expr->value->type;
    return finish(std::move(expr));
  }
  if (word == "case" && !called) return parse_case();
  if (word == "case") return parse_case();
  if ((word == "date" || word == "timestamp") && is_string(1)) return parse_typed_literal();
  if (word == "interval" &&
      (is_string(1) || peek(1).kind == TokenKind::number || (is_sign("-", 1) && peek(2).kind == TokenKind::number))) {
    return parse_interval();
  }
  if (word == "not") return fail_expr(token, codes::kSyntax, "`not` needs parentheses here", "write `(not …)`");
  const bool function_like = word == "like" || word == "ilike" || word == "rlike" || word == "div";
  if (is_reserved(word) && !(called && function_like)) {
    fail_expected("an expression");
    return nullptr;
  }
  if (called) {
    ExprPtr form = parse_form(word);
    return form || failed() ? std::move(form) : parse_call();
  }
  return parse_name();
}

ExprPtr Parser::parse_name() {
  ExprPtr expr = make(ExprKind::name, peek().begin);
  expr->name_begin = peek().begin;
  for (;;) {
    const Token token = peek();
    expr->parts.push_back(token.kind == TokenKind::quoted ? quoted_value(text_of(token)) : std::string(text_of(token)));
    expr->part_spans.emplace_back(token.begin, token.end);
    advance();
    const TokenKind after = peek(1).kind;
    if (!is_sign(".") || (after != TokenKind::word && after != TokenKind::quoted)) break;
    advance();
  }
  if (expr->parts.size() > kMaxExpressionDepth) {
    fail(expr->begin, last_end(), codes::kTooLarge, "this name has too many parts");
    return nullptr;
  }
  expr->name_end = last_end();
  return finish(std::move(expr));
}

ExprPtr Parser::parse_typed_literal() {
  const Token word = peek();
  const bool is_date = same_name(text_of(word), "date");
  advance();
  const Token token = peek();
  const std::string value = string_value(text_of(token));
  advance();
  std::int64_t parsed = 0;
  if (!(is_date ? parse_date(value, &parsed) : parse_timestamp(value, &parsed))) {
    return fail_expr(token, codes::kBadLiteral,
                     "`" + value.substr(0, 60) + "` is not a " + (is_date ? "date" : "timestamp"),
                     is_date ? "write it as '2024-02-29'" : "write it as '2024-02-29 01:02:03.5'");
  }
  ExprPtr expr = make(ExprKind::literal, word.begin);
  expr->value = literal_int(is_date ? types::date() : types::timestamp(), parsed);
  expr->type = expr->value->type;
  return finish(std::move(expr));
}

ExprPtr Parser::parse_interval() {
  ExprPtr expr = make(ExprKind::interval, peek().begin);
  expr->name = "interval";
  expr->name_begin = peek().begin;
  expr->name_end = peek().end;
  advance();
  if (!read_interval(*expr)) return nullptr;
  return finish(std::move(expr));
}

// `90 minutes`, `'90' minute`, `1 day 2 hours`, `'1 day 2 hours'`.
bool Parser::read_interval(Expr& interval) {
  bool first = true;
  while (first || is_string() || peek().kind == TokenKind::number ||
         (is_sign("-") && peek(1).kind == TokenKind::number && find_unit(text_of(peek(2))))) {
    const Token begin = peek();
    const bool negative = take_sign("-");
    const Token token = peek();
    const bool quoted = is_string();
    std::string amount = quoted ? string_value(text_of(token)) : std::string(text_of(token));
    advance();
    if (quoted && !find_unit(text_of(peek()))) {
      const std::string inner = std::move(amount);
      Parser parser(inner);
      if (inner.empty() || !parser.read_interval(interval) || parser.peek().kind != TokenKind::end) {
        return fail(token.begin, token.end, codes::kBadLiteral, "this is not an interval",
                    "write it as `interval 90 minutes`");
      }
      return true;
    }
    const Unit* unit = peek().kind == TokenKind::word ? find_unit(text_of(peek())) : nullptr;
    if (!unit) {
      fail_expected("a unit: second, minute, hour, day, week, month or year");
      return false;
    }
    if (negative) amount.insert(0, "-");
    if (!add_units(amount, *unit, interval)) {
      return fail(begin.begin, token.end, codes::kBadLiteral,
                  "this is not a number of " + std::string(unit->name) + "s");
    }
    advance();
    first = false;
  }
  return true;
}

ExprPtr Parser::parse_parenthesis() {
  const Token open = peek();
  advance();
  if (is_sign(")")) return fail_expr(peek(), codes::kSyntax, "expected an expression, found `)`");
  ExprPtr expr = parse_or();
  if (!expr || !expect_close(")", open)) return nullptr;
  return expr;
}

}  // namespace sr::expr
