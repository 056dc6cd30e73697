#!/usr/bin/env python3
"""No file-scope mutable state beyond the log sink: lists .data and .bss symbols of the floors' libraries.

usage: check_globals.py BUILD_FOLDER
"""
import pathlib
import subprocess
import sys

ALLOWED = {"sink", "most"}  # base/log.c: set once by main() before any thread starts


def main():
    offences = []
    for library in sorted(pathlib.Path(sys.argv[1], "src").glob("*/lib*.a")):
        listing = subprocess.run(["nm", "--print-file-name", library], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            parts = line.rsplit(None, 2)
            if len(parts) == 3 and parts[1] in "bBdDC" and parts[2].split(".")[0] not in ALLOWED:
                offences.append(f"{parts[0].split(':')[1] if ':' in parts[0] else library}: {parts[2]} is mutable at file scope")
    print("\n".join(offences) or "globals: none beyond the log sink")
    return 1 if offences else 0


sys.exit(main())
