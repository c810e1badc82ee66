#!/usr/bin/env python3
"""Each rule catches a defect that is planted for it, and lets a sound tree pass."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import compiled  # noqa: E402
import rules  # noqa: E402
from tree import Tree, without_comments  # noqa: E402

SOUND = {
    "host/core/README.md": "# core\n",
    "host/core/CMakeLists.txt": "lantern_library(core SOURCES word.cpp)\n",
    "host/core/word.hpp": "#pragma once\nint word();\n",
    "host/core/word.cpp": '#include "host/core/word.hpp"\nint word() {\n    return 1;\n}\n',
    "host/worker/README.md": "# worker\n",
    "host/worker/ports.hpp": '#pragma once\n#include "host/core/word.hpp"\n',
    "host/postgres/README.md": "# postgres\n",
    "host/postgres/model.hpp": '#pragma once\n#include <pqxx/pqxx>\n#include "host/worker/ports.hpp"\n',
    "tests/unit/core/CMakeLists.txt": "lantern_test(core_test SOURCES word_test.cpp)\n",
    "tests/unit/core/word_test.cpp": "#include <gtest/gtest.h>\nTEST(Word, Is) {}\n",
    "DECISIONS.md": "## one topic (slow-start)\n",
}


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def tree_of(self, files):
        for name, text in files.items():
            path = Path(self.folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(self.folder.name)

    def found(self, files, rule):
        tree = self.tree_of({**SOUND, **files})
        return [(finding.path, finding.line) for finding in rule(tree)]

    def test_a_sound_tree_has_no_findings(self):
        tree = self.tree_of(SOUND)
        self.assertEqual([str(finding) for rule in rules.RULES for finding in rule(tree)], [])

    def test_long_file(self):
        self.assertEqual(self.found({"host/core/long.hpp": "\n" * 401}, rules.file_length), [("host/core/long.hpp", 401)])
        self.assertEqual(self.found({"host/core/long.hpp": "\n" * 400}, rules.file_length), [])

    def test_long_function(self):
        body = "    if (true) {\n    }\n" * 40
        files = {
            "host/core/a.cpp": f"namespace a {{\nstruct S {{\n    int f() const override {{\n{body}    }}\n}};\n}}\n",
            "host/core/b.cpp": f"S::S(int x)\n    : x_(x) {{\n{body}}}\n",
            "host/core/c.cpp": f"TEST(A, b) {{\n{body}}}\n",
            "host/core/d.cpp": "namespace d {\n" + "int f() { return '{'; }  // {\n" * 100 + "}\n",
            "host/core/e.cpp": "const std::map<int, int> kTable{\n" + "    {1, 2},\n" * 100 + "};\n",
        }
        self.assertEqual(self.found(files, rules.function_length),
                         [("host/core/a.cpp", 3), ("host/core/b.cpp", 1), ("host/core/c.cpp", 1)])

    def test_third_party_header_outside_of_its_home(self):
        files = {
            "host/worker/bad.hpp": "#pragma once\n#include <pqxx/pqxx>\n",
            "host/core/bad.hpp": "#pragma once\n#include <spdlog/spdlog.h>\n",
            "tests/unit/postgres/fine.hpp": "#pragma once\n#include <pqxx/pqxx>\n",
            "tests/unit/worker/bad.hpp": "#pragma once\n#include <pqxx/pqxx>\n",
        }
        self.assertEqual(self.found(files, rules.third_party_home),
                         [("host/core/bad.hpp", 2), ("host/worker/bad.hpp", 2), ("tests/unit/worker/bad.hpp", 2)])

    def test_edges_between_rooms(self):
        files = {
            "host/core/bad.hpp": '#include "host/worker/ports.hpp"\n',  # core sees nobody, port or not
            "host/worker/bad.hpp": '#include "host/postgres/model.hpp"\n',
            "host/relay/fine.hpp": '#include "host/worker/ports.hpp"\n',
            "host/relay/bad.hpp": '#include "host/worker/batch.hpp"\n',
            "host/postgres/bad.hpp": '#include "host/rabbitmq/publisher.hpp"\n',
            "host/postgres/fine.hpp": '#include "host/http/ports.hpp"\n',
            "host/command/bad.hpp": '#include "host/http/ports.hpp"\n',
            "host/unheard_of/bad.hpp": '#include "host/core/word.hpp"\n',
            "host/http/bad.hpp": '#include "sdk/include/lantern/abi.h"\n',
            "plugins/user/bad.cpp": '#include "host/core/word.hpp"\n',
            "host/apps/fine.hpp": '#include "host/postgres/model.hpp"\n',
        }
        self.assertEqual([path for path, _ in self.found(files, rules.room_edges)],
                         ["host/command/bad.hpp", "host/core/bad.hpp", "host/http/bad.hpp",
                          "host/postgres/bad.hpp", "host/relay/bad.hpp", "host/unheard_of/bad.hpp",
                          "host/worker/bad.hpp", "plugins/user/bad.cpp"])

    def test_own_header_first(self):
        text = '#include <string>\n#include "host/core/word.hpp"\n'
        self.assertEqual(self.found({"host/core/word.cpp": text}, rules.own_header_first), [("host/core/word.cpp", 1)])

    def test_pragma_once(self):
        self.assertEqual(self.found({"host/core/word.hpp": "int word();\n"}, rules.pragma_once), [("host/core/word.hpp", 1)])

    def test_leftovers(self):
        files = {
            "host/core/a.cpp": "// FIX" "ME later\n",
            "host/core/b.cpp": "#" "if 0\n#endif\n",
            "tests/unit/core/c.cpp": "TEST(A, DIS" "ABLED_b) {}\n",
            "tests/unit/core/d.cpp": "void f() { GTEST_" "SKIP(); }\n",
            "host/core/e.cpp": "// TO" "DO(slow-start): known\n",
            "host/core/f.cpp": "// TO" "DO(nobody knows)\n",
            "host/core/g.cpp": "// TO" "DO: without a topic\n",
        }
        self.assertEqual([path for path, _ in self.found(files, rules.leftovers)],
                         ["host/core/a.cpp", "host/core/b.cpp", "host/core/f.cpp", "host/core/g.cpp",
                          "tests/unit/core/c.cpp", "tests/unit/core/d.cpp"])

    def test_files_that_are_never_built(self):
        files = {
            "tests/unit/core/more_test.cpp": "\n",
            "tests/unit/core/d_test.cpp": "\n",  # the end of word_test.cpp's name is not its name
            "host/core/more.cpp": "\n",
        }
        self.assertEqual([path for path, _ in self.found(files, rules.listed_in_cmake)],
                         ["host/core/more.cpp", "tests/unit/core/d_test.cpp", "tests/unit/core/more_test.cpp"])

    def test_readme_of_a_room(self):
        files = {"host/core/README.md": "\n" * 26, "host/relay/x.hpp": "#pragma once\n"}
        self.assertEqual([path for path, _ in self.found(files, rules.room_readme)],
                         ["host/core/README.md", "host/relay/README.md"])

    def test_headers_alone_and_their_memory(self):
        cache = Path(self.folder.name) / "build" / "headers.json"
        self.assertEqual(list(compiled.headers_alone(self.tree_of({"host/core/word.hpp": "#pragma once\nint word();\n"}), cache)), [])
        bad = {"host/core/lost.hpp": '#pragma once\n#include "host/core/word.hpp"\nstd::string lost();\n'}
        for _ in range(2):  # what failed is not remembered as passed
            found = list(compiled.headers_alone(self.tree_of(bad), cache))
            self.assertEqual([finding.path for finding in found], ["host/core/lost.hpp"])
        # A change in what a header includes is a change of the header.
        good = {"host/core/word.hpp": "#pragma once\n#include <string>\nint word();\n"}
        self.assertEqual(list(compiled.headers_alone(self.tree_of(good), cache)), [])

    def test_comments_and_literals_are_blanked(self):
        self.assertNotIn("{", without_comments('// {\n/* { */ "{" \'{\' R"x({)x"'))
        self.assertIn("1'000'000 {", without_comments("1'000'000 {"))


if __name__ == "__main__":
    unittest.main()
