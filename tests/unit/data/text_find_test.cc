// find_text agrees with std::string_view::find at every length around the widths of the vectors.
#include "engine/data/text_find.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "engine/base/env_virtual.h"

using namespace sr;

TEST_CASE("a text is found where string_view finds it, from every start") {
  SeededRandom random(11);
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t size = random.below(round % 10 == 0 ? 200 : 70);
    const std::size_t length = random.below(9);
    // An exact block of its own, so that a sanitizer sees a read behind its end; two letters, so that much nearly fits.
    const std::unique_ptr<char[]> block(new char[size + 1]);
    for (std::size_t i = 0; i < size; ++i) block[i] = random.below(8) == 0 ? 'b' : 'a';
    const std::string_view in(block.get(), size);
    std::string what;
    for (std::size_t i = 0; i < length; ++i) what += random.below(4) == 0 ? 'b' : 'a';
    const std::size_t from = random.below(size + 3);
    INFO(in << " / " << what << " / " << from);
    REQUIRE(find_text(in, what, from) == in.find(what, from));
  }
}

TEST_CASE("bytes that are no ASCII are found, and nothing is found behind the end") {
  const std::string text = std::string(40, ' ') + "z\xc3\xbcrich" + std::string(40, '\0') + "end";
  CHECK(find_text(text, "z\xc3\xbcrich") == 40);
  CHECK(find_text(text, std::string(40, '\0') + "e") == 47);
  CHECK(find_text(text, "endx") == std::string::npos);
  CHECK(find_text(text, "", text.size()) == text.size());
  CHECK(find_text(text, "", text.size() + 1) == std::string::npos);
}
