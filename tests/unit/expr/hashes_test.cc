// Hashes and encodings against Spark's and the standards' values.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("digests of texts and of binary are those of their bytes") {
  CHECK(answer("md5('')") == R"("d41d8cd98f00b204e9800998ecf8427e")");
  CHECK(answer("md5(cast('abc' as binary)) = md5('abc')") == "true");
  CHECK(answer("sha1('abc') = sha('abc')") == "true");
  CHECK(answer("sha2('abc', 0) = sha2('abc', 256)") == "true");
  CHECK(answer("left(sha2('abc', 512), 16)") == R"("ddaf35a193617aba")");
  CHECK(answer("left(sha2('abc', 224), 8)") == R"("23097d22")");
  CHECK(answer("sha2('abc', 5)") == "null");
  CHECK(answer("crc32('abc')") == "891568578");
}

TEST_CASE("chained hashes are Spark's") {
  CHECK(answer("xxhash64('abc')") == "1423657621850124518");
  CHECK(answer("xxhash64(1)") == "-7001672635703045582");
  CHECK(answer("xxhash64('abc', 1)") == "-6632315360500197349");
  CHECK(answer("xxhash64(null, null)") == "42");
  CHECK(answer("hash('abc')") == "1322437556");
  CHECK(answer("hash(1, 'abc')") == "186153577");
  CHECK(answer("hash(null)") == "42");
  CHECK(answer("hash('héllo')") == "1212979866");
  CHECK(answer("hash(0.0D) = hash(-0.0D) and xxhash64(0.0D) = xxhash64(-0.0D)") == "true");
  CHECK(answer("hash(array(1, null, 2)) = hash(1, 2)") == "true");
  CHECK(answer("hash(named_struct('a', 1, 'b', 'abc')) = hash(1, 'abc')") == "true");
  CHECK(answer("hash(1.5) = hash(15)") == "true");
  CHECK(answer("hash(timestamp '1970-01-01 00:00:00') = hash(0)") == "true");
  CHECK(answer("hash(true) = hash(date '1970-01-02')") == "true");
  CHECK(fails_with("hash(map('a', 1))", "map"));
}

TEST_CASE("bytes are written and read") {
  CHECK(answer("hex(-1)") == R"("FFFFFFFFFFFFFFFF")");
  CHECK(answer("hex(0)") == R"("0")");
  CHECK(answer("hex('é')") == R"("C3A9")");
  CHECK(answer("hex(unhex('f'))") == R"("0F")");
  CHECK(answer("unhex('zz')") == "null");
  CHECK(answer("hex(unhex(''))") == R"("")");
  CHECK(answer("base64('a')") == R"("YQ==")");
  CHECK(answer("cast(unbase64('YWJj') as string)") == R"("abc")");
  CHECK(answer("cast(unbase64('YWI') as string)") == R"("ab")");
  CHECK(answer("cast(unbase64('Y W\\nJj') as string)") == R"("abc")");
  CHECK(fails_with("unbase64('Y')", "base64"));
}

}  // namespace sr::expr
