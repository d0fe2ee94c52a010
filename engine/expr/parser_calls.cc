// Calls, their arguments and lambdas. Entry points: Parser::parse_call, parse_argument. Tested in
// tests/unit/expr/parser_test.cc.
#include "engine/expr/codes.h"
#include "engine/expr/parser.h"

namespace sr::expr {

ExprPtr Parser::parse_call() {
  const Token token = peek();
  ExprPtr call = make_call(lower_of(token), token.begin, {token.begin, token.end});
  advance();
  if (!parse_arguments(*call)) return nullptr;
  return finish(std::move(call));
}

bool Parser::parse_arguments(Expr& call) {
  const Token open = peek();
  if (!expect_sign("(")) return false;
  if (take_sign(")")) return true;
  if (is_word("distinct") && !is_sign(")", 1) && !is_sign(",", 1) && !is_sign(".", 1)) {
    advance();
    call.distinct = true;
  }
  if (is_sign("*") && is_sign(")", 1) && !call.distinct) {
    ExprPtr star = make(ExprKind::star, peek().begin);
    advance();
    call.args.push_back(finish(std::move(star)));
    return expect_close(")", open);
  }
  do {
    ExprPtr arg = parse_argument();
    if (!arg) return false;
    call.args.push_back(std::move(arg));
    if (call.name == "struct" && !parse_struct_arguments(call)) return false;
  } while (take_sign(","));
  return expect_close(")", open);
}

ExprPtr Parser::parse_argument() {
  return at_lambda() ? parse_lambda() : parse_or();
}

bool Parser::at_lambda() const {
  if (peek().kind == TokenKind::word && is_sign("->", 1)) return true;
  if (!is_sign("(")) return false;
  std::size_t ahead = 1;
  while (peek(ahead).kind == TokenKind::word && is_sign(",", ahead + 1)) ahead += 2;
  return peek(ahead).kind == TokenKind::word && is_sign(")", ahead + 1) && is_sign("->", ahead + 2);
}

ExprPtr Parser::parse_lambda() {
  ExprPtr lambda = make(ExprKind::lambda, peek().begin);
  lambda->name_begin = peek().begin;
  const bool many = take_sign("(");
  do {
    lambda->params.emplace_back(text_of(peek()));
    lambda->part_spans.emplace_back(peek().begin, peek().end);
    advance();
  } while (many && take_sign(","));
  if (many) advance();
  lambda->name_end = peek().end;
  if (!expect_sign("->")) return nullptr;
  ExprPtr body = parse_or();
  if (!body) return nullptr;
  lambda->args.push_back(std::move(body));
  return finish(std::move(lambda));
}

}  // namespace sr::expr
