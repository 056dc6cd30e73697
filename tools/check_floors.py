#!/usr/bin/env python3
"""Includes point down only, carry their floor's folder, and files form no cycle.

The floors are those of docs/architecture.md. Prints each offence with file and line; exit 1 when there is one.
"""
import pathlib
import re
import sys

MAY_USE = {
    "base": set(),
    "wire": {"base"},
    "model": {"base"},
    "engine": {"base", "model"},
    "field": {"base", "model", "wire"},
    "face": {"base", "wire", "model", "engine"},
    "driver": {"base", "wire", "model"},
    "daemon": {"base", "wire", "model", "engine", "field", "driver", "face"},
    "cli": {"base", "wire", "model", "engine", "field", "driver", "face", "daemon"},
}
EXTRA = {("driver", "field/driver.h")}  # the contract between the two sides
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def main():
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    offences, headers = [], {}
    for path in sorted(source.rglob("*.[ch]")):
        name = path.relative_to(source).as_posix()
        floor = name.split("/")[0]
        for number, target in includes(path):
            where = f"src/{name}:{number}"
            if "/" not in target:
                offences.append(f'{where}: include "{target}" without its folder')
                continue
            other = target.split("/")[0]
            if other != floor and other not in MAY_USE[floor] and (floor, target) not in EXTRA:
                offences.append(f"{where}: {floor}/ must not use {target}")
            if name.endswith(".h"):
                headers.setdefault(name, []).append(target)
    offences += [f"headers form a cycle: {' -> '.join(cycle)}" for cycle in cycles(headers)]
    print("\n".join(offences) or f"floors: {len(list(source.rglob('*.[ch]')))} files, all includes point down")
    return 1 if offences else 0


def cycles(graph):
    done, path, found = set(), [], []

    def visit(node):
        if node in path:
            found.append(path[path.index(node):] + [node])
        elif node not in done:
            path.append(node)
            for other in graph.get(node, []):
                visit(other)
            path.pop()
            done.add(node)

    for node in graph:
        visit(node)
    return found


sys.exit(main())
