// Ranges of files: every record belongs to exactly one range, wherever the cuts fall.
#include "engine/runtime/file_reader.h"

#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"

using namespace sr;
using namespace sr::runtime;

namespace {

std::string read_in_pieces(File& source, std::shared_ptr<File> file, std::int64_t size, std::int64_t step,
                           std::int64_t max_record) {
  static_cast<void>(source);
  flow::BufferPool pool;
  std::string all;
  for (std::int64_t at = 0; at < size; at += step) {
    flow::InputPiece::FileRange range;
    range.file = file;
    range.offset = at;
    range.length = std::min(step, size - at);
    range.skip_partial = at > 0;
    range.extend_to_record = at + range.length < size;
    auto piece = read_range(range, max_record, pool);
    REQUIRE(piece.ok());
    all.append(piece->bytes);
  }
  return all;
}

}  // namespace

TEST_CASE("ranges of any length give every record once and whole") {
  VirtualEnvironment world;
  const std::string text = "one\ntwo\n\nthree and more\nfour\nlast without end";
  {
    auto file = world.fs.open("f", OpenMode::truncate);
    REQUIRE((*file)->write(text).ok());
  }
  auto opened = world.fs.open("f", OpenMode::read);
  std::shared_ptr<File> file = std::move(*opened);
  for (std::int64_t step = 1; step <= static_cast<std::int64_t>(text.size()) + 1; ++step) {
    CHECK(read_in_pieces(*file, file, static_cast<std::int64_t>(text.size()), step, 1000) == text);
  }
}

TEST_CASE("of a record that is too long only its beginning is read") {
  VirtualEnvironment world;
  const std::string text = "a\n" + std::string(100'000, 'x') + "\nb\n";
  {
    auto file = world.fs.open("f", OpenMode::truncate);
    REQUIRE((*file)->write(text).ok());
  }
  auto opened = world.fs.open("f", OpenMode::read);
  std::shared_ptr<File> file = std::move(*opened);
  flow::BufferPool pool;
  flow::InputPiece::FileRange range;
  range.file = file;
  range.length = 10;
  range.extend_to_record = true;
  auto piece = read_range(range, 50, pool);
  REQUIRE(piece.ok());
  CHECK(piece->bytes.size() == 10 + 51);
}
