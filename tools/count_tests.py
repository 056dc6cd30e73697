#!/usr/bin/env python3
"""Adds up the JUnit files of a test run and prints one line of counts; exit 1 when anything failed.

Steps (builds, checks, runs of tests) count with the tests. What failed in NAME.xml and passed in NAME.alone.xml, where it was
run once more with nothing beside it, has passed, and is named.

usage: count_tests.py FOLDER PASSED_STEPS FAILED_STEPS
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as tree


# what a test prints may hold control characters, which XML 1.0 forbids (2.2)
FORBIDDEN = re.compile("[^\t\n\r -\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def cases(path):
    text = FORBIDDEN.sub("?", path.read_text(encoding="utf-8", errors="replace"))
    return tree.fromstring(text.encode()).iter("testcase")


def outcome(case):
    children = {child.tag for child in case}
    if children & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in children else "passed"


def outcomes(path):
    found = {}
    try:
        listed = list(cases(path))
    except tree.ParseError:
        return {"the run was not finished": "failed"}
    for case in listed:
        name = f"{case.get('classname', '')} {case.get('name')}"
        while name in found:  # the same name twice in a file: both count
            name += "'"
        found[name] = outcome(case)
    return found


def main():
    count = {"passed": int(sys.argv[2]), "failed": int(sys.argv[3]), "skipped": 0}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
        if path.stem.endswith(".alone"):
            continue
        alone = path.with_name(path.stem + ".alone.xml")
        again = outcomes(alone) if alone.exists() else {}
        for name, what in outcomes(path).items():
            if what == "failed" and again.get(name) == "passed":
                what = "passed"
                print(f"passed only when run once more, alone: {path.stem}: {name}")
            elif what != "passed":
                print(f"{what}: {path.stem}: {name}")
            count[what] += 1
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not count["passed"] else 0


sys.exit(main())
