// Hashes, checksums and UTF-8.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "engine/base/crc32c.h"
#include "engine/base/env_virtual.h"
#include "engine/base/hash.h"
#include "engine/base/text.h"

using namespace sr;

TEST_CASE("crc32c gives the check values of RFC 3720") {
  CHECK(crc32c(std::string_view("123456789")) == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c(std::string_view("")) == 0);
}

TEST_CASE("crc32c agrees with its portable form at every length and can be extended") {
  SeededRandom random(7);
  std::string text;
  for (std::size_t size = 0; size < 300; ++size) {
    CHECK(crc32c(text) == crc32c_portable(0, text.data(), text.size()));
    const std::size_t half = size / 3;
    CHECK(crc32c(crc32c(0, text.data(), half), text.data() + half, size - half) == crc32c(text));
    text.push_back(static_cast<char>(random.next()));
  }
}

TEST_CASE("hashes are stable across builds") {
  CHECK(hash_bytes("") == hash_bytes(nullptr, 0));
  CHECK(hash_bytes("word") == XXH3_64bits_withSeed("word", 4, kHashSeed));
  CHECK(hash_u64(0) != 0);
  CHECK(combine(hash_u64(1), hash_u64(2)) != combine(hash_u64(2), hash_u64(1)));
}

TEST_CASE("hashes of neighbours spread over 64 partitions") {
  std::set<std::uint64_t> partitions;
  for (std::uint64_t i = 0; i < 1000; ++i) partitions.insert(hash_u64(i) >> 58);
  CHECK(partitions.size() == 64);
}

TEST_CASE("well-formed UTF-8 is accepted and the first bad byte found") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain ascii that is longer than thirty-two bytes, so that the fast path runs"));
  CHECK(is_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF \xED\x9F\xBF"));
  const std::string prefix(40, 'a');
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x28\xA1"}) {
    INFO(static_cast<int>(static_cast<unsigned char>(bad[0])));
    CHECK(utf8_valid_prefix(prefix + bad) == 40);
    CHECK(utf8_valid_prefix(prefix + "\xC3\xA9" + bad + "tail") == 42);
  }
}

TEST_CASE("code points are counted and found") {
  CHECK(code_points("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == 4);
  CHECK(code_point_offset("a\xC3\xA9\xE2\x82\xAC", 2) == 3);
  CHECK(code_point_offset("abc", 9) == 3);
  CHECK(is_ascii("abc"));
  CHECK_FALSE(is_ascii("ab\xC3\xA9"));
}
