#!/usr/bin/env python3
"""Rooms stay small: source files at most 800 lines (warning from 600), functions at most 100 (warning from 60).

Tables (*.def, generated files) are exempt. Exit 1 when a hard limit is passed.
"""
import pathlib
import sys

FILE_WARN, FILE_STOP, FUNCTION_WARN, FUNCTION_STOP = 600, 800, 60, 100


def functions(lines):
    """Name and length of each function: its brace stands alone in column one (see .clang-format)."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin:
            head = next((lines[i] for i in range(begin - 2, -1, -1) if lines[i][:1] not in (" ", "\t")), "?")
            yield head.split("(")[0].split()[-1].lstrip("*"), number - begin + 1
            begin = None


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    stop = False
    for path in sorted([*root.glob("src/**/*.[ch]"), *root.glob("tests/**/*.[ch]")]):
        lines = path.read_text().splitlines()
        name = path.relative_to(root)
        if len(lines) > FILE_WARN:
            over = len(lines) > FILE_STOP
            stop |= over
            print(f"{name}: {len(lines)} lines{' (limit %d)' % FILE_STOP if over else ''}")
        for function, length in functions(lines):
            if length > FUNCTION_WARN:
                over = length > FUNCTION_STOP and not str(name).startswith("tests")
                stop |= over
                print(f"{name}: {function}: {length} lines{' (limit %d)' % FUNCTION_STOP if over else ''}")
    return 1 if stop else 0


sys.exit(main())
