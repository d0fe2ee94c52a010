// Answers of expressions as JSON text, for tests of functions: bind, evaluate, write. A row error is "error: message",
// a refused expression "refused: message".
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/data/codec.h"
#include "engine/expr/ast.h"
#include "engine/expr/bind.h"
#include "engine/expr/eval.h"

namespace sr::expr {

// Rows to evaluate over: a schema such as `s string, n bigint`, and a JSON array of objects.
struct Rows {
  std::string schema;
  std::string json;
};

struct Bound {
  BoundRef expr;
  std::string refused;
};

inline Bound bind_text(const std::string& text, const Schema& schema) {
  ExprError problem;
  const ExprPtr tree = parse_expression(text, &problem);
  if (!tree) return {nullptr, "refused: " + problem.message};
  Scope scope;
  scope.add(schema);
  scope.allows_row = true;
  std::vector<ExprError> errors;
  BoundRef bound = sr::expr::bind(*tree, scope, nullptr, errors);
  if (!errors.empty()) return {nullptr, "refused: " + errors[0].message};
  return {bound, {}};
}

// Gives the answer for each row.
inline std::vector<std::string> answers(const std::string& text, const Rows& rows) {
  TypeError type_error;
  const TypeRef row_type = parse_type("struct<" + rows.schema + ">", &type_error);
  if (!row_type) return {"bad schema: " + type_error.message};
  const Schema schema(row_type->fields);
  const Bound bound = bind_text(text, schema);
  if (!bound.expr) return {bound.refused};
  const nlohmann::json values = nlohmann::json::parse(rows.json);
  std::vector<ColumnRef> columns;
  for (const Field& field : schema.fields) {
    ColumnBuilder builder(field.type);
    for (const auto& row : values) {
      if (!row.contains(field.name)) {
        builder.append_null();
      } else if (!append_json(builder, row[field.name]).ok()) {
        return {"bad row"};
      }
    }
    columns.push_back(builder.finish());
  }
  RowErrors errors;
  const auto count = static_cast<std::uint32_t>(values.size());
  const Tick tick{.id = 1, .time_ms = 1'700'000'000'000};
  const EvalInput input{.columns = columns, .rows = count, .selection = {nullptr, count}, .tick = &tick};
  const ColumnRef result = evaluate(*bound.expr, input, errors);
  std::vector<std::string> out(count);
  for (std::uint32_t row = 0; row < count; ++row) {
    if (errors.failed(row)) continue;
    TextBuffer buffer;
    write_json(buffer, *result, row);
    out[row] = std::string(buffer.view());
  }
  for (const RowErrors::Item& item : errors.sorted()) out[item.row] = "error: " + item.message;
  return out;
}

// Gives the answer of an expression without columns.
inline std::string answer(const std::string& text) {
  return answers(text, {"unused: bigint", "[{}]"}).front();
}

// Whether the answer is a row error (or a refusal) whose message holds the word.
inline bool fails_with(const std::string& text, const std::string& word) {
  const std::string got = answer(text);
  std::string lower;
  for (const char c : got) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return (got.starts_with("error: ") || got.starts_with("refused: ")) && lower.find(word) != std::string::npos;
}

}  // namespace sr::expr
