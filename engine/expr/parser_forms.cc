// Calls with a grammar of their own: case, cast, trim, position, extract, substring … from, struct(v as n),
// timestampadd(unit, …). Entry point: Parser::parse_form. Tested in tests/unit/expr.
#include <algorithm>
#include <array>

#include "engine/base/diagnostic.h"
#include "engine/expr/codes.h"
#include "engine/expr/parser.h"

namespace sr::expr {

namespace {

constexpr std::array<std::string_view, 9> kTypesWithNumbers = {"decimal",   "dec",   "numeric", "varchar", "char",
                                                               "character", "float", "double",  "int"};
constexpr std::array<std::string_view, 3> kTypesWithTypes = {"array", "map", "struct"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view item) { return same_name(item, word); });
}

// The names of timestampadd and timestampdiff, and their other spellings, which take three arguments with a unit first.
std::string_view unit_function(std::string_view name) {
  if (name == "timestampadd" || name == "dateadd" || name == "date_add") return "timestampadd";
  if (name == "timestampdiff" || name == "datediff" || name == "date_diff") return "timestampdiff";
  return {};
}

}  // namespace

ExprPtr Parser::parse_form(std::string_view name) {
  if (name == "cast" || name == "try_cast") return parse_cast(name == "cast" ? "cast" : "try_cast");
  if (name == "trim") return parse_trim();
  if (name == "position") return parse_position();
  if (name == "extract") return parse_extract();
  if (name == "substring" || name == "substr") return parse_substring();
  if (!unit_function(name).empty()) return parse_unit_call(name);
  return nullptr;
}

ExprPtr Parser::parse_case() {
  const Token word = peek();
  ExprPtr expr = make(ExprKind::case_of, word.begin);
  expr->name = "case";
  expr->name_begin = word.begin;
  expr->name_end = word.end;
  advance();
  if (!is_word("when")) {
    ExprPtr operand = parse_or();
    if (!operand) return nullptr;
    expr->has_operand = true;
    expr->args.push_back(std::move(operand));
  }
  do {
    if (!expect_word("when")) return nullptr;
    ExprPtr condition = parse_or();
    if (!condition || !expect_word("then")) return nullptr;
    ExprPtr value = parse_or();
    if (!value) return nullptr;
    expr->args.push_back(std::move(condition));
    expr->args.push_back(std::move(value));
  } while (is_word("when"));
  if (take_word("else")) {
    ExprPtr value = parse_or();
    if (!value) return nullptr;
    expr->has_else = true;
    expr->args.push_back(std::move(value));
  }
  if (!take_word("end")) {
    fail_expected(expr->has_else ? "`end`" : "`when`, `else` or `end`");
    return nullptr;
  }
  return finish(std::move(expr));
}

ExprPtr Parser::parse_cast(const char* name) {
  const Token word = peek();
  ExprPtr expr = make(ExprKind::cast, word.begin);
  expr->name = name;
  expr->name_begin = word.begin;
  expr->name_end = word.end;
  advance();
  const Token open = peek();
  advance();
  ExprPtr value = parse_or();
  if (!value || !expect_word("as")) return nullptr;
  expr->args.push_back(std::move(value));
  expr->type = parse_type_here();
  if (!expr->type || !expect_close(")", open)) return nullptr;
  return finish(std::move(expr));
}

bool Parser::skip_type_arguments(std::string_view open, std::string_view close) {
  const Token first = peek();
  int depth = 0;
  do {
    if (is_sign(open)) ++depth;
    if (is_sign(close)) --depth;
    if (peek().kind == TokenKind::end) {
      return fail(first.begin, first.end, codes::kUnbalanced,
                  "this " + shown(first) + " is never closed: expected `" + std::string(close) + "`");
    }
    advance();
  } while (depth > 0 && peek().kind != TokenKind::broken);
  return true;
}

TypeRef Parser::parse_type_here() {
  const Token first = peek();
  if (first.kind != TokenKind::word) {
    fail_expected("a type");
    return nullptr;
  }
  const std::string_view word = text_of(first);
  advance();
  if (is_sign("(") && is_one_of(word, kTypesWithNumbers) && !skip_type_arguments("(", ")")) return nullptr;
  if (is_sign("<") && is_one_of(word, kTypesWithTypes) && !skip_type_arguments("<", ">")) return nullptr;
  const std::string_view text = text_.substr(first.begin, last_end() - first.begin);
  TypeError problem;
  TypeRef type = parse_type(text, &problem);
  if (type) return type;
  const std::size_t begin = first.begin + std::min(problem.offset, text.size() - 1);
  fail(begin, std::min(begin + std::max<std::size_t>(problem.length, 1), last_end()), codes::kUnknownType,
       problem.message);
  error_.suggestion = problem.suggestion;
  if (!problem.suggestion.empty()) error_.label = "did you mean `" + problem.suggestion + "`?";
  return nullptr;
}

// The rest of an ordinary call whose first argument was read already.
ExprPtr Parser::continue_call(const Token& word, const Token& open, ExprPtr first) {
  ExprPtr call = make_call(lower_of(word), word.begin, {word.begin, word.end});
  call->args.push_back(std::move(first));
  while (take_sign(",")) {
    ExprPtr arg = parse_argument();
    if (!arg) return nullptr;
    call->args.push_back(std::move(arg));
  }
  if (!expect_close(")", open)) return nullptr;
  return finish(std::move(call));
}

// trim([both | leading | trailing] [chars] from s), or trim(s).
ExprPtr Parser::parse_trim() {
  const Token word = peek();
  const Token open = peek(1);
  if (is_sign(")", 2)) return nullptr;
  const bool leading = is_word("leading", 2), trailing = is_word("trailing", 2), both = is_word("both", 2);
  const bool side = (leading || trailing || both) && !is_sign(")", 3) && !is_sign(".", 3) && !is_sign(",", 3);
  at_ += side ? 3 : 2;
  ExprPtr chars;
  if (!is_word("from")) {
    chars = parse_or();
    if (!chars) return nullptr;
  }
  if (!side && !is_word("from")) return continue_call(word, open, std::move(chars));
  if (!expect_word("from")) return nullptr;
  ExprPtr text = parse_or();
  if (!text || !expect_close(")", open)) return nullptr;
  ExprPtr call = make_call(side && leading    ? "ltrim"
                           : side && trailing ? "rtrim"
                                              : "btrim",
                           word.begin, {word.begin, word.end});
  call->args.push_back(std::move(text));
  if (chars) call->args.push_back(std::move(chars));
  if (chars == nullptr && call->args.size() == 2 && call->name != "btrim") std::swap(call->args[0], call->args[1]);
  return finish(std::move(call));
}

// position(x in s), or position(x, s).
ExprPtr Parser::parse_position() {
  const Token word = peek();
  const Token open = peek(1);
  if (is_sign(")", 2)) return nullptr;
  at_ += 2;
  ExprPtr sub = parse_binary(1);
  if (!sub) return nullptr;
  if (!take_word("in")) return continue_call(word, open, std::move(sub));
  ExprPtr text = parse_or();
  if (!text || !expect_close(")", open)) return nullptr;
  ExprPtr call = make_call("position", word.begin, {word.begin, word.end});
  call->args.push_back(std::move(sub));
  call->args.push_back(std::move(text));
  return finish(std::move(call));
}

// extract(field from t).
ExprPtr Parser::parse_extract() {
  const Token word = peek();
  advance();
  const Token open = peek();
  advance();
  const Token field = peek();
  if (field.kind != TokenKind::word && !is_string()) {
    fail_expected("a field such as year, month, day or hour");
    return nullptr;
  }
  ExprPtr name = make_text(is_string() ? string_value(text_of(field)) : lower_of(field), field);
  advance();
  if (!expect_word("from")) return nullptr;
  ExprPtr source = parse_or();
  if (!source || !expect_close(")", open)) return nullptr;
  ExprPtr call = make_call("extract", word.begin, {word.begin, word.end});
  call->args.push_back(std::move(name));
  call->args.push_back(std::move(source));
  return finish(std::move(call));
}

// substring(s from pos [for len]), or with commas.
ExprPtr Parser::parse_substring() {
  const Token word = peek();
  const Token open = peek(1);
  if (is_sign(")", 2)) return nullptr;
  at_ += 2;
  ExprPtr text = parse_or();
  if (!text) return nullptr;
  if (!take_word("from")) return continue_call(word, open, std::move(text));
  ExprPtr call = make_call("substring", word.begin, {word.begin, word.end});
  call->args.push_back(std::move(text));
  ExprPtr position = parse_or();
  if (!position) return nullptr;
  call->args.push_back(std::move(position));
  if (take_word("for")) {
    ExprPtr length = parse_or();
    if (!length) return nullptr;
    call->args.push_back(std::move(length));
  }
  if (!expect_close(")", open)) return nullptr;
  return finish(std::move(call));
}

// timestampadd(minute, 30, t): the unit is a bare word. With two arguments dateadd and datediff are ordinary calls.
ExprPtr Parser::parse_unit_call(std::string_view name) {
  const Token word = peek();
  const Token open = peek(1);
  const Token unit = peek(2);
  if (unit.kind != TokenKind::word || !is_sign(",", 3)) return nullptr;
  ExprPtr call = make_call(std::string(unit_function(name)), word.begin, {word.begin, word.end});
  call->args.push_back(make_text(lower_of(unit), unit));
  at_ += 4;
  do {
    ExprPtr arg = parse_argument();
    if (!arg) return nullptr;
    call->args.push_back(std::move(arg));
  } while (take_sign(","));
  if (!expect_close(")", open)) return nullptr;
  if (call->args.size() != 3 && name != call->name) {  // the word was a column
    call->name = name;
    Expr& first = *call->args[0];
    first.kind = ExprKind::name;
    first.value = nullptr;
    first.type = nullptr;
    first.parts = {std::string(text_of(unit))};
    first.part_spans = {{unit.begin, unit.end}};
    first.name_begin = unit.begin;
    first.name_end = unit.end;
  }
  return finish(std::move(call));
}

// Behind an argument of struct(…): `as name`, or none.
bool Parser::parse_struct_arguments(Expr& call) {
  call.params.resize(call.args.size());
  if (!take_word("as")) return true;
  const Token token = peek();
  if (token.kind != TokenKind::word && token.kind != TokenKind::quoted) return fail_expected("a name");
  call.params.back() = token.kind == TokenKind::quoted ? quoted_value(text_of(token)) : std::string(text_of(token));
  advance();
  return true;
}

}  // namespace sr::expr
