// The input of a batch, record by record: beginnings, gaps and single records of raw bytes, rows and ranges.
#include "engine/runtime/batch_input.h"

#include <catch2/catch.hpp>

#include "engine/base/env_virtual.h"
#include "fake_graph.h"

using namespace sr;
using namespace sr::runtime;
using namespace sr::runtime::test;

namespace {

// Two sources: lines of text, and lists of numbers.
flow::Graph two_sources() {
  GraphBuilder builder;
  const auto lines = builder.source("lines");
  builder.gather("end", {{lines}, {builder.source("numbers")}});
  return builder.take();
}

flow::SourceSlice chunk_slice(const std::vector<std::int64_t>& values) {
  flow::SourceSlice slice;
  slice.pieces.emplace_back().chunk = numbers(values);
  return slice;
}

BatchInput sample(const flow::Graph& graph) {
  BatchInput input(graph);
  input.add(0, raw_slice("one\ntwo\n"));
  input.add(0, raw_slice("three\n"));
  input.add(1, chunk_slice({4, 5}));
  REQUIRE(input.read().ok());
  return input;
}

// What is left, one text a source.
std::vector<std::string> taken(BatchInput input) {
  std::vector<std::string> all(2);
  std::move(input).take([&](std::uint32_t node, const flow::SourceSlice& slice) {
    for (const flow::InputPiece& piece : slice.pieces) {
      if (piece.raw) all[node] += piece.raw->bytes;
      if (!piece.chunk) continue;
      for (const std::int64_t value : values_of(*piece.chunk)) all[node] += std::to_string(value) + " ";
    }
  });
  return all;
}

}  // namespace

TEST_CASE("a beginning of the input ends with any record, source by source") {
  const flow::Graph graph = two_sources();
  const BatchInput input = sample(graph);
  CHECK(input.count() == 5);
  CHECK(taken(input.first(0)) == std::vector<std::string>{"", ""});
  CHECK(taken(input.first(1)) == std::vector<std::string>{"one\n", ""});
  CHECK(taken(input.first(3)) == std::vector<std::string>{"one\ntwo\nthree\n", ""});
  CHECK(taken(input.first(4)) == std::vector<std::string>{"one\ntwo\nthree\n", "4 "});
  CHECK(taken(input.first(9)) == std::vector<std::string>{"one\ntwo\nthree\n", "4 5 "});
}

TEST_CASE("any record can be left out, one after the other") {
  const flow::Graph graph = two_sources();
  BatchInput input = sample(graph);
  CHECK(input.leave_out({"lines", 2}));
  CHECK(taken(input) == std::vector<std::string>{"one\nthree\n", "4 5 "});
  CHECK(input.leave_out({"lines", 2}));
  CHECK(input.leave_out({"numbers", 1}));
  CHECK(taken(input) == std::vector<std::string>{"one\n", "5 "});
  CHECK_FALSE(input.leave_out({"lines", 2}));
  CHECK_FALSE(input.leave_out({"lines", 0}));
  CHECK_FALSE(input.leave_out({"nobody", 1}));
}

TEST_CASE("a record is shown with its source, its number there and its text") {
  const flow::Graph graph = two_sources();
  const BatchInput input = sample(graph);
  const ShownRecord line = input.show(3);
  CHECK(line.place.source == "lines");
  CHECK(line.place.number == 3);
  CHECK(line.text == "three");
  const ShownRecord row = input.show(5);
  CHECK(row.place.source == "numbers");
  CHECK(row.place.number == 2);
  CHECK(row.text == "{\"n\":5}");
}

TEST_CASE("what lies in a file is read, and a record there shown with its byte") {
  const flow::Graph graph = two_sources();
  VirtualEnvironment world(1);
  auto file = world.fs.open("in.txt", OpenMode::truncate);
  REQUIRE(file.ok());
  REQUIRE((*file)->write("zero\none\ntwo\n").ok());
  flow::SourceSlice slice;
  flow::InputPiece::FileRange range;
  range.file = std::shared_ptr<File>(std::move(*file));
  range.path = "in.txt";
  range.offset = 5;
  range.length = 8;
  slice.pieces.emplace_back().file = range;
  BatchInput input(graph);
  input.add(0, std::move(slice));
  REQUIRE(input.read().ok());
  CHECK(input.count() == 2);
  const ShownRecord second = input.show(2);
  CHECK(second.where == "in.txt, byte 9");
  CHECK(second.text == "two");
}
