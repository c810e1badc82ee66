"""Our own rules, from STYLE.md. Each takes the tree and yields findings."""

import re

from tree import Finding, includes, without_comments

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
ROOM_README_LINES_MAX = 25

LOGIC = {"routing", "command", "relay", "worker", "sweep", "backfill", "intake", "supervise"}
ADAPTERS = {"flight_recorder", "plugin_loading", "postgres", "rabbitmq", "http", "openapi", "security", "schemas", "settings", "telemetry"}
EDGES = {
    "core": set(),
    "processes": {"core"},
    "private_servers": {"core", "processes"},
    **{room: {"core"} for room in LOGIC},
    "intake": {"core", "command", "backfill"},
    **{room: {"core", "processes"} | LOGIC for room in ADAPTERS},
    "apps": {"core", "processes", "private_servers"} | LOGIC | ADAPTERS,
}

# Rooms that don't see each other may see each other's ports, and adapters those of whom they serve.
PORTS = {**{room: LOGIC for room in LOGIC}, **{room: LOGIC | ADAPTERS for room in ADAPTERS}}

# Beginning of an include -> its home. Tests of a home's room and the benchmarks may use it too.
HOMES = {
    "pqxx/": "host/postgres/",
    "libpq": "host/postgres/",
    "amqp": "host/rabbitmq/",
    "rabbitmq-c/": "host/rabbitmq/",
    "boost/dll": "host/plugin_loading/",
    "restinio/": "host/http/",
    "sodium": "host/security/",
    "jwt": "host/security/",
    "valijson/": "host/schemas/",
    "yaml-cpp/": "host/settings/",
    "spdlog/": "host/telemetry/",
    "fmt/": "host/telemetry/",
    "prometheus/": "host/telemetry/",
    "CLI/": "host/apps/",
    "curl/": "plugins/",
    "benchmark/": "tests/bench/",
    "gtest/": "tests/",
    "gmock/": "tests/",
}


def file_length(tree):
    for path in tree.paths:
        if not path.endswith((".cpp", ".hpp", ".h", ".c", ".py", ".sh", ".sql", ".cmake")) and path != "dev":
            continue
        lines = tree.text(path).count("\n")
        if lines > FILE_LINES_MAX:
            yield Finding(path, lines, "file-length", f"{lines} lines, more than {FILE_LINES_MAX}: split the file")


_NO_FUNCTION = re.compile(r"\b(if|for|while|switch|catch|namespace|class|struct|union|enum|extern|do|else|try)\b")
_SIGNATURE = re.compile(r"\)[\s\w:&<>,*=()\[\]{}.-]*$")


def _functions(text):
    """(first line, last line) of each function body that stands in no other function."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), without_comments(text),
                  flags=re.M | re.S)
    inside = []  # per open brace: (whether it opens a function, line where its head begins)
    head = 0
    for at, character in enumerate(code):
        if character == "{":
            before = code[head:at]
            in_function = any(opens for opens, _ in inside)
            words = before.split("(")[0]
            opens = not in_function and bool(_SIGNATURE.search(before)) and not _NO_FUNCTION.search(words)
            start = head + len(before) - len(before.lstrip())
            inside.append((opens, code.count("\n", 0, start) + 1))
            head = at + 1
        elif character == "}":
            if inside:
                opens, first = inside.pop()
                if opens:
                    yield first, code.count("\n", 0, at) + 1
            head = at + 1
        elif character == ";" and not _in_parentheses(code[head:at]):
            head = at + 1


def _in_parentheses(text):
    return text.count("(") > text.count(")")


def function_length(tree):
    for path in tree.cpp():
        for first, last in _functions(tree.text(path)):
            length = last - first + 1
            if length > FUNCTION_LINES_MAX:
                yield Finding(path, first, "function-length", f"a function of {length} lines, more than {FUNCTION_LINES_MAX}")


def _may_use(path, home):
    if path.startswith((home, "tests/bench/")):
        return True
    room = home.rstrip("/").split("/")[-1]
    return bool(re.match(rf"tests/(unit|contract|integration)/{room}/", path)) or (
        home == "plugins/" and path.startswith("examples/"))


def third_party_home(tree):
    for path in tree.cpp():
        for line, kind, target in includes(tree.text(path)):
            if kind != "<":
                continue
            for beginning, home in HOMES.items():
                if target.startswith(beginning) and not _may_use(path, home):
                    if home == "tests/" and path.startswith("examples/"):
                        continue
                    yield Finding(path, line, "home", f"<{target}> outside of its home {home}")


def room_edges(tree):
    for path in tree.cpp():
        parts = path.split("/")
        if parts[0] in ("sdk", "plugins", "examples"):
            forbidden = ("host/", "tests/")
        elif parts[0] == "host" and len(parts) > 2:
            forbidden = ("tests/", "plugins/")
        else:
            continue
        for line, _, target in includes(tree.text(path)):
            if target.startswith(forbidden):
                yield Finding(path, line, "edge", f"{parts[0]} may not include {target}")
            if parts[0] == "host":
                yield from _room_edge(path, line, parts[1], target)


def _room_edge(path, line, room, target):
    parts = target.split("/")
    if parts[0] == "sdk" and room != "plugin_loading":
        yield Finding(path, line, "edge", f"the room {room} may not include {target}: plugins are plugin_loading's")
    if parts[0] != "host" or len(parts) < 3 or parts[1] == room:
        return
    if room not in EDGES:
        yield Finding(path, line, "edge", f"the room {room} has no row in tests/tidy/rules.py")
    elif parts[1] not in EDGES[room] and not (parts[2] == "ports.hpp" and parts[1] in PORTS.get(room, set())):
        allowed = ", ".join(sorted(EDGES[room])) or "nothing"
        yield Finding(path, line, "edge", f"the room {room} may not include {target}; it may use {allowed}")


def own_header_first(tree):
    for path in tree.cpp():
        header = path[: -len(".cpp")] + ".hpp"
        if not path.endswith(".cpp") or header not in tree.paths:
            continue
        found = includes(tree.text(path))
        if found and not ("/" + header).endswith("/" + found[0][2]):
            yield Finding(path, found[0][0], "own-header", f"{header} must be the first include")


def pragma_once(tree):
    for path in tree.headers():
        if path.endswith(".hpp") and "#pragma once" not in tree.text(path):
            yield Finding(path, 1, "pragma-once", "a header without #pragma once")


_LEFTOVERS = re.compile(r"\bFIX" r"ME\b|\bXX" r"X\b|^[ \t]*#[ \t]*if 0\b", re.M)
_DISABLED = re.compile(r"\bDISABLED" r"_\w|\bGTEST" r"_SKIP\b|\bWILL" r"_FAIL\b|\bDISABLED\s+(TRUE|ON)\b|unittest\.skip")
_TODO = re.compile(r"\bTO" r"DO\b(\(([^)]*)\))?")


def _source_text(path):
    return path.endswith((".cpp", ".hpp", ".h", ".c", ".py", ".sh", ".sql", ".cmake", "CMakeLists.txt")) or path == "dev"


def leftovers(tree):
    decisions = tree.text("DECISIONS.md") if "DECISIONS.md" in tree.paths else ""
    for path in tree.paths:
        if not _source_text(path) or path.startswith("tests/tidy/"):
            continue
        text = tree.text(path)
        for match in _LEFTOVERS.finditer(text):
            yield Finding(path, text.count("\n", 0, match.start()) + 1, "leftover", f"{match.group(0).strip()} on main")
        for match in _DISABLED.finditer(text):
            yield Finding(path, text.count("\n", 0, match.start()) + 1, "disabled", f"{match.group(0)}: no test is disabled or skipped")
        for match in _TODO.finditer(text):
            topic = match.group(2)
            if not topic or topic not in decisions:
                yield Finding(path, text.count("\n", 0, match.start()) + 1, "todo", f"{match.group(0)} without its topic in DECISIONS.md")


def listed_in_cmake(tree):
    """Test files, and the sources of rooms, that no CMakeLists.txt of their folder or above names."""
    for path in tree.paths:
        room = path.startswith("host/") and path.endswith(".cpp")
        test = path.startswith("tests/") and path.endswith("_test.cpp")
        if not (room or test):
            continue
        parts = path.split("/")
        lists = ["/".join(parts[:depth] + ["CMakeLists.txt"]) for depth in range(1, len(parts))]
        word = re.compile(rf"(?<![\w.-]){re.escape(parts[-1])}(?![\w.-])")
        if not any(name in tree.paths and word.search(tree.text(name)) for name in lists):
            yield Finding(path, 1, "cmake", "this file is in no CMakeLists.txt: it is never built")


def room_readme(tree):
    rooms = {path.split("/")[1] for path in tree.paths if path.startswith("host/") and path.endswith((".cpp", ".hpp"))}
    for room in sorted(rooms):
        path = f"host/{room}/README.md"
        if path not in tree.paths:
            yield Finding(path, 1, "readme", f"the room {room} has no README.md")
        elif (lines := tree.text(path).count("\n")) > ROOM_README_LINES_MAX:
            yield Finding(path, lines, "readme", f"{lines} lines, more than {ROOM_README_LINES_MAX}")


RULES = [file_length, function_length, third_party_home, room_edges, own_header_first, pragma_once, leftovers,
         listed_in_cmake, room_readme]
