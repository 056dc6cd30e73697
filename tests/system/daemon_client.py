"""The real daemon, started with a site file and a state folder of its own, and what tests ask of it."""

import atexit
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import select
import signal
import socket
import subprocess
import time
import urllib.parse

import yaml

from web_client import Stream, exchange

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUSBAR_BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
PROGRAM = BUILD / "busbar"
PROFILES = ROOT / "profiles"  # named, so that a build folder may stand anywhere
PASSWORD = "four words and 1 number"
SANITIZER = re.compile(r"Sanitizer|runtime error:")

# Sanitizers and a machine that does other things too make everything slower, not different.
SLOW = 3 if "asan" in BUILD.name or "tsan" in BUILD.name else 1


# Ports for daemons: below those that the kernel gives to outgoing connections, so that no test's client gets one before
# the daemon does; and each worker of pytest-xdist ("gw3") has some of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 20
PORTS = range(10_000 + 1_100 * WORKER, 10_000 + 1_100 * (WORKER + 1) - 20)


def free_port(count=1):
    """The first of so many free ports in a row (at most 20)."""
    while True:
        first = random.choice(PORTS)
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in range(first, first + count):
                probe = probes.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return first


def wait_for(condition, seconds, what, every=0.02):
    """Returns the first true result of condition; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what() if callable(what) else what}"
        time.sleep(every)


def run(*words, stdin=None, timeout=30, env=None):
    """A command of the program, to its end: code, stdout, stderr."""
    result = subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True, text=True,
                            timeout=timeout * SLOW, env={**os.environ, **(env or {})})
    assert not SANITIZER.search(result.stderr), result.stderr
    assert result.returncode >= 0, f"ended by signal {-result.returncode}: {result.stderr}"
    return result


class Daemon:
    """`busbar run` on a free port. Site: a dict, or the text of a site file."""

    def __init__(self, folder, site, *, state=None, view="open", https=False, env=None, prefix=(), ready=True):
        self.folder = folder
        self.site_file = folder / "site.yaml"
        self.state = state or folder / "state"
        self.log_file = folder / "log"
        self.http = free_port()
        self.https = free_port() if https else 0
        self.view, self.env, self.prefix = view, env, tuple(prefix)
        self.process = None
        self.write_site(site)
        self.start(ready)

    # ---- life ----------------------------------------------------------------------------------

    def complete(self, site):
        """The site with what every test needs: our ports, and readable unless told otherwise."""
        site = dict(site)
        site.setdefault("access", {"view": self.view})
        site["web"] = {"http": self.http, "https": self.https, "listen": "127.0.0.1", **site.get("web", {})}
        return site

    def write_site(self, site):
        if isinstance(site, dict):
            site = yaml.safe_dump(self.complete(site), sort_keys=False)
        self.site_file.write_text(site)

    def start(self, ready=True):
        self.began = self.log_file.stat().st_size if self.log_file.exists() else 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, PROGRAM, "run", "--site", self.site_file, "--state", self.state,
                 "--profiles", PROFILES],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **(self.env or {})})
        atexit.register(self.process.kill)  # when a test fails before the end
        if ready:
            wait_for(self.answers, 15 * SLOW, lambda: f"the daemon's first answer; its log:\n{self.log}", 0.01)

    def answers(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log}"
        try:
            return self.ask("GET", "/api/v1/health").status == 200
        except (OSError, http.client.HTTPException):
            return False

    @property
    def log(self):
        """What this run has said."""
        return self.log_file.read_bytes()[self.began:].decode(errors="replace")

    def check_log(self):
        text = self.log_file.read_text(errors="replace")
        assert not SANITIZER.search(text), text

    def stop(self, within=2):
        """SIGTERM; code 0 in time, else the test fails with the log."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(within * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"did not stop within {within} s:\n{self.log}") from None
        self.check_log()
        assert self.process.returncode == 0, f"ended with {self.process.returncode}:\n{self.log}"

    def kill(self):
        """As when the power fails."""
        self.process.kill()
        self.process.wait()
        self.check_log()

    def close(self):
        """The end of a test: whoever still runs must end well."""
        if self.process.poll() is None:
            self.stop(within=5)
        else:
            self.check_log()
            assert self.process.returncode in (0, -signal.SIGKILL), f"{self.process.returncode}:\n{self.log}"

    def reload(self, site=None):
        """Another site file (or none) and SIGHUP; returns when its result is in the log."""
        if site is not None:
            self.write_site(site)
        seen = len(self.log)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: re.search("settings read again|settings stay as they were", self.log[seen:]), 5 * SLOW,
                 "the end of the reload")
        return self.log[seen:]

    # ---- the API -------------------------------------------------------------------------------

    def ask(self, method, path, body=None, headers=None):
        link = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20)
        return exchange(link, method, path, body, headers)

    def local(self, method, path, body=None, headers=None):
        """Over the unix socket: administrator without signing in."""
        link = http.client.HTTPConnection("localhost", timeout=20)
        link.sock = socket.socket(socket.AF_UNIX)
        link.sock.settimeout(20)
        link.sock.connect(str(self.state / "busbar.sock"))
        return exchange(link, method, path, body, headers)

    def get(self, path):
        """The JSON of a successful GET, as administrator."""
        answer = self.local("GET", "/api/v1" + path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json()

    def put(self, key, value):
        return self.local("PUT", f"/api/v1/settings/{key}", {"value": value})

    def points(self, *patterns):
        query = urllib.parse.urlencode([("path", pattern) for pattern in patterns])
        return {value["path"]: value for value in self.get(f"/points?{query}")}

    def point(self, path):
        return self.get("/points/" + path)

    def device(self, name):
        return next(device for device in self.get("/site")["devices"] if device["name"] == name)

    def units(self):
        """The counters of every device, by its name."""
        return {unit["device"]: unit for line in self.get("/lines") for unit in line["units"]}

    def wait_good(self, path, seconds=10):
        """The point once it has a good value."""
        def good():
            value = self.point(path)
            return value if value["quality"] == "good" else None
        return wait_for(good, seconds * SLOW, lambda: f"a good {path}: {self.point(path)}\n{self.log}")

    def wait_state(self, device, state, seconds=10):
        return wait_for(lambda: self.device(device)["state"] == state, seconds,
                        lambda: f"{device} {state}: {self.device(device)['state']}\n{self.log}", 0.05)

    def problems(self):
        return self.get("/health")["problems"]

    def live(self, query=""):
        return LiveStream(self, query)

    def cli(self, *words, **options):
        """A command of the program that talks to this daemon over its socket."""
        return run(words[0], "--socket", self.state / "busbar.sock", *words[1:], **options)

    # ---- people --------------------------------------------------------------------------------

    @property
    def secret(self):
        return re.search(r"one-time secret (\S+)", self.log_file.read_text()).group(1)

    def sign_in(self, user="administrator", password=PASSWORD, fresh=None):
        body = {"user": user, "password": password}
        if fresh:
            body["new_password"] = fresh
        return self.ask("POST", "/api/v1/session", body)

    def session(self, user="administrator", password=PASSWORD):
        """Headers of a signed-in person; the administrator's first time uses up the secret."""
        answer = self.sign_in(user, password)
        if answer.status != 200 and user == "administrator":
            answer = self.sign_in(user, self.secret, password)
        assert answer.status == 200, answer.body
        return {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json()["csrf"]}


class LiveStream(Stream):
    """/live with the moment when each event came."""

    def arrives(self, seconds):
        """The next event within so many seconds as (moment, name, data), or None."""
        if b"\n\n" not in self.text and not self.file.peek_ready(seconds):
            return None
        name, _, data = self.event()
        return time.monotonic(), name, data

    def __init__(self, server, query=""):
        super().__init__(server, query)
        self.file = Peekable(self.file, self.socket)


class Peekable:
    """A buffered reader that can be asked whether something will come."""

    def __init__(self, file, link):
        self.file, self.link = file, link

    def peek_ready(self, seconds):
        self.link.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            if self.file.peek(1):
                self.link.settimeout(10)
                return True
        self.link.settimeout(10)
        return bool(select.select([self.link], [], [], seconds)[0])

    def __getattr__(self, name):
        return getattr(self.file, name)


def lines_of(text):
    return [line for line in text.splitlines() if line]


def unit(line, number, profile="eastron-sdm630", every="1 s", **more):
    """A device of a site."""
    return {"line": line, "unit": number, "profile": profile, "every": every, **more}


def tcp_line(port, **more):
    return {"kind": "modbus-tcp", "host": "127.0.0.1", "port": port, **more}


def seconds_of(text):
    """An RFC 3339 time in UTC as seconds since 1970."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", text)
    *whole, milliseconds = map(int, match.groups())
    import calendar
    return calendar.timegm((*whole, 0, 0, 0)) + milliseconds / 1000


def dump(value):
    return json.dumps(value, indent=1)
