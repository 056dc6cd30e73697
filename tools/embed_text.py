#!/usr/bin/env python3
"""Writes an assembler stub that holds a file as constant bytes. Usage: embed_text.py SYMBOL FILE OUT.S

In C: extern const char SYMBOL[], SYMBOL_end[];
"""
import pathlib
import sys

symbol, source, stub = sys.argv[1:4]
pathlib.Path(stub).write_text(
    f'    .section .rodata\n    .global {symbol}, {symbol}_end\n{symbol}:\n'
    f'    .incbin "{pathlib.Path(source).resolve()}"\n{symbol}_end:\n    .byte 0\n'
    '    .section .note.GNU-stack,"",%progbits\n')
