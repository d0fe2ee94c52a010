// The record that ends the process is found in a few tries; a batch that does no harm, or does it without input, is not
// blamed on a record.
#include "engine/runtime/poison.h"

#include <catch2/catch.hpp>

#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

struct Trial {
  flow::Graph graph;
  int tries = 0;

  Trial() {
    GraphBuilder builder;
    builder.gather("end", {{builder.source("a")}});
    graph = builder.take();
  }

  // Executing `deadly` records or more ends the process.
  Result<std::optional<Poison>> find(std::uint64_t records, std::uint64_t deadly) {
    BatchInput input(graph);
    std::string lines;
    for (std::uint64_t i = 1; i <= records; ++i) lines += std::to_string(i) + "\n";
    input.add(0, raw_slice(lines));
    REQUIRE(input.read().ok());
    tries = 0;
    return find_poison(input, [&](const BatchInput& part) -> Result<CopyEnd> {
      ++tries;
      return part.count() < deadly ? CopyEnd{true, 0} : CopyEnd{false, 11};
    });
  }
};

}  // namespace

TEST_CASE("the first record that ends the process is named, wherever it is") {
  Trial trial;
  for (const std::uint64_t deadly : {1, 2, 500, 999, 1000}) {
    const auto poison = trial.find(1000, deadly);
    REQUIRE(poison.ok());
    REQUIRE(*poison);
    REQUIRE((*poison)->record);
    CHECK((*poison)->record->text == std::to_string(deadly));
    CHECK((*poison)->signal == 11);
    CHECK(trial.tries <= 12);
  }
}

TEST_CASE("a batch that finishes is tried once and blamed on nothing") {
  Trial trial;
  const auto poison = trial.find(1000, 1001);
  REQUIRE(poison.ok());
  CHECK_FALSE(*poison);
  CHECK(trial.tries == 1);
}

TEST_CASE("a batch that ends the process without input has no such record") {
  Trial trial;
  const auto poison = trial.find(10, 0);
  REQUIRE(poison.ok());
  REQUIRE(*poison);
  CHECK_FALSE((*poison)->record);
}
