// Limits of reading: size, depth, values after expansion, and hostile texts that must not take long.
#include <chrono>

#include "read_support.h"
#include "specs/limits.h"

using namespace sr;
using namespace sr::specs;
using namespace sr::specs::test;

namespace {

std::string filled(const std::string& piece, std::size_t size = kMaxSpecBytes) {
  std::string out;
  out.reserve(size + piece.size());
  while (out.size() + piece.size() <= size) out += piece;
  return out;
}

std::string nested(std::size_t depth) {
  return "a: " + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "\n";
}

}  // namespace

TEST_CASE("a file of 1 MiB is read, one byte more is not") {
  const std::string text = "a: " + std::string(kMaxSpecBytes - 4, 'x') + "\n";
  CHECK(test::read(text).root.has_value());
  Read more = test::read(text + "\n");
  CHECK(places(more.diagnostics) == "SR1001 1:1");
  CHECK(more.sources.file(0).text.size() == kMaxSpecBytes + 1);
}

TEST_CASE("lists and maps may be nested 64 deep") {
  CHECK(test::read(nested(64)).root.has_value());
  Read deeper = test::read(nested(65));
  CHECK(places(deeper.diagnostics) == "SR1018 1:67");
  Read aliased = test::read("a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(40, '[') +
                            "*a" + std::string(40, ']') + "\n");
  CHECK(places(aliased.diagnostics) == "SR1018 2:44");
}

TEST_CASE("aliases count as often as they are used") {
  std::string bomb = "a0: &a0 [0,0,0,0,0,0,0,0,0,0]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 9; ++j) bomb += ", " + below;
    bomb += "]\n";
  }
  Read read = test::read(bomb);
  CHECK(places(read.diagnostics).starts_with("SR1019 5:"));
  CHECK(read.budget.nodes <= kMaxSpecNodes + 1);

  Read text = test::read("a: &a '" + std::string(1 << 19, 'x') + "'\nb: [" + filled("*a, ", 4000) + "*a]\n");
  CHECK(places(text.diagnostics).starts_with("SR1019 2:"));
}

TEST_CASE("99,999 values are read, 100,001 are not") {
  CHECK(test::read("[" + filled("1,", 2 * (kMaxSpecNodes - 1)) + "]").root.has_value());
  Read more = test::read("[" + filled("1,", 2 * kMaxSpecNodes) + "]");
  CHECK(places(more.diagnostics).starts_with("SR1019"));
}

TEST_CASE("hostile texts are refused without much ado") {
  for (const char* const piece : {"[", "{", "[{", "{a: [", "- ", "? ", ": ", "&a ", "*a ", "! ", "\t", "\ta\n", "%a\n",
                                  "---\n", "'a\n", "a: &x b\n", "? a\n", "\x01"}) {
    INFO(piece);
    const auto begin = std::chrono::steady_clock::now();
    Read read = test::read(filled(piece));
    CHECK(read.diagnostics.has_errors());
    CHECK(read.diagnostics.error_count() <= 2 * kMaxReadErrors + 2);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));  // a second on an idle machine
  }
}
