"""Figures of switching: how soon a command reaches the hardware, how soon its proof is seen, how even a sequence is.

The simulator tells when a relay was told to switch ("told" of meter-sim), so that no time comes from the program that is measured.
"""

import http.client
import json
import os
import random
import socket
import time

from bench_rig import Daemon, Simulator, Stream, flat_site, median, require, runs_text, share

UNITS = 200
PDUS, OUTLETS, STEP = 20, 24, 0.1


class Door:
    """POST /commands over the unix socket, kept open: as administrator, without the price of TLS."""

    def __init__(self, daemon):
        self.link = http.client.HTTPConnection("localhost")
        self.link.sock = socket.socket(socket.AF_UNIX)
        self.link.sock.connect(str(daemon.state / "busbar.sock"))

    def ask(self, method, path, body=None):
        self.link.request(method, "/api/v1" + path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = self.link.getresponse()
        text = answer.read()
        require(answer.status in (200, 202), f"{method} {path}: {answer.status} {text[:120]}")
        return json.loads(text)


def seed_of_run():
    return int(os.environ.get("TEST_SEED", time.time_ns() % 1000000))


def told(simulator, port, relay):
    """When the relay of unit 2 behind the port was last told to switch, s since 1970."""
    return float(simulator.command(f"told {port}:2 {relay}").split()[1])


class Commands:
    """Single commands at random relays of boards and outlets of the simulated PDU, one after the other."""

    def __init__(self, daemon, simulator, seed):
        self.simulator, self.chance = simulator, random.Random(seed)
        self.stream, self.door, self.on = Stream(daemon, "?path=r-*"), Door(daemon), {}
        self.stream.pump(3)

    def send(self, target):
        self.on[target] = not self.on.get(target, target.startswith("pdu/"))
        began = time.time()
        command = self.door.ask("POST", "/commands", {"targets": [target], "action": "on" if self.on[target] else "off"})
        return began, command["id"]

    def step(self, number):
        step, = self.door.ask("GET", f"/commands/{number}")["steps"]
        return step

    def at_board(self):
        """ms from before the request to the board being told; from there to the state on the stream; from acceptance to the line."""
        port, relay = self.chance.randrange(self.simulator.first, self.simulator.first + UNITS), self.chance.randint(1, 8)
        target, seen = f"r-{port}/outlet-{relay}", None
        self.stream.pump(0.001)
        began, number = self.send(target)
        while seen is None:
            require(time.time() < began + 5, f"{target} was never seen")
            for arrival, name, data in self.stream.pump(0.05):
                for point in json.loads(data) if name == "points" else []:
                    if point["path"] == target + "/state" and point["value"] == self.on[target]:
                        seen = arrival
        written = told(self.simulator, port, relay)
        step = self.step(number)
        require(step["state"] == "confirmed", f"{target} is {step['state']} after its state was seen")
        require(began <= written <= seen, f"{target} was told at {written}, asked at {began}, seen at {seen}")
        return 1000 * (written - began), 1000 * (seen - written), step["written_ms"]

    def at_pdu(self):
        """ms from acceptance to the proof: nobody but busbar itself sees the simulated PDU switch."""
        target = f"pdu/outlet-{self.chance.randint(1, 22)}"
        began, number = self.send(target)
        while (step := self.step(number))["state"] in ("pending", "sent"):
            require(time.time() < began + 5, f"{target} was never confirmed")
        require(step["state"] == "confirmed", f"{target} is {step['state']}: {step['reason']}")
        return step["confirmed_ms"]


def commands(rig):
    """switch.write_p99_ms and switch.confirm_p99_ms."""
    simulator = rig.start(Simulator, ["flat@1", "waveshare-8@2"], UNITS)
    boards = "".join(f"  r-{port}: {{line: p-{port}, unit: 2, profile: waveshare-modbus-rtu-relay, every: 1 s}}\n"
                     for port in range(simulator.first, simulator.first + UNITS))
    site = flat_site(simulator.first, UNITS, more="  pdu: {line: air, profile: sim-pdu-24}\n" + boards)
    daemon = rig.start(Daemon, site.replace("devices:\n", "  air: {kind: sim}\ndevices:\n"))
    daemon.wait_until_online()
    seed, count = seed_of_run(), 100 if rig.quick else 400
    measured = Commands(daemon, simulator, seed)

    def measure():
        writes, proofs, handed = zip(*(measured.at_board() for _ in range(count)))
        return writes, proofs, handed, [measured.at_pdu() for _ in range(count // 4)]

    runs = rig.repeat(measure)
    trip = median([unit["latency_ms"]["median"] for name, unit in daemon.units().items() if name.startswith("r-")])
    measured.stream.close()
    told_in, proven_in, handed_in, pdu_in = ([value for run in runs for value in run[i]] for i in range(4))
    values = [share(run[0], 0.99) for run in runs]
    yield ("switch.write_p99_ms", median(values),
           f"99th percentile of {len(told_in)} commands at random relays (seed {seed}), Modbus TCP over loopback, from before the "
           f"request to the board being told; {UNITS} units x 60 registers and {UNITS} boards polled each second; median "
           f"{median(told_in):.2f} ms, worst {max(told_in):.1f} ms; accepted to handed to the line: p99 "
           f"{share(handed_in, 0.99):.2f} ms; simulated PDU, accepted to confirmed: p99 "
           f"{share(pdu_in, 0.99):.2f} ms of {len(pdu_in)}; " + runs_text(values))
    values = [share(run[1], 0.99) - trip for run in runs]
    yield ("switch.confirm_p99_ms", median(values),
           f"99th percentile of the same commands, from the board being told to the state on the live stream (TLS), less one round "
           f"trip to the board ({trip:.2f} ms); median {median(proven_in):.2f} ms, worst {max(proven_in):.1f} ms, the round trip "
           f"in both; " + runs_text(values))


def bare_timer(seconds):
    """ms by which a process that does nothing else wakes too late at worst, asked for each STEP."""
    begin, worst = time.monotonic(), 0
    for tick in range(1, int(seconds / STEP) + 1):
        time.sleep(max(0, begin + tick * STEP - time.monotonic()))
        worst = max(worst, time.monotonic() - begin - tick * STEP)
    return 1000 * worst


def sequence_jitter(rig):
    """switch.sequence_jitter_ms: how far the worst step of a sequence is from its time."""
    simulator = rig.start(Simulator, ["flat@1", "waveshare-30@2"], UNITS)
    ports = range(simulator.first, simulator.first + PDUS)
    relays = [(port, relay) for port in ports for relay in range(1, (4 if rig.quick else OUTLETS) + 1)]
    members = ", ".join(f"q{port - simulator.first}/outlet-{relay}" for port, relay in relays)
    pdus = "".join(f"  q{port - simulator.first}: {{line: p-{port}, unit: 2, profile: bench-pdu-24, every: 1 s}}\n" for port in ports)
    group = f"groups:\n  all: {{members: \"{members}\", step: {STEP * 1000:.0f} ms}}\n"
    daemon = rig.start(Daemon, flat_site(simulator.first, UNITS, more=pdus + group))
    daemon.wait_until_online()
    time.sleep(3)
    door = Door(daemon)
    began = time.time()
    number = door.ask("POST", "/commands", {"targets": ["group/all"], "action": "on-delayed"})["id"]
    bare = bare_timer(STEP * len(relays) + 2)
    steps = Door(daemon).ask("GET", f"/commands/{number}")["steps"]  # the first door is shut by now
    states = [step["state"] for step in steps]
    require(states == ["confirmed"] * len(relays), f"of {len(relays)} steps {states.count('confirmed')} were confirmed")
    times = [told(simulator, *relay) - began for relay in relays]
    late = [1000 * (at - STEP * place) for place, at in enumerate(times)]
    own = [step["written_ms"] - 1000 * STEP * place for place, step in enumerate(steps)]
    between = [1000 * (after - before) for before, after in zip(times, times[1:])]
    yield ("switch.sequence_jitter_ms", max(abs(value) for value in late),
           f"{len(relays)} outlets of {PDUS} PDUs (Modbus TCP over loopback) on, {1000 * STEP:.0f} ms from one to the next, {UNITS} units "
           f"polled each second meanwhile; the worst distance of a step from its time, counted from before the request to the board "
           f"being told; median {median(late):.2f} ms; handed to the line {max(abs(value) for value in own):.2f} ms from its time at worst, "
           f"by busbar's own clock; a process that only sleeps woke {bare:.1f} ms late at worst meanwhile; "
           f"from one step to the next {min(between):.1f} to {max(between):.1f} ms")
