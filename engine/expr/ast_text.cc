// The text of a syntax tree, fully parenthesised. Entry point: to_text(const Expr&). Tested in tests/unit/expr.
#include "engine/data/codec.h"
#include "engine/expr/ast.h"

namespace sr::expr {

namespace {

void write(const Expr& expr, std::string& out);

void write_list(const Expr& expr, std::string& out, std::string_view between) {
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i) out += between;
    write(*expr.args[i], out);
    if (i < expr.params.size() && !expr.params[i].empty()) out += " as " + expr.params[i];
  }
}

void write_literal(const Expr& expr, std::string& out) {
  if (expr.type->id == TypeId::string) {
    out += "'";
    for (const char c : expr.value->data<Str>()[0].view()) out += c == '\'' ? std::string("''") : std::string(1, c);
    out += "'";
    return;
  }
  TextBuffer text;
  write_text(text, *expr.value, 0);
  const bool time = expr.type->id == TypeId::date || expr.type->id == TypeId::timestamp;
  if (time) out += expr.type->name() + " '";
  out += text.view();
  if (time) out += "'";
  if (expr.type->id == TypeId::float64) out += "D";
}

void write_case(const Expr& expr, std::string& out) {
  std::size_t at = 0;
  out += "case";
  if (expr.has_operand) {
    out += ' ';
    write(*expr.args[at++], out);
  }
  for (; at + 1 < expr.args.size(); at += 2) {
    out += " when ";
    write(*expr.args[at], out);
    out += " then ";
    write(*expr.args[at + 1], out);
  }
  if (expr.has_else) {
    out += " else ";
    write(*expr.args[at], out);
  }
  out += " end";
}

void write_call(const Expr& expr, std::string& out) {
  const bool is_word =
      (expr.name[0] >= 'a' && expr.name[0] <= 'z') && expr.name != "and" && expr.name != "or" && expr.name != "div";
  if (expr.name == "[]") {
    write(*expr.args[0], out);
    out += '[';
    write(*expr.args[1], out);
    out += ']';
  } else if (expr.name == ".") {
    write(*expr.args[0], out);
    out += '.' + expr.parts[0];
  } else if (is_word || expr.args.size() < 2) {
    out += expr.name + '(';
    if (expr.distinct) out += "distinct ";
    write_list(expr, out, ", ");
    out += ')';
  } else {
    out += '(';
    write_list(expr, out, " " + expr.name + " ");
    out += ')';
  }
}

void write(const Expr& expr, std::string& out) {
  switch (expr.kind) {
    case ExprKind::literal:
      return write_literal(expr, out);
    case ExprKind::interval:
      out += "interval(" + std::to_string(expr.months) + " months, " + std::to_string(expr.micros) + " us)";
      return;
    case ExprKind::name:
      for (std::size_t i = 0; i < expr.parts.size(); ++i) out += (i ? "." : "") + expr.parts[i];
      return;
    case ExprKind::call:
      return write_call(expr, out);
    case ExprKind::cast:
      out += expr.name + "(";
      write(*expr.args[0], out);
      out += " as " + expr.type->name() + ")";
      return;
    case ExprKind::case_of:
      return write_case(expr, out);
    case ExprKind::lambda:
      out += '(';
      for (std::size_t i = 0; i < expr.params.size(); ++i) out += (i ? ", " : "") + expr.params[i];
      out += ") -> ";
      write(*expr.args[0], out);
      return;
    case ExprKind::star:
      out += '*';
      return;
  }
}

}  // namespace

std::string to_text(const Expr& expr) {
  std::string out;
  write(expr, out);
  return out;
}

}  // namespace sr::expr
