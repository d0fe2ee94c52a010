// Fuzzes expressions from their text to their values: any text gives a tree or an error inside the text, any tree is
// bound or refused, and what is bound gives a value or an error for each row.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/check.h"
#include "engine/data/codec.h"
#include "engine/expr/ast.h"
#include "engine/expr/eval.h"

namespace {

using sr::types::array;

// Two rows of columns of many types; the second holds NULLs.
struct Rows {
  sr::Schema schema{{{"i", sr::types::bigint()},
                     {"x", sr::types::float64()},
                     {"s", sr::types::string()},
                     {"b", sr::types::boolean()},
                     {"d", sr::types::decimal(10, 2)},
                     {"l", array(sr::types::bigint())},
                     {"v", sr::types::variant()}}};
  std::vector<sr::ColumnRef> columns;

  Rows() {
    const auto values = nlohmann::json::parse(R"([7, 1.5, "text", true, "1.50", [1, null, 3], {"a": [1, "b"]}])");
    for (std::size_t i = 0; i < schema.size(); ++i) {
      sr::ColumnBuilder builder(schema.fields[i].type);
      SR_CHECK(sr::append_json(builder, values[i]).ok());
      builder.append_null();
      columns.push_back(builder.finish());
    }
  }
};

void evaluate(const sr::expr::Expr& tree) {
  static const Rows rows;
  sr::expr::Scope scope;
  scope.add(rows.schema);
  std::vector<sr::expr::ExprError> refused;
  const sr::expr::BoundRef bound = sr::expr::bind(tree, scope, nullptr, refused);
  if (!bound) {
    if (refused.empty()) sr::check_failed("a refused expression has an error", __FILE__, __LINE__);
    return;
  }
  sr::expr::RowErrors errors;
  const sr::expr::EvalInput input{rows.columns, 2, sr::Selection{nullptr, 2}};
  const sr::ColumnRef values = sr::expr::evaluate(*bound, input, errors);
  volatile std::uint64_t sum = 0;  // so that the values are read
  for (std::uint32_t row = 0; row < 2; ++row) {
    if (!errors.failed(row)) sum = sum ^ sr::hash_value(*values, row);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sr::expr::ExprError error;
  const auto tree = sr::expr::parse_expression(text, &error);
  if (tree) {
    evaluate(*tree);
  } else if (error.message.empty() || error.begin > text.size() || error.end > text.size() + 1) {
    sr::check_failed("a refused text has an error within it", __FILE__, __LINE__);
  }
  return 0;
}
