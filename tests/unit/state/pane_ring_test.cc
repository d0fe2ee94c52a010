// PaneRing against recomputing each window from its rows, over sizes, slides and offsets, with a copy through the
// binary form after every batch.
#include "engine/state/pane_ring.h"

#include "tests/unit/state/window_fixture.h"

namespace sr {
namespace {

Emitted fired(const GroupingShape& shape, const PaneRing& ring) {
  if (ring.groups().empty()) return {};
  return emitted(shape, *ring.keys().keys(ring.groups())[0], ring.groups(),
                 [&](std::size_t call) -> const expr::AggregateStates& { return ring.states(call); });
}

std::vector<Row> random_batch(Random& random) {
  std::vector<Row> rows;
  const std::int64_t count = random.next(4) == 0 ? 0 : random.next(12);
  for (std::int64_t i = 0; i < count; ++i) rows.push_back({random.next(9), random.next(1000) - 500, 0});
  return rows;
}

TEST_CASE("a window gives what its rows give at once, whatever its size and slide", "[window]") {
  const GroupingShape shape = window_shape(true);
  for (const WindowGrid grid : {WindowGrid{1, 1, 0}, WindowGrid{2, 1, 0}, WindowGrid{3, 3, 0}, WindowGrid{6, 4, 0},
                                WindowGrid{2, 5, 0}, WindowGrid{7, 2, 1}, WindowGrid{30, 1, 0}, WindowGrid{9, 6, 4}}) {
    Random random;
    PaneRing ring(shape, grid);
    auto copy = std::make_unique<PaneRing>(shape, grid);
    std::vector<Row> history;
    for (std::int64_t time = 1; time < 400; ++time) {
      std::vector<Row> batch = random_batch(random);
      for (Row& row : batch) row.time = time;
      history.insert(history.end(), batch.begin(), batch.end());
      const RowColumns columns = columns_of(batch, true);
      for (PaneRing* one : {&ring, copy.get()}) {
        GroupedStates groups(shape);
        groups.add({{columns.key}}, columns.args, Selection{nullptr, columns.count});
        one->add(groups, time);
      }
      if (grid.fires_at(time)) {
        std::vector<Row> inside;
        for (const Row& row : history) {
          if (row.time > time - grid.size) inside.push_back(row);
        }
        ring.fire(time);
        copy->fire(time);
        INFO("size " << grid.size << " slide " << grid.slide << " at " << time);
        REQUIRE(sorted(fired(shape, ring)) == sorted(at_once(shape, inside, true)));
        REQUIRE(fired(shape, *copy) == fired(shape, ring));
      }
      std::string bytes;
      ring.encode(bytes);
      copy = std::make_unique<PaneRing>(shape, grid);
      std::string_view input = bytes;
      REQUIRE(copy->decode(&input).ok());
      REQUIRE(input.empty());
    }
  }
}

TEST_CASE("keys come and drain by thousands and leave nothing behind", "[window]") {
  const GroupingShape shape = window_shape(true);
  const WindowGrid grid{12, 3, 0};
  PaneRing ring(shape, grid);
  std::vector<Row> history;
  Random random;
  for (std::int64_t time = 1; time <= 90; ++time) {
    std::vector<Row> batch;
    const std::int64_t count = time < 75 ? 400 : 0;
    for (std::int64_t i = 0; i < count; ++i) batch.push_back({time * 300 + random.next(600), random.next(1000), time});
    batch.push_back({-1, time, time});
    history.insert(history.end(), batch.begin(), batch.end());
    const RowColumns columns = columns_of(batch, true);
    GroupedStates groups(shape);
    groups.add({{columns.key}}, columns.args, Selection{nullptr, columns.count});
    ring.add(groups, time);
    if (!grid.fires_at(time)) continue;
    ring.fire(time);
    std::erase_if(history, [&](const Row& row) { return row.time <= time - grid.size; });
    INFO("at " << time);
    REQUIRE(sorted(fired(shape, ring)) == sorted(at_once(shape, history, true)));
  }
  CHECK(ring.keys().live() == 1);
  CHECK(ring.keys().size() < 3000);
}

TEST_CASE("a key keeps its place while it is in the window and comes back at the end", "[window]") {
  const GroupingShape shape = window_shape(false);
  PaneRing ring(shape, {2, 1, 0});
  const auto batch = [&](std::vector<std::int64_t> keys, std::int64_t time) {
    std::vector<Row> rows;
    for (const std::int64_t key : keys) rows.push_back({key, 1, time});
    const RowColumns columns = columns_of(rows, false);
    GroupedStates groups(shape);
    groups.add({{columns.key}}, columns.args, Selection{nullptr, columns.count});
    ring.add(groups, time);
    ring.fire(time);
    std::vector<std::int64_t> order;
    for (const auto& [key, text] : fired(shape, ring)) order.push_back(key);
    return order;
  };
  using Keys = std::vector<std::int64_t>;
  REQUIRE(batch({1, 2}, 1) == Keys{1, 2});
  REQUIRE(batch({3, 2}, 2) == Keys{1, 2, 3});
  REQUIRE(batch({2}, 3) == Keys{2, 3});
  REQUIRE(batch({1}, 4) == Keys{2, 1});
  REQUIRE(batch({}, 5) == Keys{1});
  REQUIRE(batch({}, 6).empty());
}

}  // namespace
}  // namespace sr
