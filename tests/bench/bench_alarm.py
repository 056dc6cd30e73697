"""Figures of the alarm engine: what one evaluation takes, what a hundred thousand alarms hold."""

import json
import subprocess
import tempfile

from bench_rig import Unmeasured, median, runs_text


def run(rig):
    program = rig.build / "tests/bench/alarm_bench"
    with tempfile.TemporaryDirectory(prefix="busbar-bench-") as folder:
        done = subprocess.run([program, folder], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Unmeasured(done.stderr.strip() or f"alarm_bench ended with {done.returncode}")
    return json.loads(done.stdout)


def evaluation(rig):
    rows = rig.repeat(lambda: run(rig))
    one = [row["rule_ns"] for row in rows]
    ten = median([row["rule_ns_of_ten"] for row in rows])
    yield "alarm.rule_ns", median(one), \
        f"10,000 points change in a turn, one alarm each; {ten:.1f} ns with ten each; {runs_text(one)}"
    yield "alarm.rules_100k_mb", max(row["rules_100k_mb"] for row in rows), \
        "100,000 alarms: ten rules at each of 10,000 points; what the allocator gave out"
