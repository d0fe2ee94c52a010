// The parser's state and grammar, private to parser*.cc: precedence climbing over tokens. Use parse_expression of
// ast.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/expr/ast.h"
#include "engine/expr/lexer.h"

namespace sr::expr {

// The strength of comparisons in parse_binary.
inline constexpr int kWeakestOperator = 1;

// Parses one text. Every parse_… gives nullptr after a failure; the first failure stays.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokenize(text)) {}

  ExprPtr parse_all();
  std::vector<OrderItem> parse_order_list();
  const ExprError& error() const { return error_; }

 private:
  // parser.cc: operators, weakest first.
  ExprPtr parse_or();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_predicates();
  ExprPtr parse_predicate(ExprPtr left, bool negated, std::size_t name_begin);
  ExprPtr parse_between(ExprPtr left, std::size_t name_begin);
  ExprPtr parse_in(ExprPtr left, std::size_t name_begin);
  ExprPtr parse_like(ExprPtr left, std::size_t name_begin);
  ExprPtr parse_is(ExprPtr left);
  ExprPtr parse_binary(int weakest);
  ExprPtr parse_unary();
  ExprPtr parse_postfix();
  bool parse_order_suffix(OrderItem& item);

  // parser_primary.cc: what stands between operators.
  ExprPtr parse_primary();
  ExprPtr parse_word();
  ExprPtr parse_name();
  ExprPtr parse_number(bool negative, std::size_t begin);
  ExprPtr parse_string();
  ExprPtr parse_typed_literal();
  ExprPtr parse_interval();
  bool read_interval(Expr& interval);
  ExprPtr parse_parenthesis();
  ExprPtr parse_call();
  bool parse_arguments(Expr& call);
  ExprPtr parse_argument();
  bool at_lambda() const;
  ExprPtr parse_lambda();

  // parser_forms.cc: calls with a grammar of their own; nullptr without a failure (and without a token
  // taken) when the call is an ordinary one.
  ExprPtr parse_form(std::string_view name);
  ExprPtr continue_call(const Token& word, const Token& open, ExprPtr first);
  ExprPtr parse_case();
  ExprPtr parse_cast(const char* name);
  ExprPtr parse_trim();
  ExprPtr parse_position();
  ExprPtr parse_extract();
  ExprPtr parse_substring();
  ExprPtr parse_unit_call(std::string_view name);
  bool parse_struct_arguments(Expr& call);
  TypeRef parse_type_here();
  bool skip_type_arguments(std::string_view open, std::string_view close);

  // Tokens.
  const Token& peek(std::size_t ahead = 0) const {
    const std::size_t index = at_ + ahead;
    return index < tokens_.list.size() ? tokens_.list[index] : tokens_.list.back();
  }
  std::string_view text_of(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  bool is_sign(std::string_view sign, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::sign && text_of(peek(ahead)) == sign;
  }
  bool is_word(std::string_view lower, std::size_t ahead = 0) const;
  bool is_string(std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::string || peek(ahead).kind == TokenKind::raw_string;
  }
  void advance() {
    if (at_ + 1 < tokens_.list.size()) ++at_;
  }
  std::size_t last_end() const { return at_ ? tokens_.list[at_ - 1].end : 0; }
  bool take_sign(std::string_view sign);
  bool take_word(std::string_view lower);
  bool expect_sign(std::string_view sign);
  bool expect_word(std::string_view lower);
  // Expects the closing half of the bracket at `open`.
  bool expect_close(std::string_view sign, const Token& open);
  std::string lower_of(const Token& token) const;

  // Failures.
  bool fail(std::size_t begin, std::size_t end, const char* code, std::string message, std::string help = {});
  ExprPtr fail_expr(const Token& token, const char* code, std::string message, std::string help = {});
  // "expected …, found …" at the current token.
  bool fail_expected(std::string_view expected);
  bool failed() const { return !error_.code.empty(); }
  std::string shown(const Token& token) const;

  // Nodes.
  ExprPtr make(ExprKind kind, std::size_t begin);
  ExprPtr make_call(std::string name, std::size_t begin, std::pair<std::size_t, std::size_t> name_span);
  ExprPtr make_text(std::string_view value, const Token& token);
  // Sets end and depth by the arguments from `fresh_from` on; fails where the tree becomes too deep.
  ExprPtr finish(ExprPtr expr, std::size_t fresh_from = 0);
  ExprPtr negate(ExprPtr expr, std::size_t name_begin, std::size_t name_end);

  std::string_view text_;
  Tokens tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int nodes_ = 0;
  ExprError error_;
};

}  // namespace sr::expr
