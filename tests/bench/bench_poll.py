"""Figures of polling: what 200 units cost, how fast it goes flat out, how soon a change is seen."""

import json
import os
import random
import time
from datetime import datetime

from bench_rig import Counter, Daemon, Simulator, Stream, flat_site, median, require, runs_text, share

UNITS = 200
REGISTERS = 60


def compare_epoll(rig, simulator, seconds=2):
    """The same question asked by the barest loop, to the same simulator."""
    return rig.command_json(rig.build / "tests/bench/epoll_bench", simulator.first, min(UNITS, 64), seconds)


def compare_libmodbus(rig, simulator, seconds=2):
    program = rig.build / "tests/bench/libmodbus_bench"
    return rig.command_json(program, simulator.first, seconds) if program.exists() else None


def watch_rounds(daemon, seconds, meanwhile, every=1.0):
    """What `meanwhile(seconds)` returns, when each unit was read once in each interval and none failed."""
    before, begin = daemon.units(), time.monotonic()
    result = meanwhile(seconds)
    after, time_taken = daemon.units(), time.monotonic() - begin
    rounds = [after[name]["rounds"] - before[name]["rounds"] for name in before]
    due = time_taken / every
    failed = sum(after[name][what] - before[name][what]
                 for name in before for what in ("timeouts", "exceptions", "mismatches", "malformed", "overruns"))
    require(failed == 0, f"{failed} readings failed or came late")
    # A round that is under way at an end belongs to neither side, hence one more or less.
    require(min(rounds) >= due - 1.5 and max(rounds) <= due + 1.5,
            f"units were read {min(rounds)} to {max(rounds)} times in {time_taken:.1f} s, not every {every:g} s")
    return result


def cpu_200_units(rig):
    """poll.cpu_percent_200_units and poll.rss_mb_200_units"""
    simulator = rig.start(Simulator, ["flat@1"], UNITS)
    daemon = rig.start(Daemon, flat_site(simulator.first, UNITS))
    daemon.wait_until_online()
    points = len(daemon.json("/points"))
    stream = Stream(daemon)
    stream.pump(4)
    counter = Counter(stream)
    seconds = rig.seconds(10)
    memory = []

    def measure():
        value = watch_rounds(daemon, seconds, lambda time: daemon.cpu_percent(time, counter.listen))
        memory.append(daemon.memory_mb())
        return value

    values = rig.repeat(measure)
    rate = counter.changes_per_s()
    require(rate > 0.9 * UNITS * REGISTERS / 2, f"only {rate:.0f} changes a second on the stream")
    peak = daemon.memory_mb("VmHWM")
    stream.close()
    bare = compare_epoll(rig, simulator)["cpu_us"]
    yield ("poll.cpu_percent_200_units", median(values),
           f"{UNITS} TCP units x {REGISTERS} registers each second, all of them read in time; {points} points with those "
           f"that are derived; all recorded each second; one TLS stream open, {rate:.0f} changes/s on it; "
           f"compared: a bare epoll loop would need {bare * UNITS / 1e4:.2f} % for its reads ({bare:.1f} us each); "
           + runs_text(values))
    yield ("poll.rss_mb_200_units", median(memory), f"the same daemon after each run; peak {peak:.1f} MB; " + runs_text(memory))


def cycle_20ms(rig):
    """poll.cycle_ms_200_units_20ms_delay: rounds of the slowest unit, when each is due every 100 ms."""
    simulator = rig.start(Simulator, ["flat@1"], UNITS, ["--delay-ms", "20"])
    daemon = rig.start(Daemon, flat_site(simulator.first, UNITS, every="100 ms", history="1 min"))
    daemon.wait_until_online()
    time.sleep(2)

    def measure():
        before, begin = daemon.units(), time.monotonic()
        time.sleep(rig.seconds(5))
        after, seconds = daemon.units(), time.monotonic() - begin
        slowest = min(after[name]["rounds"] - before[name]["rounds"] for name in before)
        require(slowest > 0, "a unit was not read at all")
        return 1000 * seconds / slowest

    values = rig.repeat(measure)
    units = daemon.units().values()
    latencies = [unit["latency_ms"]["median"] for unit in units]
    # The counters' buckets are right within 13 %.
    require(min(latencies) >= 20 * 0.87, f"answers came after {min(latencies)} ms: nothing was delayed")
    yield ("poll.cycle_ms_200_units_20ms_delay", median(values),
           f"time of the slowest unit from one reading to the next, {UNITS} units each due every 100 ms; answers took "
           f"{median(latencies):.1f} ms (median); compared: one after the other would be {UNITS * 20} ms; "
           + runs_text(values))


def one_core():
    """The last core: the first one gets the interrupts."""
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def flat_out(rig):
    """poll.max_transactions_per_s: far more is due than can be done."""
    lines, units = 100, 40  # 4000 units, each due ten times a second
    simulator = rig.start(Simulator, ["flat@1"], lines, ["--units", str(units)])
    daemon = rig.start(Daemon, flat_site(simulator.first, lines, units, every="100 ms", history="1 min"), one_core())
    daemon.wait_until_online(60)

    def measure():
        before, cpu, begin = simulator.requests(), daemon.cpu_seconds(), time.monotonic()
        time.sleep(rig.seconds(5))
        seconds = time.monotonic() - begin
        return (simulator.requests() - before) / seconds, 100 * (daemon.cpu_seconds() - cpu) / seconds

    results = rig.repeat(measure)
    lines_now = daemon.json("/lines")
    wrong = sum(line[what] for line in lines_now for what in ("timeouts", "mismatches", "malformed", "exceptions"))
    require(wrong == 0, f"{wrong} readings failed")
    rates, loads = [result[0] for result in results], [result[1] for result in results]
    daemon.close()
    field = [rig.command_json(*one_core(), rig.build / "tests/bench/field_bench", 64, 2)["per_cpu_s"]
             for _ in range(rig.runs)]
    epoll = [compare_epoll(rig, simulator) for _ in range(rig.runs)]
    library = [found for _ in range(rig.runs) if (found := compare_libmodbus(rig, simulator))]
    others = [f"a bare epoll loop {median([one['per_cpu_s'] for one in epoll]):.0f} per CPU second"]
    if library:
        others.append(f"a libmodbus loop {median([one['transactions_per_s'] for one in library]):.0f}/s, "
                      f"{median([one['per_cpu_s'] for one in library]):.0f} per CPU second")
    else:
        others.append("no libmodbus-dev here to compare with")
    yield ("poll.max_transactions_per_s", median(rates),
           f"the daemon on one core ({median(loads):.0f} % of it used), {lines * units} units x {REGISTERS} registers, each due "
           f"every 100 ms; none failed; compared: {'; '.join(others)}; "
           f"field_bench (no daemon around it) {median(field):.0f} per CPU second; " + runs_text(rates, "{:.0f}"))


def live_p99(rig):
    """live.p99_ms: set a register, wait for the event that carries it; less the interval."""
    fast, every = 20, 100
    simulator = rig.start(Simulator, ["flat@1"], UNITS)
    site = flat_site(simulator.first, UNITS)
    for port in range(simulator.first, simulator.first + fast):
        site = site.replace(f"line: p-{port}, unit: 1, profile: bench-flat, every: 1 s",
                            f"line: p-{port}, unit: 1, profile: bench-flat, every: {every} ms")
    daemon = rig.start(Daemon, site)
    daemon.wait_until_online()
    stream = Stream(daemon)
    stream.pump(4)
    seed = int(os.environ.get("TEST_SEED", time.time_ns() % 1000000))
    chance = random.Random(seed)
    # High words of 200.0 and 400.0; the low word goes on changing, by less than 2.
    words = {True: 0x43C8, False: 0x4348}
    asked_to_event = []

    def measure():
        latencies = []
        state = {simulator.first + i: False for i in range(fast)}
        due = {port: time.time() + chance.uniform(0, 0.3) for port in state}
        waiting = {}
        end = time.time() + rig.seconds(10)
        while time.time() < end or waiting:
            now = time.time()
            require(now < end + 5, f"{len(waiting)} changes never came")
            for port in [port for port in due if due[port] <= now and now < end]:
                del due[port]
                state[port] = not state[port]
                waiting[port] = time.time()
                simulator.command(f"set {port}:1 register:0 {words[state[port]]}")
            wake = min([*due.values(), now + 0.05]) if now < end else now + 0.05
            for arrival, name, data in stream.pump(max(wake - time.time(), 0.0002)):
                for point in json.loads(data) if name == "points" else []:
                    device, _, rest = point["path"].partition("/")
                    port = int(device.split("-")[1])
                    if rest != "phase-a/voltage" or port not in waiting:
                        continue
                    asked_to_event.append(1000 * (arrival - datetime.fromisoformat(point["time"]).timestamp()))
                    if (point["value"] > 300) == state[port]:
                        latencies.append(1000 * (arrival - waiting.pop(port)))
                        due[port] = arrival + chance.uniform(1, 4) * every / 1000
        require(len(latencies) >= 100 or rig.quick, f"only {len(latencies)} changes")
        return latencies

    runs = rig.repeat(measure)
    stream.close()
    values = [share(run, 0.99) - every for run in runs]
    everything = [latency for run in runs for latency in run]
    yield ("live.p99_ms", median(values),
           f"99th percentile, less the interval of {every} ms; {len(everything)} changes at random moments (seed {seed}) on "
           f"{fast} of {UNITS} units that are all read and recorded, TLS; median {median(everything):.1f} ms, worst "
           f"{max(everything):.1f} ms with the interval in; of this from the poller's question to the event "
           f"{median(asked_to_event):.1f} ms (median), {share(asked_to_event, 0.99):.1f} ms (99 %); " + runs_text(values))
