"""The past as files: the export folder, its drive (WebDAV), FTP with the shipped configuration, `busbar export` and
`busbar import`. Clients are cadaver, rclone, curl and litmus; files are judged by Python's csv, sqlite3 and LibreOffice.

Readings come in by `busbar import`, so that every cell of every file can be worked out here.
"""

import base64
import contextlib
import csv
import datetime
import http.client
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
import xml.etree.ElementTree as xml

import pytest

from daemon_client import PASSWORD, ROOT, SLOW, Daemon, free_port, wait_for

DAY = 86400
VOLTS, ENERGY = "m/phase-a/voltage", "m/total/energy"
TODAY = int(time.time()) // DAY * DAY
FIRST, LAST = TODAY - 3 * DAY + 7 * 3600, TODAY - 1  # three days, the first from seven o'clock on


def text_of(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def date_of(moment):
    return text_of(moment)[:10]


# A reading a minute; the counter is a few watt-hours further each time.
READINGS = {
    VOLTS: [(moment, (2300 + minute * 7 % 83) / 10) for minute, moment in enumerate(range(FIRST, LAST, 60))],
    ENERGY: [(moment, round(100 + minute * 0.013, 3)) for minute, moment in enumerate(range(FIRST, LAST, 60))],
}


def readings_csv():
    rows = [(moment, path, value) for path, list_ in READINGS.items() for moment, value in list_]
    rows.sort()
    return "time,path,value\r\n" + "".join(f"{text_of(moment)},{path},{value}\r\n" for moment, path, value in rows)


def site(**export):
    return {"site": {"time_zone": "UTC"}, "lines": {"air": {"kind": "sim"}},
            "devices": {"m": {"line": "air", "profile": "sim-meter", "every": "1 s"}},
            "history": {"every": "1 s"}, "export": {"enabled": True, "step": "15 min", **export}}


def start(folder, **export):
    """A house that has imported READINGS and written their files."""
    house = Daemon(folder, site(**export), view="password", https=True)
    house.session()
    told = house.cli("import", "-", stdin=readings_csv())
    assert told.returncode == 0 and f"{2 * len(READINGS[VOLTS])} taken, 0 known already, 0 refused" in told.stdout, told
    yesterday = house.state / "export" / f"m_{date_of(TODAY - DAY)}.csv"
    wait_for(yesterday.exists, 40 * SLOW, lambda: f"yesterday's file; {house.get('/export')}\n{house.log}", 0.2)
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    one = start(tmp_path_factory.mktemp("export"))
    yield one
    one.close()


def folder_of(house):
    return house.state / "export"


# ---- the files ----------------------------------------------------------------------------------------


def quarters(path, day):
    """The readings of each quarter of an hour of a day, in order."""
    found = {}
    for moment, value in READINGS[path]:
        if day <= moment < day + DAY:
            found.setdefault(moment // 900 * 900, []).append(value)
    return found


def number(text):
    return float(text) if text else None


def check_rows(rows, day):
    """Every cell of the two points, by arithmetic of our own."""
    volts, energy = quarters(VOLTS, day), quarters(ENERGY, day)
    assert [row["utc"] for row in rows] == [text_of(begin) for begin in volts]
    earlier = [value for moment, value in READINGS[ENERGY] if moment < day]
    last = earlier[-1] if earlier else None
    for row, begin in zip(rows, volts):
        values = volts[begin]
        assert row["time"] == text_of(begin)[:19].replace("T", " ")
        assert number(row[f"{VOLTS} [V] min"]) == min(values) and number(row[f"{VOLTS} [V] max"]) == max(values)
        assert number(row[f"{VOLTS} [V] avg"]) == pytest.approx(sum(values) / len(values), abs=0.001)
        assert number(row[f"{ENERGY} [kWh] last"]) == pytest.approx(energy[begin][-1], abs=1e-9)
        delta = number(row[f"{ENERGY} [kWh] delta"])
        if last is not None:
            assert delta == pytest.approx(energy[begin][-1] - last, abs=1e-6)
        last = energy[begin][-1]
        assert row["m/phase-b/voltage [V] avg"] == ""  # nothing was recorded: nothing, not zero


@pytest.mark.long
def test_each_day_has_a_file_whose_cells_are_right(house):
    names = sorted(path.name for path in folder_of(house).iterdir())
    assert names[:3] == [f"m_{date_of(TODAY - back * DAY)}.csv" for back in (3, 2, 1)]  # today's once a quarter is full
    for back in (3, 2, 1):
        raw = (folder_of(house) / f"m_{date_of(TODAY - back * DAY)}.csv").read_bytes()
        assert raw.endswith(b"\r\n") and raw.count(b"\n") == raw.count(b"\r\n")  # RFC 4180
        rows = list(csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True))
        check_rows(rows, TODAY - back * DAY)
    told = house.get("/export")
    assert told["problem"] is None and told["oldest"] == date_of(TODAY - 3 * DAY)
    assert told["bytes"] == sum(path.stat().st_size for path in folder_of(house).iterdir())


# ---- the drive ----------------------------------------------------------------------------------------


def basic(user="administrator", password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def dav(house, method, path, headers=None, body=None):
    link = http.client.HTTPSConnection("127.0.0.1", house.https, timeout=20, context=ssl._create_unverified_context())
    link.request(method, path, body, {**basic(), **(headers or {})})
    answer = link.getresponse()
    answer.body = answer.read()
    link.close()
    return answer


def yesterday_of(house):
    name = f"m_{date_of(TODAY - DAY)}.csv"
    return name, (folder_of(house) / name).read_bytes()


def test_the_drive_wants_a_password_and_never_over_plain_http(house):
    name, content = yesterday_of(house)
    path = f"/export/{name}"
    assert dav(house, "GET", path).body == content
    for headers in ({"Authorization": ""}, basic(password="wrong"), {"Authorization": "Basic %%%"}):
        answer = dav(house, "GET", path, headers)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic "), headers
    answer = house.ask("GET", path, headers=basic())
    assert answer.status == 403 and b"https" in answer.body  # the password is not even looked at
    token = house.local("POST", "/api/v1/tokens", {"name": "drive", "role": "view"}).json()
    assert dav(house, "GET", path, basic("any", token["token"])).body == content
    assert house.local("DELETE", f"/api/v1/tokens/{token['id']}").status == 204
    assert dav(house, "GET", path, basic("any", token["token"])).status == 401


def test_the_drive_is_read_only_and_lets_nobody_out(house):
    name, content = yesterday_of(house)
    for method in ("PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK", "POST"):
        answer = dav(house, method, f"/export/{name}", {"Destination": "/export/b.csv"}, b"x" if method == "PUT" else None)
        assert answer.status == 405 and answer.headers["Allow"] == "OPTIONS, GET, HEAD, PROPFIND", method
    for path in ("../access.json", "%2e%2e/access.json", "..%2faccess.json", ".new-x.csv", "a_2026-01-01.csv", "x/", "/"):
        assert dav(house, "GET", f"/export/{path}").status in (400, 404), path
    assert (folder_of(house) / name).read_bytes() == content


def test_parts_conditions_and_lists(house):
    name, content = yesterday_of(house)
    path = f"/export/{name}"
    whole = dav(house, "HEAD", path)
    assert (whole.status, whole.headers["Content-Length"], whole.body) == (200, str(len(content)), b"")
    for range_, part in (("bytes=10-19", content[10:20]), ("bytes=-7", content[-7:]), (f"bytes={len(content) - 3}-", content[-3:])):
        answer = dav(house, "GET", path, {"Range": range_})
        assert (answer.status, answer.body) == (206, part), range_
    assert dav(house, "GET", path, {"Range": f"bytes={len(content)}-"}).status == 416
    assert dav(house, "GET", path, {"If-None-Match": whole.headers["ETag"]}).status == 304
    assert dav(house, "GET", path, {"If-Modified-Since": whole.headers["Last-Modified"]}).status == 304
    assert dav(house, "GET", path, {"If-Match": '"other"'}).status == 412
    assert dav(house, "GET", path, {"Range": "bytes=0-3", "If-Range": '"other"'}).body == content
    files = len(list(folder_of(house).iterdir()))
    for depth, count in (("0", 1), ("1", files + 1), ("infinity", files + 1)):
        answer = dav(house, "PROPFIND", "/export/", {"Depth": depth})
        tree = xml.fromstring(answer.body)
        assert answer.status == 207 and len(tree.findall("{DAV:}response")) == count
    sizes = {one.findtext("{DAV:}href"): one.findtext(".//{DAV:}getcontentlength") for one in tree}
    assert sizes[path] == str(len(content))
    assert dav(house, "PROPFIND", "/export/", {"Depth": "2"}).status == 400
    for body in (b"<x", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "bbbb">]><propfind xmlns="DAV:"><prop><q>&b;</q></prop></propfind>'):
        assert dav(house, "PROPFIND", "/export/", {"Depth": "0"}, body).status == 400, body
    with contextlib.suppress(OSError):  # it hangs up while the client still sends
        assert dav(house, "PROPFIND", "/export/", {"Depth": "0"}, b" " * 70_000).status == 413


def tool(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    return found or pytest.skip(f"{name} is not installed")


def client(house, folder, *words, **options):
    """A program with a home of its own, which holds the password."""
    (folder / ".netrc").write_text(f"machine 127.0.0.1\nlogin administrator\npassword \"{PASSWORD}\"\n")
    (folder / ".netrc").chmod(0o600)
    return subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=30 * SLOW, cwd=folder,
                          env={**os.environ, "HOME": str(folder)}, **options)


def test_rclone_copies_and_then_finds_nothing_new(house, tmp_path):
    rclone = tool("rclone")
    password = subprocess.run([rclone, "obscure", PASSWORD], capture_output=True, text=True, check=True).stdout.strip()
    words = [rclone, "--config", "", "--no-check-certificate", "--webdav-url", f"https://127.0.0.1:{house.https}/export/",
             "--webdav-user", "administrator", "--webdav-pass", password, "--webdav-vendor", "other", "-v"]
    copy = client(house, tmp_path, *words, "copy", ":webdav:", tmp_path / "copy", "--exclude", f"*{date_of(TODAY)}*")
    assert copy.returncode == 0, copy.stderr
    copies = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    assert copies == {path.name: path.read_bytes() for path in folder_of(house).iterdir() if date_of(TODAY) not in path.name}
    again = client(house, tmp_path, *words, "copy", ":webdav:", tmp_path / "copy", "--exclude", f"*{date_of(TODAY)}*")
    assert again.returncode == 0 and "Copied" not in again.stderr
    assert client(house, tmp_path, *words, "delete", ":webdav:").returncode != 0
    assert (folder_of(house) / yesterday_of(house)[0]).exists()


def test_curl_goes_on_where_it_was_cut(house, tmp_path):
    name, content = yesterday_of(house)
    (tmp_path / name).write_bytes(content[:1000])
    told = client(house, tmp_path, tool("curl"), "-sSk", "-n", "-C", "-", "-O", f"https://127.0.0.1:{house.https}/export/{name}")
    assert told.returncode == 0 and (tmp_path / name).read_bytes() == content, told.stderr


class Forwarding(http.server.BaseHTTPRequestHandler):
    """Plain HTTP for clients that do not take our certificate. And litmus works in a folder that it makes first; a drive
    that is only read has none: this grants the folder and its removal, and sends everything else on."""

    protocol_version = "HTTP/1.1"
    house = None

    def log_message(self, *_):
        pass

    def answer(self, body):
        """Status, headers, content."""
        if self.command in ("MKCOL", "DELETE") and self.path == "/export/litmus/":
            return 201, {}, b""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "te")}
        answer = dav(self.house, self.command, self.path.replace("/export/litmus/", "/export/"),
                     {"Authorization": "", **headers}, body)
        inside = b"/export/litmus/" if "litmus" in self.path else b"/export/"
        return answer.status, answer.headers, answer.body.replace(b"/export/", inside)

    def forward(self):
        status, headers, content = self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_MKCOL = do_DELETE = do_PROPFIND = do_PROPPATCH = do_OPTIONS = do_COPY = do_MOVE = do_LOCK = forward


@contextlib.contextmanager
def forwarded(house):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Forwarding,), {"house": house}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/export/"
    finally:
        server.shutdown()
        server.server_close()


def test_cadaver_lists_and_fetches(house, tmp_path):
    name, content = yesterday_of(house)
    with forwarded(house) as url:  # it asks a person about our certificate
        told = client(house, tmp_path, tool("cadaver"), url, input=f"ls\nget {name}\nput .netrc\nquit\n")
    assert (tmp_path / name).read_bytes() == content, told
    assert re.search(rf"{name} +{len(content)} ", told.stdout) and "405" in told.stdout


def test_litmus_where_a_read_only_drive_can_be_judged(house, tmp_path):
    with forwarded(house) as url:
        told = subprocess.run([tool("litmus"), "-k", url, "administrator", PASSWORD], capture_output=True, timeout=60 * SLOW,
                              cwd=tmp_path, env={**os.environ, "TESTS": "basic props http"})
    text = told.stdout.decode(errors="replace").replace("\r", "\n")
    passed = set(re.findall(r"^ ?\d+\. (\w+)\.+ pass", text, re.M))
    # options comes with a warning that the drive cannot lock, which is right
    assert {"propfind_invalid", "propfind_invalid2", "propfind_d0", "propwformed", "expect100"} <= passed, text
    assert re.search(r"options\.+ WARNING: server does not claim Class 2 compliance\n +\.+ pass", text), text


# ---- FTP ----------------------------------------------------------------------------------------------

SHIPPED = ROOT / "deploy" / "ftp"


def vsftpd(folder, root, port, *more):
    """Debian's server with the shipped file; what stands behind it on the command line wins."""
    configuration = folder / "vsftpd.conf"
    shutil.copyfile(SHIPPED / "vsftpd.conf", configuration)  # it wants to be the owner
    (folder / "empty").mkdir()
    (folder / "ftp.users").write_text((SHIPPED / "ftp.users").read_text())
    own = {"listen_port": port, "pasv_min_port": port + 1, "pasv_max_port": port + 15, "secure_chroot_dir": folder / "empty",
           "userlist_file": folder / "ftp.users", "local_root": root, "background": "NO"}
    if not pathlib.Path("/proc/net/if_inet6").exists():
        own |= {"listen": "YES", "listen_ipv6": "NO"}
    return [tool("vsftpd"), str(configuration), *(f"-o{key}={value}" for key, value in own.items()), *more]


# A private view of /etc with one user more: nothing of this machine changes.
PRIVATE = r"""
set -e
cp -r /etc/pam.d "$1/pam.d"; cp "$2" "$1/pam.d/busbar-ftp"
for name in passwd shadow group; do cp "/etc/$name" "$1/$name"; done
echo "busbar-ftp:x:54321:54321::$3:/usr/sbin/nologin" >> "$1/passwd"
echo "busbar-ftp:x:54321:" >> "$1/group"
echo "busbar-ftp:$(openssl passwd -6 'drive me 7'):19000:0:99999:7:::" >> "$1/shadow"
mount --bind "$1/pam.d" /etc/pam.d
for name in passwd shadow group; do mount --bind "$1/$name" "/etc/$name"; done
shift 3
exec "$@"
"""


def may_unshare():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/pam.d", "/etc/pam.d"],
                                                capture_output=True).returncode == 0


@contextlib.contextmanager
def ftp(command, port, folder):
    with open(folder / "ftp.log", "wb") as log:
        server = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        def greets():
            assert server.poll() is None, (folder / "ftp.log").read_text()
            return curl_ftp(port, "").returncode != 7
        wait_for(greets, 10 * SLOW, "the FTP server")
        yield
    finally:
        server.terminate()
        server.wait()


def curl_ftp(port, path, *words):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *words, f"ftp://127.0.0.1:{port}/{path}"], capture_output=True)


@pytest.fixture
def ftp_base():
    """A folder that another user gets through, which pytest's are not, with one like a site's export folder in it."""
    with tempfile.TemporaryDirectory(prefix="busbar-ftp-") as name:
        base = pathlib.Path(name)
        base.chmod(0o711)
        (base / "var" / "export").mkdir(parents=True)
        (base / "var" / "export" / "m_2026-11-20.csv").write_bytes(os.urandom(300_000))
        yield base


def test_ftp_as_shipped_lets_its_one_user_read_and_nothing_else(ftp_base):
    if not may_unshare():
        pytest.skip("needs root and a mount namespace of its own; the anonymous test below runs instead")
    export, port = ftp_base / "var" / "export", free_port(17)
    file = export / "m_2026-11-20.csv"
    for path, mode in ((export.parent, 0o750), (export, 0o750), (file, 0o640)):  # as the daemon leaves them
        os.chown(path, 0, 54321)
        path.chmod(mode)
    server = vsftpd(ftp_base, export, port)
    private = ["unshare", "-m", "--propagation", "private", "sh", "-c", PRIVATE, "sh", ftp_base, SHIPPED / "busbar-ftp.pam", export]
    me = "--user", "busbar-ftp:drive me 7"
    with ftp([*private, *server], port, ftp_base):
        listing = curl_ftp(port, "", *me)
        assert b" 300000 " in listing.stdout and b"m_2026-11-20.csv" in listing.stdout, listing.stderr
        assert curl_ftp(port, file.name, *me).stdout == file.read_bytes()
        assert curl_ftp(port, "/etc/passwd", *me).returncode != 0
        assert curl_ftp(port, "x", *me, "-T", __file__).returncode == 25
        assert curl_ftp(port, "", *me, "-Q", f"DELE {file.name}").returncode == 21
        assert curl_ftp(port, "", "--user", "busbar-ftp:wrong").returncode == 67
        assert curl_ftp(port, "", "--user", "root:drive me 7").returncode == 67
        assert curl_ftp(port, "").returncode == 67  # anonymous
    assert file.exists() and len(list(export.iterdir())) == 1


def test_ftp_configuration_without_root(ftp_base):
    """What can be seen of it when nobody may sign in: ports, listing, reading, and that nothing is written."""
    file, port = ftp_base / "var" / "export" / "m_2026-11-20.csv", free_port(17)
    anonymous = ["-oanonymous_enable=YES", "-olocal_enable=NO", "-ouserlist_enable=NO", "-ono_anon_password=YES",
                 "-oanon_world_readable_only=NO", f"-oanon_root={file.parent}", "-orun_as_launching_user=YES"]
    command = vsftpd(ftp_base, file.parent, port, *anonymous)
    with ftp(command, port, ftp_base):
        told = curl_ftp(port, file.name, "-v")
        assert told.stdout == file.read_bytes()
        passive = int(re.search(rb"Extended Passive Mode \(\|\|\|(\d+)\|\)", told.stderr)[1])
        assert port < passive <= port + 15
        assert curl_ftp(port, "x", "-T", __file__).returncode == 25
        assert curl_ftp(port, "", "-Q", f"DELE {file.name}").returncode == 21
        assert curl_ftp(port, "", "-P", "-").returncode != 0  # the server never connects to a client


# ---- busbar export and import -------------------------------------------------------------------------


def exported(house, tmp_path, form, *words):
    file = tmp_path / f"out.{form}"
    told = house.cli("export", "--from", text_of(FIRST), "--to", text_of(TODAY), "--format", form, "--output", file, *words)
    assert told.returncode == 0, told.stderr
    return file


def read_csv(file):
    with open(file, newline="") as source:
        return [(row["time"], row["path"], float(row["value"])) for row in csv.DictReader(source, strict=True)]


def read_jsonl(file):
    return [(row["time"], row["path"], row["value"]) for row in map(json.loads, file.read_text().splitlines())]


def read_sqlite(file):
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return base.execute("SELECT time, path, value FROM reading").fetchall()


READERS = {"csv": read_csv, "jsonl": read_jsonl, "sqlite": read_sqlite}


@pytest.fixture
def empty_house(daemon):
    return daemon({"lines": {}, "devices": {}, "history": {"every": "1 s"}})


@pytest.mark.parametrize("form", READERS)
def test_round_trip(house, empty_house, tmp_path, form):
    """Out of one daemon into another: the same readings, once however often they are imported."""
    file = exported(house, tmp_path, form)
    wanted = sorted((text_of(moment), path, value) for path, list_ in READINGS.items() for moment, value in list_)
    assert sorted(READERS[form](file)) == wanted
    told = empty_house.cli("import", file)
    assert told.returncode == 0 and f"{len(wanted)} taken, 0 known already, 0 refused" in told.stdout, told
    told = empty_house.cli("import", file)
    assert told.returncode == 0 and f"0 taken, {len(wanted)} known already, 0 refused" in told.stdout, told
    words = ["--path", VOLTS, "--from", text_of(FIRST), "--to", text_of(TODAY), "--output", tmp_path / "back.csv"]
    assert empty_house.cli("export", *words).returncode == 0
    assert sorted(read_csv(tmp_path / "back.csv")) == [row for row in wanted if row[1] == VOLTS]
    empty_house.kill()  # what was acknowledged is on the disk
    empty_house.start()
    assert "0 taken" in empty_house.cli("import", file).stdout


def test_rows_that_cannot_be_are_named_and_the_others_taken(empty_house, tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("\ufefftime;path;value\n2026-01-01T00:00:00Z;a/total/energy;1,5\nyesterday;a/total/energy;2\n"
                    "2026-01-01T00:00:01Z;a/total/nothing;2\n2026-01-01T00:00:02Z;a/total/energy;two\n"
                    "2101-01-01T00:00:00Z;a/total/energy;2\n2026-01-01T00:01:00Z;a/total/energy;1,75\n")
    told = empty_house.cli("import", file)
    assert told.returncode == 1 and "2 taken, 0 known already, 4 refused" in told.stdout
    assert [line.split(":")[1] for line in told.stderr.splitlines()] == ["3", "4", "5", "6"]
    answer = empty_house.get("/history?path=a/total/energy&step=raw&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")
    assert [row[1] for row in answer["series"][0]["rows"]] == [1.5, 1.75]
    assert "a/total/energy" in str(empty_house.get("/events?kind=history-imported"))


def test_import_is_the_administrators(house):
    token = house.local("POST", "/api/v1/tokens", {"name": "c", "role": "control"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    body = f"time,path,value\n{text_of(FIRST - 60)},{VOLTS},1\n".encode()
    link = http.client.HTTPSConnection("127.0.0.1", house.https, timeout=20, context=ssl._create_unverified_context())
    link.request("POST", "/api/v1/history/import", body, headers)
    assert link.getresponse().status == 403


def resident(house):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{house.process.pid}/status").read_text())[1])


@pytest.mark.slow
def test_a_long_export_is_paged_and_memory_stays_flat(empty_house, tmp_path):
    """300,000 readings of one point: neither the daemon nor the command holds them."""
    count, file = 300_000, tmp_path / "long.csv"
    first = TODAY - 30 * DAY
    with open(file, "w") as out:
        out.write("time,path,value\n")
        out.writelines(f"{first + i * 5},a/total/voltage,{200 + i % 617 / 10:.1f}\n" for i in range(count))
    told = empty_house.cli("import", file, timeout=60)
    assert told.returncode == 0 and f"{count} taken" in told.stdout, told
    words = ["--path", "a/total/voltage", "--from", text_of(first), "--to", text_of(TODAY)]
    for form in ("csv", "jsonl"):  # the second begins with the memory of the first
        before = resident(empty_house)
        output = tmp_path / f"back.{form}"
        assert empty_house.cli("export", *words, "--format", form, "--output", output, timeout=60).returncode == 0
        with open(output) as back:
            assert sum(1 for _ in back) == count + (form == "csv")
    assert resident(empty_house) - before < 4096 * SLOW


# ---- spreadsheets -------------------------------------------------------------------------------------

SHEET = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0", "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0"}


def opened_by_libreoffice(file, folder, tokens):
    """The cells as the spreadsheet took them: (type, value)."""
    soffice = tool("soffice")
    subprocess.run([soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", f"--infilter=CSV:{tokens}", "--convert-to",
                    "fods", "--outdir", folder, file], check=True, capture_output=True, timeout=120)
    tree, rows = xml.parse((folder / file.name).with_suffix(".fods")), []
    kind, repeat = f"{{{SHEET['office']}}}value-type", f"{{{SHEET['table']}}}number-columns-repeated"
    for row in tree.iterfind(".//table:table-row", SHEET):
        cells = []
        for cell in row.iterfind("table:table-cell", SHEET):
            value = cell.get(f"{{{SHEET['office']}}}value") or cell.get(f"{{{SHEET['office']}}}date-value") or "".join(cell.itertext()).strip()
            cells += [(cell.get(kind), value)] * min(int(cell.get(repeat, 1)), 2000)
        rows.append(cells)
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("form,tokens", [("international", "44,34,UTF-8,1,,1033,false,true"),
                                         ("continental", "59,34,UTF-8,1,,1031,false,true")])
def test_a_spreadsheet_opens_the_files(daemon, tmp_path, form, tokens):
    tool("soffice")
    (tmp_path / "house").mkdir()
    house = start(tmp_path / "house", format=form, columns="avg", counter_columns="last,delta")
    try:
        name, content = yesterday_of(house)
    finally:
        house.close()
    (tmp_path / name).write_bytes(content)
    rows = opened_by_libreoffice(tmp_path / name, tmp_path, tokens)
    head = [value for _, value in rows[0]]
    volts, energy = quarters(VOLTS, TODAY - DAY), quarters(ENERGY, TODAY - DAY)
    at_time, at_volts, at_energy = head.index("time"), head.index(f"{VOLTS} [V] avg"), head.index(f"{ENERGY} [kWh] last")
    body = [row for row in rows[1:] if len(row) > at_energy and row[at_time][0]]
    assert len(body) == 96
    for row, begin in zip(body, volts):
        assert row[at_time] == ("date", text_of(begin)[:19].removesuffix("T00:00:00"))
        assert row[at_volts][0] == "float" and float(row[at_volts][1]) == pytest.approx(sum(volts[begin]) / len(volts[begin]), abs=0.001)
        assert row[at_energy][0] == "float" and float(row[at_energy][1]) == pytest.approx(energy[begin][-1], abs=1e-9)
