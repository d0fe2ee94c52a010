// Operators by precedence, and the token machinery of the parser. Entry points: parse_expression,
// parse_order. Knows neither columns nor types. Tested in tests/unit/expr.
#include "engine/expr/parser.h"

#include <algorithm>
#include <array>

#include "engine/base/diagnostic.h"
#include "engine/base/text.h"
#include "engine/expr/codes.h"

namespace sr::expr {

namespace {

struct BinaryOperator {
  std::string_view sign;
  int strength;
  std::string_view name;
};
constexpr std::array<BinaryOperator, 18> kBinary = {{{"*", 6, "*"},
                                                     {"/", 6, "/"},
                                                     {"%", 6, "%"},
                                                     {"div", 6, "div"},
                                                     {"+", 5, "+"},
                                                     {"-", 5, "-"},
                                                     {"||", 5, "||"},
                                                     {"&", 4, "&"},
                                                     {"^", 3, "^"},
                                                     {"|", 2, "|"},
                                                     {"=", 1, "="},
                                                     {"==", 1, "="},
                                                     {"<=>", 1, "<=>"},
                                                     {"<>", 1, "<>"},
                                                     {"!=", 1, "<>"},
                                                     {"<", 1, "<"},
                                                     {"<=", 1, "<="},
                                                     {">", 1, ">"}}};
constexpr BinaryOperator kAtLeast = {">=", 1, ">="};

const std::vector<std::string>& keywords() {
  static const std::vector<std::string> list = {
      "and",  "or",  "not",    "between",  "in",  "like", "ilike", "rlike", "is",    "when", "then",
      "else", "end", "escape", "distinct", "div", "asc",  "desc",  "nulls", "first", "last", "from"};
  return list;
}

}  // namespace

bool Parser::is_word(std::string_view lower, std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind == TokenKind::word && same_name(text_of(token), lower);
}

bool Parser::take_sign(std::string_view sign) {
  if (!is_sign(sign)) return false;
  advance();
  return true;
}

bool Parser::take_word(std::string_view lower) {
  if (!is_word(lower)) return false;
  advance();
  return true;
}

std::string Parser::lower_of(const Token& token) const {
  return ascii_lower(text_of(token));
}

std::string Parser::shown(const Token& token) const {
  if (token.kind == TokenKind::end) return "the end";
  std::string_view text = text_of(token);
  if (text.size() <= 40) return "`" + std::string(text) + "`";
  std::size_t cut = 37;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return "`" + std::string(text.substr(0, cut)) + "…`";
}

bool Parser::fail(std::size_t begin, std::size_t end, const char* code, std::string message, std::string help) {
  if (!failed()) error_ = {begin, end, code, std::move(message), {}, std::move(help)};
  return false;
}

ExprPtr Parser::fail_expr(const Token& token, const char* code, std::string message, std::string help) {
  fail(token.begin, token.end, code, std::move(message), std::move(help));
  return nullptr;
}

bool Parser::fail_expected(std::string_view expected) {
  const Token& token = peek();
  if (token.kind == TokenKind::broken) {
    if (!failed()) error_ = tokens_.error;
    return false;
  }
  if (is_sign(")") || is_sign("]")) {
    return fail(token.begin, token.end, codes::kUnbalanced,
                "unexpected " + shown(token) + ", expected " + std::string(expected));
  }
  std::size_t begin = token.begin;
  if (token.kind == TokenKind::end && at_ > 0) begin = tokens_.list[at_ - 1].end;
  fail(begin, std::max<std::size_t>(token.end, begin), codes::kSyntax,
       "expected " + std::string(expected) + ", found " + shown(token));
  if (is_sign("&&")) error_.help = "write `and`";
  if (is_sign(":=")) error_.help = "write `=` to compare";
  if (token.kind == TokenKind::word) {
    error_.suggestion = nearest(text_of(token), keywords());
    if (same_name(error_.suggestion, text_of(token))) error_.suggestion.clear();
    if (!error_.suggestion.empty()) error_.label = "did you mean `" + error_.suggestion + "`?";
  }
  return false;
}

bool Parser::expect_sign(std::string_view sign) {
  if (take_sign(sign)) return true;
  return fail_expected("`" + std::string(sign) + "`");
}

bool Parser::expect_word(std::string_view lower) {
  if (take_word(lower)) return true;
  return fail_expected("`" + std::string(lower) + "`");
}

bool Parser::expect_close(std::string_view sign, const Token& open) {
  if (take_sign(sign)) return true;
  if (peek().kind == TokenKind::end) {
    return fail(open.begin, open.end, codes::kUnbalanced,
                "this " + shown(open) + " is never closed: expected `" + std::string(sign) + "`");
  }
  return fail_expected("`" + std::string(sign) + "`");
}

ExprPtr Parser::make(ExprKind kind, std::size_t begin) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->begin = begin;
  ++nodes_;
  return expr;
}

ExprPtr Parser::make_call(std::string name, std::size_t begin, std::pair<std::size_t, std::size_t> name_span) {
  ExprPtr expr = make(ExprKind::call, begin);
  expr->name = std::move(name);
  expr->name_begin = name_span.first;
  expr->name_end = name_span.second;
  return expr;
}

ExprPtr Parser::finish(ExprPtr expr, std::size_t fresh_from) {
  expr->end = last_end();
  for (std::size_t i = fresh_from; i < expr->args.size(); ++i)
    expr->depth = std::max(expr->depth, expr->args[i]->depth + 1);
  if (expr->depth > kMaxExpressionDepth) {
    fail(expr->name_begin, std::max(expr->name_end, expr->name_begin + 1), codes::kTooLarge,
         "this expression is nested deeper than " + std::to_string(kMaxExpressionDepth) + " levels",
         "split it over several nodes or columns");
    return nullptr;
  }
  if (nodes_ > kMaxExpressionNodes) {
    fail(expr->begin, expr->begin + 1, codes::kTooLarge,
         "this expression has more than " + std::to_string(kMaxExpressionNodes) + " parts");
    return nullptr;
  }
  return expr;
}

ExprPtr Parser::parse_all() {
  if (peek().kind == TokenKind::end) {
    fail(0, text_.size(), codes::kEmpty, "this expression is empty");
    return nullptr;
  }
  ExprPtr expr = parse_or();
  if (!expr) return nullptr;
  if (peek().kind != TokenKind::end) {
    fail_expected("an operator or the end");
    return nullptr;
  }
  return expr;
}

ExprPtr Parser::parse_or() {
  if (nesting_ >= kMaxExpressionDepth) {
    const std::string depth = std::to_string(kMaxExpressionDepth);
    return fail_expr(peek(), codes::kTooLarge, "this expression is nested deeper than " + depth + " levels");
  }
  ++nesting_;
  ExprPtr left = parse_and();
  while (left && is_word("or")) {
    std::size_t fresh = left->args.size();
    if (left->kind != ExprKind::call || left->name != "or" || left->end != last_end()) {
      fresh = 0;
      ExprPtr call = make_call("or", left->begin, {peek().begin, peek().end});
      call->args.push_back(std::move(left));
      left = std::move(call);
    }
    advance();
    ExprPtr right = parse_and();
    if (!right) return nullptr;
    left->args.push_back(std::move(right));
    left = finish(std::move(left), fresh);
  }
  --nesting_;
  return left;
}

ExprPtr Parser::parse_and() {
  ExprPtr left = parse_not();
  while (left && is_word("and")) {
    std::size_t fresh = left->args.size();
    if (left->kind != ExprKind::call || left->name != "and" || left->end != last_end()) {
      fresh = 0;
      ExprPtr call = make_call("and", left->begin, {peek().begin, peek().end});
      call->args.push_back(std::move(left));
      left = std::move(call);
    }
    advance();
    ExprPtr right = parse_not();
    if (!right) return nullptr;
    left->args.push_back(std::move(right));
    left = finish(std::move(left), fresh);
  }
  return left;
}

ExprPtr Parser::parse_not() {
  if (!is_word("not") && !is_sign("!")) return parse_predicates();
  const Token token = peek();
  if (nesting_ >= kMaxExpressionDepth) return fail_expr(token, codes::kTooLarge, "this expression is nested too deep");
  advance();
  ++nesting_;
  ExprPtr operand = parse_not();
  --nesting_;
  if (!operand) return nullptr;
  ExprPtr call = make_call("not", token.begin, {token.begin, token.end});
  call->args.push_back(std::move(operand));
  return finish(std::move(call));
}

ExprPtr Parser::parse_binary(int weakest) {
  ExprPtr left = parse_unary();
  while (left) {
    const Token token = peek();
    if (token.kind != TokenKind::sign && token.kind != TokenKind::word) break;
    const std::string_view sign = text_of(token);
    const BinaryOperator* found = sign == kAtLeast.sign ? &kAtLeast : nullptr;
    for (const BinaryOperator& candidate : kBinary) {
      if (token.kind == TokenKind::word ? candidate.sign == "div" && same_name(sign, "div") : candidate.sign == sign)
        found = &candidate;
    }
    if (!found || found->strength < weakest) break;
    advance();
    ExprPtr right = parse_binary(found->strength + 1);
    if (!right) return nullptr;
    ExprPtr call;
    std::size_t fresh = 0;
    if (found->name == "||" && left->kind == ExprKind::call && left->name == "||") {
      fresh = left->args.size();  // a chain is one call: its depth does not grow
      call = std::move(left);
    } else {
      call = make_call(std::string(found->name), left->begin, {token.begin, token.end});
      call->args.push_back(std::move(left));
    }
    call->args.push_back(std::move(right));
    left = finish(std::move(call), fresh);
  }
  return left;
}

ExprPtr Parser::parse_unary() {
  const Token token = peek();
  const bool minus = is_sign("-");
  if (!minus && !is_sign("+") && !is_sign("~")) return parse_postfix();
  if (nesting_ >= kMaxExpressionDepth) return fail_expr(token, codes::kTooLarge, "this expression is nested too deep");
  if (minus && peek(1).kind == TokenKind::number) return parse_postfix();
  advance();
  ++nesting_;
  ExprPtr operand = parse_unary();
  --nesting_;
  if (!operand) return nullptr;
  ExprPtr call = make_call(minus                   ? "negative"
                           : text_of(token) == "+" ? "positive"
                                                   : "~",
                           token.begin, {token.begin, token.end});
  call->args.push_back(std::move(operand));
  return finish(std::move(call));
}

ExprPtr Parser::parse_postfix() {
  ExprPtr left = parse_primary();
  while (left) {
    const Token token = peek();
    if (take_sign("::")) {
      TypeRef type = parse_type_here();
      if (!type) return nullptr;
      ExprPtr cast = make(ExprKind::cast, left->begin);
      cast->name = "cast";
      cast->name_begin = token.begin;
      cast->name_end = last_end();
      cast->type = std::move(type);
      cast->args.push_back(std::move(left));
      left = finish(std::move(cast));
    } else if (take_sign("[")) {
      ExprPtr call = make_call("[]", left->begin, {token.begin, token.end});
      call->args.push_back(std::move(left));
      ExprPtr index = parse_or();
      if (!index || !expect_close("]", token)) return nullptr;
      call->args.push_back(std::move(index));
      left = finish(std::move(call));
    } else if (take_sign(".")) {
      const Token field = peek();
      if (field.kind != TokenKind::word && field.kind != TokenKind::quoted) {
        fail_expected("a field's name");
        return nullptr;
      }
      ExprPtr call = make_call(".", left->begin, {field.begin, field.end});
      call->parts.push_back(field.kind == TokenKind::quoted ? quoted_value(text_of(field))
                                                            : std::string(text_of(field)));
      call->part_spans.emplace_back(field.begin, field.end);
      call->args.push_back(std::move(left));
      advance();
      left = finish(std::move(call));
    } else {
      break;
    }
  }
  return left;
}

ExprPtr parse_expression(std::string_view text, ExprError* error) {
  Parser parser(text);
  ExprPtr expr = parser.parse_all();
  if (!expr) *error = parser.error();
  return expr;
}

std::vector<OrderItem> parse_order(std::string_view text, ExprError* error) {
  Parser parser(text);
  std::vector<OrderItem> items = parser.parse_order_list();
  if (items.empty()) *error = parser.error();
  return items;
}

}  // namespace sr::expr
