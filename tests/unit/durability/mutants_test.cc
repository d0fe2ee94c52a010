// Mutants: each leaves out one failpoint of the list, and something that the durable files are put through must miss
// it.
#include <catch2/catch.hpp>

#include "engine/base/failpoint.h"
#include "ordeals.h"

namespace sr::durability {
namespace {

// Rounds before ordeals: most of what is missed is missed in the first round.
std::string missed_by(const std::vector<Ordeal>& all) {
  for (std::uint64_t round = 1;; ++round) {
    bool any = false;
    for (const Ordeal& ordeal : all) {
      if (round > ordeal.rounds) continue;
      any = true;
      if (const std::string wrong = ordeal.run(round); !wrong.empty()) return ordeal.name + (": " + wrong);
    }
    if (!any) return "";
  }
}

}  // namespace

TEST_CASE("nothing is missed where nothing is left out") {
  CHECK(missed_by(ordeals()) == "");
}

TEST_CASE("each failpoint of the durable files is missed when it is left out") {
  const std::vector<Ordeal> all = ordeals();
  for (const FailpointEntry& entry : kFailpoints) {
    if (entry.suite != FailpointSuite::durability) continue;
    const LeaveOut mutant(entry.point);
    INFO(entry.name << ": " << entry.what);
    CHECK(missed_by(all) != "");
  }
}

}  // namespace sr::durability
