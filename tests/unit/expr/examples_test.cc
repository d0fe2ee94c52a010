// Every function's example is true, and its row is complete.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("the example of every function is true") {
  for (const FunctionInfo* info : functions().all()) {
    INFO(info->name << ": " << info->example);
    CHECK(answer(info->example) == "true");
  }
}

TEST_CASE("every function says what it does") {
  for (const FunctionInfo* info : functions().all()) {
    INFO(info->name);
    CHECK(!info->signature.empty());
    CHECK(info->summary.size() > 4);
    CHECK((info->summary.empty() || info->summary.back() == '.'));
    CHECK(!info->family.empty());
    CHECK((info->max_args < 0 || info->max_args >= info->min_args));
  }
}

}  // namespace sr::expr
