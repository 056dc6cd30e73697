#!/usr/bin/env python3
"""check_history_format.py PROGRAM [SEED] - what C has written, read by tests/history_reader.py, comes out the same.

PROGRAM (tests/fault/history_sample.c) writes a history and prints every reading. All readings must be found, each
once, and the rows of minutes, hours, days and months must be what the readings of their time add up to.
"""

import collections
import datetime
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import history_reader  # noqa: E402
from history_reader import DAY, GOOD, HOUR, MINUTE, MONTH  # noqa: E402


def bucket(level, ms):
    if level in (MINUTE, HOUR, DAY):
        step = {MINUTE: 60000, HOUR: 3600000, DAY: 86400000}[level]
        return ms - ms % step
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return int(datetime.datetime(moment.year, moment.month, 1, tzinfo=datetime.timezone.utc).timestamp()) * 1000


def expected_rows(truth, level, counters, until):
    """(series, time) -> count, least, greatest, total, first, last, lost of the good readings before `until[series]`."""
    found = {}
    for series, ms, quality, value in sorted(truth, key=lambda row: row[:2]):
        if quality != GOOD or ms >= until[series]:
            continue
        place = (series, bucket(level, ms))
        row = found.get(place)
        if row is None:
            found[place] = [1, value, value, value, value, value, 0]
            continue
        if series in counters and value < row[5]:
            row[6] += row[5]
        row[0] += 1
        row[1], row[2] = min(row[1], value), max(row[2], value)
        row[3] += value
        row[5] = value
    return found


def check_rows(db, truth, level, counters):
    """Each row that is kept is right; how many there are."""
    rows, until = list(history_reader.rows(db, level)), collections.Counter()
    for row in rows:
        until[row.series] = max(until[row.series], row.until)
    wanted = expected_rows(truth, level, counters, until)
    for row in rows:
        right = wanted[row.series, row.time]
        is_counter = row.series in counters
        got = [row.count, row.least, row.greatest, row.total, row.first if is_counter else right[4], row.last, row.lost]
        assert got == right, f"level {level}: {row} should be {right}"
    return len(rows)


def main():
    program = sys.argv[1]
    seed = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("TEST_SEED", str(int(time.time())))
    print(f"# TEST_SEED={seed}", flush=True)
    roomy = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free >= 256 << 20
    shared = "/dev/shm" if roomy else None
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        told = subprocess.run([program, folder, seed], check=True, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "TZ": "UTC"}).stdout
        truth = [tuple(map(int, line.split())) for line in told.splitlines()]
        db = sqlite3.connect(f"file:{folder}/history.db?mode=ro", uri=True)
        counters = {number for number, path, _, _ in history_reader.series(db) if path.endswith("/energy")}
        found = collections.Counter(history_reader.readings(db))
        assert found == collections.Counter(truth), "readings differ"
        counts = {level: check_rows(db, truth, level, counters) for level in (MINUTE, HOUR, DAY, MONTH)}
        kept = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("tick", "block", "piece")}
        db.close()
    print(f"# {len(truth)} readings, rows {counts}, blobs {kept}")
    assert counts[MINUTE] > 500 and counts[HOUR] > 100 and counts[DAY] > 30 and min(kept.values()) > 0, "the sample has no piece of every kind"
    print("1..1\nok 1 - another reader finds what was written")


if __name__ == "__main__":
    main()
