"""Receivers of notices: rsyslog as Debian packs it, a web server of Python's, and ones that behave badly."""

import contextlib
import http.server
import pathlib
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import time

from daemon_client import SLOW, free_port, wait_for

FIELDS = ("pri", "time", "host", "app", "process", "kind", "data", "text")
RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin")


def make_certificates(folder, name="localhost"):
    """An authority and a server's certificate for `name`, by openssl."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder, timeout=60)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={name}")
    (folder / "extensions").write_text(f"subjectAltName=DNS:{name}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")


class Rsyslog:
    """Takes messages on one port by UDP, TCP or TLS and writes their parsed fields to a file."""

    def __init__(self, folder, transport, port=None):
        self.folder = folder / "rsyslog"
        self.folder.mkdir(exist_ok=True)
        self.port, self.transport = port or free_port(), transport
        self.out = self.folder / "out"
        module = "imudp" if transport == "udp" else "imtcp"
        tls = ('StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"'
               if transport == "tls" else "")
        certificates = (f'defaultNetstreamDriverCAFile="{folder}/ca.pem" '
                        f'defaultNetstreamDriverCertFile="{folder}/server.pem" '
                        f'defaultNetstreamDriverKeyFile="{folder}/server.key"') if transport == "tls" else ""
        (self.folder / "conf").write_text(
            f'global(workDirectory="{self.folder}" {certificates})\n'
            f'module(load="{module}" {tls})\n'
            f'input(type="{module}" port="{self.port}" address="127.0.0.1")\n'
            'template(name="fields" type="string" string="%pri%\\t%timereported:::date-rfc3339%\\t%hostname%\\t'
            '%app-name%\\t%procid%\\t%msgid%\\t%structured-data%\\t%msg%\\n")\n'
            f'action(type="omfile" file="{self.out}" template="fields")\n')
        self.start()

    def start(self):
        self.process = subprocess.Popen([RSYSLOGD, "-n", "-C", "-f", self.folder / "conf", "-i", self.folder / "pid"],
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder / "err", "ab"))
        wait_for(self.listens, 15 * SLOW, "rsyslog's port")

    def listens(self):
        """As the kernel sees it, so that its first connection is ours."""
        table = pathlib.Path("/proc/net/udp" if self.transport == "udp" else "/proc/net/tcp").read_text()
        return f"0100007F:{self.port:04X} 00000000:0000" in table

    def messages(self):
        if not self.out.exists():
            return []
        lines = self.out.read_text().splitlines()
        return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in lines if line.count("\t") == 7]

    def wait(self, condition, what, seconds=15):
        return wait_for(lambda: next((one for one in self.messages() if condition(one)), None), seconds * SLOW,
                        lambda: f"{what}: {self.messages()}\n{(self.folder / 'err').read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Hook:
    """A web server that keeps what is posted and answers as told: a status, (status, headers, body), or a function of
    the request's handler."""

    def __init__(self, answer=204, certificates=None):
        self.answer, self.posts = answer, []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((dict(self.headers), body, self.path))
                answer = hook.answer
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mute:
    """Accepts connections and then does what `behave(socket)` does; says nothing otherwise."""

    def __init__(self, behave=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.links, self.behave = [], behave
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self.listener.accept()
                self.links.append(link)
                if self.behave:
                    threading.Thread(target=self.serve, args=[link], daemon=True).start()

    def serve(self, link):
        with contextlib.suppress(OSError):
            self.behave(link)

    def close(self):
        for link in [self.listener, *self.links]:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()


def pour(link):
    """Far more answer than anybody wants."""
    link.recv(65536)
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        link.sendall(b"x" * 65536)


def drip(link):
    """An answer that never ends, a byte at a time."""
    while True:
        link.sendall(b"H")
        time.sleep(0.2)


def wait_on_disk(house, where, *values):
    """Until a notice of these waits in the file: the disk follows what is sent, and only what is there outlasts a kill."""
    def there():
        with contextlib.closing(sqlite3.connect(f"file:{house.state}/notices.db?mode=ro", uri=True)) as file:
            return file.execute(f"SELECT count(*) FROM waiting WHERE {where}", values).fetchone()[0]

    wait_for(there, 15 * SLOW, f"a notice with {where} {values} in notices.db")


def wait_change_on_disk(house, word):
    """The same for what was told of a setting that became `word`."""
    wait_on_disk(house, "text LIKE ?", f'%to "{word}"%')
