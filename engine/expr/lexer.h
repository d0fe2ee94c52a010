// The tokens of an expression. Entry point: tokenize. Knows characters, not grammar; tokens are ranges of the text.
// Tested in tests/unit/expr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expr/ast.h"

namespace sr::expr {

enum class TokenKind : std::uint8_t {
  end,
  word,    // identifier or keyword
  quoted,  // `odd name`
  number,
  string,      // '…' or "…" with escapes
  raw_string,  // r'…'
  sign,        // operators and brackets
  broken       // the lexer stopped here: see Tokens::error
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Tokens {
  std::vector<Token> list;  // ends with `end` or `broken`
  ExprError error;          // of the broken token
};

// Splits a text (at most kMaxExpressionBytes) into tokens.
Tokens tokenize(std::string_view text);

inline constexpr std::size_t kMaxExpressionBytes = 1 << 20;

// The value of a string or raw_string token's text, quotes included: escapes resolved.
std::string string_value(std::string_view token);
// The name in back-quotes; a doubled back-quote stands for one.
std::string quoted_value(std::string_view token);

}  // namespace sr::expr
