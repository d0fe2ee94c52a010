// The format csv: quoting, NULLs, casts, bad records, round trips.
#include <catch2/catch.hpp>
#include <random>

#include "operators/formats/csv_decoder.h"
#include "operators/formats/csv_encoder.h"
#include "tests/unit/data/sample_columns.h"
#include "tests/unit/operators/format_harness.h"

using namespace sr;
using namespace sr::operators;
using namespace sr::testing;

namespace {

using Lines = std::vector<std::string>;

Collected read(std::string_view columns, std::string_view text, CsvRules rules = {}, bool stream_start = true) {
  return decode(CsvDecoder(options_for(columns), rules), text, stream_start);
}

}  // namespace

TEST_CASE("fields go to the columns of their places") {
  const Collected out = read("a bigint, b string, c double",
                             "1,x,2.5\r\n"
                             "2,\"quoted, with \"\"quotes\"\"\nand lines\",-1e3\n"
                             "\n"
                             ",,\n"
                             "3,\"\",\n"
                             " 4 , spaces stay ,NaN\n"
                             "5,in \"the\" middle,7");
  CHECK(out.bad.empty());
  CHECK(out.lines == Lines{R"({"a":1,"b":"x","c":2.5})",
                           R"({"a":2,"b":"quoted, with \"quotes\"\nand lines","c":-1000.0})",
                           R"({"a":null,"b":null,"c":null})", R"({"a":3,"b":"","c":null})",
                           R"({"a":4,"b":" spaces stay ","c":"NaN"})", R"({"a":5,"b":"in \"the\" middle","c":7.0})"});
}

TEST_CASE("every type is cast from its text") {
  const Collected out = read(
      "a boolean, b date, c timestamp, d decimal(5,2), e binary, f array<bigint>, g struct<x:string>, h "
      "map<string,bigint>, i variant",
      "yes,2024-2-9,2024-02-09 01:02:03,1.005,AAH/,\"[1,2]\",\"{\"\"x\"\":\"\"y\"\"}\",\"{\"\"k\"\":1}\",\"{\"\"v\"\": "
      "1}\"\n");
  CHECK(out.bad.empty());
  CHECK(
      out.lines ==
      Lines{
          R"({"a":true,"b":"2024-02-09","c":"2024-02-09T01:02:03Z","d":1.01,"e":"AAH/","f":[1,2],"g":{"x":"y"},"h":{"k":1},"i":{"v": 1}})"});
}

TEST_CASE("the header and a byte order mark are skipped where a stream starts, and only there") {
  CsvRules rules;
  rules.header = true;
  CHECK(read("a bigint, b string", "\xEF\xBB\xBF\"a\nhead\",b\n1,x\n", rules).lines == Lines{R"({"a":1,"b":"x"})"});
  CHECK(read("a bigint, b string", "1,x\n", rules, false).rows == 1);
  CHECK(read("a bigint, b string", "1,x\n").rows == 1);
}

TEST_CASE("other delimiters and quotes") {
  CsvRules rules;
  rules.delimiter = '\t';
  rules.quote = '\'';
  CHECK(read("a string, b string", "x,\"y\"\t'it''s\t'\n", rules).lines == Lines{R"({"a":"x,\"y\"","b":"it's\t"})"});
}

TEST_CASE("a bad record harms no neighbour") {
  const Collected out = read("a bigint, b string", "1,a\nx,b\n2,c,d\n3\n4,\"e\"f\n5,\xff\n\"\",g\n6,h\n");
  CHECK(out.lines == Lines{R"({"a":1,"b":"a"})", R"({"a":6,"b":"h"})"});
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"x,b", "field `a`: cast: `x` is not a bigint"},
      {"2,c,d", "expected 2 fields, got 3"},
      {"3", "expected 2 fields, got 1"},
      {"4,\"e\"f", "text stands behind a closing quote"},
      {"5,\xEF\xBF\xBD", "the record is not valid UTF-8"},
      {"\"\",g", "field `a`: cast: `` is not a bigint"}};
  CHECK(out.bad == expected);
  CHECK(read("a bigint, b string", "1,\"open\n2,b\n").bad[0].second == "a quoted field is not closed");
}

TEST_CASE("the framer ends records only outside of quotes") {
  const CsvFramer framer(CsvRules{});
  CHECK(framer.complete("a,b\nc,d") == 4);
  CHECK(framer.complete("a,\"b\nc") == 0);
  CHECK(framer.complete("a,\"b\nc\"\n") == 8);
  CHECK(framer.complete("a,\"b\"\"\nc\"\nd,\"\n") == 10);
  CHECK(framer.complete("in \"the middle\nb\n") == 17);
  CHECK(framer.complete("\"") == 0);
  CHECK(framer.complete("") == 0);
}

TEST_CASE("csv rows of every type read back the same, in pieces of any size") {
  std::mt19937_64 random(7);
  for (const CsvRules rules : {CsvRules{}, CsvRules{';', '\'', true}, CsvRules{'-', '1', false}}) {
    std::vector<Field> fields;
    for (const TypeRef& type : sample_types()) fields.push_back({"f " + std::to_string(fields.size()), type});
    Chunk chunk;
    chunk.schema = std::make_shared<const Schema>(fields);
    chunk.rows = 700;
    for (const Field& field : fields) chunk.columns.push_back(random_column(field.type, chunk.rows, random));
    TextBuffer text;
    CsvEncoder(rules).header(*chunk.schema, text);
    CsvEncoder(rules).encode(chunk, text);
    flow::DecoderOptions options;
    options.schema = chunk.schema;
    const CsvDecoder decoder(options, rules);
    for (const std::size_t size : {1, 5000, 10000000}) {
      const Collected out = decode_in_pieces(decoder, CsvFramer(rules), text.view(), size);
      REQUIRE(out.bad.empty());
      REQUIRE(out.rows == chunk.rows);
      std::uint32_t row = 0;
      for (const Chunk& part : out.chunks) {
        for (std::uint32_t i = 0; i < part.rows; ++i, ++row) {
          for (std::size_t c = 0; c < fields.size(); ++c) {
            INFO(fields[c].type->name() << " row " << row);
            REQUIRE(equal_values(*part.columns[c], i, *chunk.columns[c], row));
          }
        }
      }
    }
  }
}
