"""How soon who is to know of an alarm knows it: from the answer of a device that trips it to each receiver.

One process is all sides but busbar: the devices that trip, the receivers of syslog, traps, webhooks and mail, and the
live stream. So both ends of a time are taken by one clock, and none by the program that is measured.
"""

import contextlib
import os
import random
import select
import socket
import struct
import time

from bench_rig import Daemon, Simulator, Stream, flat_site, median, require, runs_text, share

UNITS, POINTS = 334, 30  # 10,020 points that change each second
PROBES, TRIPS = 20, 3    # of a run; an alarm that trips more often flaps and is not told
HIGH, LOW = 0x43C8, 0x4348  # 400.x and 200.x V


class Probes:
    """Modbus TCP units 1, 2, ... that all hold 200 V until told otherwise."""

    def __init__(self, hub):
        self.words, self.waited, self.answered = {}, None, None
        self.hub = hub
        self.port = hub.listen(self.serve)

    def set(self, unit, word):
        self.words[unit], self.waited, self.answered = word, unit, None

    def serve(self, link, data):
        while len(data) >= 12:
            transaction, _, length, unit, function, _, count = struct.unpack(">HHHBBHH", data[:12])
            data = data[6 + length:]
            body = struct.pack(">BB", function, 2 * count) + struct.pack(">H", self.words.get(unit, LOW)) \
                + bytes(2 * count - 2)
            if unit == self.waited and self.answered is None:
                self.answered = time.monotonic()
            link.sendall(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
        return data


class Hub:
    """Sockets and what they are for; `arrived` is when the first notice came by each route."""

    def __init__(self):
        self.readers, self.sockets, self.arrived = {}, [], {}

    def listen(self, serve, greeting=b""):
        listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(listener)

        def accept():
            link, _ = listener.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(greeting)
            self.sockets.append(link)
            state = {"data": b""}

            def read():
                data = b""
                with contextlib.suppress(ConnectionResetError):
                    data = link.recv(65536)
                if not data:
                    del self.readers[link]
                    link.close()
                    return
                state["data"] = serve(link, state["data"] + data)

            self.readers[link] = read

        self.readers[listener] = accept
        return listener.getsockname()[1]

    def datagrams(self, route):
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.bind(("127.0.0.1", 0))
        self.sockets.append(link)

        def read():
            if b"probe-" in link.recv(65536):
                self.came(route)

        self.readers[link] = read
        return link.getsockname()[1]

    def came(self, route):
        self.arrived.setdefault(route, time.monotonic())

    def webhook(self, link, data):
        head, found, body = data.partition(b"\r\n\r\n")
        if not found:
            return data
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return data
        if b"probe-" in body:
            self.came("webhook")
        link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        return body[length:]

    def mail(self, link, data):
        """Just enough of RFC 5321 for a client without a password."""
        if data.startswith(b"\0"):  # within the letter
            if not data.endswith(b"\r\n.\r\n"):
                return data
            self.came("mail")
            link.sendall(b"250 taken\r\n")
            return b""
        while b"\r\n" in data:
            line, _, data = data.partition(b"\r\n")
            if line.upper() == b"DATA":
                link.sendall(b"354 go on\r\n")
                return b"\0" + data
            link.sendall(b"250 ok\r\n" if line.upper() != b"QUIT" else b"221 bye\r\n")
        return data

    def pump(self, seconds, stream=None):
        ready, _, _ = select.select([*self.readers, *([stream.socket] if stream else [])], [], [], seconds)
        for link in ready:
            if link in self.readers:
                self.readers[link]()
        if stream and stream.socket in ready:
            for _, name, data in stream.pump(0.0005):
                if name == "alarm" and b"probe-" in data:
                    self.came("live")

    def close(self):
        for link in self.sockets:
            link.close()


ROUTES = ("live", "syslog", "trap", "webhook", "mail")


def site_of(simulator, hub, probes, count):
    http, smtp = hub.listen(hub.webhook), hub.listen(hub.mail, b"220 bench\r\n")
    lines = f"  probes: {{kind: modbus-tcp, host: 127.0.0.1, port: {probes.port}}}\ndevices:\n"
    devices = "".join(f"  probe-{unit}: {{line: probes, unit: {unit}, profile: bench-flat, every: 500 ms}}\n"
                      for unit in range(1, count + 1))
    return flat_site(simulator.first, UNITS, history="1 min").replace("devices:\n", lines) + devices + f"""
alarms:
  all: {{points: u-*/*/*, when: over, limit: 1000000}}
  probes: {{points: probe-*/phase-a/voltage, when: over, limit: 300, recover: 250, severity: critical}}
mail: {{server: 127.0.0.1, port: {smtp}, security: none, from: busbar@example.org}}
recipients:
  syslog: {{kind: syslog, host: 127.0.0.1, port: {hub.datagrams("syslog")}}}
  trap: {{kind: trap, host: 127.0.0.1, port: {hub.datagrams("trap")}}}
  webhook: {{kind: webhook, url: "http://127.0.0.1:{http}/"}}
  mail: {{kind: mail, address: ops@example.org}}
"""


def notices(rig):
    """alarm.notice_p99_ms"""
    simulator = rig.start(Simulator, ["flat@1"], UNITS)
    hub = Hub()
    probes = Probes(hub)
    count = PROBES * rig.runs
    daemon = rig.start(Daemon, site_of(simulator, hub, probes, count), wait=False)
    began = time.monotonic()
    while time.monotonic() < began + 3:  # the probes are answered for from here only
        hub.pump(0.05)
    daemon.wait_until_served()
    stream = Stream(daemon, "?path=probe-1/phase-c/frequency")
    seed = int(os.environ.get("TEST_SEED", time.time_ns() % 1000000))
    chance = random.Random(seed)

    def pump(seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            hub.pump(left, stream)

    pump(5)

    def sample(unit, word):
        """ms from the answer to each route's arrival."""
        hub.arrived.clear()
        probes.set(unit, word)
        end = time.monotonic() + 10
        while len(hub.arrived) < len(ROUTES):
            require(time.monotonic() < end, f"{[route for route in ROUTES if route not in hub.arrived]} heard nothing")
            hub.pump(0.1, stream)
        pump(chance.uniform(0.02, 0.1))
        return {route: 1000 * (hub.arrived[route] - probes.answered) for route in ROUTES}

    def measure(run):
        units = [PROBES * run + i + 1 for i in range(PROBES)] * (1 if rig.quick else TRIPS)
        return [sample(unit, word) for unit in units for word in (HIGH, LOW)]

    runs = [measure(run) for run in range(rig.runs)]
    stream.close()
    hub.close()
    every = {route: [one[route] for run in runs for one in run] for route in ROUTES}
    values = [max(share([one[route] for one in run], 0.99) for route in ROUTES) for run in runs]
    routes = "; ".join(f"{route} median {median(times):.2f}, p99 {share(times, 0.99):.2f}, worst {max(times):.1f} ms"
                       for route, times in every.items())
    yield ("alarm.notice_p99_ms", median(values),
           f"the slowest of {', '.join(ROUTES)} (a mail with its picture from the history), from a device's answer on the wire to the whole notice at its receiver, "
           f"{len(every['live'])} alarms raised and over at random moments (seed {seed}), while {UNITS * POINTS} points with "
           f"an alarm each change every second and are recorded every minute: {routes}; " + runs_text(values))
