// Predicates behind an operand: between, in, like, is; and order lists. Entry points: Parser::parse_predicates,
// parse_order_list. Tested in tests/unit/expr/parser_test.cc.
#include "engine/expr/codes.h"
#include "engine/expr/parser.h"

namespace sr::expr {

ExprPtr Parser::negate(ExprPtr expr, std::size_t name_begin, std::size_t name_end) {
  ExprPtr call = make_call("not", expr->begin, {name_begin, name_end});
  call->args.push_back(std::move(expr));
  return finish(std::move(call));
}

ExprPtr Parser::parse_predicates() {
  ExprPtr left = parse_binary(kWeakestOperator);
  while (left) {
    const std::size_t begin = peek().begin;
    const bool negated = is_word("not");
    const std::size_t skip = negated ? 1 : 0;
    const bool found = is_word("between", skip) || is_word("in", skip) || is_word("like", skip) ||
                       is_word("ilike", skip) || is_word("rlike", skip) || is_word("regexp", skip) ||
                       (!negated && is_word("is"));
    if (!found) break;
    if (negated) advance();
    left = parse_predicate(std::move(left), negated, begin);
  }
  return left;
}

ExprPtr Parser::parse_predicate(ExprPtr left, bool negated, std::size_t name_begin) {
  ExprPtr result;
  if (is_word("is")) return parse_is(std::move(left));
  if (is_word("between")) {
    result = parse_between(std::move(left), name_begin);
  } else if (is_word("in")) {
    result = parse_in(std::move(left), name_begin);
  } else {
    result = parse_like(std::move(left), name_begin);
  }
  if (!result || !negated) return result;
  const std::size_t end = result->name_end;
  return negate(std::move(result), name_begin, end);
}

ExprPtr Parser::parse_between(ExprPtr left, std::size_t name_begin) {
  ExprPtr call = make_call("between", left->begin, {name_begin, peek().end});
  advance();
  call->args.push_back(std::move(left));
  ExprPtr low = parse_binary(kWeakestOperator);
  if (!low || !expect_word("and")) return nullptr;
  ExprPtr high = parse_binary(kWeakestOperator);
  if (!high) return nullptr;
  call->args.push_back(std::move(low));
  call->args.push_back(std::move(high));
  return finish(std::move(call));
}

ExprPtr Parser::parse_in(ExprPtr left, std::size_t name_begin) {
  ExprPtr call = make_call("in", left->begin, {name_begin, peek().end});
  advance();
  call->args.push_back(std::move(left));
  const Token open = peek();
  if (!expect_sign("(")) return nullptr;
  do {
    ExprPtr item = parse_or();
    if (!item) return nullptr;
    call->args.push_back(std::move(item));
  } while (take_sign(","));
  if (!expect_close(")", open)) return nullptr;
  return finish(std::move(call));
}

ExprPtr Parser::parse_like(ExprPtr left, std::size_t name_begin) {
  std::string name = lower_of(peek());
  if (name == "regexp") name = "rlike";
  ExprPtr call = make_call(name, left->begin, {name_begin, peek().end});
  advance();
  call->args.push_back(std::move(left));
  ExprPtr pattern = parse_binary(kWeakestOperator);
  if (!pattern) return nullptr;
  call->args.push_back(std::move(pattern));
  if (name != "rlike" && take_word("escape")) {
    if (!is_string()) {
      fail_expected("a string of one character");
      return nullptr;
    }
    ExprPtr escape = parse_string();
    if (!escape) return nullptr;
    call->args.push_back(std::move(escape));
  }
  return finish(std::move(call));
}

ExprPtr Parser::parse_is(ExprPtr left) {
  const std::size_t name_begin = peek().begin;
  advance();
  const bool negated = take_word("not");
  const std::size_t begin = left->begin;
  const Token word = peek();
  ExprPtr call = make_call("", begin, {name_begin, word.end});
  call->args.push_back(std::move(left));
  if (take_word("null")) {
    call->name = negated ? "isnotnull" : "isnull";
    return finish(std::move(call));
  }
  if (take_word("distinct")) {
    if (!expect_word("from")) return nullptr;
    call->name = "<=>";
    call->name_end = last_end();
    ExprPtr right = parse_binary(kWeakestOperator);
    if (!right) return nullptr;
    call->args.push_back(std::move(right));
    call = finish(std::move(call));
    if (!call || negated) return call;
    const std::size_t name_end = call->name_end;
    return negate(std::move(call), name_begin, name_end);
  }
  if (!is_word("true") && !is_word("false") && !is_word("unknown")) {
    fail_expected("`null`, `true`, `false` or `distinct from`");
    return nullptr;
  }
  call->name = is_word("unknown") ? "isnull" : is_word("true") ? "is_true" : "is_false";
  advance();
  call = finish(std::move(call));
  return call && negated ? negate(std::move(call), name_begin, word.end) : std::move(call);
}

bool Parser::parse_order_suffix(OrderItem& item) {
  if (take_word("desc")) {
    item.descending = true;
  } else {
    take_word("asc");
  }
  item.nulls_first = !item.descending;
  if (!take_word("nulls")) return true;
  if (take_word("first")) {
    item.nulls_first = true;
  } else if (take_word("last")) {
    item.nulls_first = false;
  } else {
    return fail_expected("`first` or `last`");
  }
  return true;
}

std::vector<OrderItem> Parser::parse_order_list() {
  std::vector<OrderItem> items;
  if (peek().kind == TokenKind::end) {
    fail(0, text_.size(), codes::kEmpty, "this order is empty");
    return items;
  }
  do {
    OrderItem item;
    item.expr = parse_or();
    if (!item.expr || !parse_order_suffix(item)) return {};
    items.push_back(std::move(item));
  } while (take_sign(","));
  if (peek().kind != TokenKind::end) {
    fail_expected("`asc`, `desc`, `nulls`, `,` or the end");
    return {};
  }
  return items;
}

}  // namespace sr::expr
