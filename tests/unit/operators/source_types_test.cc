// A position under the id of a source that has another type or other rows by now: never misread.
#include "engine/flow/position.h"
#include "source_subject.h"

using namespace sr;
using namespace sr::test;

namespace {

struct Former {
  const char* name;
  const char* source;
  bool files;
};

constexpr Former kTypes[] = {
    {"file", "{type: file, path: in/a, format: text}", true},
    {"followed file", "{type: file, path: in/a, format: text, follow: true}", true},
    {"directory", "{type: directory, path: in, format: text}", true},
    {"pattern", "{type: file, path: 'in/*', format: text}", true},
    {"generate", "{type: generate, rows: 9, columns: {n: row}}", false},
    {"inline", "{type: inline, schema: {n: bigint}, batches: [[1, 2], [3], [4]]}", false},
};

// Takes some of what a source has, and gives where it stands then.
flow::Position stood(VirtualEnvironment& world, const std::string& source, std::int64_t records) {
  Subject subject(world, source);
  REQUIRE(subject.open(std::nullopt).ok());
  REQUIRE(subject.source().poll({records, INT64_MAX, 1}).ok());
  return subject.source().standing();
}

std::string rest(Subject& subject) {
  std::string rest;
  for (std::int64_t batch = 2; !subject.source().ended() && batch < 20; ++batch) {
    const auto slice = subject.source().poll({INT64_MAX, INT64_MAX, batch});
    if (!slice.ok()) FAIL(slice.error().message);
    rest += text_of(*slice);
  }
  return rest;
}

}  // namespace

TEST_CASE("a source of another type goes on with the same files or refuses the position") {
  for (const Former& former : kTypes) {
    for (const Former& present : kTypes) {
      VirtualEnvironment world;
      put(world.fs, "in/a", lines(0, 3));
      put(world.fs, "in/b", lines(3, 3));
      const flow::Position standing = stood(world, former.source, 2);
      Subject subject(world, present.source);
      const Status opened = subject.open(standing);
      INFO(former.name << " -> " << present.name << ": " << standing);
      if (!opened.ok()) {
        CHECK((opened.error().message == flow::foreign_position("in").message ||
               opened.error().message.find("does not name this file any more") != std::string::npos));
        CHECK(&former != &present);
        continue;
      }
      CHECK((&former == &present || (former.files && present.files)));
      // What was read is not read again.
      if (former.files) CHECK(rest(subject).find(lines(0, 2)) == std::string::npos);
    }
  }
}

TEST_CASE("rows in the job that have changed are another source, and more of them are not") {
  VirtualEnvironment world;
  const flow::Position standing =
      stood(world, "{type: inline, schema: {n: bigint}, batches: [[1, 2], [3]]}", INT64_MAX);
  Subject longer(world, "{type: inline, schema: {n: bigint}, batches: [[1, 2], [7], [8]]}");
  REQUIRE(longer.open(standing).ok());
  CHECK(rest(longer) == R"({"n":7}{"n":8})");
  Subject changed(world, "{type: inline, schema: {n: bigint}, batches: [[9, 1, 2], [3]]}");
  CHECK(changed.open(standing).error().message == flow::foreign_position("in").message);
  Subject shorter(world, "{type: inline, schema: {n: bigint}, batches: []}");
  CHECK_FALSE(shorter.open(standing).ok());
  Subject numbers(world, "{type: generate, rows: 9, columns: {n: row}}");
  for (const char* text : {"1", "row", "row x", "row -1", "row 1 ", "batch 1"}) CHECK_FALSE(numbers.open(text).ok());
}
