// RecordStream and globs: partial records, long records, budgets.
#include "operators/support/record_stream.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "engine/base/env_virtual.h"
#include "operators/support/file_cursor.h"
#include "operators/support/glob.h"

using namespace sr;
using namespace sr::operators;

namespace {

class Lines final : public flow::Framer {
 public:
  std::size_t complete(std::string_view bytes) const override {
    const std::size_t end = bytes.rfind('\n');
    return end == std::string_view::npos ? 0 : end + 1;
  }
  bool splits_at_newlines() const override { return true; }
};

void feed(RecordStream& stream, std::string_view text, std::size_t step) {
  while (!text.empty()) {
    const WriteSpace room = stream.room();
    const std::size_t size = std::min({step, text.size(), room.size});
    std::memcpy(room.data, text.data(), size);
    stream.filled(size, 1);
    text.remove_prefix(size);
  }
}

std::vector<std::string> taken(RecordStream& stream, flow::Budget budget = {}) {
  flow::SourceSlice slice;
  stream.take(budget, slice);
  std::vector<std::string> pieces;
  for (const flow::InputPiece& piece : slice.pieces) pieces.emplace_back(piece.raw->bytes);
  return pieces;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

}  // namespace

TEST_CASE("an incomplete record waits for its rest, across reads and takes") {
  Lines lines;
  flow::BufferPool pool;
  RecordStream stream(lines, 1 << 20, pool);
  feed(stream, "one\ntw", 100);
  CHECK(joined(taken(stream)) == "one\n");
  CHECK(stream.queued_bytes() == 2);
  CHECK(taken(stream).empty());
  feed(stream, "o\nthree", 100);
  CHECK(joined(taken(stream)) == "two\n");
  stream.end();
  CHECK(joined(taken(stream)) == "three");
  CHECK(stream.exhausted());
}

TEST_CASE("megabytes in small reads and takes come out as they went in") {
  Lines lines;
  flow::BufferPool pool;
  RecordStream stream(lines, 1 << 20, pool);
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "line " + std::to_string(i) + "\n";
  std::string all;
  for (std::size_t at = 0; at < text.size(); at += 50'000) {
    feed(stream, std::string_view(text).substr(at, 50'000), 777);
    if (at % 150'000 == 0) all += joined(taken(stream));
  }
  stream.end();
  all += joined(taken(stream));
  CHECK(all == text);
}

TEST_CASE("a record longer than max_record is cut to one byte more and its rest skipped") {
  Lines lines;
  flow::BufferPool pool;
  RecordStream stream(lines, 1000, pool);
  feed(stream, "a\n" + std::string(5'000'000, 'x') + "\nb\nc", 64'000);
  CHECK(stream.queued_bytes() < 10'000);
  const auto pieces = taken(stream);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0] == "a\n");
  CHECK(pieces[1] == std::string(1001, 'x'));
  CHECK(pieces[2] == "b\n");
}

TEST_CASE("a budget of records or bytes is kept, but one record always comes") {
  Lines lines;
  flow::BufferPool pool;
  RecordStream stream(lines, 1 << 20, pool);
  feed(stream, "1\n22\n333\n4444\n", 100);
  CHECK(joined(taken(stream, {2, INT64_MAX})) == "1\n22\n");
  CHECK(joined(taken(stream, {INT64_MAX, 1})) == "333\n");
  CHECK(joined(taken(stream, {5, 2})) == "4444\n");
  CHECK(taken(stream).empty());
}

TEST_CASE("a followed file gives whole lines as it grows and its last one when it ends") {
  VirtualEnvironment world;
  auto lines = std::make_shared<Lines>();
  flow::BufferPool pool;
  auto out = world.fs.open("f", OpenMode::append);
  REQUIRE((*out)->write("one\ntw").ok());
  auto cursor = FileCursor::open(world.fs, "f", {lines, 1000, true}, pool);
  REQUIRE(cursor.ok());
  const auto take = [&] {
    flow::SourceSlice slice;
    flow::Budget budget;
    REQUIRE((*cursor)->refresh().ok());
    REQUIRE((*cursor)->take(budget, slice).ok());
    std::string all;
    for (const auto& piece : slice.pieces) all += piece.raw->bytes;
    return all;
  };
  CHECK(take() == "one\n");
  CHECK((*cursor)->offset() == 4);
  REQUIRE((*out)->write("o\nth").ok());
  CHECK(take() == "two\n");
  (*cursor)->finish();
  CHECK(take() == "th");
  CHECK((*cursor)->exhausted());
}

TEST_CASE("globs match names, sets and any depth of stars") {
  CHECK(matches_glob("*.json", "a.json"));
  CHECK_FALSE(matches_glob("*.json", "a.json.tmp"));
  CHECK(matches_glob("a?c[0-9]*", "abc7xyz"));
  CHECK_FALSE(matches_glob("[!a]*", "abc"));
  CHECK(matches_glob("*a*b*c", "xxaxxbxxc"));
  CHECK_FALSE(matches_glob("*a*b*c", "xxaxxcxxb"));
  VirtualEnvironment world;
  REQUIRE(world.fs.make_directories("logs/x").ok());
  REQUIRE(world.fs.make_directories("logs/y").ok());
  for (const char* path : {"logs/x/2.txt", "logs/x/1.txt", "logs/y/1.txt", "logs/y/.1.txt"}) {
    REQUIRE(world.fs.open(path, OpenMode::truncate).ok());
  }
  CHECK(expand_glob(world.fs, "logs/*/*.txt") ==
        std::vector<std::string>{"logs/x/1.txt", "logs/x/2.txt", "logs/y/1.txt"});
}
