// SessionStore against sorting each key's rows by time and cutting where the gap is.
#include "engine/state/session_store.h"

#include "tests/unit/state/window_fixture.h"

namespace sr {
namespace {

struct Expected {
  std::int64_t key, first, last;
  std::string text;
  bool operator==(const Expected&) const = default;
  auto operator<=>(const Expected&) const = default;
};

std::vector<Expected> recomputed(const GroupingShape& shape, std::vector<Row> rows, std::int64_t gap) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.key != b.key ? a.key < b.key : a.time < b.time; });
  std::vector<Expected> sessions;
  std::vector<Row> current;
  const auto close = [&] {
    if (current.empty()) return;
    const Emitted result = at_once(shape, current, false);
    sessions.push_back({current[0].key, current[0].time, current.back().time, result[0].second});
    current.clear();
  };
  for (const Row& row : rows) {
    if (!current.empty() && (row.key != current[0].key || row.time >= current.back().time + gap)) close();
    current.push_back(row);
  }
  close();
  std::sort(sessions.begin(), sessions.end());
  return sessions;
}

std::vector<Expected> of(const GroupingShape& shape, const SessionStore& store) {
  std::vector<Expected> result;
  for (std::uint32_t place = 0; place < store.sessions().size(); ++place) {
    const Session& session = store.sessions()[place];
    if (session.key == kNoGroup) continue;
    const std::uint32_t keys[] = {session.key};
    const std::uint32_t places[] = {place};
    const Emitted text = emitted(shape, *store.keys().keys(keys)[0], places,
                                 [&](std::size_t call) -> const expr::AggregateStates& { return store.states(call); });
    result.push_back({text[0].first, session.first, session.last, text[0].second});
  }
  std::sort(result.begin(), result.end());
  return result;
}

TEST_CASE("sessions do not depend on the order of rows, partials or copies", "[window]") {
  const GroupingShape shape = window_shape(false);
  for (const std::int64_t gap : {1, 5, 40}) {
    Random random;
    auto store = std::make_unique<SessionStore>(shape, gap);
    std::vector<Row> all;
    for (int batch = 0; batch < 30; ++batch) {
      SessionStore partial(shape, gap);
      for (int chunk = 0; chunk < 3; ++chunk) {
        std::vector<Row> rows;
        for (std::int64_t i = random.next(8); i > 0; --i) {
          rows.push_back({random.next(4), random.next(100) * 8, random.next(1000)});
        }
        all.insert(all.end(), rows.begin(), rows.end());
        const RowColumns columns = columns_of(rows, false);
        partial.add_rows({{columns.key}}, columns.args, *columns.time, Selection{nullptr, columns.count});
      }
      store->add(partial);
      REQUIRE(of(shape, *store) == recomputed(shape, all, gap));
      std::string bytes;
      store->encode(bytes);
      store = std::make_unique<SessionStore>(shape, gap);
      std::string_view input = bytes;
      REQUIRE(store->decode(&input).ok());
      REQUIRE(input.empty());
    }
  }
}

TEST_CASE("sessions that are gone free their keys", "[window]") {
  const GroupingShape shape = window_shape(false);
  SessionStore store(shape, 10);
  const RowColumns columns = columns_of({{1, 1, 0}, {2, 1, 5}, {1, 1, 30}}, false);
  store.add_rows({{columns.key}}, columns.args, *columns.time, Selection{nullptr, columns.count});
  std::vector<std::uint32_t> gone;
  for (std::uint32_t place = 0; place < store.sessions().size(); ++place) {
    if (store.end_of(store.sessions()[place]) <= 20) gone.push_back(place);
  }
  REQUIRE(gone.size() == 2);
  Vec<std::uint32_t> joining;
  const RowColumns late = columns_of({{2, 1, 7}, {1, 1, 25}, {1, 1, 19}}, false);
  store.settle(gone);
  REQUIRE(store.keys().live() == 1);
  store.joining({{late.key}}, *late.time, Selection{nullptr, 3}, joining);
  REQUIRE(joining.size() == 1);
  REQUIRE(joining[0] == 1);
}

TEST_CASE("a batch looks at sessions that changed and at those whose time has come, and at no others", "[window]") {
  using Places = std::vector<std::uint32_t>;
  const GroupingShape shape = window_shape(false);
  auto store = std::make_unique<SessionStore>(shape, 10);
  const auto add = [&](const std::vector<Row>& rows) {
    const RowColumns columns = columns_of(rows, false);
    store->add_rows({{columns.key}}, columns.args, *columns.time, Selection{nullptr, columns.count});
  };
  add({{1, 1, 0}, {2, 1, 100}, {1, 1, 3}});
  REQUIRE(store->awake(0) == Places{0, 1});
  store->settle({});
  REQUIRE(store->awake(1000).empty());  // nobody asked
  store->wake(0, 13);
  store->wake(1, 110);
  store->wake(1, 200);  // is asked for earlier already
  REQUIRE(store->awake(12).empty());
  REQUIRE(store->awake(13) == Places{0});
  REQUIRE(store->awake(13).empty());  // once
  add({{2, 1, 105}});
  REQUIRE(store->awake(110) == Places{1});  // by both reasons
  store->settle({});

  std::string bytes;
  store->encode(bytes);
  store = std::make_unique<SessionStore>(shape, 10);
  std::string_view input = bytes;
  REQUIRE(store->decode(&input).ok());
  REQUIRE(store->awake(114) == Places{0});  // a restored session asks for its end
  REQUIRE(store->awake(115) == Places{1});
}

}  // namespace
}  // namespace sr
