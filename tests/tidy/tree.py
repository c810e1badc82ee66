"""The source tree as the rules see it: paths relative to its root, texts read once, C++ without its comments."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

SKIPPED = {".git", "build", ".lantern", ".cache", "node_modules", "__pycache__"}
CPP = (".cpp", ".hpp", ".h", ".c")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.paths = sorted(self._walk())
        self._texts = {}

    def _walk(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if name not in SKIPPED]
            for name in files:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def cpp(self):
        return [path for path in self.paths if path.endswith(CPP)]

    def headers(self):
        return [path for path in self.paths if path.endswith((".hpp", ".h"))]


_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S
)


def _blank(match):
    text = match.group(0)
    filler = "x" if text[0] in "\"'R" else " "
    return "".join("\n" if character == "\n" else filler for character in text)


def without_comments(text):
    """Comments become spaces and literals x, so that lines and columns stay."""
    return _TOKENS.sub(lambda m: m.group(0) if _is_digit_separator(text, m) else _blank(m), text)


def _is_digit_separator(text, match):
    return match.group(0)[0] == "'" and match.start() > 0 and text[match.start() - 1].isalnum()


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def includes(text):
    """(line, "<" or '"', path) of each include."""
    return [(text.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)) for m in _INCLUDE.finditer(text)]
