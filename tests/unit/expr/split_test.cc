// split and its loops: all separators, all lengths.
#include <catch2/catch.hpp>

#include "engine/expr/functions/split.h"
#include "tests/unit/expr/answers.h"

namespace sr::expr {

namespace {

std::vector<std::string> cut(const std::string& pattern, std::string_view text, std::int64_t limit = -1) {
  std::string error;
  const auto splitter = Splitter::compile(pattern, &error);
  if (!splitter) return {error};
  Parts parts(4);
  std::unique_ptr<Matcher> matcher;
  if (const char* failed = splitter->split(Str(text), limit, parts, matcher)) return {failed};
  const std::uint32_t count = parts.size();
  const Vec<std::byte> views = parts.take();
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(reinterpret_cast<const Str*>(views.data())[i].view());
  return out;
}

std::vector<std::string> plain_cut(std::string_view text, char separator) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the block loop cuts texts of all lengths like a loop over bytes") {
  std::uint64_t state = 1;
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    const int size = round % 211;
    for (int i = 0; i < size; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const unsigned dice = static_cast<unsigned>(state >> 33) % (round % 3 == 0 ? 2 : round % 3 == 1 ? 7 : 30);
      text.push_back(dice == 0 ? ' ' : static_cast<char>('a' + dice % 26));
    }
    // Exactly as long as its memory, so that reading outside is seen by the sanitizer.
    const std::unique_ptr<char[]> exact(new char[text.size() + 1]);
    std::copy(text.begin(), text.end(), exact.get());
    CHECK(cut(" ", {exact.get(), text.size()}) == plain_cut(text, ' '));
  }
}

TEST_CASE("equal short parts are equal as views") {
  std::string error;
  const auto splitter = Splitter::compile(",", &error);
  Parts parts(4);
  std::unique_ptr<Matcher> matcher;
  const std::string text = "word,word,abcdefghijkl,abcdefghijkl,word,a long one indeed,word";
  splitter->split(Str(text), -1, parts, matcher);
  const Vec<std::byte> views = parts.take();
  const Str* begin = reinterpret_cast<const Str*>(views.data());
  CHECK(std::memcmp(begin, begin + 1, sizeof(Str)) == 0);
  CHECK(std::memcmp(begin, begin + 6, sizeof(Str)) == 0);
  CHECK(std::memcmp(begin + 2, begin + 3, sizeof(Str)) == 0);
  CHECK(begin[0] == Str("word"));
}

TEST_CASE("separators are regular expressions, by Java's rules") {
  using List = std::vector<std::string>;
  CHECK(cut("[0-9]+", "a1b22c") == List{"a", "b", "c"});
  CHECK(cut("[|]", "a|b|") == List{"a", "b", ""});
  CHECK(cut("\\|", "a|b") == List{"a", "b"});
  CHECK(cut("\\s+", " a  b") == List{"", "a", "b"});
  CHECK(cut(", ", "a, b,c") == List{"a", "b,c"});
  CHECK(cut("", "aé😀") == List{"a", "é", "😀"});
  CHECK(cut("", "abc", 2) == List{"a", "bc"});
  CHECK(cut("", "") == List{""});
  CHECK(cut("x*", "axb") == List{"a", "", "b", ""});
  CHECK(cut("x*", "abc") == List{"a", "b", "c", ""});
  CHECK(cut(",", "a,b,c", 2) == List{"a", "b,c"});
  CHECK(cut("[,;]", "a,b;c", 2) == List{"a", "b;c"});
  CHECK(cut(",", "a,b,c", 1) == List{"a,b,c"});
  CHECK(cut("(?=b)", "abab") == List{"a", "ba", "b"});
  CHECK(cut(".", "ab") == List{"", "", ""});
}

TEST_CASE("split over rows") {
  const Rows rows{"s: string, d: string",
                  R"([{"s": "a b", "d": " "}, {"d": ","}, {"s": "", "d": ","}, {"s": "x.y", "d": "[.]"}])"};
  CHECK(answers("split(s, ' ')", rows) == std::vector<std::string>{R"(["a","b"])", "null", R"([""])", R"(["x.y"])"});
  CHECK(answers("split(s, d)", rows) == std::vector<std::string>{R"(["a","b"])", "null", R"([""])", R"(["x","y"])"});
  CHECK(answers("split(s, d, 1)", rows)[3] == R"(["x.y"])");
  CHECK(fails_with("split('a', '(')", "regular expression"));
  CHECK(answers("if(s = 'a b', split(s, ' '), null)", rows)[0] == R"(["a","b"])");
}

}  // namespace sr::expr
