"""How soon who is to know of an alarm knows it: from the answer of a device that trips it to each receiver.

One process, notice_peer, is all sides but busbar: the devices that trip, the receivers of syslog, traps, webhooks and mail,
and the live stream. So both ends of a time are taken by one clock, and none by the program that is measured.
"""

import json
import math
import os
import random
import subprocess
import time

from bench_rig import Daemon, Process, Simulator, flat_site, median, require, runs_text, share

UNITS, POINTS = 334, 30  # 10,020 points that change each second
PROBES, TRIPS = 20, 3    # of a run; an alarm that trips more often flaps and is not told
HIGH, LOW = 0x43C8, 0x4348  # 400.x and 200.x V
ROUTES = ("live", "syslog", "trap", "webhook", "mail")


class Peer(Process):
    """notice_peer; `ports` are its servers'."""

    def __init__(self, rig):
        super().__init__(rig, [rig.build / "tests/bench/notice_peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        require(answer, f"notice_peer ended: {self.last_words()}")
        return json.loads(answer)


def remember(rig, daemon, count):
    """The last six hours of each probe, which are in the pictures of the mails."""
    now = int(time.time()) // 60 * 60
    past = rig.folder / "past.csv"
    with past.open("w") as file:
        file.write("time,path,value\r\n")
        for unit in range(1, count + 1):
            for minute in range(360, 1, -1):
                stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60 * minute))
                file.write(f"{stamp},probe-{unit}/phase-a/voltage,{200 + 10 * math.sin(minute / 20 + unit):.2f}\r\n")
    done = subprocess.run([rig.build / "busbar", "import", "--socket", daemon.state / "busbar.sock", past],
                          capture_output=True, text=True, timeout=120)
    require(done.returncode == 0, f"the past cannot be imported: {done.stderr.strip()}")


def site_of(simulator, ports, count):
    lines = f"  probes: {{kind: modbus-tcp, host: 127.0.0.1, port: {ports['probes']}}}\ndevices:\n"
    devices = "".join(f"  probe-{unit}: {{line: probes, unit: {unit}, profile: bench-flat, every: 500 ms}}\n"
                      for unit in range(1, count + 1))
    return flat_site(simulator.first, UNITS, history="1 min").replace("devices:\n", lines) + devices + f"""
alarms:
  all: {{points: u-*/*/*, when: over, limit: 1000000}}
  probes: {{points: probe-*/phase-a/voltage, when: over, limit: 300, recover: 250, severity: critical}}
mail: {{server: 127.0.0.1, port: {ports['mail']}, security: none, from: busbar@example.org}}
recipients:
  syslog: {{kind: syslog, host: 127.0.0.1, port: {ports['syslog']}}}
  trap: {{kind: trap, host: 127.0.0.1, port: {ports['trap']}}}
  webhook: {{kind: webhook, url: "http://127.0.0.1:{ports['webhook']}/"}}
  mail: {{kind: mail, address: ops@example.org}}
"""


def notices(rig):
    """alarm.notice_p99_ms"""
    simulator = rig.start(Simulator, ["flat@1"], UNITS)
    peer = rig.start(Peer)
    count = PROBES * rig.runs
    daemon = rig.start(Daemon, site_of(simulator, peer.ports, count))
    remember(rig, daemon, count)
    peer.ask("live", daemon.https)
    seed = int(os.environ.get("TEST_SEED", time.time_ns() % 1000000))
    chance = random.Random(seed)
    time.sleep(5)

    def sample(unit, word):
        """ms from the answer to each route's arrival."""
        times = peer.ask("trip", unit, word)
        require(all(times[route] for route in ROUTES), f"{[route for route in ROUTES if not times[route]]} heard nothing")
        time.sleep(chance.uniform(0.02, 0.1))
        return times

    def measure(run):
        units = [PROBES * run + i + 1 for i in range(PROBES)] * (1 if rig.quick else TRIPS)
        return [sample(unit, word) for unit in units for word in (HIGH, LOW)]

    runs = [measure(run) for run in range(rig.runs)]
    every = {route: [one[route] for run in runs for one in run] for route in (*ROUTES, "mail_ready")}
    values = [max(share([one[route] for one in run], 0.99) for route in ROUTES) for run in runs]
    routes = "; ".join(f"{route} median {median(times):.2f}, p99 {share(times, 0.99):.2f}, worst {max(times):.1f} ms"
                       for route, times in every.items())
    yield ("alarm.notice_p99_ms", median(values),
           f"the slowest of {', '.join(ROUTES)} (a mail over a connection of its own, with a picture of six hours), from a device's answer on the "
           f"wire to the whole notice at its receiver (mail_ready: the server has been told all but the message), "
           f"{len(every['live'])} alarms raised and over at random moments (seed {seed}), while {UNITS * POINTS} points with "
           f"an alarm each change every second and are recorded every minute: {routes}; " + runs_text(values))
