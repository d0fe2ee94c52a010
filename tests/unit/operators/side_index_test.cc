// SideIndex: what it finds in a window is what a look at every row finds, while keys come, drain and come again.
#include "operators/support/side_index.h"

#include <catch2/catch.hpp>
#include <set>

namespace sr::operators {
namespace {

struct Random {
  std::uint64_t state = 11;
  std::uint64_t next(std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

SchemaRef schema() {
  static const auto shared =
      std::make_shared<const Schema>(std::vector<Field>{{"k", types::string()}, {"n", types::bigint()}});
  return shared;
}

// Texts of keys in [from, from + spread), one in eight NULL; n numbers the rows.
Chunk batch_of(Random& random, std::uint32_t rows, std::uint64_t from, std::uint64_t spread) {
  static std::int64_t number = 0;
  ColumnBuilder keys(types::string()), numbers(types::bigint());
  for (std::uint32_t i = 0; i < rows; ++i) {
    if (random.next(8) == 0) {
      keys.append_null();
    } else {
      keys.append_string("a key of more than twelve bytes " + std::to_string(from + random.next(spread)));
    }
    numbers.append_int(number++);
  }
  return Chunk{schema(), {keys.finish(), numbers.finish()}, rows, nullptr, nullptr};
}

// The numbers of the window's rows that have one of the keys; `first_only`: of each key the oldest.
std::vector<std::int64_t> looked_at(const Chunk& window, const Chunk& wanted, bool first_only) {
  std::set<std::string> keys;
  for (std::uint32_t row = 0; row < wanted.rows; ++row) {
    if (wanted.columns[0]->valid(row)) keys.insert(std::string(wanted.columns[0]->get<Str>(row).view()));
  }
  std::vector<std::int64_t> numbers;
  for (std::uint32_t row = 0; row < window.rows; ++row) {
    if (!window.columns[0]->valid(row)) continue;
    const std::string key(window.columns[0]->get<Str>(row).view());
    if (!keys.contains(key)) continue;
    numbers.push_back(window.columns[1]->get<std::int64_t>(row));
    if (first_only) keys.erase(key);
  }
  return numbers;
}

std::vector<std::int64_t> numbers_of(const Chunk& table) {
  std::vector<std::int64_t> numbers;
  for (std::uint32_t row = 0; row < table.rows; ++row) numbers.push_back(table.columns[1]->get<std::int64_t>(row));
  return numbers;
}

SideIndex::Wanted wanted_of(const Chunk& rows, bool first_only) {
  return {{rows.columns.data(), 1}, rows.selection(), first_only};
}

TEST_CASE("an index of a window finds what a look at every row finds", "[operators]") {
  Random random;
  specs::WindowPlan window;
  window.size_ms = 20'000;
  window.slide_ms = 1'000;
  SideRows side(schema(), window);
  SideIndex index({bound_column(types::string(), 0)}, {types::string()});
  flow::BatchContext context;
  for (std::uint32_t second = 1; second < 120; ++second) {
    context.tick.time_ms = second * 1000;
    // Keys move on, so that thousands are gone in time and some come again; now and then nothing comes.
    const std::uint32_t rows = second % 9 == 0 ? 0 : static_cast<std::uint32_t>(random.next(400));
    side.add(context.tick, batch_of(random, rows, second % 50 * 100, 600));
    index.follow(side, context);
    const Chunk wanted = batch_of(random, 30, second % 50 * 100, 600);
    for (const bool first_only : {false, true}) {
      const auto found = index.matching(side, wanted_of(wanted, first_only));
      REQUIRE(found.has_value());
      REQUIRE(numbers_of(*found) == looked_at(side.table(), wanted, first_only));
    }
    if (second % 40 != 0) continue;
    // After a restart the index is made again from the rows.
    std::string bytes;
    side.snapshot(bytes);
    side = SideRows(schema(), window);
    std::string_view input = bytes;
    REQUIRE(side.restore(&input).ok());
    index = SideIndex({bound_column(types::string(), 0)}, {types::string()});
  }
  const std::size_t full = index.memory_bytes();
  context.tick.time_ms += 60'000;
  side.add(context.tick, batch_of(random, 0, 0, 1));
  index.follow(side, context);
  REQUIRE(side.rows() == 0);
  REQUIRE(side.memory_bytes() == 0);
  REQUIRE(index.memory_bytes() < full);
}

TEST_CASE("an index gives up where most of a window matches", "[operators]") {
  Random random;
  specs::WindowPlan window;
  window.size_ms = 20'000;
  window.slide_ms = 1'000;
  SideRows side(schema(), window);
  SideIndex index({bound_column(types::string(), 0)}, {types::string()});
  flow::BatchContext context;
  for (std::uint32_t second = 1; second <= 10; ++second) {
    context.tick.time_ms = second * 1000;
    side.add(context.tick, batch_of(random, 1000, 0, 3));
    index.follow(side, context);
  }
  const Chunk wanted = batch_of(random, 30, 0, 3);
  REQUIRE_FALSE(index.matching(side, wanted_of(wanted, false)).has_value());
  REQUIRE(index.matching(side, wanted_of(wanted, true))->rows == 3);
}

}  // namespace
}  // namespace sr::operators
