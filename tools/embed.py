#!/usr/bin/env python3
"""Embeds a folder of built pages: writes an assembler stub (.incbin) and a C table (struct page_file of face/pages.h).

Usage: embed.py OUT.S OUT.c FOLDER FALLBACK.html. Without FOLDER/index.html the fallback page is embedded alone, so that the
program can be built without npm. Files are written only when they change.
"""
import hashlib
import pathlib
import re
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png',
    '.ico': 'image/x-icon', '.json': 'application/json', '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2', '.txt': 'text/plain; charset=utf-8', '.map': 'application/json',
}
HASHED = re.compile(r'-[A-Z0-9]{8}\.[a-z0-9]+$')


def files_of(folder, fallback):
    """Pairs of address and file, in a fixed order."""
    if not (folder / 'index.html').is_file():
        return [('/index.html', fallback), ('/', fallback)]
    found = [('/' + path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob('*'))
             if path.is_file() and path.suffix != '.gz']
    return found + [('/', folder / 'index.html')]


def stub_of(symbol, path, digest):
    return (f'    /* {digest} */\n    .global {symbol}, {symbol}_end\n{symbol}:\n    .incbin "{path}"\n'
            f'{symbol}_end:\n    .byte 0\n')


def row_of(address, path, number, packed, digest):
    kind = TYPES.get(path.suffix, 'application/octet-stream')
    gz = f'page_{number}_gz, page_{number}_gz_end' if packed else 'NULL, NULL'
    immutable = 'true' if HASHED.search(address) else 'false'
    return (f'    {{"{address}", "{kind}", "\\"{digest}\\"", page_{number}, page_{number}_end, {gz}, '
            f'{immutable}}},\n')


def write_if_changed(name, text):
    path = pathlib.Path(name)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main(stub_name, table_name, folder, fallback):
    stub = '    .section .rodata\n    .balign 16\n'
    declarations, rows, numbers = '', '', {}
    for address, path in files_of(pathlib.Path(folder).resolve(), pathlib.Path(fallback).resolve()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        packed = path.with_name(path.name + '.gz')
        if path not in numbers:
            numbers[path] = len(numbers)
            symbols = [(f'page_{numbers[path]}', path)]
            if packed.is_file():
                symbols.append((f'page_{numbers[path]}_gz', packed))
            for symbol, file in symbols:
                stub += stub_of(symbol, file, hashlib.sha256(file.read_bytes()).hexdigest())
                declarations += f'extern const unsigned char {symbol}[], {symbol}_end[];\n'
        rows += row_of(address, path, numbers[path], packed.is_file(), digest)
    stub += '    .section .note.GNU-stack,"",%progbits\n'
    table = ('/* written by tools/embed.py */\n#include "face/pages.h"\n\n' + declarations +
             '\nconst struct page_file page_files[] = {\n' + rows + '};\n\n'
             'const size_t page_file_count = sizeof page_files / sizeof page_files[0];\n')
    write_if_changed(stub_name, stub)
    write_if_changed(table_name, table)


if __name__ == '__main__':
    main(*sys.argv[1:5])
