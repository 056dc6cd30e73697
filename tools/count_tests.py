#!/usr/bin/env python3
"""Adds up the JUnit files of a test run and prints one line of counts; exit 1 when anything failed.

Steps (builds, checks, runs of tests) count with the tests.

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


def main():
    passed, failed, skipped = int(sys.argv[2]), int(sys.argv[3]), 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
        for case in cases(path):
            children = {child.tag for child in case}
            if children & {"failure", "error"}:
                failed += 1
                print(f"failed: {path.stem}: {case.get('classname', '')} {case.get('name')}")
            elif "skipped" in children:
                skipped += 1
                print(f"skipped: {path.stem}: {case.get('classname', '')} {case.get('name')}")
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main())
