// Marking of bytes: every kernel agrees with a plain loop, at every length and offset.
#include "operators/formats/byte_scan.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace sr::operators;

TEST_CASE("every kernel marks the same bytes") {
  std::mt19937 random(1);
  std::string text(64 * 9, ' ');
  for (char& c : text) c = "ab,\n\"\xff"[random() % 6];
  MarkKernel kernels[8];
  const std::size_t count = mark_kernels(kernels, 8);
  REQUIRE(count >= 1);
  for (const ScanBytes bytes : {ScanBytes{',', '\n', '"'}, ScanBytes{'\n', '\n', '\n'}, ScanBytes{'\xff', 'a', ','}}) {
    for (std::size_t k = 0; k <= count; ++k) {
      std::uint64_t marks[9];
      (k < count ? kernels[k] : mark_kernel(bytes))(text.data(), 9, bytes, marks);
      for (std::size_t i = 0; i < text.size(); ++i) {
        const bool expected = text[i] == bytes.a || text[i] == bytes.b || text[i] == bytes.c;
        REQUIRE(((marks[i / 64] >> (i % 64)) & 1) == expected);
      }
    }
  }
}

TEST_CASE("a scanner visits the marked bytes inside the text, wherever it is told to skip to") {
  std::mt19937 random(2);
  for (const std::size_t size : {0, 1, 63, 64, 65, 4095, 4096, 4097, 12345}) {
    std::string text(size + 64, '\n');
    for (std::size_t i = 0; i < size; ++i) text[i] = random() % 20 ? 'x' : '\n';
    const std::string_view view(text.data(), size);
    ByteScanner scanner(view, {'\n', '\n', '\n'});
    std::size_t at = 0;
    while (true) {
      if (random() % 10 == 0) {
        at = std::min<std::size_t>(size, at + random() % 6000);
        scanner.skip_to(at);
      }
      const std::size_t found = scanner.next();
      const std::size_t expected = std::min(view.find('\n', at), size);
      REQUIRE(found == expected);
      if (found == size) break;
      at = found + 1;
    }
    CHECK(scanner.next() == size);
  }
}
