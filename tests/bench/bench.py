#!/usr/bin/env python3
"""Measure: one JSON object a line, {"figure", "value", "unit", "goal", "note"}.

    bench.py --build FOLDER [--quick] [GROUP or FIGURE...]

`./dev bench` builds first. Values are medians of five runs (--quick: three short ones); "goal" is a most unless the
figure counts what there should be much of, then a least. Ends with 1 when a figure could not be measured, whatever
its value: a busy machine is no failure.
"""

import argparse
import json
import os
import sys
import time
import traceback

import bench_alarm
import bench_energy
import bench_gateway
import bench_history
import bench_notice
import bench_poll
import bench_snmp
import bench_start
import bench_switch
import bench_web
from bench_rig import Rig, Unmeasured, say

# figure: (group, unit, goal, whether the goal is a least, what measures it)
FIGURES = {
    "poll.cpu_percent_200_units": ("main", "%", 5, False, bench_poll.cpu_200_units),
    "poll.rss_mb_200_units": ("main", "MB", 40, False, bench_poll.cpu_200_units),
    "poll.cycle_ms_200_units_20ms_delay": ("main", "ms", 1000, False, bench_poll.cycle_20ms),
    "poll.max_transactions_per_s": ("main", "1/s", 15000, True, bench_poll.flat_out),
    "live.p99_ms": ("main", "ms", 5, False, bench_poll.live_p99),
    "rest.points_ratio_nginx": ("main", "", 0.333, True, bench_web.rest_points),
    "rest.small_ratio_nginx": ("main", "", 0.5, True, bench_web.rest_small),
    "live.cpu_percent_500_streams": ("main", "%", 50, False, bench_web.streams_500),
    "start.first_page_ms": ("main", "ms", 300, False, bench_start.start),
    "idle.rss_mb": ("main", "MB", 25, False, bench_start.idle),
    "idle.cpu_percent": ("main", "%", 2, False, bench_start.idle),
    "history.bytes_per_reading": ("history", "B", 0.60, False, bench_history.year),
    "history.bytes_per_reading_with_tiers": ("history", "B", 0.70, False, bench_history.year),
    "history.load_cpu_us": ("history", "us", 0.25, False, bench_history.year),
    "history.year_1000_buckets_ms": ("history", "ms", 3, False, bench_history.year),
    "history.year_100_series_ms": ("history", "ms", 40, False, bench_history.year),
    "history.year_full_ms": ("history", "ms", 30, False, bench_history.year),
    "history.day_100_series_ms": ("history", "ms", 20, False, bench_history.year),
    "history.peak_rss_mb": ("history", "MB", 32, False, bench_history.year),
    "history.tick_late_max_ms": ("history", "ms", 50, False, bench_history.ticks),
    "history.bytes_written_per_reading": ("history", "B", 100, False, bench_history.ticks),
    "energy.year_40_meters_ms": ("history", "ms", 100, False, bench_energy.years),
    "energy.year_40_meters_cpu_ms": ("history", "ms", 200, False, bench_energy.years),
    "gateway.added_p50_ms": ("gateway", "ms", 0.3, False, bench_gateway.latency),
    "gateway.added_p99_ms": ("gateway", "ms", 1, False, bench_gateway.latency),
    "gateway.rate_ratio_1": ("gateway", "", 0.95, True, bench_gateway.rates),
    "gateway.rate_ratio_8": ("gateway", "", 0.95, True, bench_gateway.rates),
    "gateway.rate_ratio_32": ("gateway", "", 0.95, True, bench_gateway.rates),
    "gateway.cpu_us": ("gateway", "us", 80, False, bench_gateway.rates),
    "gateway.cpu_ratio_bare": ("gateway", "", 1.5, False, bench_gateway.rates),
    "gateway.rate_ratio_128": ("gateway", "", 0.95, True, bench_gateway.rates),
    "gateway.rate_ratio_1_dead": ("gateway", "", 0.90, True, bench_gateway.troubles),
    "gateway.rate_ratio_4_dead": ("gateway", "", 0.75, True, bench_gateway.troubles),
    "gateway.rate_ratio_hangups": ("gateway", "", 0.95, True, bench_gateway.troubles),
    "gateway.rate_ratio_garbage": ("gateway", "", 0.95, True, bench_gateway.troubles),
    "gateway.wrong_answers": ("gateway", "", 0, False, bench_gateway.late_answers),
    "poll.cpu_percent_1000_units": ("gateway", "%", 30, False, bench_gateway.thousand),
    "gateway.first_answer_200_idle_ms": ("gateway", "ms", 50, False, bench_gateway.idle),
    "switch.write_p99_ms": ("switch", "ms", 5, False, bench_switch.commands),
    "switch.confirm_p99_ms": ("switch", "ms", 5, False, bench_switch.commands),
    "switch.sequence_jitter_ms": ("switch", "ms", 20, False, bench_switch.sequence_jitter),
    "alarm.notice_p99_ms": ("alarm", "ms", 5, False, bench_notice.notices),
    "alarm.rule_ns": ("alarm", "ns", 150, False, bench_alarm.evaluation),
    "alarm.rules_100k_mb": ("alarm", "MB", 32, False, bench_alarm.evaluation),
    "snmp.get_cpu_us": ("snmp", "us", 10, False, bench_snmp.costs),
    "snmp.get_cpu_ratio_snmpd": ("snmp", "", 0.5, False, bench_snmp.costs),
    "snmp.bulk_cpu_us_per_var": ("snmp", "us", 1.9, False, bench_snmp.costs),
    "snmp.walk_48_outlets_ms": ("snmp", "ms", 50, False, bench_snmp.walk),
}


def choose(names):
    groups = {row[0] for row in FIGURES.values()}
    wanted = []
    for name in names or sorted(groups):
        found = [figure for figure, row in FIGURES.items() if name in (figure, row[0])]
        if not found:
            raise SystemExit(f"bench: there is no \"{name}\"; groups: {', '.join(sorted(groups))}; figures: {', '.join(FIGURES)}")
        wanted += [figure for figure in found if figure not in wanted]
    return wanted


def show(figure, value, note):
    _, unit, goal, least, _ = FIGURES[figure]
    rounded = value if value is None else float(f"{value:.4g}")
    print(json.dumps({"figure": figure, "value": rounded, "unit": unit, "goal": goal,
                      "note": f"at {'least' if least else 'most'}; {note}"}), flush=True)
    if value is not None and (value < goal if least else value > goal):
        say(f"   {figure}: {rounded:g} {unit} misses the goal of {goal:g}")


def measure(rig, function, wanted):
    """The wanted ones of the figures that come from one set-up. False when there are none."""
    try:
        for figure, value, note in function(rig):
            if figure in wanted:
                show(figure, value, note)
        return True
    except Unmeasured as why:
        reason = str(why)
    except Exception:  # the others can still be measured
        traceback.print_exc()
        reason = "see the error above"
    finally:
        rig.stop()
    for figure in wanted:
        show(figure, None, f"not measured: {reason}")
    return False


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, help="the tree to measure, optimised")
    parser.add_argument("--quick", action="store_true", help="three short runs, for a first look")
    parser.add_argument("--peer", metavar="PATH", help="mbusd, to be measured beside the gateway")
    parser.add_argument("name", nargs="*", help="groups or figures; default: all")
    options = parser.parse_args()
    wanted = choose(options.name)
    for program in ("busbar", "tests/devices/meter-sim"):
        if not os.access(os.path.join(options.build, program), os.X_OK):
            raise SystemExit(f"bench: there is no {options.build}/{program}; `./dev bench` builds it")
    if options.peer and not os.access(options.peer, os.X_OK):
        raise SystemExit(f"bench: --peer {options.peer} is no program")
    rig = Rig(options.build, options.quick, options.peer)
    complete, begin = True, time.monotonic()
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {rig.runs} runs each")
    try:
        for function in dict.fromkeys(FIGURES[figure][4] for figure in wanted):
            figures = [figure for figure in wanted if FIGURES[figure][4] is function]
            say(f"-- {', '.join(figures)}")
            complete &= measure(rig, function, figures)
    finally:
        rig.close()
    say(f"{len(wanted)} figures in {time.monotonic() - begin:.0f} s")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
