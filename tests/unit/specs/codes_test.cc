// The table of codes and its pages.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "specs/codes.h"

using namespace sr::specs;

TEST_CASE("codes ascend, and each has a page with its title") {
  std::string before;
  for (const CodeInfo& info : code_table()) {
    INFO(info.code);
    CHECK(before < info.code);
    before = info.code;
    std::ifstream page(std::string(STREAMRUN_SOURCE_DIR) + "/docs/errors/" + info.code + ".md");
    std::string heading;
    REQUIRE(std::getline(page, heading));
    CHECK(heading == std::string("# ") + info.code + ": " + info.title);
    CHECK(find_code(info.code) == &info);
  }
  CHECK(find_code("SR0000") == nullptr);
}
