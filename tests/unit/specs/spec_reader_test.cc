// Pass 1 as a whole: fragments, overrides and env files.
#include "engine/base/env_virtual.h"
#include "read_support.h"
#include "specs/env_file.h"
#include "specs/overrides.h"

using namespace sr;
using namespace sr::specs;
using namespace sr::specs::test;

namespace {

// A job with files beside it, read as `jobs/main.yaml`.
struct World {
  VirtualClock clock;
  VirtualFs fs{clock};
  SourceMap sources;
  Diagnostics diagnostics;
  Variables variables;
  std::vector<std::string> overrides;

  World() { REQUIRE(fs.make_directories("jobs/parts").ok()); }

  void file(const std::string& path, std::string_view text) {
    auto file = fs.open(path, OpenMode::truncate);
    REQUIRE(file.ok());
    REQUIRE((*file)->write(text).ok());
  }
  std::optional<SpecValue> read(const std::string& text) {
    ReadOptions options;
    options.fs = &fs;
    options.variables = &variables;
    options.overrides = overrides;
    return read_spec_text(sources, {"jobs/main.yaml", text}, options, diagnostics);
  }
};

std::string set(const std::string& text, const std::string& argument, const std::string& key) {
  World world;
  world.overrides = {argument};
  const auto root = world.read(text);
  if (world.diagnostics.has_errors()) return places(world.diagnostics);
  const SpecValue* value = root->get(key);
  return value == nullptr ? "absent" : value->text;
}

}  // namespace

TEST_CASE("a fragment's nodes join the job") {
  World world;
  world.file("jobs/parts/a.yaml", "sources:\n  s: {type: stdin}\nfunctions:\n  f: {expr: '1'}\nx-y: ignored\n");
  const auto root = world.read("include: [parts/a.yaml]\nsinks:\n  out: {input: s}\n");
  CHECK(places(world.diagnostics).empty());
  REQUIRE(root);
  CHECK(at(*root, {"sources", "s", "type"}).text == "stdin");
  CHECK(at(*root, {"functions", "f", "expr"}).text == "1");
  CHECK(root->get("include") == nullptr);
  CHECK(root->get("x-y") == nullptr);
  CHECK(world.sources.file(at(*root, {"sources", "s"}).span.file).path == "jobs/parts/a.yaml");
}

TEST_CASE("a prefix renames ids and the fragment's own references") {
  World world;
  world.file("jobs/p.yaml",
             "sources:\n  s: {type: stdin, was: t}\ntransforms:\n"
             "  j: {input: {left: s, right: {from: d.port, window: {size: 1s}}}, initial: d}\n"
             "  u: {input: [s.errors, main]}\n"
             "  q: {type: sql, input: [s, d], query: \"select s.x, s from s join d on s.k = d.k where y = 's'\"}\n"
             "datasets:\n  d: {type: inline}\nfunctions:\n  f: {expr: '1'}\n");
  const auto root = world.read("include: [{path: p.yaml, as: eu}, {path: p.yaml, as: us}]\n");
  CHECK(places(world.diagnostics).empty());
  REQUIRE(root);
  CHECK(at(*root, {"sources", "eu_s", "was"}).text == "eu_t");
  CHECK(at(*root, {"transforms", "us_j", "input", "left"}).text == "us_s");
  CHECK(at(*root, {"transforms", "eu_j", "input", "right", "from"}).text == "eu_d.port");
  CHECK(at(*root, {"transforms", "eu_j", "initial"}).text == "eu_d");
  CHECK(at(*root, {"transforms", "eu_u", "input"}).items[0].text == "eu_s.errors");
  CHECK(at(*root, {"transforms", "eu_u", "input"}).items[1].text == "main");
  const SpecValue& query = at(*root, {"transforms", "eu_q", "query"});
  CHECK(query.text == "select eu_s.x, s from eu_s join eu_d on eu_s.k = eu_d.k where y = 's'");
  const std::size_t where = query.text.find("where");
  CHECK(shown(query.locate(where, where + 5)) == "6:82-6:87");
  CHECK(at(*root, {"functions"}).entries.size() == 1);
}

TEST_CASE("parameters are filled into the fragment only, over the environment") {
  World world;
  world.variables = Variables({{"HOST", "outer"}, {"TOPIC", "t"}});
  world.file("jobs/p.yaml", "sources:\n  s: {host: '${HOST}', topic: '${topic}', literal: '$${x}'}\n");
  const auto root =
      world.read("include: [{path: p.yaml, with: {HOST: inner, topic: \"a-${TOPIC}\"}}]\nhost: ${HOST}\n");
  CHECK(places(world.diagnostics).empty());
  REQUIRE(root);
  CHECK(at(*root, {"sources", "s", "host"}).text == "inner");
  CHECK(at(*root, {"sources", "s", "topic"}).text == "a-t");
  CHECK(at(*root, {"sources", "s", "literal"}).text == "${x}");
  CHECK(at(*root, {"host"}).text == "outer");
}

TEST_CASE("what is wrong with a fragment is reported at its place") {
  World world;
  world.file("jobs/parts/loop.yaml", "include: [../parts/loop.yaml]\n");
  world.file("jobs/parts/section.yaml", "version: 1\nsinkz: {}\n");
  world.file("jobs/parts/clash.yaml", "sources:\n  s: {}\n");
  world.file("jobs/parts/broken.yaml", "sources:\n\ts: {}\n");
  const auto root = world.read(
      "include:\n  - parts/absent.yaml\n  - parts/loop.yaml\n  - parts/section.yaml\n  - parts/clash.yaml\n  - "
      "parts/broken.yaml\n"
      "  - {path: parts/clash.yaml, as: x, with: {p: 1}}\n  - {pat: x}\n  - [x]\nsources:\n  s: {}\n");
  CHECK(!root);
  CHECK(places(world.diagnostics) ==
        "SR1051 2:5, SR1055 7:44, SR1050 8:6, SR1050 9:5, SR1052 1:11, SR1053 1:1, SR1053 2:1, SR1054 2:3, SR1004 2:1");
  CHECK(world.diagnostics.items()[4].suggestion.empty());
}

TEST_CASE("an undefined parameter of a fragment is an error in it") {
  World world;
  world.file("jobs/p.yaml", "sources:\n  s: {topic: \"${topc}\"}\n");
  world.read("include: [{path: p.yaml, with: {topic: x}}]\n");
  CHECK(places(world.diagnostics) == "SR1055 1:33, SR1030 2:15");
}

TEST_CASE("fragments inside fragments are relative to their file") {
  World world;
  world.file("jobs/parts/a.yaml", "include: [{path: b.yaml, as: in}]\ntransforms:\n  t: {input: in_s}\n");
  world.file("jobs/parts/b.yaml", "sources:\n  s: {type: stdin}\n");
  const auto root = world.read("include: [{path: parts/a.yaml, as: out}]\n");
  CHECK(places(world.diagnostics).empty());
  REQUIRE(root);
  CHECK(at(*root, {"sources", "out_in_s", "type"}).text == "stdin");
  CHECK(at(*root, {"transforms", "out_t", "input"}).text == "out_in_s");
}

TEST_CASE("fragments share the job's limit of values") {
  World world;
  std::string big = "x-big: [";
  for (int i = 0; i < 60'000; ++i) big += "1,";
  world.file("jobs/a.yaml", big + "]\n");
  world.file("jobs/b.yaml", big + "]\n");
  CHECK(!world.read("include: [a.yaml, b.yaml]\n"));
  CHECK(places(world.diagnostics).starts_with("SR1019 "));
}

TEST_CASE("an override sets what its path leads to") {
  CHECK(set("a: 1\n", "a=2", "a") == "2");
  CHECK(set("a: 1\n", "b=x: y # z", "b") == "x: y # z");
  CHECK(set("a: 1\n", "a=", "a").empty());
  CHECK(set("a: 1\n", "a='q'", "a") == "q");
  CHECK(set("a: ${NO}\n", "a=given", "a") == "given");
  World world;
  world.overrides = {"a.b.c=[1, {d: 2}]", "l.1.x=5", "sources.s.port=80", "sources.t={type: stdin}", "n.m=1"};
  const auto root = world.read("l: [1, {x: 2}]\nsources: {s: {port: 1}}\nn:\n");
  CHECK(places(world.diagnostics).empty());
  REQUIRE(root);
  CHECK(at(*root, {"a", "b", "c"}).items[1].get("d")->text == "2");
  CHECK(at(*root, {"l"}).items[1].get("x")->text == "5");
  CHECK(at(*root, {"sources", "s", "port"}).text == "80");
  CHECK(at(*root, {"sources", "t", "type"}).text == "stdin");
  CHECK(at(*root, {"n", "m"}).text == "1");
  const SpecValue& port = at(*root, {"sources", "s", "port"});
  CHECK(world.sources.file(port.span.file).path == "--set");
  CHECK(shown(port.span) == "1:16-1:18");
  CHECK(shown(at(*root, {"a", "b", "c"}).items[1].span) == "1:11-1:17");
}

TEST_CASE("an override that makes no sense is an error") {
  CHECK(set("a: 1\n", "a", "a") == "SR1045 1:1");
  CHECK(set("a: 1\n", "=2", "a") == "SR1045 1:1");
  CHECK(set("a: 1\n", "a..b=2", "a") == "SR1045 1:3");
  CHECK(set("a: 1\n", "a.b=2", "a") == "SR1046 1:3");
  CHECK(set("a: [1]\n", "a.1=2", "a") == "SR1046 1:3");
  CHECK(set("a: 1\n", "a=[1", "a") == "SR1007 1:3");
  World world;
  world.overrides = {"transforms.conts.key=w"};
  CHECK(world.read("transforms: {counts: {key: x}}\n"));
  CHECK(places(world.diagnostics) == "SR1046 1:12");
  CHECK(world.diagnostics.items()[0].suggestion == "counts");
}

TEST_CASE("an env file has names, quotes and comments") {
  SourceMap sources;
  Diagnostics diagnostics;
  std::map<std::string, std::string> values;
  read_env_file(sources,
                {".env",
                 "# comment\n\nA=1\n B = two words  # why\nexport C='it is $X \\n'\nD=\"tab\\t\\\"q\\\"\" # "
                 "c\r\nE=\nF=a#b\nA=2\n"},
                values, diagnostics);
  CHECK(!diagnostics.has_errors());
  CHECK(values ==
        std::map<std::string, std::string>{
            {"A", "2"}, {"B", "two words"}, {"C", "it is $X \\n"}, {"D", "tab\t\"q\""}, {"E", ""}, {"F", "a#b"}});
}

TEST_CASE("wrong lines of an env file are reported without their values") {
  SourceMap sources;
  Diagnostics diagnostics;
  std::map<std::string, std::string> values;
  read_env_file(sources, {".env", "A=1\nsecret\n1B=hidden\nC='open\nD='x' y\n"}, values, diagnostics);
  CHECK(places(diagnostics) == "SR1040 2:1, SR1040 3:1, SR1040 4:1, SR1040 5:1");
  CHECK(sources.file(0).text.find("hidden") == std::string::npos);
  CHECK(sources.file(0).text.find("secret") == std::string::npos);
}
