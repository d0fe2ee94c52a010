// The formats text and raw: lines to rows and back.
#include <catch2/catch.hpp>
#include <random>

#include "operators/formats/line_decoder.h"
#include "operators/formats/text_encoder.h"
#include "tests/unit/operators/format_harness.h"

using namespace sr;
using namespace sr::operators;
using namespace sr::testing;

namespace {

using Lines = std::vector<std::string>;

LineDecoder text_decoder(std::int64_t max_record = 1 << 20) {
  flow::DecoderOptions options = options_for("value string");
  options.max_record = max_record;
  return LineDecoder(options, {.utf8 = true, .strip_cr = true});
}
LineDecoder raw_decoder() {
  return LineDecoder(options_for("value binary"), {.utf8 = false, .strip_cr = false});
}

Lines values(const Collected& out) {
  Lines all;
  for (const Chunk& chunk : out.chunks) {
    for (std::uint32_t i = 0; i < chunk.rows; ++i) all.emplace_back(chunk.columns[0]->get<Str>(i).view());
  }
  return all;
}

}  // namespace

TEST_CASE("lines become rows, blank ones too, with any line break") {
  CHECK(values(decode(text_decoder(), "a\n\nb c \r\n\r\nlast")) == Lines{"a", "", "b c ", "", "last"});
  CHECK(values(decode(text_decoder(), "\n")) == Lines{""});
  CHECK(values(decode(text_decoder(), "")).empty());
  CHECK(values(decode(text_decoder(), "a\rb\r")) == Lines{"a\rb\r"});
  CHECK(values(decode(text_decoder(), "exactly12345\nthirteen bytes\n")) == Lines{"exactly12345", "thirteen bytes"});
}

TEST_CASE("raw takes any bytes as they are") {
  CHECK(values(decode(raw_decoder(), std::string_view("a\r\n\xff\x00z\n", 7))) ==
        Lines{"a\r", std::string("\xff\0z", 3)});
}

TEST_CASE("a line that is not UTF-8 or too long is bad and harms no other") {
  const Collected out = decode(text_decoder(20), "one\n\xff\xfe\xc3\xa4 two\nthree\n" + std::string(21, 'x') + "\n" +
                                                     std::string(20, 'y') + "\n");
  CHECK(values(out) == Lines{"one", "three", std::string(20, 'y')});
  REQUIRE(out.bad.size() == 2);
  CHECK(out.bad[0].first == "\xEF\xBF\xBD\xEF\xBF\xBD\xc3\xa4 two");
  CHECK(out.bad[0].second == "the record is not valid UTF-8");
  CHECK(out.bad[1].first == std::string(20, 'x'));
  CHECK(out.bad[1].second == "the record has 21 bytes, more than max_record (20B)");
}

TEST_CASE("a text column that nobody reads is only counted") {
  flow::DecoderOptions options = options_for("value string", {false});
  const LineDecoder decoder(options, {});
  const Collected out = decode(decoder, "a\nb\n\xff\n");
  CHECK(out.rows == 2);
  CHECK_FALSE(out.chunks[0].columns[0]->valid(0));
  CHECK(out.bad.size() == 1);
}

TEST_CASE("pieces and chunks never matter to lines") {
  std::mt19937 random(3);
  std::string text;
  Lines expected;
  for (int i = 0; i < 10000; ++i) {
    std::string line(random() % 40, static_cast<char>('a' + i % 26));
    expected.push_back(line);
    text += line + (random() % 2 ? "\n" : "\r\n");
  }
  const LineDecoder decoder = text_decoder();
  const Collected whole = decode(decoder, text);
  CHECK(values(whole) == expected);
  CHECK(whole.largest == kChunkRows);
  for (const std::size_t size : {1, 7, 100, 5000, 100000}) {
    CHECK(values(decode_in_pieces(decoder, LineFramer(), text, size)) == expected);
  }
}

TEST_CASE("rows are written as text") {
  Chunk chunk;
  chunk.schema = std::make_shared<Schema>(std::vector<Field>{{"a", types::string()}, {"b", types::float64()}});
  ColumnBuilder a(types::string()), b(types::float64());
  a.append_string("word");
  a.append_null();
  a.append_string("a longer text, with comma");
  b.append_double(1);
  b.append_double(0.5);
  b.append_null();
  chunk.columns = {a.finish(), b.finish()};
  chunk.rows = 3;
  TextBuffer out;
  TextEncoder().encode(chunk, out);
  CHECK(out.view() == "(word,1.0)\n(null,0.5)\n(a longer text, with comma,null)\n");
  Chunk one = chunk;
  one.columns.resize(1);
  out.clear();
  TextEncoder().encode(one, out);
  CHECK(out.view() == "word\nnull\na longer text, with comma\n");
  out.clear();
  RawEncoder().encode(one, out);
  CHECK(out.view() == "word\n\na longer text, with comma\n");
  auto rows = std::make_shared<Vec<std::uint32_t>>();
  rows->push_back(2);
  one.selected = rows;
  out.clear();
  TextEncoder().encode(one, out);
  CHECK(out.view() == "a longer text, with comma\n");
}
