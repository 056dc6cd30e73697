"""The API and the pages from outside: what people and programs get, and what they are refused."""

import concurrent.futures
import json
import pathlib
import signal
import socket
import time

import pytest

from web_client import Server, Stream, receive_all

PASSWORD = "a long enough pass phrase 7"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def open_site(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("open"), "--points", "240", "--history", view="open",
                    settings="history: {every: 1 s}")
    while server.ask("GET", "/api/v1/logging").json()["ticks_written"] == 0:
        time.sleep(0.1)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory):
    """Viewing needs a password; its administrator has chosen one."""
    server = Server(tmp_path_factory.mktemp("closed"), "--points", "24")
    answer = server.sign_in("administrator", server.secret, PASSWORD)
    assert answer.status == 200, answer.body
    yield server
    server.stop()


@pytest.fixture
def session(closed_site):
    answer = closed_site.sign_in("administrator", PASSWORD)
    assert answer.status == 200, answer.body
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": answer.json()["csrf"]}


# ---- every answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/points", "/api/nothing", "/x.js", "/deep/link"])
def test_security_headers(open_site, path):
    for tls in (False, True):
        answer = open_site.ask("GET", path, tls=tls)
        for name, value in SECURITY.items():
            assert answer.headers.get_all(name) == [value], name
    if path.startswith("/api"):
        assert answer.headers["Cache-Control"] == "no-store"


def test_unknown(open_site):
    for path in ("/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/health"):
        answer = open_site.ask("GET", path)
        assert (answer.status, answer.kind) == (404, "not-found")


def test_methods(open_site):
    for method, path, allow in (("POST", "/api/v1/points", "GET, HEAD"),
                                ("PATCH", "/api/v1/session", "GET, HEAD, POST, DELETE"),
                                ("OPTIONS", "/api/v1/settings/web.http", "GET, HEAD, PUT, DELETE"),
                                ("TRACE", "/", "GET, HEAD"), ("PROPFIND", "/", "GET, HEAD"),
                                ("POST", "/index.html", "GET, HEAD")):
        answer = open_site.ask(method, path)
        assert (answer.status, answer.kind) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == allow


def test_head(open_site):
    for path in ("/", "/api/v1/health", "/api/v1/points", "/api/v1/live"):
        raw = open_site.raw(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and body == b"", path


# ---- reading --------------------------------------------------------------------------------------


def test_health(open_site):
    health = open_site.ask("GET", "/api/v1/health").json()
    assert health["status"] == "ok" and health["problems"] == []


def test_points(open_site):
    values = open_site.ask("GET", "/api/v1/points").json()
    assert len(values) == 240
    first = values[0]
    assert set(first) == {"path", "quantity", "unit", "value", "time", "age_ms", "quality", "reason"}
    assert first["path"] == "meter-1/phase-a/voltage" and first["value"] == 100 and first["unit"] == "V"
    assert first["quality"] == "good" and first["reason"] is None
    one = open_site.ask("GET", "/api/v1/points/meter-1/phase-a/voltage").json()
    assert one["path"] == first["path"] and one["age_ms"] >= first["age_ms"]
    escaped = open_site.ask("GET", "/api/v1/points/meter-1%2Fphase-a%2Fvoltage").json()
    assert escaped["path"] == first["path"]


def test_selection(open_site):
    def paths(query):
        return [value["path"] for value in open_site.ask("GET", "/api/v1/points?" + query).json()]

    assert len(paths("device=meter-2")) == 24
    assert paths("path=meter-1/phase-a/voltage&path=meter-2/phase-c/current") == [
        "meter-1/phase-a/voltage", "meter-2/phase-c/current"]
    assert len(paths("path=meter-1/phase-b/*")) == 8
    assert paths("device=meter-2&path=meter-1/*") == []
    for query in ("device=nobody", "path=meter-1/phase-a/nothing"):
        assert open_site.ask("GET", "/api/v1/points?" + query).kind == "not-found"
    many = "&".join(["path=x*"] * 140)
    assert open_site.ask("GET", "/api/v1/points?" + many).kind == "too-many-parameters"


def test_time_forms(open_site):
    path = "/api/v1/points/meter-1/phase-a/voltage?time="
    utc, local, unix = (open_site.ask("GET", path + form).json()["time"] for form in ("utc", "local", "unix"))
    assert utc.endswith("Z") and local[:19] and abs(unix / 1000 - time.time()) < 3600
    assert open_site.ask("GET", path + "swatch").kind == "bad-parameter"


def test_ages_are_true(open_site):
    """Answers are shared between clients, but never so long that an age would be wrong by more than 20 ms."""
    for _ in range(50):
        before = time.time()
        value = open_site.ask("GET", "/api/v1/points?device=meter-1&time=unix").json()[0]
        after = time.time()
        assert (before - 0.022) * 1000 <= value["time"] + value["age_ms"] <= after * 1000 + 2


def test_site(open_site):
    site = open_site.ask("GET", "/api/v1/site").json()
    assert site["name"] == "Bench" and site["clock_known"] is True and site["address"] == "127.0.0.1"
    device = site["devices"][0]
    assert device["name"] == "meter-1" and device["state"] == "online" and device["reason"] is None
    part = device["components"][0]
    assert (part["name"], part["kind"], part["number"]) == ("phase-a", "phase", 1)
    assert part["points"][0] == {"path": "meter-1/phase-a/voltage", "quantity": "voltage", "label": "Voltage",
                                 "kind": "gauge", "unit": "V", "decimals": 1}


def test_history(open_site):
    answer = open_site.ask("GET", "/api/v1/history?path=meter-1/phase-a/voltage&path=no/such&from=-1h&step=60")
    history = answer.json()
    assert history["step_s"] == 60 and len(history["series"]) == 2
    series = history["series"][0]
    assert series["unit"] == "V" and len(series["rows"]) >= 1
    when, low, mean, high, last, count = series["rows"][0]
    assert (low, mean, high, last) == (100, 100, 100, 100) and count >= 1 and when.endswith(":00.000Z")
    assert history["series"][1]["rows"] == [] and history["series"][1]["unit"] is None
    chosen = open_site.ask("GET", "/api/v1/history?path=meter-1/phase-a/voltage&points=100").json()
    assert chosen["step_s"] == 900  # a day in at most 100 buckets that begin at multiples of the step


@pytest.mark.parametrize("query", ["", "path=x&from=now&to=-1h", "path=x&from=later", "path=x&step=0", "path=x&step=-1",
                                   "path=x&step=1e3", "path=x&points=0", "path=x&points=99999999",
                                   "path=x&" * 129])
def test_history_refuses(open_site, query):
    answer = open_site.ask("GET", "/api/v1/history?" + query)
    assert (answer.status, answer.kind) == (400, "bad-parameter")


def test_history_csv(open_site):
    answer = open_site.ask("GET", "/api/v1/history.csv?path=meter-1/phase-a/voltage&from=-1h&step=60&columns=last,count")
    lines = answer.body.decode().split("\r\n")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="meter-1-20')
    assert lines[0] == "time,meter-1/phase-a/voltage [V] last,meter-1/phase-a/voltage count"
    assert any(line.split(",")[1:] and line.split(",")[1] == "100" for line in lines[1:])
    answer = open_site.ask("GET", "/api/v1/history.csv?path=meter-1/phase-a/voltage&separator=%3B&decimal=,&columns=avg")
    assert answer.body.startswith(b"time;meter-1/phase-a/voltage [V] avg\r\n")
    for query in ("separator=x", "decimal=-", "columns=nothing", "time=unix"):
        assert open_site.ask("GET", "/api/v1/history.csv?path=a&" + query).kind == "bad-parameter"


def test_openapi(open_site):
    document = open_site.ask("GET", "/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1") and "/points/{path}" in document["paths"]


# ---- pages ----------------------------------------------------------------------------------------


def test_pages(open_site):
    page = open_site.ask("GET", "/")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Cache-Control"] == "no-cache"
    assert open_site.ask("GET", "/device/meter-1").body == page.body  # an address of the program in the browser
    again = open_site.ask("GET", "/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"") and again.headers["ETag"] == page.headers["ETag"]
    assert open_site.ask("GET", "/missing.js").kind == "not-found"


def test_traversal(open_site):
    for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                 "/assets/../../../etc/passwd", "/..\\..\\etc\\passwd"):
        answer = open_site.ask("GET", path)
        assert b"root:" not in answer.body and answer.status in (200, 404)


# ---- rights ---------------------------------------------------------------------------------------


def test_closed(closed_site):
    for path in ("/points", "/site", "/live", "/settings", "/users", "/history?path=x"):
        answer = closed_site.ask("GET", "/api/v1" + path)
        assert (answer.status, answer.kind) == (401, "sign-in-required")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert closed_site.ask("GET", "/api/v1/health").status == 200
    who = closed_site.ask("GET", "/api/v1/session").json()
    assert who == {"user": None, "role": None, "csrf": None, "view_open": False, "first_start": False, "menu": "side",
                   "home": "overview", "names": [], "pin_sign_in": False}


def test_view_is_not_more(open_site):
    assert open_site.ask("GET", "/api/v1/settings").status == 401
    assert open_site.ask("PUT", "/api/v1/settings/web.names", {"value": "x"}).status == 401


def test_cookie(closed_site):
    for tls in (False, True):
        answer = closed_site.sign_in("administrator", PASSWORD, tls=tls)
        flags = [flag.strip() for flag in answer.headers["Set-Cookie"].split(";")[1:]]
        assert set(flags) == {"Path=/", "HttpOnly", "SameSite=Strict"} | ({"Secure"} if tls else set())
        assert answer.json()["role"] == "administrator" and len(answer.json()["csrf"]) >= 16


def test_session(closed_site, session):
    who = closed_site.ask("GET", "/api/v1/session", headers=session).json()
    assert (who["user"], who["csrf"]) == ("administrator", session["X-CSRF-Token"])
    assert closed_site.ask("GET", "/api/v1/points", headers=session).status == 200
    answer = closed_site.ask("DELETE", "/api/v1/session", headers=session)
    assert answer.status == 204 and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert closed_site.ask("GET", "/api/v1/points", headers=session).status == 401


def test_sign_in_refused(closed_site):
    for body in ({"user": "nobody", "password": "x"}, {"user": "", "password": ""}):
        answer = closed_site.ask("POST", "/api/v1/session", body)
        assert (answer.status, answer.kind) in ((403, "sign-in-refused"), (429, "too-many-attempts"))
        assert "Set-Cookie" not in answer.headers


def test_csrf(closed_site, session):
    cookie = {"Cookie": session["Cookie"]}
    change = {"value": "one.example.org"}
    url = "/api/v1/settings/web.names"
    assert closed_site.ask("PUT", url, change, cookie).kind == "csrf"
    assert closed_site.ask("PUT", url, change, cookie | {"X-CSRF-Token": "x" * 32}).kind == "csrf"
    assert closed_site.ask("DELETE", "/api/v1/session", headers=cookie).kind == "csrf"
    for foreign in ({"Origin": "https://evil.example.com"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}):
        assert closed_site.ask("PUT", url, change, session | foreign).kind == "csrf"
        login = closed_site.ask("POST", "/api/v1/session", {"user": "a", "password": "b"}, foreign)
        assert login.kind == "csrf"  # nobody can be signed in by a foreign page either
    own = {"Origin": f"http://127.0.0.1:{closed_site.http}", "Sec-Fetch-Site": "same-origin"}
    assert closed_site.ask("PUT", url, change, session | own).status == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert closed_site.ask("PUT", url, "value=x", session | form).status == 415


def test_rebinding(open_site):
    for host, status in (("evil.example.com", 421), ("evil.example.com:8443", 421), ("127.0.0.1", 200),
                         ("[::1]:99", 200), ("pdu.local", 200), ("rack-7", 200), ("", 421)):
        assert open_site.ask("GET", "/api/v1/health", headers={"Host": host}).status == status, host


# ---- users and tokens -----------------------------------------------------------------------------


def test_users(closed_site, session):
    def ask(method, path="", body=None):
        return closed_site.ask(method, "/api/v1/users" + path, body, session)

    made = ask("POST", "", {"name": "eve", "role": "view", "password": PASSWORD})
    assert made.status == 201
    user = {"name": "eve", "role": "view", "must_change": False, "locked_until": None, "password": True, "pin": "none", "home": None}
    assert made.json() == {**user, "codes": {"pin": None, "puk": None}}
    assert ask("POST", "", {"name": "eve", "role": "view", "password": PASSWORD}).kind == "conflict"
    users = {user["name"]: user for user in ask("GET").json()}
    assert users["eve"] == user
    eve = closed_site.sign_in("eve", PASSWORD)
    headers = {"Cookie": eve.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": eve.json()["csrf"]}
    assert closed_site.ask("GET", "/api/v1/points", headers=headers).status == 200
    refused = closed_site.ask("GET", "/api/v1/users", headers=headers)
    assert (refused.status, refused.kind) == (403, "forbidden")
    assert ask("PUT", "/eve", {"role": "administrator"}).status == 204
    assert ask("PUT", "/eve", {"role": "king"}).kind == "bad-user"
    assert ask("PUT", "/nobody", {"role": "view"}).kind == "not-found"
    assert ask("POST", "", {"name": "x", "role": "view", "password": "1"}).status == 422
    assert ask("POST", "", {"name": "Bad Name", "role": "view", "password": PASSWORD}).status == 422
    assert ask("POST", "", {"name": "y", "role": "view", "pasword": "x"}).kind == "unknown-member"
    assert ask("POST", "", {"name": "y", "role": "view"}).kind == "bad-user"
    assert ask("POST", "", {"name": 7, "role": "view", "password": PASSWORD}).kind == "bad-member"
    assert ask("DELETE", "/eve").status == 204
    assert ask("DELETE", "/administrator").status == 409  # the last one stays
    assert closed_site.ask("GET", "/api/v1/points", headers=headers).status == 401


def test_tokens(closed_site, session):
    made = closed_site.ask("POST", "/api/v1/tokens", {"name": "grafana", "role": "view"}, session)
    assert made.status == 201
    bearer = {"Authorization": "Bearer " + made.json()["token"]}
    assert closed_site.ask("GET", "/api/v1/points", headers=bearer).status == 200
    assert closed_site.ask("GET", "/api/v1/settings", headers=bearer).kind == "forbidden"
    listed = closed_site.ask("GET", "/api/v1/tokens", headers=session)
    assert made.json()["token"] not in listed.body.decode() and listed.json()[-1]["name"] == "grafana"
    for body in ({"name": "x", "role": "root"}, {"name": "x", "role": "view", "expires": "soon"},
                 {"name": "x", "role": "view", "expires": "2001-01-01T00:00:00Z"}):
        assert closed_site.ask("POST", "/api/v1/tokens", body, session).kind == "bad-token"
    assert closed_site.ask("DELETE", "/api/v1/tokens/" + made.json()["id"], headers=session).status == 204
    assert closed_site.ask("DELETE", "/api/v1/tokens/" + made.json()["id"], headers=session).status == 404
    assert closed_site.ask("GET", "/api/v1/points", headers=bearer).status == 401


def test_unix_socket(closed_site):
    assert (closed_site.folder / "busbar.sock").stat().st_mode & 0o777 == 0o600
    who = closed_site.local("GET", "/api/v1/session").json()
    assert (who["user"], who["role"], who["csrf"]) == ("local", "administrator", None)
    assert closed_site.local("GET", "/api/v1/users").status == 200


# ---- settings -------------------------------------------------------------------------------------


def test_settings(closed_site, session):
    def ask(method, path="", body=None, **more):
        return closed_site.ask(method, "/api/v1/settings" + path, body, session | more)

    listed = ask("GET")
    revision = listed.json()["revision"]
    assert listed.headers["ETag"] == f'"{revision}"'
    values = {value["key"]: value for value in listed.json()["values"]}
    assert values["site.name"]["source"] == "file" and "site.yaml:3" in values["site.name"]["place"]
    assert values["web.http"] == {"key": "web.http", "value": 8080, "default": 8080, "source": "default", "place": None}
    done = ask("PUT", "/web.http", {"value": 8088})
    assert done.json() == {"revision": revision + 1, "applied": [], "restart": ["web.http"]}
    assert ask("GET", "/web.http").json()["source"] == "page"
    late = ask("PUT", "/web.http", {"value": 8089}, **{"If-Match": f'"{revision}"'})
    assert (late.status, late.kind) == (412, "changed-meanwhile")
    assert ask("PUT", "/web.http", {"value": 8090}, **{"If-Match": done.headers["ETag"]}).status == 200
    assert ask("DELETE", "/web.http").json()["restart"] == ["web.http"]
    assert ask("GET", "/web.http").json()["value"] == 8080
    fixed = ask("PUT", "/site.name", {"value": "other"})
    assert (fixed.status, fixed.kind) == (409, "fixed-in-file") and "site.yaml:3" in fixed.json()["detail"]
    missing = ask("GET", "/web.htp")
    assert (missing.status, missing.kind) == (404, "not-found") and "web.http" in missing.json()["detail"]


def test_settings_all_or_nothing(closed_site, session):
    before = closed_site.ask("GET", "/api/v1/settings", headers=session).json()
    bad = closed_site.ask("PUT", "/api/v1/settings", {"web.names": "a.example.org b.example.org", "web.http": 70000}, session)
    assert (bad.status, bad.kind) == (422, "bad-setting") and len(bad.json()["errors"]) == 1
    assert closed_site.ask("GET", "/api/v1/settings", headers=session).json() == before
    good = closed_site.ask("PUT", "/api/v1/settings", {"web.names": "c.example.org", "history.every": "2 min"}, session)
    assert sorted(good.json()["applied"] + good.json()["restart"]) == ["history.every", "web.names"]
    assert closed_site.ask("GET", "/api/v1/health", headers={"Host": "c.example.org"}).status == 200
    for body in ({"value": [1]}, {"value": {}}, {}, {"value": 1, "more": 2}, {"value": "x" * 5000}):
        assert closed_site.ask("PUT", "/api/v1/settings/web.names", body, session).status in (400, 422)
    for text in ("", "[]", "{", '{"value":1,"value":2}', '{"value":' + "[" * 1000, "null", "\0"):
        answer = closed_site.ask("PUT", "/api/v1/settings/web.names", text.encode(),
                                 session | {"Content-Type": "application/json"})
        assert (answer.status, answer.kind) == (400, "malformed"), text[:20]


def test_schema(open_site):
    tables = {table["name"]: table for table in open_site.ask("GET", "/api/v1/settings/schema").json()["tables"]}
    rows = {row["key"]: row for row in tables["web"]["rows"]}
    assert rows["https"]["max"] == 65535 and rows["key_type"]["choices"] == ["ecdsa", "rsa"]
    assert all(row["help"].endswith(".") for row in rows.values())


# ---- live -----------------------------------------------------------------------------------------


@pytest.fixture
def changing(tmp_path):
    server = Server(tmp_path, "--points", "48", "--change-ms", "50", view="open")
    yield server
    server.stop()


def test_live(changing):
    stream = Stream(changing)
    assert stream.status == 200 and stream.headers["content-type"] == "text/event-stream"
    name, _, values = stream.event()
    assert name == "snapshot" and len(values) == 48
    seen = [stream.event() for _ in range(5)]
    assert all(name == "points" and len(values) == 1 for name, _, values in seen)
    stream.close()


def test_live_interval(changing):
    stream = Stream(changing, "?interval_ms=400")
    stream.event()
    stream.event()
    start = time.monotonic()
    _, _, values = stream.event()
    assert 0.25 < time.monotonic() - start < 0.8 and 5 <= len(values) <= 12
    stream.close()
    for text in ("-1", "10001", "x", "1.5"):
        assert changing.ask("GET", "/api/v1/live?interval_ms=" + text).kind == "bad-parameter"


def test_live_resume(changing):
    first = Stream(changing)
    first.event()
    _, last, _ = first.event()
    witness = [first.event() for _ in range(6)]
    again = Stream(changing, last_id=last)
    assert [again.event() for _ in range(6)] == witness
    query = Stream(changing, "?last_event_id=" + last)
    assert query.event() == witness[0]
    for stale in ("0123456789abcdef-1", "nonsense"):
        fresh = Stream(changing, last_id=stale)
        assert fresh.event()[0] == "snapshot"
        fresh.close()
    for stream in (first, again, query):
        stream.close()


def test_live_many(changing):
    """Streams that are opened and dropped leave nothing behind, and others are served meanwhile."""
    for _ in range(10):
        streams = [Stream(changing, f"?path=meter-1/*&interval_ms={i % 3}") for i in range(40)]
        assert all(stream.event()[0] == "snapshot" for stream in streams)
        assert changing.ask("GET", "/api/v1/health").status == 200
        for stream in streams:
            stream.close()
        time.sleep(0.05)


def test_live_slow_client(tmp_path):
    """A client that does not read costs nothing that grows; when it reads again, it gets everything as it is."""
    server = Server(tmp_path, "--points", "1000", "--change-ms", "10", "--change-count", "200", view="open")

    def resident():
        text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    streams = [Stream(server) for _ in range(20)]
    for stream in streams:
        assert stream.event()[0] == "snapshot"
    time.sleep(2)
    before = resident()
    time.sleep(4)
    sanitized = b"__asan_init" in pathlib.Path(f"/proc/{server.process.pid}/exe").read_bytes()  # keeps what was freed
    assert sanitized or resident() < before + 4096, "grows while nobody reads"
    names = {streams[0].event()[0] for _ in range(200)}
    assert "snapshot" in names
    for stream in streams:
        stream.close()
    server.stop()


def test_stop_while_waiting(tmp_path):
    """Passwords being checked when the program ends keep it neither from ending nor from ending cleanly."""
    server = Server(tmp_path, "--points", "8", view="open")
    body = b'{"user":"administrator","password":"x"}'
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    links = []
    for _ in range(10):
        links.append(socket.create_connection(("127.0.0.1", server.http)))
        links[-1].sendall(head % len(body) + body)
    time.sleep(0.005)
    server.stop()


def test_stop_while_requests_arrive(tmp_path):
    """Requests that are only noticed while the program ends, more than it takes in one turn, are told so or dropped."""
    server = Server(tmp_path, "--points", "8", view="open")
    body = b'{"user":"administrator","password":"x"}'
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    server.process.send_signal(signal.SIGSTOP)
    links = [socket.create_connection(("127.0.0.1", server.http)) for _ in range(60)]
    for link in links:
        link.sendall(head % len(body) + body)
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGCONT)
    server.stop()
    for link in links:
        text = receive_all(link)
        assert text == b"" or b" 503 " in text.split(b"\r\n")[0] or b" 429 " in text.split(b"\r\n")[0], text
        link.close()


def test_live_ends_with_the_program(tmp_path):
    server = Server(tmp_path, "--points", "8", "--change-ms", "20", view="open")
    stream = Stream(server)
    stream.event()
    server.stop()
    with pytest.raises((EOFError, ValueError)):
        while True:
            stream.event()


# ---- many at once ---------------------------------------------------------------------------------


def test_parallel(open_site):
    def work(number):
        return open_site.ask("GET", "/api/v1/points?device=meter-%d" % (number % 10 + 1), tls=number % 2 == 0).status

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(400))) == {200}


def test_keep_alive(open_site):
    one = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    raw = open_site.raw(one * 5 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert raw.count(b"HTTP/1.1 200 OK") == 6
    assert json.loads(raw.rsplit(b"\r\n\r\n", 1)[1])["status"] == "ok"
