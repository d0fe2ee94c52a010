// GroupTable against a plain map of texts: ids by first appearance, every type, growth, erasure, snapshots.
#include "engine/state/group_table.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>

#include "engine/data/codec.h"

namespace sr {
namespace {

class Oracle {
 public:
  std::uint32_t group(const std::string& key) {
    const auto [place, added] = groups_.emplace(key, next_);
    if (added) ++next_;
    return place->second;
  }
  void erase(const std::string& key) { groups_.erase(key); }

 private:
  std::map<std::string, std::uint32_t> groups_;
  std::uint32_t next_ = 0;
};

std::string text_of(const Column& column, std::uint32_t row) {
  TextBuffer text;
  write_text(text, column, row);
  return std::string(text.view());
}

struct Random {
  std::uint64_t state = 1;
  std::uint64_t next(std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

std::string word(std::uint64_t n) {
  std::string text = "w" + std::to_string(n);
  if (n % 7 == 0) text += "-which-is-longer-than-twelve";
  return n % 11 == 0 ? text.substr(0, n % 3) : text;
}

TEST_CASE("group ids follow the first appearance of texts, through growth", "[state]") {
  GroupTable table({types::string()});
  Oracle oracle;
  Random random;
  for (int chunk = 0; chunk < 60; ++chunk) {
    ColumnBuilder builder(types::string());
    std::vector<std::string> words;
    for (int i = 0; i < 1500; ++i) {
      words.push_back(word(random.next(1 + 900u * static_cast<unsigned>(chunk))));
      builder.append_string(words.back());
    }
    const ColumnRef column = builder.finish();
    std::vector<std::uint32_t> groups(words.size());
    table.find_or_insert({{column}}, Selection{nullptr, column->size}, groups.data());
    for (std::size_t i = 0; i < words.size(); ++i) REQUIRE(groups[i] == oracle.group(words[i]));
    std::vector<std::uint32_t> again(words.size());
    table.find({{column}}, Selection{nullptr, column->size}, again.data());
    REQUIRE(again == groups);
    const ColumnRef keys = table.keys(groups[0], 1)[0];
    REQUIRE(text_of(*keys, 0) == words[0]);
  }
  REQUIRE(table.size() > 10000);
}

TEST_CASE("keys of several columns, with NULLs, doubles and nested values, are equal as values are", "[state]") {
  GroupTable table({types::bigint(), types::float64(), types::array(types::string())});
  Random random;
  ColumnBuilder a(types::bigint());
  ColumnBuilder b(types::float64());
  ColumnBuilder c(types::array(types::string()));
  const double doubles[] = {0.0, -0.0, NAN, -NAN, 1.5};
  Oracle oracle;
  std::vector<std::uint32_t> expected;
  for (int i = 0; i < 3000; ++i) {
    const auto n = static_cast<std::int64_t>(random.next(4));
    const double x = doubles[random.next(5)];
    std::string key = n == 3 ? "null" : std::to_string(n);
    n == 3 ? a.append_null() : a.append_int(n);
    b.append_double(x);
    key += std::isnan(x) ? "nan" : x == 0 ? "zero" : "one";
    const std::uint64_t length = random.next(3);
    for (std::uint64_t k = 0; k < length; ++k) c.child(0).append_string("element");
    c.end_list();
    expected.push_back(oracle.group(key + std::to_string(length)));
  }
  const std::vector<ColumnRef> keys{a.finish(), b.finish(), c.finish()};
  std::vector<std::uint32_t> groups(expected.size());
  table.find_or_insert(keys, Selection{nullptr, 3000}, groups.data());
  REQUIRE(groups == expected);
  std::string bytes;
  table.encode(bytes);
  GroupTable copy({types::bigint(), types::float64(), types::array(types::string())});
  std::string_view input = bytes;
  REQUIRE(copy.decode(&input).ok());
  REQUIRE(input.empty());
  std::vector<std::uint32_t> found(expected.size());
  copy.find(keys, Selection{nullptr, 3000}, found.data());
  REQUIRE(found == expected);
}

TEST_CASE("an erased key is gone, comes back at the end, and compaction keeps the order", "[state]") {
  GroupTable table({types::bigint()});
  Random random;
  std::vector<std::int64_t> order;  // live keys by age
  const auto insert = [&](std::int64_t key) {
    ColumnBuilder builder(types::bigint());
    builder.append_int(key);
    std::uint32_t group = 0;
    table.find_or_insert({{builder.finish()}}, Selection{nullptr, 1}, &group);
    return group;
  };
  for (int step = 0; step < 20000; ++step) {
    const auto key = static_cast<std::int64_t>(random.next(500));
    const bool known = std::find(order.begin(), order.end(), key) != order.end();
    const std::uint32_t size = table.size();
    const std::uint32_t group = insert(key);
    REQUIRE((group == size) == !known);
    if (!known) order.push_back(key);
    if (random.next(2) == 0) {
      table.erase(group);
      order.erase(std::find(order.begin(), order.end(), key));
    }
    REQUIRE(table.live() == order.size());
    if (table.wants_compact()) {
      Vec<std::uint32_t> moved;
      table.compact(moved);
      REQUIRE(table.size() == order.size());
      const ColumnRef keys = table.keys(0, table.size())[0];
      for (std::uint32_t i = 0; i < table.size(); ++i) REQUIRE(keys->get<std::int64_t>(i) == order[i]);
    }
  }
}

TEST_CASE("tables merge in the order of the other's groups, and keys given away outlive a clear", "[state]") {
  GroupTable one({types::string()});
  GroupTable two({types::string()});
  ColumnBuilder builder(types::string());
  for (int i = 0; i < 100; ++i) builder.append_string("a word that is not short " + std::to_string(i % 40));
  const ColumnRef column = builder.finish();
  std::vector<std::uint32_t> groups(100);
  one.find_or_insert({{column}}, Selection{nullptr, 100}, groups.data());
  const std::uint32_t odd[] = {35, 37, 3};
  std::uint32_t to[3];
  two.find_or_insert(one, odd, to);
  REQUIRE((to[0] == 0 && to[1] == 1 && to[2] == 2));
  Vec<std::uint32_t> all(one.size());
  two.find_or_insert(one, all.data());
  REQUIRE(two.size() == 40);
  REQUIRE(all[35] == 0);
  REQUIRE(all[0] == 3);
  const ColumnRef keys = one.keys(0, 40)[0];
  one.clear();
  one.find_or_insert(two, all.data());
  REQUIRE(keys->get<Str>(7).view() == "a word that is not short 7");
}

TEST_CASE("without key columns all rows are one group, which comes with the first row", "[state]") {
  GroupTable table({});
  std::uint32_t groups[3] = {9, 9, 9};
  table.find({}, Selection{nullptr, 3}, groups);
  REQUIRE(groups[0] == kNoGroup);
  table.find_or_insert({}, Selection{nullptr, 0}, groups);
  REQUIRE(table.size() == 0);
  table.find_or_insert({}, Selection{nullptr, 3}, groups);
  REQUIRE(table.size() == 1);
  REQUIRE(groups[2] == 0);
}

}  // namespace
}  // namespace sr
