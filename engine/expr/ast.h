// The syntax tree of an expression, as written: no types, no columns resolved. Made by engine/expr/parser. Positions
// are byte offsets into the expression's text. Tested in tests/unit/expr.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/data/column.h"

namespace sr::expr {

// A finding inside an expression's text: [begin, end) in bytes. The caller maps it to the file.
struct ExprError {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string code;  // SR3nnn
  std::string message;
  std::string label = {};  // behind the carets, e.g. "did you mean `fare`?"
  std::string help = {};
  std::string suggestion = {};
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind : std::uint8_t {
  literal,   // value, type
  interval,  // months, micros: only right of + and -
  name,      // parts: col, struct.field, left.col, state.col, batch.time
  call,      // name (lower case): functions, aggregates and operators alike (`+`, `and`, `[]`, `like`, `is_null`, …)
  cast,      // args[0], type; `name` is "cast" or "try_cast"
  case_of,   // [operand,] when, then, …, [else]: see has_operand, has_else
  lambda,    // params -> args[0]
  star       // the * of count(*)
};

struct Expr {
  ExprKind kind = ExprKind::literal;
  std::size_t begin = 0;  // of the whole expression
  std::size_t end = 0;
  std::size_t name_begin = 0;  // of the function's name or operator
  std::size_t name_end = 0;
  std::string name;
  std::vector<std::string> parts;  // name: as written, without back-quotes
  std::vector<std::pair<std::size_t, std::size_t>> part_spans;
  std::vector<ExprPtr> args;
  std::vector<std::string> params;  // lambda; also `struct(v as n)`: the names, "" where none is given
  ColumnRef value;                  // literal: one row; NULL has the null type
  TypeRef type;                     // literal, cast
  std::int64_t months = 0;          // interval
  std::int64_t micros = 0;
  int depth = 1;          // 1 + that of the deepest argument
  bool distinct = false;  // count(distinct x)
  bool has_operand = false;
  bool has_else = false;
};

// One key of `by: expr [asc|desc] [nulls first|last], …`.
struct OrderItem {
  ExprPtr expr;
  bool descending = false;
  bool nulls_first = true;  // NULLs are least unless the text says otherwise
};

// Parses one scalar expression; on failure fills *error (one, the first) and gives nullptr. Depth is limited to
// kMaxExpressionDepth.
ExprPtr parse_expression(std::string_view text, ExprError* error);
// Parses an order list; empty on failure.
std::vector<OrderItem> parse_order(std::string_view text, ExprError* error);

// Fully parenthesised text of a tree, for tests and macros: `(a + (b * 2))`.
std::string to_text(const Expr& expr);

inline constexpr int kMaxExpressionDepth = 200;
inline constexpr int kMaxExpressionNodes = 50000;

}  // namespace sr::expr
