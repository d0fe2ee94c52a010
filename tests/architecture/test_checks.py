#!/usr/bin/env python3
"""Shows that the architecture checks can fail: each rule is given a text that breaks it."""
import sys
import unittest

import check_docs
import check_layers
import check_style
from cpp_source import functions, strip


class Layers(unittest.TestCase):
    def test_upward_include_is_refused(self):
        self.assertIsNotNone(check_layers.own_problem("engine/base/a.h", "engine/loop/b.h"))
        self.assertIsNone(check_layers.own_problem("engine/loop/a.h", "engine/base/b.h"))
        self.assertIsNotNone(check_layers.own_problem("engine/runtime/a.h", "specs/b.h"))

    def test_operators_know_neither_each_other_nor_the_machine(self):
        self.assertIsNotNone(check_layers.own_problem("operators/sources/a.cc", "operators/sinks/b.h"))
        self.assertIsNotNone(check_layers.own_problem("operators/sources/a.cc", "engine/runtime/b.h"))
        self.assertIsNone(check_layers.own_problem("operators/sources/a.cc", "operators/formats/b.h"))

    def test_libraries_stay_at_home(self):
        self.assertIsNotNone(check_layers.library_problem("cli/run.cc", "uv.h"))
        self.assertIsNotNone(check_layers.library_problem("engine/data/a.cc", "boost/any.hpp"))
        self.assertIsNotNone(check_layers.library_problem("operators/sinks/a.cc", "unistd.h"))
        self.assertIsNone(check_layers.library_problem("engine/loop/uv_loop.cc", "uv.h"))


class Style(unittest.TestCase):
    def problems(self, path, code):
        return [problem for _, problem in [*check_style.file_problems(path, code), *check_style.code_problems(path, strip(code)),
                                           *check_style.function_problems(path, code)]]

    def test_a_clean_file_passes(self):
        self.assertEqual(self.problems("engine/data/a.cc", "// Does it.\nnamespace sr {\nint f(int a, int b) { return a + b; }\n}\n"), [])

    def test_each_rule_can_fail(self):
        head = "// Does it.\n"
        for code, word in [("int x;\n", "comment"), (head + "int x;\n" * 500, "lines"), (head + "int f() {\n" + "x();\n" * 70 + "}\n", "lines"),
                           (head + "int f(int a, int b, int c, int d, int e, int g) {}\n", "parameters"), (head + "int doIt() {}\n", "snake_case"),
                           (head + "struct bad_name {};\n", "PascalCase"), (head + "constexpr int limit = 3;\n", "kThis"),
                           (head + "auto t = std::chrono::steady_clock::now();\n", "clock"), (head + "std::ifstream in(path);\n", "files"),
                           (head + "auto n = dynamic_cast<A*>(b);\n", "variant"), (head + "// TODO later\n", "unfinished"),
                           (head + "LeaveOut mutant(Failpoint::epoch);\n", "only tests"), (head + "fs.sync_directory(dir);\n", "names its failpoint")]:
            found = self.problems("engine/data/a.cc", code)
            self.assertTrue(any(word in problem for problem in found), f"{word}: {found}")
        self.assertTrue(self.problems("engine/data/string_utils.cc", head))

    def test_seams_may_call_the_system(self):
        self.assertEqual(self.problems("engine/base/env_real.cc", "// It.\nint f() { return ::open(p, 0); }\n"), [])

    def test_comments_and_texts_are_not_code(self):
        self.assertEqual(self.problems("engine/data/a.cc", '// It may throw; dynamic_cast.\nconst char* t = "dynamic_cast";\n'), [])


class Functions(unittest.TestCase):
    def test_bodies_are_found_with_their_sizes(self):
        code = """
namespace sr {
Thing::Thing(int a, std::map<int, int> b) : a_{a}, b_(b) {
  if (a) { b(); }
}
template <class T> T twice(T t) { return t + t; }
const auto kLambda = [](int x) { return x; };
class A { public: int get() const { return 1; } };
}
"""
        found = {(f.name, f.lines, f.parameters) for f in functions(code)}
        self.assertIn(("Thing", 3, 2), found)
        self.assertIn(("twice", 1, 1), found)
        self.assertIn(("get", 1, 0), found)
        self.assertEqual(len(found), 3)


class Docs(unittest.TestCase):
    def test_jobs_are_found_and_wrong_ones_left_out(self):
        text = "# T\n```yaml\nversion: 1\n```\n```yaml invalid\nversion: 1\n```\n```yaml\nother: 1\n```\n"
        self.assertEqual([line for line, _ in check_docs.yaml_blocks(text)], [2])

    def test_headings_have_anchors(self):
        self.assertEqual(check_docs.anchors("# A `b` & c\n## A\n## A\n"), {"a-b--c", "a", "a-1"})


if __name__ == "__main__":
    sys.exit(unittest.main())
