#!/usr/bin/env python3
"""No file-scope mutable state beyond the log sink and the reserve of memory: lists .data and .bss symbols of the floors' libraries.

Constant tables that hold pointers lie in .data.rel.ro, which is read-only once the program runs.

usage: check_globals.py BUILD_FOLDER
"""
import pathlib
import re
import subprocess
import sys

SYMBOL = re.compile(r"^[0-9a-f]+ [lgu ].{5}O (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$")
# base/log.c: set once by main() before any thread starts; base/mem.c: memory is the whole program's, too
ALLOWED = {"sink", "most", "mem_reserved"}


def main():
    offences = []
    for library in sorted(pathlib.Path(sys.argv[1], "src").glob("*/lib*.a")):
        listing = subprocess.run(["objdump", "-t", library], capture_output=True, text=True, check=True)
        member = ""
        for line in listing.stdout.splitlines():
            if ": " in line and "file format" in line:
                member = line.split(":")[0]
            # value, flags (O: object), section, size, name
            match = SYMBOL.match(line)
            if match and match.group(1) in ("COMMON", ".data", ".bss", ".tdata", ".tbss") and match.group(2).split(".")[0] not in ALLOWED:
                offences.append(f"{library.parent.name}/{member}: {match.group(2)} is mutable at file scope")
    print("\n".join(offences) or "globals: none beyond the log sink and the reserve of memory")
    return 1 if offences else 0


sys.exit(main())
