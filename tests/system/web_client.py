"""A running web_bench and the small clients that the tests of the web face talk to it with."""

import atexit
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("BUSBAR_BUILD", ROOT / "build")) / "tests/bench/web_bench"

SITE = """
access: {view: %s}
site: {name: Bench}
web: {connections_per_address: %d}
%s
"""


class Server:
    """web_bench on free ports, with a state folder of its own."""

    def __init__(self, folder, *options, view="password", per_address=64, settings=""):
        self.folder = folder
        (folder / "site.yaml").write_text(SITE % (view, per_address, settings))
        command = [PROGRAM, "--state", folder, "--site", folder / "site.yaml", "--socket", *options]
        self.log = open(folder / "log", "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        atexit.register(self.process.kill)  # when a test fails before stop()
        line = self.process.stdout.readline()
        assert line.startswith("ready"), (folder / "log").read_text()
        words = dict(word.split("=", 1) for word in line.split()[1:])
        self.http, self.https, self.secret = int(words["http"]), int(words["https"]), words["secret"]

    def stop(self):
        """Ends it politely; a crash or a sanitizer's complaint fails the test."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.log.close()
        text = (self.folder / "log").read_text()
        assert code == 0, text
        assert "Sanitizer" not in text and "runtime error" not in text, text

    def raw(self, data, port=None, timeout=5):
        """Sends bytes as they are; returns all that comes back until the server closes or is silent."""
        with socket.create_connection(("127.0.0.1", port or self.http), timeout=timeout) as link:
            link.sendall(data)
            return receive_all(link)

    def ask(self, method, path, body=None, headers=None, tls=False):
        """One request on a connection of its own: status, headers, body."""
        if tls:
            link = http.client.HTTPSConnection("127.0.0.1", self.https, timeout=10,
                                               context=ssl._create_unverified_context())
        else:
            link = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        return exchange(link, method, path, body, headers)

    def local(self, method, path, body=None, headers=None):
        """The same over the unix socket, as administrator."""
        link = http.client.HTTPConnection("localhost", timeout=10)
        link.sock = socket.socket(socket.AF_UNIX)
        link.sock.settimeout(10)
        link.sock.connect(str(self.folder / "busbar.sock"))
        return exchange(link, method, path, body, headers)

    def sign_in(self, user, password, fresh=None, tls=False):
        body = {"user": user, "password": password}
        if fresh:
            body["new_password"] = fresh
        return self.ask("POST", "/api/v1/session", body, tls=tls)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def kind(self):
        """What sort of problem it is, after checking that it is told as RFC 9457 wants."""
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = self.json()
        assert problem["status"] == self.status and problem["title"] and problem["detail"]
        return problem["type"].removeprefix("/problems/")


def exchange(link, method, path, body, headers):
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    try:
        link.request(method, path, body, headers)
        return Answer(link.getresponse())
    finally:
        link.close()


def receive_all(link):
    data = b""
    try:
        while part := link.recv(65536):
            data += part
    except (TimeoutError, ConnectionResetError):
        pass
    return data


class Stream:
    """Server-sent events over a plain socket, so that nothing is buffered between."""

    def __init__(self, server, query="", last_id=None):
        self.socket = socket.create_connection(("127.0.0.1", server.http), timeout=10)
        extra = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self.socket.sendall(f"GET /api/v1/live{query} HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(": ", 1)
            self.headers[name.lower()] = value
        self.text = b""

    def event(self):
        """The next event as (name, id, data); comments and the retry line are skipped."""
        while True:
            while b"\n\n" not in self.text:
                size = int(self.file.readline(), 16)
                if size == 0:
                    raise EOFError
                self.text += self.file.read(size)
                self.file.readline()
            text, self.text = self.text.split(b"\n\n", 1)
            fields = dict(line.split(": ", 1) for line in text.decode().split("\n") if ": " in line)
            if "event" in fields:
                return fields["event"], fields["id"], json.loads(fields["data"])

    def close(self):
        self.file.close()
        self.socket.close()
