// Texts and columns of bound expressions. Entry points: to_text(BoundExpr), collect_columns. Tested in
// tests/unit/expr/bind_test.cc.
#include "engine/data/codec.h"
#include "engine/expr/bind.h"

namespace sr::expr {

namespace {

void write(const BoundExpr& expr, const Scope& scope, std::string& out);

void write_args(const BoundExpr& expr, const Scope& scope, std::string& out, std::string_view between) {
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i) out += between;
    write(*expr.args[i], scope, out);
  }
}

void write_literal(const BoundExpr& expr, std::string& out) {
  if (!expr.value->valid(0)) {
    out += "null";
    return;
  }
  TextBuffer text;
  if (expr.type->is_text() || expr.type->is_nested()) {
    write_json(text, *expr.value, 0);
  } else {
    write_text(text, *expr.value, 0);
  }
  const bool time = expr.type->id == TypeId::date || expr.type->id == TypeId::timestamp;
  if (time) out += expr.type->name() + " '";
  out += text.view();
  if (time) out += "'";
  if (expr.type->id == TypeId::float64) out += "D";
}

void write_column(const BoundExpr& expr, const Scope& scope, std::string& out) {
  if (expr.index >= scope.columns.size()) {
    out += "#" + std::to_string(expr.index);
    return;
  }
  const ScopeColumn& column = scope.columns[expr.index];
  if (!column.qualifier.empty()) out += column.qualifier + ".";
  out += column.name;
}

void write_case(const BoundExpr& expr, const Scope& scope, std::string& out) {
  out += "case";
  std::size_t at = 0;
  for (; at + 1 < expr.args.size(); at += 2) {
    out += " when ";
    write(*expr.args[at], scope, out);
    out += " then ";
    write(*expr.args[at + 1], scope, out);
  }
  if (expr.has_else) {
    out += " else ";
    write(*expr.args[at], scope, out);
  }
  out += " end";
}

void write_call(const BoundExpr& expr, const Scope& scope, std::string& out) {
  const bool is_word = expr.name.empty() || (expr.name[0] >= 'a' && expr.name[0] <= 'z');
  if (expr.kind == BoundExpr::Kind::logic || (!is_word && expr.args.size() == 2 && expr.detail.empty())) {
    out += '(';
    write_args(expr, scope, out, " " + expr.name + " ");
    out += ')';
    return;
  }
  out += expr.name + '(';
  write_args(expr, scope, out, ", ");
  if (!expr.detail.empty()) out += (expr.args.empty() ? "" : ", ") + expr.detail;
  out += ')';
}

void write(const BoundExpr& expr, const Scope& scope, std::string& out) {
  switch (expr.kind) {
    case BoundExpr::Kind::column:
      return write_column(expr, scope, out);
    case BoundExpr::Kind::literal:
      return write_literal(expr, out);
    case BoundExpr::Kind::cast:
      out += expr.try_cast ? "try_cast(" : "cast(";
      write_args(expr, scope, out, ", ");
      out += " as " + expr.type->name() + ")";
      return;
    case BoundExpr::Kind::case_of:
      return write_case(expr, scope, out);
    case BoundExpr::Kind::batch_time:
      out += "batch.time";
      return;
    default:
      return write_call(expr, scope, out);
  }
}

}  // namespace

void collect_columns(const BoundExpr& expr, std::set<std::uint32_t>& columns) {
  if (expr.kind == BoundExpr::Kind::column) columns.insert(expr.index);
  if (expr.kind != BoundExpr::Kind::lambda) {
    for (const BoundRef& arg : expr.args) collect_columns(*arg, columns);
    return;
  }
  std::set<std::uint32_t> inner;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const bool body = i > 0 && !(expr.name == "aggregate" && i == 1);
    collect_columns(*expr.args[i], body ? inner : columns);
  }
  for (const std::uint32_t index : inner) {
    if (index < expr.index) columns.insert(index);
  }
}

std::string to_text(const BoundExpr& expr, const Scope& scope) {
  std::string out;
  write(expr, scope, out);
  return out;
}

}  // namespace sr::expr
