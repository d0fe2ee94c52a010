// RankedCounts against a std::map, through growth, decline and clusters of values.
#include "engine/expr/aggregates/ranked.h"

#include <catch2/catch.hpp>
#include <map>

namespace sr::expr {
namespace {

struct Random {
  std::uint64_t state = 5;
  std::int64_t next(std::int64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::int64_t>((state >> 33) % static_cast<std::uint64_t>(bound));
  }
};

using Model = std::map<std::int64_t, std::int64_t>;

std::vector<RankedEntry> run_of(const Model& changes) {
  std::vector<RankedEntry> run;
  for (const auto& [value, copies] : changes) run.push_back({value, copies});
  return run;
}

void require_same(const RankedCounts& counts, std::uint32_t group, const Model& model) {
  std::vector<std::pair<std::int64_t, std::int64_t>> entries;
  counts.for_each(group, [&](const RankedEntry& entry) { entries.emplace_back(entry.value, entry.copies); });
  REQUIRE(entries == std::vector<std::pair<std::int64_t, std::int64_t>>(model.begin(), model.end()));
  std::uint64_t rows = 0;
  for (const auto& [value, copies] : model) {
    REQUIRE(counts.at(group, rows) == value);
    rows += static_cast<std::uint64_t>(copies);
    REQUIRE(counts.at(group, rows - 1) == value);
  }
  REQUIRE(counts.rows(group) == rows);
  REQUIRE(counts.entries(group) == model.size());
  REQUIRE(counts.empty(group) == model.empty());
}

TEST_CASE("ranks are those of the values that came and have not left", "[aggregates]") {
  Random random;
  RankedCounts counts;
  counts.resize(3);
  Model models[3];
  for (int step = 0; step < 600; ++step) {
    const auto group = static_cast<std::uint32_t>(random.next(3));
    Model& model = models[group];
    Model changes;
    const bool declines = step % 200 > 120;
    const std::int64_t size = random.next(step % 7 == 0 ? 900 : 12);
    // Group 0 has many values, group 1 few, those of group 2 ascend with time.
    const std::int64_t from = group == 2 ? step * 40 : 0, spread = group == 0 ? 100'000 : group == 1 ? 40 : 2'000;
    for (std::int64_t i = 0; i < size; ++i) {
      if (!declines) ++changes[from + random.next(spread) - 500];
    }
    if (declines || step % 3 == 0) {
      for (auto& [value, copies] : model) {
        if (random.next(declines ? 2 : 9) == 0) changes[value] -= 1 + random.next(copies);
      }
    }
    std::erase_if(changes, [](const auto& change) { return change.second == 0; });
    for (const auto& [value, copies] : changes) {
      if ((model[value] += copies) == 0) model.erase(value);
    }
    counts.merge(group, run_of(changes));
    if (random.next(90) == 0) {
      counts.reset(group);
      model.clear();
    }
    for (std::uint32_t each = 0; each < 3; ++each) require_same(counts, each, models[each]);
  }
}

TEST_CASE("ranked values that have left give their memory back", "[aggregates]") {
  RankedCounts counts;
  counts.resize(1);
  std::vector<RankedEntry> run;
  for (std::int64_t value = 0; value < 200'000; ++value) run.push_back({value * 3, 2});
  counts.merge(0, run);
  const std::size_t full = counts.memory_bytes();
  // One value in a hundred stays; they leave a few at a time, from all over.
  for (std::int64_t part = 1; part < 100; ++part) {
    std::vector<RankedEntry> leaving;
    for (std::int64_t value = part; value < 200'000; value += 100) leaving.push_back({value * 3, -2});
    counts.merge(0, leaving);
  }
  REQUIRE(counts.entries(0) == 2'000);
  REQUIRE(counts.at(0, 2 * 1'000) == 300'000);
  REQUIRE(counts.memory_bytes() < full / 4);
}

}  // namespace
}  // namespace sr::expr
