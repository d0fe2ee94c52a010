// Digests of rows: the same rows in any order and any chunks have the same one, other rows another.
#include "engine/runtime/row_digest.h"

#include <catch2/catch.hpp>

#include "engine/data/builder.h"
#include "engine/runtime/batch_frame.h"

using namespace sr;
using namespace sr::runtime;

namespace {

struct Row {
  std::int64_t number;
  std::string text;
};

Chunk rows_of(const std::vector<Row>& rows) {
  ColumnBuilder numbers(types::bigint());
  ColumnBuilder texts(types::string());
  for (const Row& row : rows) {
    numbers.append_int(row.number);
    texts.append_string(row.text);
  }
  Chunk chunk;
  chunk.schema = std::make_shared<const Schema>(std::vector<Field>{{"n", types::bigint()}, {"t", types::string()}});
  chunk.columns = {numbers.finish(), texts.finish()};
  chunk.rows = static_cast<std::uint32_t>(rows.size());
  return chunk;
}

}  // namespace

TEST_CASE("a digest knows neither the order of rows nor how they are cut") {
  const Chunk all = rows_of({{1, "a"}, {2, "b"}, {3, "a text that is longer than twelve bytes"}});
  const Chunk turned = rows_of({{3, "a text that is longer than twelve bytes"}, {1, "a"}, {2, "b"}});
  CHECK(digest_rows(all) == digest_rows(turned));
  CHECK(digest_rows(all) == digest_rows(slice_live(all, 0, 1)) + digest_rows(slice_live(all, 1, 2)));
}

TEST_CASE("rows that differ in a value, or in which of them have it, have another digest") {
  const std::uint64_t digest = digest_rows(rows_of({{1, "a"}, {2, "b"}}));
  CHECK(digest != digest_rows(rows_of({{1, "a"}, {2, "c"}})));
  CHECK(digest != digest_rows(rows_of({{1, "b"}, {2, "a"}})));
  CHECK(digest != digest_rows(rows_of({{1, "a"}, {2, "b"}, {2, "b"}})));
  CHECK(digest_rows(rows_of({{1, "a"}, {1, "a"}})) != digest_rows(rows_of({{2, "b"}, {2, "b"}})));
}
