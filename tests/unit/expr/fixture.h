// Rows to evaluate expressions over, written as JSON, and results as JSON text: what the tests of this folder share.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/codec.h"
#include "engine/expr/ast.h"
#include "engine/expr/bind.h"
#include "engine/expr/eval.h"

namespace sr::expr::testing {

class Table {
 public:
  // `columns` is `name type, …` one a line or separated by `; `; `rows` a JSON array of objects.
  Table(const std::vector<std::pair<std::string, std::string>>& columns, std::string_view rows) {
    const nlohmann::json parsed = nlohmann::json::parse(rows);
    rows_ = static_cast<std::uint32_t>(parsed.size());
    Schema schema;
    for (const auto& [name, type_text] : columns) {
      TypeError problem;
      TypeRef type = parse_type(type_text, &problem);
      SR_CHECK(type != nullptr);
      ColumnBuilder builder(type);
      for (const nlohmann::json& row : parsed) {
        const Status status = append_json(builder, row.contains(name) ? row[name] : nlohmann::json());
        SR_CHECK(status.ok());
      }
      schema.fields.push_back({name, type});
      columns_.push_back(builder.finish());
    }
    scope_.add(schema);
  }

  Scope& scope() { return scope_; }
  const std::vector<ColumnRef>& columns() const { return columns_; }
  std::uint32_t rows() const { return rows_; }

  BoundRef bound(std::string_view text, std::vector<ExprError>& errors, const TypeRef& expected = nullptr) const {
    ExprError error;
    const ExprPtr expr = parse_expression(text, &error);
    if (!expr) {
      errors.push_back(error);
      return nullptr;
    }
    return sr::expr::bind(*expr, scope_, expected, errors);
  }

  // The results of all rows as a JSON array, failed rows as "!message"; or the errors of binding, each `code@begin-end
  // message [suggestion]`.
  std::string run(std::string_view text) const {
    std::vector<ExprError> problems;
    const BoundRef expr = bound(text, problems);
    if (!expr) return texts(problems);
    Tick tick;
    tick.time_ms = 1704449472345;
    EvalInput input{.columns = columns_, .rows = rows_, .selection = {nullptr, rows_}, .tick = &tick};
    RowErrors errors;
    const ColumnRef result = evaluate(*expr, input, errors);
    std::string out = "[";
    for (std::uint32_t row = 0; row < rows_; ++row) {
      if (row) out += ", ";
      TextBuffer buffer;
      if (errors.failed(row)) {
        for (const RowErrors::Item& item : errors.sorted()) {
          if (item.row == row) out += "!" + item.message;
        }
        continue;
      }
      write_json(buffer, *result, row);
      out += buffer.view();
    }
    return out + "]";
  }

  // The value of a constant expression.
  static std::string value(std::string_view text) {
    const std::string list = Table({}, "[{}]").run(text);
    return list.starts_with('[') ? list.substr(1, list.size() - 2) : list;
  }

  static std::string texts(const std::vector<ExprError>& errors) {
    std::string out;
    for (const ExprError& error : errors) {
      if (!out.empty()) out += " | ";
      out += error.code + "@" + std::to_string(error.begin) + "-" + std::to_string(error.end) + " " + error.message;
      if (!error.suggestion.empty()) out += " [" + error.suggestion + "]";
    }
    return out;
  }

 private:
  Scope scope_;
  std::vector<ColumnRef> columns_;
  std::uint32_t rows_ = 0;
};

}  // namespace sr::expr::testing
