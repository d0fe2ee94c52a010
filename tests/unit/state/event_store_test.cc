// EventStore and EventGrid: windows of event time from rows in any order agree with recomputing each window.
#include "engine/state/event_store.h"

#include "tests/unit/state/window_fixture.h"

namespace sr {
namespace {

void add_rows(EventStore& store, const GroupingShape& shape, const EventGrid& grid, const std::vector<Row>& rows,
              bool with_order) {
  std::vector<Row> placed;
  ColumnBuilder units(types::bigint());
  for (const Row& row : rows) {
    const IndexRange range = grid.units_at(row.time);
    for (std::int64_t unit = range.first; unit <= range.last; ++unit) {
      placed.push_back(row);
      units.append_int(unit);
    }
  }
  const RowColumns columns = columns_of(placed, with_order);
  GroupedStates partial(shape);
  partial.add({{units.finish(), columns.key}}, columns.args, Selection{nullptr, columns.count});
  store.add(partial);
}

Emitted window_of(EventStore& store, const GroupingShape& shape, std::int64_t window, bool touched_only) {
  const EventStore::WindowGroups groups = store.window(window, touched_only);
  if (groups.keys.empty()) return {};
  return emitted(shape, *store.keys().keys(groups.keys)[0], groups.groups,
                 [&](std::size_t call) -> const expr::AggregateStates& { return *groups.states[call]; });
}

TEST_CASE("windows hold the rows of [start, end), whatever the order of rows", "[window]") {
  for (const bool whole : {false, true}) {
    const GroupingShape plain = window_shape(whole);
    const GroupingShape shape = with_unit(plain);
    for (const EventGrid grid : {EventGrid{10, 10, 0, 0, whole}, EventGrid{10, 4, 1, 0, whole},
                                 EventGrid{30, 5, -3, 20, whole}, EventGrid{5, 20, 0, 0, whole}}) {
      Random random;
      auto store = std::make_unique<EventStore>(shape, grid);
      std::vector<Row> kept;
      std::int64_t closed = INT64_MIN;
      std::int64_t checked = 0;
      for (std::int64_t batch = 0; batch < 60; ++batch) {
        std::vector<Row> rows;
        for (std::int64_t i = random.next(20); i > 0; --i) {
          const Row row{random.next(5), random.next(100), batch * 7 + random.next(25) - 40};
          const IndexRange units = grid.units_at(row.time);
          if (!units.empty() && !grid.unit_done(units.first, batch * 7 - 40)) rows.push_back(row);
        }
        kept.insert(kept.end(), rows.begin(), rows.end());
        add_rows(*store, shape, grid, rows, whole);
        const std::int64_t watermark = (batch + 1) * 7 - 40;
        const std::int64_t last = grid.last_closed(watermark);
        for (const std::int64_t window : store->windows_in({closed, last})) {
          std::vector<Row> inside;
          for (const Row& row : kept) {
            if (row.time >= grid.start_of(window) && row.time < grid.end_of(window)) inside.push_back(row);
          }
          REQUIRE(sorted(window_of(*store, shape, window, false)) == sorted(at_once(plain, inside, whole)));
          ++checked;
        }
        closed = last + 1;
        store->settle(watermark);
        std::string bytes;
        store->encode(bytes);
        store = std::make_unique<EventStore>(shape, grid);
        std::string_view input = bytes;
        REQUIRE(store->decode(&input).ok());
        REQUIRE(input.empty());
      }
      REQUIRE(checked > 10);
    }
  }
}

TEST_CASE("touched windows give the keys that changed, until the batch is settled", "[window]") {
  const GroupingShape plain = window_shape(false);
  const GroupingShape shape = with_unit(plain);
  const EventGrid grid{10, 5, 0, 0, false};
  EventStore store(shape, grid);
  add_rows(store, shape, grid, {{1, 1, 3}, {2, 1, 8}}, false);
  REQUIRE(store.touched_windows() == std::vector<std::int64_t>{-1, 0, 1});
  store.settle(kNoWatermark);
  REQUIRE(store.touched_windows().empty());
  add_rows(store, shape, grid, {{2, 5, 4}}, false);
  REQUIRE(store.touched_windows() == std::vector<std::int64_t>{-1, 0});
  const Emitted changed = window_of(store, shape, 0, true);
  REQUIRE(changed.size() == 1);
  REQUIRE(changed[0].first == 2);
  REQUIRE(changed[0].second.substr(0, 4) == "2 6 ");
  store.settle(10);
  REQUIRE(store.windows_in({INT64_MIN, INT64_MAX}) == std::vector<std::int64_t>{0, 1});
  store.settle(kEndOfTime);
  REQUIRE(store.keys().live() == 0);
}

}  // namespace
}  // namespace sr
