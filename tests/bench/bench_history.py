"""Figures of the history: a year of 100 series at one minute, and ticks of 1,000 points."""

import json
import subprocess
import tempfile

from bench_rig import Unmeasured, median, runs_text

LEFT_OUT = "52.56 million readings, a year of 100 series at one minute (history_series.h)"
TICKS, TICK_MS = 3600, 20


def run(rig, *arguments):
    program = rig.build / "tests/bench/history_bench"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=900)
    if done.returncode != 0:
        raise Unmeasured(done.stderr.strip() or f"history_bench ended with {done.returncode}")
    return json.loads(done.stdout)


def year(rig):
    """Load it as often as there are runs, ask about the last one."""
    loads, asks = [], []
    for number in range(rig.runs):
        with tempfile.TemporaryDirectory(prefix="busbar-bench-") as folder:
            loads.append(run(rig, "load", folder))
            if number == rig.runs - 1:
                asks = [run(rig, "ask", folder) for _ in range(rig.runs)]

    def of(rows, name):
        return [row[name] for row in rows]

    yield "history.bytes_per_reading", median(of(loads, "bytes_per_reading")), f"{LEFT_OUT}; the rows above the readings left out"
    yield "history.bytes_per_reading_with_tiers", median(of(loads, "bytes_per_reading_with_tiers")), \
        f"{LEFT_OUT}; the whole file as loading left it"
    yield "history.load_cpu_us", median(of(loads, "load_cpu_us")), \
        f"series by series through history_store_import, runs {runs_text(of(loads, 'load_cpu_us'))}"
    for figure, name, cold, what in (
            ("history.year_1000_buckets_ms", "year_1000_buckets", True, "one current, 976 buckets of 9 h, min avg max last count"),
            ("history.year_100_series_ms", "year_100_series", True, "100 series, 92 buckets of 4 days each"),
            ("history.year_full_ms", "year_full", True, "525,600 readings of one current in pages of 20,000"),
            ("history.day_100_series_ms", "day_100_series", False, "144,000 readings of one day")):
        from_disk, from_memory = median(of(asks, f"{name}_ms")), median(of(asks, f"{name}_warm_ms"))
        told = f"cold file; in memory {from_memory:.3g} ms" if cold else f"file in memory; cold {from_disk:.3g} ms"
        yield figure, from_disk if cold else from_memory, f"{what}; {told}"
    yield "history.peak_rss_mb", max(of(loads, "peak_rss_mb") + of(asks, "peak_rss_mb")), "the worst of loading and asking"


def ticks(rig):
    rows = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="busbar-bench-") as folder:
            rows.append(run(rig, "ticks", folder, str(TICKS), str(TICK_MS)))
    late = [row["tick_late_max_ms"] for row in rows]
    note = f"an hour of ticks of 1,000 points, one each {TICK_MS} ms instead of each second, each synced"
    yield "history.tick_late_max_ms", median(late), f"{note}; runs {runs_text(late)}"
    yield "history.bytes_written_per_reading", median([row["bytes_written_per_reading"] for row in rows]), \
        f"{note}; by /proc/self/io, the hour's tidying included"
