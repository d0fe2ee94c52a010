// Columns: picking, joining, copying, comparing, hashing and the binary encoding, as properties over random columns of
// every type.
#include "engine/data/column.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "engine/data/codec.h"
#include "tests/unit/data/sample_columns.h"

using namespace sr;
using sr::testing::random_column;
using sr::testing::sample_types;

namespace {

Vec<std::uint32_t> some_rows(std::uint32_t count, std::mt19937_64& random) {
  Vec<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (random() % 3 == 0) rows.push_back(i);
  }
  return rows;
}

void check_same(const Column& picked, const Column& from, Selection rows) {
  REQUIRE(picked.size == rows.count);
  for (std::uint32_t i = 0; i < rows.count; ++i) {
    CHECK(equal_values(picked, i, from, rows[i]));
    CHECK(compare_values(picked, i, from, rows[i]) == 0);
    CHECK(hash_value(picked, i, 7) == hash_value(from, rows[i], 7));
  }
}

}  // namespace

TEST_CASE("picked, copied and encoded rows equal the rows they came from") {
  std::mt19937_64 random(1);
  for (const TypeRef& type : sample_types()) {
    INFO(type->name());
    const ColumnRef column = random_column(type, 300, random);
    const Vec<std::uint32_t> rows = some_rows(300, random);
    const Selection selection{rows.data(), static_cast<std::uint32_t>(rows.size())};
    check_same(*gather(column, selection), *column, selection);
    check_same(*gather(column, {nullptr, 100}), *column, {nullptr, 100});
    check_same(*copy_rows(*column, selection), *column, selection);
    const ColumnRef part = slice(column, 70, 150);
    for (std::uint32_t i = 0; i < 150; ++i) CHECK(equal_values(*part, i, *column, 70 + i));
    check_same(*copy_rows(*part, {nullptr, 150}), *part, {nullptr, 150});
    std::string bytes;
    encode_column(bytes, *column, selection);
    encode_column(bytes, *column, {nullptr, column->size});
    encode_column(bytes, *part, {nullptr, 150});
    std::string_view input = bytes;
    check_same(**decode_column(&input, type), *column, selection);
    check_same(**decode_column(&input, type), *column, {nullptr, column->size});
    check_same(**decode_column(&input, type), *part, {nullptr, 150});
    CHECK(input.empty());
  }
}

TEST_CASE("copied rows outlive the strings they came from") {
  ColumnRef copy;
  {
    ColumnBuilder builder(types::string());
    builder.append_string("a text too long for the view");
    builder.append_null();
    copy = copy_rows(*builder.finish(), {nullptr, 2});
  }
  CHECK(copy->get<Str>(0).view() == "a text too long for the view");
  CHECK_FALSE(copy->valid(1));
}

TEST_CASE("a view of a padded text equals one that was copied by length") {
  const std::string text =
      "\xff"
      "bcdefghijklmnopqrstuvwxyz";
  for (std::uint32_t size = 0; size <= 14; ++size) {
    for (std::size_t at = 0; at < 3; ++at) {
      const Str padded = Str::padded(text.data() + at, size);
      const Str plain(text.data() + at, size);
      CHECK(std::memcmp(&padded, &plain, sizeof(Str)) == 0);
    }
  }
}

TEST_CASE("columns joined behind one another keep their rows") {
  std::mt19937_64 random(2);
  for (const TypeRef& type : sample_types()) {
    INFO(type->name());
    const ColumnRef a = random_column(type, 70, random);
    const ColumnRef b = repeat_value(a, 3, 5);
    const ColumnRef c = null_column(types::null(), 2);
    const ColumnRef parts[] = {
        a, b, c, null_column(type, 1), random_column(type, 0, random), slice(a, 5, 20), slice(a, 0, 3)};
    const ColumnRef all = concat_columns(type, parts);
    REQUIRE(all->size == 101);
    for (std::uint32_t i = 0; i < 20; ++i) CHECK(equal_values(*all, 78 + i, *a, 5 + i));
    for (std::uint32_t i = 0; i < 3; ++i) CHECK(equal_values(*all, 98 + i, *a, i));
    for (std::uint32_t i = 0; i < 70; ++i) CHECK(equal_values(*all, i, *a, i));
    for (std::uint32_t i = 70; i < 75; ++i) CHECK(equal_values(*all, i, *a, 3));
    for (std::uint32_t i = 75; i < 78; ++i) CHECK_FALSE(all->valid(i));
  }
}

TEST_CASE("a constant column reads as its value in every row, also through all the ways of picking") {
  std::mt19937_64 random(3);
  for (const TypeRef& type : sample_types()) {
    INFO(type->name());
    const ColumnRef a = random_column(type, 10, random);
    for (std::uint32_t row = 0; row < 10; ++row) {
      const ColumnRef constant = repeat_value(a, row, 9);
      const std::uint32_t rows[] = {1, 8};
      const ColumnRef forms[] = {constant, flatten(constant), gather(constant, {rows, 2}),
                                 copy_rows(*constant, {rows, 2})};
      for (const ColumnRef& form : forms) {
        for (std::uint32_t i = 0; i < form->size; ++i) CHECK(equal_values(*form, i, *a, row));
      }
      std::string bytes;
      encode_column(bytes, *constant, {nullptr, 9});
      std::string_view input = bytes;
      const ColumnRef read = *decode_column(&input, type);
      CHECK(read->size == 9);
      CHECK(equal_values(*read, 8, *a, row));
    }
  }
}

TEST_CASE("damaged bytes give an error or a column, never more") {
  std::mt19937_64 random(4);
  for (const TypeRef& type : sample_types()) {
    std::string bytes;
    encode_column(bytes, *random_column(type, 40, random), {nullptr, 40});
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
      std::string_view cut(bytes.data(), size);
      CHECK_FALSE(decode_column(&cut, type).ok());
    }
    for (int i = 0; i < 200; ++i) {
      std::string changed = bytes;
      changed[random() % changed.size()] = static_cast<char>(random());
      std::string_view input = changed;
      const auto column = decode_column(&input, type);
      if (column.ok() && (*column)->size <= 40) {
        for (std::uint32_t row = 0; row < (*column)->size; ++row) hash_value(**column, row);
      }
    }
  }
}

TEST_CASE("values are ordered as SQL orders them") {
  ColumnBuilder builder(types::float64());
  const double values[] = {-INFINITY, -1, -0.0, 0.0, 2, INFINITY, NAN, -NAN};
  builder.append_null();
  for (const double value : values) builder.append_double(value);
  const ColumnRef column = builder.finish();
  for (std::uint32_t i = 0; i + 1 < column->size; ++i) {
    const bool same = i == 3 || i == 7;
    CHECK(compare_values(*column, i, *column, i + 1) == (same ? 0 : -1));
    CHECK(equal_values(*column, i, *column, i + 1) == same);
    CHECK((hash_value(*column, i) == hash_value(*column, i + 1)) == same);
  }
  ColumnBuilder texts(types::string());
  for (const char* text :
       {"", "Z", "a", "a longer text that is not inline", "a longer text that is not inline!", "\xc3\xa4"})
    texts.append_string(text);
  const ColumnRef strings = texts.finish();
  for (std::uint32_t i = 0; i + 1 < strings->size; ++i) CHECK(compare_values(*strings, i, *strings, i + 1) < 0);
}

TEST_CASE("maps are equal in any order of their entries") {
  ColumnBuilder builder(types::map(types::bigint()));
  const auto add = [&](std::initializer_list<std::pair<const char*, int>> entries) {
    for (const auto& [key, value] : entries) {
      builder.child(0).append_string(key);
      builder.child(1).append_int(value);
    }
    builder.end_list();
  };
  add({{"a", 1}, {"b", 2}});
  add({{"b", 2}, {"a", 1}});
  add({{"a", 1}, {"b", 3}});
  const ColumnRef column = builder.finish();
  CHECK(equal_values(*column, 0, *column, 1));
  CHECK(hash_value(*column, 0) == hash_value(*column, 1));
  CHECK_FALSE(equal_values(*column, 0, *column, 2));
}

TEST_CASE("a chunk compacts to its selected rows") {
  std::mt19937_64 random(5);
  Chunk chunk;
  chunk.schema = std::make_shared<Schema>(std::vector<Field>{{"a", types::bigint()}, {"b", types::string()}});
  chunk.columns = {random_column(types::bigint(), 100, random), random_column(types::string(), 100, random)};
  chunk.event_time = random_column(types::timestamp(), 100, random);
  chunk.rows = 100;
  chunk.selected = std::make_shared<Vec<std::uint32_t>>(some_rows(100, random));
  const Chunk dense = chunk.compact();
  CHECK(dense.rows == chunk.live_rows());
  CHECK_FALSE(dense.selected);
  check_same(*dense.columns[1], *chunk.columns[1], chunk.selection());
  check_same(*dense.event_time, *chunk.event_time, chunk.selection());
  CHECK(chunk.memory_bytes() > 100 * 24);
}

TEST_CASE("an arena keeps addresses and gives back all but the block it fills") {
  StrArena arena;
  std::vector<std::pair<Str, std::string>> added;
  for (int i = 0; i < 2000; ++i) {
    const std::string text =
        std::to_string(i) + std::string(static_cast<std::size_t>(i % 300) * (i % 100 == 0 ? 1000 : 1), 'x');
    added.emplace_back(arena.add(text), text);
  }
  for (const auto& [view, text] : added) REQUIRE(view.view() == text);
  const std::size_t full = arena.memory_bytes();
  arena.clear();
  CHECK(arena.memory_bytes() < full);
  CHECK(arena.add("again, something too long for a view").view() == "again, something too long for a view");
}
