#!/usr/bin/env python3
"""Adds up the JUnit files of a test run and prints one line of counts; exit 1 when anything failed.

usage: count_tests.py FOLDER FAILED_STEPS
"""
import pathlib
import sys
import xml.etree.ElementTree as tree


def main():
    passed = failed = skipped = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
        for case in tree.parse(path).iter("testcase"):
            children = {child.tag for child in case}
            if children & {"failure", "error"}:
                failed += 1
                print(f"failed: {path.stem}: {case.get('classname', '')} {case.get('name')}")
            elif "skipped" in children:
                skipped += 1
                print(f"skipped: {path.stem}: {case.get('classname', '')} {case.get('name')}")
            else:
                passed += 1
    # a step without tests of its own (a build, a check) counts as one failure when it failed
    if failed == 0:
        failed = int(sys.argv[2])
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main())
