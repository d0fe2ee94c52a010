// Variables in values: forms, escapes, places, what is kept for secret options, files.
#include "engine/base/env_virtual.h"
#include "read_support.h"

using namespace sr;
using namespace sr::specs;
using namespace sr::specs::test;

namespace {

struct Filled {
  Read read;
  Unresolved unresolved;
};

Filled fill(const std::string& text, const Variables& variables, bool dry_run = true, Fs* fs = nullptr) {
  Filled out{test::read(text), Unresolved(dry_run)};
  REQUIRE(out.read.root);
  InterpolationScope scope{variables, fs, out.unresolved};
  interpolate(*out.read.root, scope);
  return out;
}

std::string filled(const std::string& value, const Variables& variables) {
  Filled out = fill("a: '" + value + "'\n", variables);
  out.unresolved.report(*out.read.root, out.read.diagnostics);
  CHECK(places(out.read.diagnostics).empty());
  return at(*out.read.root, {"a"}).text;
}

const Variables& some() {
  static const Variables variables({{"HOST", "example"}, {"EMPTY", ""}, {"NESTED", "${HOST}"}});
  return variables;
}

void write(Fs& fs, const std::string& path, std::string_view text) {
  auto file = fs.open(path, OpenMode::truncate);
  REQUIRE(file.ok());
  REQUIRE((*file)->write(text).ok());
}

}  // namespace

TEST_CASE("the forms of a variable") {
  CHECK(filled("${HOST}:${HOST}", some()) == "example:example");
  CHECK(filled("${EMPTY}", some()).empty());
  CHECK(filled("${NO:-x y}", some()) == "x y");
  CHECK(filled("${NO:-}", some()).empty());
  CHECK(filled("${EMPTY:-x}", some()) == "x");
  CHECK(filled("${HOST:-x}", some()) == "example");
  CHECK(filled("${HOST:?why}", some()) == "example");
  CHECK(filled("${NO:-${HOST}/${ALSO_NO:-z}}!", some()) == "example/z!");
  CHECK(filled("$${HOST} $HOST ${!batch.time} 5$", some()) == "${HOST} $HOST ${!batch.time} 5$");
  CHECK(filled("${NESTED}", some()) == "${HOST}");
}

TEST_CASE("a value can never add structure, and is not null") {
  Filled out = fill("a: ${X}\nb: \"${Y}\"\n", Variables({{"X", "[1, 2]\nc: 3"}, {"Y", ""}}));
  CHECK(at(*out.read.root, {"a"}).is_scalar());
  CHECK(at(*out.read.root, {"a"}).text == "[1, 2]\nc: 3");
  CHECK(at(*out.read.root, {"a"}).interpolated);
  CHECK(at(*out.read.root, {"b"}).is_scalar());
  CHECK(out.read.root->entries.size() == 2);
}

TEST_CASE("keys are left alone") {
  Filled out = fill("${HOST}: ${HOST}\n", some());
  CHECK(at(*out.read.root, {"${HOST}"}).text == "example");
}

TEST_CASE("all that cannot be filled in is reported in one go, each at its place") {
  Filled out = fill("a: ${HOTS}/${NO:?say why}\nb:\n  - \"é ${1X}\"\n  - >-\n    x\n    ${OPEN\n", some());
  out.unresolved.report(*out.read.root, out.read.diagnostics);
  CHECK(places(out.read.diagnostics) == "SR1030 1:4, SR1031 1:12, SR1032 3:8, SR1032 6:5");
  const auto& found = out.read.diagnostics.items();
  CHECK(found[0].suggestion == "HOST");
  CHECK(shown(found[0].span) == "1:4-1:11");
  CHECK(found[1].message == "variable `NO` must be set: say why");
  CHECK(at(*out.read.root, {"a"}).opaque);
}

TEST_CASE("bytes behind a variable keep their place") {
  Filled out = fill("a: f(${HOST}) + broken\n", some());
  const SpecValue& value = at(*out.read.root, {"a"});
  const std::size_t begin = value.text.find("broken");
  CHECK(shown(value.locate(begin, begin + 6)) == "1:17-1:23");
  CHECK(shown(value.locate(2, 3)).starts_with("1:6-"));
  Filled escaped = fill("a: $${x} + broken\n", some());
  const SpecValue& text = at(*escaped.read.root, {"a"});
  CHECK(shown(text.locate(text.text.find("broken"), text.text.size())) == "1:12-1:18");
}

TEST_CASE("a secret option may lack its variable in a dry run only") {
  for (const bool dry_run : {true, false}) {
    Filled out = fill("password: ${PASSWORD}\nuser: ${USER}\n", some(), dry_run);
    out.unresolved.forgive_secret(at(*out.read.root, {"password"}));
    out.unresolved.report(*out.read.root, out.read.diagnostics);
    CHECK(places(out.read.diagnostics) == (dry_run ? "SR1030 2:7" : "SR1030 1:11, SR1030 2:7"));
  }
}

TEST_CASE("values under x- are checked where they are used") {
  Filled unused = fill("x-a: {b: '${NO}'}\nc: 1\n", some());
  unused.unresolved.report(*unused.read.root, unused.read.diagnostics);
  CHECK(places(unused.read.diagnostics).empty());
  Filled used = fill("x-a: &a {b: '${NO}'}\nc: *a\nd: *a\n", some());
  used.unresolved.report(*used.read.root, used.read.diagnostics);
  CHECK(places(used.read.diagnostics) == "SR1030 1:14");
  Filled inner = fill("headers: {x-key: \"${NO}\"}\n", some());
  inner.unresolved.report(*inner.read.root, inner.read.diagnostics);
  CHECK(places(inner.read.diagnostics) == "SR1030 1:19");
}

TEST_CASE("a file is read only when the job runs, and its content is secret") {
  VirtualClock clock;
  VirtualFs fs(clock);
  REQUIRE(fs.make_directories("/run").ok());
  write(fs, "/run/key", "s3cret-key\n");
  Filled dry = fill("a: ${file:/run/absent}\n", some(), true, &fs);
  CHECK(at(*dry.read.root, {"a"}).opaque);
  dry.unresolved.report(*dry.read.root, dry.read.diagnostics);
  CHECK(places(dry.read.diagnostics).empty());

  Filled run = fill("a: \"${file:/run/key}\"\nb: ${file:/run/absent}\n", some(), false, &fs);
  CHECK(at(*run.read.root, {"a"}).text == "s3cret-key");
  run.unresolved.report(*run.read.root, run.read.diagnostics);
  CHECK(places(run.read.diagnostics) == "SR1033 2:4");

  Secrets secrets;
  Unresolved unresolved(false);
  Read again = test::read("a: ${file:/run/key}\n");
  InterpolationScope scope{some(), &fs, unresolved, &secrets};
  interpolate(*again.root, scope);
  CHECK(secrets.redact("key is s3cret-key.") == "key is ***.");
}

TEST_CASE("variables cannot grow without bound") {
  std::string text = "a: [";
  for (int i = 0; i < 5000; ++i) text += "'${BIG}',";
  Filled out = fill(text + "]\n", Variables({{"BIG", std::string(100'000, 'x')}}));
  out.unresolved.report(*out.read.root, out.read.diagnostics);
  CHECK(places(out.read.diagnostics).starts_with("SR1034 "));
}

TEST_CASE("a hundred thousand references in one value take no quadratic time") {
  std::string text = "a: '";
  for (int i = 0; i < 100'000; ++i) text += "${NO:-x}";
  CHECK(fill(text + "'\n", some()).read.root->entries[0].value.text.size() == 100'000);
}
