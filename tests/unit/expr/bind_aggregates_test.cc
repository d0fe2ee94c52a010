// Aggregating expressions: calls are found, shared and separated from what stands around them.
#include <catch2/catch.hpp>

#include "tests/unit/expr/fixture.h"

namespace sr::expr::testing {
namespace {

struct Bound {
  BoundAggregates result;
  std::string errors;
};

Bound bound(const std::vector<std::string>& texts) {
  Scope row, outer;
  row.add(Schema({{"k", types::string()}, {"a", types::bigint()}, {"x", types::float64()}}));
  outer.add(Schema({{"k", types::string()}}));
  outer.columns.push_back({"state", "total", types::bigint(), true});
  std::vector<ExprPtr> parsed;
  std::vector<AggregateInput> inputs;
  for (const std::string& text : texts) {
    ExprError error;
    parsed.push_back(parse_expression(text, &error));
    REQUIRE(parsed.back());
    inputs.push_back({parsed.back().get(), nullptr});
  }
  std::vector<IndexedError> errors;
  Bound out{bind_aggregates(inputs, row, outer, errors), {}};
  for (const IndexedError& error : errors) {
    out.errors += std::to_string(error.index) + ":" + error.error.code + "@" + std::to_string(error.error.begin) + " " +
                  error.error.message + "\n";
  }
  return out;
}

TEST_CASE("equal aggregate calls are computed once") {
  const Bound both = bound({"sum(a) / count(*)", "sum(A) + 1", "k", "count(1)"});
  CHECK(both.errors.empty());
  REQUIRE(both.result.calls.size() == 3);
  CHECK(both.result.calls[0].text == "sum(a)");
  CHECK(both.result.calls[1].text == "count(*)");
  CHECK(both.result.results[1]->args[0]->index == 2);
  CHECK(both.result.results[2]->index == 0);
}

TEST_CASE("a row's column outside of an aggregate is named") {
  CHECK(bound({"count(*)", "a + 1"}).errors == "1:SR3021@0 the column `a` stands outside of an aggregate\n");
  CHECK(bound({"sum(state.total)"}).errors == "0:SR3021@4 `state.total` stands only outside of aggregates\n");
  CHECK(bound({"state.total + sum(a)"}).errors.empty());
  CHECK(bound({"sum(nope)"}).errors == "0:SR3010@4 unknown column `nope`\n");
  CHECK(bound({"nope + sum(a)"}).errors == "0:SR3010@0 unknown column `nope`\n");
  CHECK(bound({"sum(max(a))"}).errors.starts_with("0:SR3022@4"));
  CHECK(bound({"maxx(a)"}).errors == "0:SR3011@0 unknown function `maxx`\n");
  CHECK(bound({"sum(k)"}).errors.starts_with("0:SR3015@4"));
}

TEST_CASE("lambdas stand inside and outside of aggregates") {
  const Bound lists =
      bound({"transform(collect_list(a), v -> v + count(*))", "sum(size(filter(array(a), v -> v > 1)))"});
  CHECK(lists.errors.empty());
  CHECK(lists.result.calls.size() == 3);
}

}  // namespace
}  // namespace sr::expr::testing
