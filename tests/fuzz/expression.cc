// Fuzzes the parser of expressions: any text gives a tree or an error inside the text.
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/expr/ast.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sr::expr::ExprError error;
  const auto tree = sr::expr::parse_expression(text, &error);
  if (!tree && (error.message.empty() || error.begin > text.size() || error.end > text.size() + 1)) {
    sr::check_failed("a refused text has an error within it", __FILE__, __LINE__);
  }
  return 0;
}
