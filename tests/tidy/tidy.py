#!/usr/bin/env python3
"""Checks the tree against our own rules: tidy.py [--headers] [--clang-tidy BUILD]. Prints all findings; exits 1 if
there are any. Needs Python's standard library alone."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import compiled  # noqa: E402
import rules  # noqa: E402
from tree import Tree  # noqa: E402


def main():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headers", action="store_true", help="each header compiles alone")
    parser.add_argument("--clang-tidy", metavar="BUILD", help="run clang-tidy with this build's compilation database")
    parser.add_argument("--cache", default=str(root / "build" / "tidy"), help="where results are remembered")
    options = parser.parse_args()

    tree = Tree(root)
    findings = [finding for rule in rules.RULES for finding in rule(tree)]
    if options.headers:
        findings += compiled.headers_alone(tree, Path(options.cache) / "headers.json")
    if options.clang_tidy:
        findings += compiled.clang_tidy(tree, options.clang_tidy, Path(options.cache) / "clang_tidy.json")
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings in {len(tree.paths)} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
