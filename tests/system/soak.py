#!/usr/bin/env python3
"""soak.py [MINUTES] - the demo site under load; fails when memory, descriptors or polls drift. `./dev soak` calls it.

Starts the demo's meters and daemon on ports and a state folder of its own, then for MINUTES (default 10): 20 live
streams, 4 clients that read everything over and over, somebody who opens and drops connections, history at 1 s, a
meter that fails and comes back, a reload every 20 s, settings changed over the API. The first fifth warms up. Prints
one JSON object a line; the last says "pass" or what drifted. Ends with 0 or 1.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from daemon_client import ROOT, Daemon  # noqa: E402
from field_devices import Simulator  # noqa: E402

# What is allowed at the end of a run. A leak of one allocation of 100 bytes a poll would be 600 KB a minute here.
RSS_SLOPE_KB_PER_MINUTE = 60   # of the medians: caches of the allocator settle for long
RSS_MOST_MB = 60
DESCRIPTORS_MORE = 8           # connections that are being closed just then
POLLS_LEAST = 0.97             # of those due, for meters that never failed
METERS = ["sdm630@1,seed=1,load=12", "abb-b23@2,seed=2", "em340@3,seed=3", "sunspec-203@4,seed=4,solar=6000",
          "emdx3@5,seed=5", "pro380@6,seed=6", "netio-4c@7,relays=15"]
FAILING = ("meter-3", 3)


class Load:
    """Threads that use the daemon until told to stop; whatever they are refused or told wrongly is kept."""

    def __init__(self, house, simulator):
        self.house, self.simulator = house, simulator
        self.running, self.faults, self.requests, self.events = True, [], 0, 0
        jobs = [self.read] * 4 + [self.stream] * 20 + [self.drop, self.fail, self.reload, self.change]
        self.threads = [threading.Thread(target=self.guard, args=(job,), daemon=True) for job in jobs]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join(20)

    def sleep(self, seconds):
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(0.1)

    def guard(self, job):
        while self.running:
            try:
                job()
            except Exception as fault:  # noqa: BLE001 - each is a finding
                if self.running:
                    self.faults.append(f"{job.__name__}: {fault!r}")
                    self.sleep(1)

    def read(self):
        link = http.client.HTTPConnection("127.0.0.1", self.house.http, timeout=20)
        for turn in range(200):
            path = ("/points", "/site", "/lines", "/health", "/history?path=meter-1/total/real-power&from=-5m",
                    "/history.csv?path=pdu-a/total/real-power&from=-5m&step=1", "/settings/schema")[turn % 7]
            link.request("GET", "/api/v1" + path)
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            self.requests += 1
            self.sleep(0.02)
            if not self.running:
                break
        link.close()

    def stream(self):
        stream = self.house.live()
        until = time.monotonic() + random.uniform(5, 60)
        while self.running and time.monotonic() < until:
            if stream.arrives(1):
                self.events += 1
        stream.close()

    def drop(self):
        """Half a request, or none, and away."""
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.house.http), timeout=5) as link:
                link.sendall(random.choice([b"", b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /api",
                                            b"\x16\x03\x01\x02\x00garbage", b"POST /api/v1/session HTTP/1.1\r\n"]))
        self.sleep(0.5)

    def fail(self):
        self.sleep(10)
        self.simulator.ok(f"{random.choice(['silence', 'truncate', 'wrong-unit', 'garbage', 'exception'])} {FAILING[1]}")
        self.sleep(5)
        self.simulator.ok(f"clear {FAILING[1]}")

    def reload(self):
        self.sleep(20)
        if self.running:
            self.house.process.send_signal(signal.SIGHUP)

    def change(self):
        self.sleep(7)
        answer = self.house.put("site.contact", f"turn {self.requests}")
        assert answer.status == 200, answer.body


def demo_site(port, serial):
    site = yaml.safe_load((ROOT / "deploy/demo/busbar.yaml").read_text())
    site["lines"]["cellar"]["port"] = port
    site["lines"]["upstairs"]["port"] = str(serial)
    site["lines"]["thin-air"]["port"] = f"{serial}-contacts"
    site["history"] = {"every": "1 s"}
    del site["site"]["contact"]
    site["web"] = {"connections_per_address": 1000}  # the whole crowd comes from here
    return site


def look(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return {"rss_kb": int(status.split("VmRSS:")[1].split()[0]), "own_kb": int(status.split("RssAnon:")[1].split()[0]),
            "threads": int(status.split("Threads:")[1].split()[0]),
            "descriptors": len(os.listdir(f"/proc/{process.pid}/fd"))}


def slope(samples, key):
    """Least squares, per minute."""
    times = [sample["at"] / 60 for sample in samples]
    return statistics.linear_regression(times, [sample[key] for sample in samples]).slope


def medians(samples, parts=12):
    """Groups of neighbours by their medians, so that one moment's peak is no slope."""
    size = max(1, len(samples) // parts)
    groups = [samples[at:at + size] for at in range(0, len(samples) - size + 1, size)]
    return [{key: statistics.median(sample[key] for sample in group) for key in group[0]} for group in groups]


def polls(house):
    return {unit["device"]: (unit["rounds"], unit["overruns"]) for line in house.get("/lines") for unit in line["units"]}


def soak(minutes, folder):
    simulator = Simulator(folder, "--tcp", "127.0.0.1:0", "--pty", folder / "rs485", "--baud", 19200,
                          *[word for meter in METERS for word in ("--meter", meter)])
    house = Daemon(folder, demo_site(simulator.port, folder / "rs485"))
    every = {device["name"]: device["every_ms"] / 1000 for device in house.get("/site")["devices"]}
    for name in every:
        house.wait_state(name, "online", 20)
    load = Load(house, simulator)
    begin, warm = time.monotonic(), minutes * 60 / 5
    samples, before, before_at = [], None, 0
    while time.monotonic() - begin < minutes * 60:
        time.sleep(1)
        now = time.monotonic() - begin
        if now >= warm and before is None:
            before, before_at = polls(house), time.monotonic()
        if before is not None:
            samples.append({"at": now, **look(house.process)})
        if int(now) % 60 == 0:
            print(json.dumps({"minute": round(now / 60), **look(house.process), "requests": load.requests,
                              "events": load.events, "faults": len(load.faults)}), flush=True)
    after, took = polls(house), time.monotonic() - before_at
    logging = house.get("/logging")
    load.stop()
    time.sleep(2)
    idle = look(house.process)
    wrong = list(dict.fromkeys(load.faults))[:10]
    groups = medians(samples)
    rss_slope = slope(groups, "own_kb")  # without files that are mapped: the history's grow as it should
    if rss_slope > RSS_SLOPE_KB_PER_MINUTE and minutes >= 5:
        wrong.append(f"memory grows by {rss_slope:.0f} KB a minute")
    if max(sample["rss_kb"] for sample in samples) > RSS_MOST_MB * 1024:
        wrong.append(f"memory reached {max(sample['rss_kb'] for sample in samples)} KB")
    low, high = groups[0]["descriptors"], groups[-1]["descriptors"]
    if high > low + DESCRIPTORS_MORE:
        wrong.append(f"descriptors went from {low} to {high}")
    for name, seconds in every.items():
        share = (after[name][0] - before[name][0]) / (took / seconds)
        if name != FAILING[0] and share < POLLS_LEAST:
            wrong.append(f"{name} was read {share:.1%} of the times due, {after[name][1] - before[name][1]} overruns")
    if logging["ticks_lost"] or not logging["ok"]:
        wrong.append(f"history: {logging}")
    house.stop()
    simulator.stop()
    print(json.dumps({"minutes": minutes, "rss_kb": groups[-1]["rss_kb"], "own_kb": groups[-1]["own_kb"],
                      "own_kb_per_minute": round(rss_slope, 1),
                      "descriptors": [low, high], "idle": idle, "requests": load.requests, "events": load.events,
                      "ticks_written": logging["ticks_written"], "result": wrong or "pass"}))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("minutes", nargs="?", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="busbar-soak-") as folder:
        return soak(arguments.minutes, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
