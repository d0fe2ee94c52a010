// Findings, the texts they point into, suggestions, results.
#include "engine/base/diagnostic.h"

#include <catch2/catch.hpp>

#include "engine/base/result.h"

using namespace sr;

namespace {

Diagnostic finding(std::string code, std::uint32_t line, std::uint32_t column) {
  Diagnostic found;
  found.code = std::move(code);
  found.message = "m";
  found.span = Span{0, line, column, line, column + 1};
  return found;
}

Result<int> half(int value) {
  if (value % 2 != 0) return Error{"odd", false, "ODD"};
  return value / 2;
}

Status quarter(int value) {
  SR_TRY(half(value));
  SR_TRY(half(value / 2));
  return {};
}

}  // namespace

TEST_CASE("findings are sorted by place and not repeated") {
  Diagnostics all;
  all.add(finding("SR2", 7, 1));
  all.add(finding("SR1", 3, 9));
  all.add(finding("SR1", 3, 9));
  all.add(finding("SR3", 3, 2));
  REQUIRE(all.sorted().size() == 3);
  CHECK(all.items()[0].code == "SR3");
  CHECK(all.items()[1].code == "SR1");
  CHECK(all.items()[2].code == "SR2");
  CHECK(all.error_count() == 3);
}

TEST_CASE("warnings are no errors") {
  Diagnostics all;
  Diagnostic warning = finding("SR1", 1, 1);
  warning.severity = Severity::warning;
  all.add(warning);
  CHECK_FALSE(all.has_errors());
}

TEST_CASE("lines of a source are found without their breaks") {
  SourceMap sources;
  const auto file = sources.add("job.yaml",
                                "\xEF\xBB\xBF"
                                "one\r\ntwo\n\nfour");
  CHECK(sources.line_text(file, 1) == "one");
  CHECK(sources.line_text(file, 2) == "two");
  CHECK(sources.line_text(file, 3).empty());
  CHECK(sources.line_text(file, 4) == "four");
  CHECK(sources.line_text(file, 5).empty());
  CHECK(sources.line_text(9, 1).empty());
}

TEST_CASE("a typo finds the word that was meant") {
  CHECK(nearest("sise", {"size", "slide", "offset"}) == "size");
  CHECK(nearest("Count", {"count", "sum"}) == "count");
  CHECK(nearest("recieve", {"receive", "relieve"}) == "receive");
  CHECK(nearest("xyz", {"size", "slide"}).empty());
}

TEST_CASE("an error leaves the function that tries it") {
  CHECK(quarter(4).ok());
  CHECK(quarter(6).error().code == "ODD");
  CHECK(*half(6) == 3);
}
