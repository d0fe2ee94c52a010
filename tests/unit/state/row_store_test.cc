// RowStore: keeps rows in order and in memory of its own, and survives its binary form.
#include "engine/state/row_store.h"

#include <catch2/catch.hpp>

namespace sr {
namespace {

Chunk chunk_of(std::vector<std::string> texts, const SchemaRef& schema) {
  ColumnBuilder text(types::string());
  ColumnBuilder time(types::timestamp());
  for (const std::string& one : texts) {
    text.append_string(one);
    time.append_int(static_cast<std::int64_t>(one.size()));
  }
  const auto rows = static_cast<std::uint32_t>(texts.size());
  return Chunk{schema, {text.finish()}, rows, nullptr, time.finish()};
}

TEST_CASE("stored rows outlive their chunk, leave by time, and come back from their binary form", "[state]") {
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"text", types::string()}});
  RowStore store(schema);
  {
    Chunk first = chunk_of({"dropped", "a text that is longer than twelve bytes"}, schema);
    Vec<std::uint32_t> selected;
    selected.push_back(1);
    first.selected = std::make_shared<const Vec<std::uint32_t>>(selected);
    store.append(first, 10);
  }
  store.append(chunk_of({}, schema), 15);
  store.append(chunk_of({"x", "y"}, schema), 20);
  REQUIRE(store.rows() == 3);
  REQUIRE(store.chunks().size() == 2);
  std::string bytes;
  store.encode(bytes);
  RowStore copy(schema);
  std::string_view input = bytes;
  REQUIRE(copy.decode(&input).ok());
  REQUIRE(input.empty());
  REQUIRE(copy.next_order() == store.next_order());
  const Chunk& rows = copy.chunks().front().rows;
  REQUIRE(rows.columns[0]->get<Str>(0).view() == "a text that is longer than twelve bytes");
  REQUIRE(rows.event_time->get<std::int64_t>(0) == 39);
  copy.drop_until(10);
  REQUIRE(copy.rows() == 2);
  std::string_view cut = std::string_view(bytes).substr(0, bytes.size() - 3);
  RowStore damaged(schema);
  REQUIRE_FALSE(damaged.decode(&cut).ok());
}

}  // namespace
}  // namespace sr
