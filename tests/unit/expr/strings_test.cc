// Functions over strings: characters, edges, NULLs.
#include <catch2/catch.hpp>

#include "tests/unit/expr/answers.h"

namespace sr::expr {

TEST_CASE("letters change case by Unicode's mappings") {
  CHECK(answer("upper('straße ﬁ ŉ')") == R"("STRASSE FI ʼN")");
  CHECK(answer("upper('héllo ωσς яё հայ ÿ')") == R"("HÉLLO ΩΣΣ ЯЁ ՀԱՅ Ÿ")");
  CHECK(answer("lower('ΟΔΥΣΣΕΥΣ İ ẞ ÀÉ')") == R"("οδυσσευς i̇ ß àé")");
  CHECK(answer("lower('Σ') || lower('ΑΣ') || lower('ΣΑ')") == R"("σαςσα")");
  CHECK(answer("initcap('hello wORLD foo-bar')") == R"("Hello World Foo-bar")");
  CHECK(answer("initcap(' élan  ßtart ǆabc')") == R"(" Élan  ßtart ǅabc")");
  CHECK(answer("upper('')") == R"("")");
  CHECK(answers("upper(s)", {"s: string", R"([{"s": "a long ascii text indeed"}, {}, {"s": "x"}])"}) ==
        std::vector<std::string>{R"("A LONG ASCII TEXT INDEED")", "null", R"("X")"});
}

TEST_CASE("trimming takes spaces or any of the characters") {
  CHECK(answer("trim('  a\t ')") == R"("a\t")");
  CHECK(answer("ltrim('  a ') || '|' || rtrim('  a ')") == R"("a |  a")");
  CHECK(answer("btrim('xyabyx', 'xy')") == R"("ab")");
  CHECK(answer("trim(both 'é😀' from '😀éaé')") == R"("a")");
  CHECK(answer("trim(leading 'x' from 'xxaxx')") == R"("axx")");
  CHECK(answer("trim(trailing 'x' from 'xxaxx')") == R"("xxa")");
  CHECK(answer("btrim('abc', '')") == R"("abc")");
  CHECK(answer("btrim('xxx', 'x')") == R"("")");
}

TEST_CASE("substring counts characters from either end") {
  CHECK(answer("substring('abc', -5, 3)") == R"("a")");
  CHECK(answer("substring('abc', -5, 2)") == R"("")");
  CHECK(answer("substring('abc', 0, 2)") == R"("ab")");
  CHECK(answer("substring('abc', 2)") == R"("bc")");
  CHECK(answer("substring('abc', 4, 1)") == R"("")");
  CHECK(answer("substring('a😀bé', 2, 2)") == R"("😀b")");
  CHECK(answer("substring('a😀bé', -2)") == R"("bé")");
  CHECK(answer("substring('abc', 2, 9223372036854775807)") == R"("bc")");
  CHECK(answer("substring('abc', -9223372036854775808, 9223372036854775807)") == R"("abc")");
  CHECK(answer("left('héllo', 2) || right('héllo', 2)") == R"("hélo")");
  CHECK(answer("left('ab', -1) || right('ab', 0) || right('ab', 9)") == R"("ab")");
  CHECK(answer("substring('abc' from 2 for 1)") == R"("b")");
  CHECK(fails_with("substring('abc')", "substring"));
  CHECK(fails_with("substring('abc', 'x')", "bigint"));
}

TEST_CASE("parts by a delimiter") {
  CHECK(answer("substring_index('a.b.c', '.', 2)") == R"("a.b")");
  CHECK(answer("substring_index('a.b.c', '.', -2)") == R"("b.c")");
  CHECK(answer("substring_index('a.b.c', '.', 9)") == R"("a.b.c")");
  CHECK(answer("substring_index('a.b.c', '.', -9)") == R"("a.b.c")");
  CHECK(answer("substring_index('a.b.c', '', 1)") == R"("")");
  CHECK(answer("substring_index('a.b.c', '.', 0)") == R"("")");
  CHECK(answer("substring_index('.a', '.', 1)") == R"("")");
  CHECK(answer("substring_index('aaaa', 'aa', 2)") == R"("a")");
  CHECK(answer("substring_index('||a', '||', -1)") == R"("a")");
  CHECK(answer("split_part('a.b.c', '.', 3)") == R"("c")");
  CHECK(answer("split_part('a.b.c', '.', -3)") == R"("a")");
  CHECK(answer("split_part('a.b.c', '.', 4) || split_part('a.b.c', '.', -4)") == R"("")");
  CHECK(answer("split_part('abc', '', 1)") == R"("abc")");
  CHECK(fails_with("split_part('abc', '.', 0)", "index"));
}

TEST_CASE("places count characters") {
  CHECK(answer("instr('日本語', '語')") == "3");
  CHECK(answer("locate('a', 'banana', 3)") == "4");
  CHECK(answer("locate('a', 'banana', 0)") == "0");
  CHECK(answer("locate('', 'banana')") == "1");
  CHECK(answer("locate('a', 'banana', null)") == "0");
  CHECK(answer("locate('z', 'banana', 100)") == "0");
  CHECK(answer("position('n' in 'banana')") == "3");
  CHECK(answer("find_in_set('c', 'a,b,c')") == "3");
  CHECK(answer("find_in_set('a,b', 'a,b,c')") == "0");
  CHECK(answer("find_in_set('', 'a,,c')") == "2");
  CHECK(answer("ascii('é')") == "233");
  CHECK(answer("ascii('')") == "0");
  CHECK(answer("length('日本') + octet_length('日本')") == "8");
  CHECK(answer("startswith('abc', '') and endswith('abc', '') and contains('abc', '')") == "true");
  CHECK(answer("levenshtein('', 'abc')") == "3");
}

TEST_CASE("strings are made of strings") {
  CHECK(answer("concat()") == R"("")");
  CHECK(answer("concat('a', 1, 2.50, true)") == R"("a12.50true")");
  CHECK(answer("concat('a', null)") == "null");
  CHECK(answer("concat_ws(',', 'a', null, array('b', null, 'c'), 1)") == R"("a,b,c,1")");
  CHECK(answer("concat_ws(null, 'a')") == "null");
  CHECK(answer("concat_ws(',') || concat_ws(',', null)") == R"("")");
  CHECK(answer("replace('aaa', 'aa', 'b') || replace('abc', '', 'x') || replace('abc', 'b')") == R"("baabcac")");
  CHECK(answer("translate('hello', 'elo', 'ip')") == R"("hipp")");
  CHECK(answer("translate('aab', 'aa', 'xy')") == R"("xxb")");
  CHECK(answer("translate('日本', '本', 'é')") == R"("日é")");
  CHECK(answer("reverse('a😀é')") == R"("é😀a")");
  CHECK(answer("lpad('é', 3, 'xyz')") == R"("xyé")");
  CHECK(answer("rpad('é', 6, 'xyz')") == R"("éxyzxy")");
  CHECK(answer("lpad('abc', 2, 'x') || lpad('abc', 0, 'x') || lpad('abc', -1, 'x') || rpad('a', 3, '')") == R"("aba")");
  CHECK(answer("repeat('ab', 0) || repeat('ab', -1) || repeat('ab', 2)") == R"("abab")");
  CHECK(fails_with("repeat('abc', 9223372036854775807)", "longer"));
  CHECK(fails_with("lpad('abc', 9223372036854775807, 'x')", "longer"));
  CHECK(answer("overlay('Spark SQL' , 'CORE', 7)") == R"("Spark CORE")");
  CHECK(answer("overlay('Spark SQL', 'ANSI ', 7, 0)") == R"("Spark ANSI SQL")");
  CHECK(answer("chr(65) || chr(-1) || chr(256 + 66)") == R"("AB")");
}

TEST_CASE("binary is cut by bytes") {
  CHECK(answer("hex(substring(cast('abc' as binary), 2, 1))") == R"("62")");
  CHECK(answer("length(cast('é' as binary))") == "2");
  CHECK(answer("hex(concat(cast('a' as binary), cast('b' as binary)))") == R"("6162")");
}

}  // namespace sr::expr
