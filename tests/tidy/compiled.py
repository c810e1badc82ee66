"""What needs a compiler: headers that compile alone, and clang-tidy. Results are remembered by the hash of all that
they depend on, so that only what changed costs time."""

import hashlib
import json
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Finding, includes

# The places that CMake names to tests are empty here.
PLACES = [f'-D{name}=""' for name in ("LANTERN_BINARY", "LANTERN_CONFIG", "LANTERN_PLUGINS", "LANTERN_ZOO", "PLUGIN_DIRECTORY", "SOURCE_DIRECTORY")]
FLAGS = ["-std=c++20", "-fsyntax-only", "-w", "-DRESTINIO_USE_BOOST_ASIO=2", "-DRESTINIO_EXTERNAL_BOOST_ASIO", *PLACES]


class Dependencies:
    """Hashes of files together with everything of this tree that they include."""

    def __init__(self, tree):
        self.tree = tree
        self.known = set(tree.paths)
        self._closures = {}

    def _resolve(self, path, target):
        beside = os.path.normpath(os.path.join(os.path.dirname(path), target))
        for candidate in (target, "sdk/include/" + target, beside):
            if candidate in self.known:
                return candidate
        return None

    def _closure(self, path):
        seen, todo = set(), [path]
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            if current not in self._closures:
                found = (self._resolve(current, target) for _, _, target in includes(self.tree.text(current)))
                self._closures[current] = [name for name in found if name]
            todo.extend(self._closures[current])
        return seen

    def hash(self, path, *more):
        digest = hashlib.sha256("\0".join(more).encode())
        for name in sorted(self._closure(path)):
            digest.update(name.encode() + b"\0" + self.tree.text(name).encode() + b"\0")
        return digest.hexdigest()


class Passed:
    """Hashes of what passed before, one file in the build directory."""

    def __init__(self, file):
        self.file = Path(file)
        self.before = set(json.loads(self.file.read_text())) if self.file.exists() else set()
        self.now = set()

    def save(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(sorted(self.now)))


def _run_all(jobs, passed):
    """jobs: (path, hash, command). Yields (path, output) of those that failed."""
    todo = []
    for path, digest, command in jobs:
        if digest in passed.before:
            passed.now.add(digest)
        else:
            todo.append((path, digest, command))

    def run(job):
        _, _, command = job
        return job, subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for (path, digest, _), result in pool.map(run, todo):
            if result.returncode == 0:
                passed.now.add(digest)
            else:
                yield path, result.stdout + result.stderr
    passed.save()


def _first(tree, path):
    found = includes(tree.text(path))
    return found[0][2] if found else None


def headers_alone(tree, cache):
    """A header that is the first include of a source needs no check: the build compiles it alone."""
    proven = {_first(tree, path) for path in tree.paths if path.endswith(".cpp") and path.startswith("host/")}
    dependencies = Dependencies(tree)
    jobs = []
    for path in tree.headers():
        if path in proven or not path.startswith(("host/", "sdk/", "tests/", "plugins/")):
            continue
        language = "c" if path.endswith(".h") else "c++"
        flags = [flag for flag in FLAGS if language == "c++" or not flag.startswith("-std")]
        command = ["g++" if language == "c++" else "gcc", *flags, f"-I{tree.root}", f"-I{tree.root}/sdk/include",
                   "-x", language, str(tree.root / path)]
        jobs.append((path, dependencies.hash(path, *flags), command))
    for path, output in _run_all(jobs, Passed(cache)):
        first = next((line for line in output.splitlines() if "error" in line), output[:200])
        yield Finding(path, 1, "alone", f"does not compile alone: {first}")


def clang_tidy(tree, build, cache):
    """All sources of host and plugins in the compilation database of `build`. Yields clang-tidy's own text."""
    database = json.loads((Path(build) / "compile_commands.json").read_text())
    dependencies = Dependencies(tree)
    checks = tree.text(".clang-tidy")
    jobs = []
    for entry in database:
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), tree.root)
        if path not in dependencies.known or not path.startswith(("host/", "plugins/")):
            continue
        flags = [flag for flag in shlex.split(entry["command"]) if flag.startswith(("-D", "-I", "-std"))]
        command = ["clang-tidy", "--quiet", "-p", str(build), str(tree.root / path)]
        jobs.append((path, dependencies.hash(path, checks, *flags), command))
    for path, output in _run_all(jobs, Passed(cache)):
        kept = [line for line in output.splitlines() if "warnings generated" not in line and "Suppressed" not in line]
        yield Finding(path, 1, "clang-tidy", "\n" + "\n".join(kept[:40]))
