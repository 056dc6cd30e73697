"""What every figure needs: a free port, a simulator, a daemon, a client, the clock on a process's work."""

import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    print(text, file=sys.stderr, flush=True)


class Unmeasured(Exception):
    """The figure has no value, and why: what was to be measured did not happen."""


def require(true, why):
    if not true:
        raise Unmeasured(why)


# ---- numbers -------------------------------------------------------------------------------------


def median(values):
    return statistics.median(values)


def share(values, part):
    """The value that `part` (0 to 1) of the values do not exceed: nearest rank, nothing interpolated."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(part * 1000) // 1000) - 1)]


def runs_text(values, form="{:.3g}"):
    return "runs " + " ".join(form.format(value) for value in values)


# ---- ports ---------------------------------------------------------------------------------------


def free_ports(count):
    """The first of `count` ports in a row that nobody has now; below the range that the kernel gives out, and not where
    another bench that runs just now looks first."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for first in range(low - count - 1 - os.getpid() % 1000 * 10, 10000, -count - 7):
        if all(port_is_free(port) for port in range(first, first + count)):
            return first
    raise Unmeasured(f"no {count} free ports in a row below {low}")


def port_is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# ---- processes -----------------------------------------------------------------------------------


class Process:
    """A child that ends with the bench, and what it has used."""

    def __init__(self, rig, arguments, log=None, **more):
        self.log = log or rig.folder / f"{pathlib.Path(str(arguments[0])).name}.log"
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen([str(word) for word in arguments], stderr=errors, **more)
        self.pid = self.process.pid

    def cpu_seconds(self):
        """User and system time of all its threads, those that ended included, by the scheduler's clock in nanoseconds: the
        ticks of proc(5) count whoever runs when one falls, and who wakes by a timer is there more often than its due.
        The clock of another process as clock_getcpuclockid(3) makes it."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def cpu_percent(self, seconds, meanwhile=time.sleep):
        before, begin = self.cpu_seconds(), time.monotonic()
        meanwhile(seconds)
        return 100 * (self.cpu_seconds() - before) / (time.monotonic() - begin)

    def memory_mb(self, name="VmRSS"):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024

    def last_words(self):
        lines = pathlib.Path(self.log).read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Simulator(Process):
    """meter-sim; `ports` is how many, each with meters of its own unless a list of arguments says otherwise."""

    def __init__(self, rig, meters, ports=1, more=()):
        self.first = free_ports(ports)
        self.control_path = rig.folder / "control"
        arguments = [rig.build / "tests/devices/meter-sim", "--control", self.control_path,
                     "--tcp", f"127.0.0.1:{self.first}-{self.first + ports - 1}"]
        for meter in meters:
            arguments += ["--meter", meter]
        super().__init__(rig, [*arguments, *more], stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.strip() == b"ready":
                break
        require(self.process.poll() is None, f"meter-sim did not start: {self.last_words()}")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(rig.folder / f"answers-{self.pid}"))
        self.socket.settimeout(5)

    def command(self, text):
        self.socket.sendto(text.encode(), str(self.control_path))
        answer = self.socket.recv(300).decode()
        require(answer.startswith("ok"), f"meter-sim on '{text}': {answer}")
        return answer

    def requests(self):
        return int(re.search(r"requests=(\d+)", self.command("stats"))[1])

    def close(self):
        super().close()
        self.socket.close()


class Daemon(Process):
    """busbar on a site, with ports of its own."""

    def __init__(self, rig, site, before=(), state=None, wait=True):
        self.https = free_ports(2)
        self.http = self.https + 1
        self.state = state or pathlib.Path(tempfile.mkdtemp(dir=rig.folder, prefix="state-"))
        self.site = self.state.with_suffix(".yaml")
        self.site.write_text(site.replace("@HTTPS@", str(self.https)).replace("@HTTP@", str(self.http)))
        self.began = time.monotonic()
        super().__init__(rig, [*before, rig.build / "busbar", "run", "--site", self.site, "--state", self.state,
                               "--profiles", ROOT / "profiles", "--own-profiles", HERE / "profiles"],
                         self.state.with_suffix(".log"), stdout=subprocess.DEVNULL)
        if wait:
            self.wait_until_served()

    def wait_until_served(self, seconds=30):
        while time.monotonic() < self.began + seconds:
            require(self.process.poll() is None, f"busbar did not start: {self.last_words()}")
            try:
                socket.create_connection(("127.0.0.1", self.https), timeout=1).close()
                return
            except OSError:
                time.sleep(0.001)
        raise Unmeasured(f"busbar does not listen after {seconds} s: {self.last_words()}")

    def client(self):
        return http.client.HTTPSConnection("127.0.0.1", self.https, timeout=20, context=tls_context())

    def get(self, path):
        client = self.client()
        client.request("GET", path)
        answer = client.getresponse()
        body = answer.read()
        client.close()
        require(answer.status == 200, f"GET {path}: {answer.status}")
        return body

    def json(self, path):
        return json.loads(self.get("/api/v1" + path))

    def units(self):
        """device → its counters"""
        return {unit["device"]: unit for line in self.json("/lines") for unit in line["units"]}

    def wait_until_online(self, seconds=40):
        end = time.monotonic() + seconds
        while True:
            units = self.units().values()
            waiting = [unit["device"] for unit in units if unit["state"] != "online"]
            if units and not waiting:
                return
            require(time.monotonic() < end, f"{len(waiting)} units are not online, {waiting[:3]}")
            time.sleep(0.2)


def tls_context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its own certificate, made a moment ago
    return context


class Stream:
    """An open live stream over TLS. pump() takes in what has come, with the time at which it came."""

    def __init__(self, daemon, query=""):
        raw = socket.create_connection(("127.0.0.1", daemon.https), timeout=20)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls_context().wrap_socket(raw)
        self.socket.sendall(f"GET /api/v1/live{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self.socket.setblocking(False)
        self.bytes = 0
        self.raw = b""    # as it came: head, then chunks
        self.text = b""   # what was in the chunks
        self.left = None  # of the chunk that has begun; None before the first

    def take_chunks(self):
        """RFC 9112, 7.1: size in hex, line end, bytes, line end."""
        if self.left is None:
            head, found, rest = self.raw.partition(b"\r\n\r\n")
            if not found:
                return
            require(b" 200 " in head and b"chunked" in head.lower(), f"no stream: {head[:60]}")
            self.raw, self.left = rest, 0
        while self.raw:
            if self.left == 0:
                size, found, rest = self.raw.partition(b"\r\n")
                if not found:
                    return
                self.raw, self.left = rest, int(size, 16) + 2
                require(self.left > 2, "the live stream ended")
            part = self.raw[:self.left]
            self.raw = self.raw[len(part):]
            self.left -= len(part)
            self.text += part if self.left > 1 else part[:len(part) + self.left - 2]

    def pump(self, seconds):
        """[(arrival, event, data)]; an event has come when its last byte has."""
        events, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self.socket.pending() and not select.select([self.socket], [], [], left)[0]:
                break
            try:
                data = self.socket.recv(65536)
            except ssl.SSLWantReadError:
                continue
            require(data, "the live stream ended")
            arrival = time.time()
            self.bytes += len(data)
            self.raw += data
            self.take_chunks()
            *blocks, self.text = self.text.split(b"\n\n")
            for block in blocks:
                found = re.search(rb"event: (\w+)[\s\S]*?data: ", block)
                if found:
                    events.append((arrival, found[1].decode(), block[found.end():]))
        return events

    def close(self):
        self.socket.close()


class Counter:
    """What comes on a live stream over a time."""

    def __init__(self, stream):
        self.stream, self.changes, self.bytes = stream, 0, stream.bytes
        self.began = self.ended = time.monotonic()

    def listen(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            events = self.stream.pump(min(left, 1))
            self.changes += sum(data.count(b'"path"') for _, name, data in events if name == "points")
        self.ended = time.monotonic()

    def changes_per_s(self):
        return self.changes / (self.ended - self.began)

    def bytes_per_s(self):
        return (self.stream.bytes - self.bytes) / (self.ended - self.began)


# ---- sites ---------------------------------------------------------------------------------------

SITE = """site: {name: Bench}
access: {view: open}
web: {https: @HTTPS@, http: @HTTP@, listen: 127.0.0.1, connections_per_address: 1100}
"""


def flat_site(first, lines, units=1, every="1 s", history="1 s", profile="bench-flat", more=""):
    """A line for each port from `first` on, with `units` devices u-PORT-UNIT on it."""
    text = [SITE, f"history: {{every: {history}}}\nlines:\n"]
    for port in range(first, first + lines):
        text.append(f"  p-{port}: {{kind: modbus-tcp, host: 127.0.0.1, port: {port}, timeout_ms: 1000}}\n")
    text.append("devices:\n")
    for port in range(first, first + lines):
        for unit in range(1, units + 1):
            text.append(f"  u-{port}-{unit}: {{line: p-{port}, unit: {unit}, profile: {profile}, every: {every}}}\n")
    return "".join(text) + more


class Rig:
    """Where a bench works: the build to measure, a folder, how often and how long."""

    def __init__(self, build, quick, peer=None):
        self.build, self.peer = pathlib.Path(build).resolve(), peer
        self.quick = quick
        self.runs = 3 if quick else 5
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="busbar-bench-"))
        self.open = []

    def seconds(self, wanted):
        return max(1.5, wanted / 4) if self.quick else wanted

    def repeat(self, measure):
        return [measure() for _ in range(self.runs)]

    def start(self, kind, *arguments, **more):
        process = kind(self, *arguments, **more)
        self.open.append(process)
        return process

    def stop(self):
        """Everything that the last figure started, newest first."""
        while self.open:
            self.open.pop().close()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command_json(self, *arguments):
        """What a bench program of ours printed: one line of JSON."""
        done = subprocess.run([str(word) for word in arguments], capture_output=True, text=True, timeout=120)
        require(done.returncode == 0, f"{pathlib.Path(str(arguments[0])).name}: {done.stderr.strip() or done.returncode}")
        return json.loads(done.stdout)
