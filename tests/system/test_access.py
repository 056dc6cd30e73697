"""Who may see and change what, from the first start on."""

import http.client
import pathlib
import re
import socket
import ssl
import time

import pytest

from daemon_client import PASSWORD, SLOW, lines_of, run, seconds_of, unit, wait_for
from web_client import exchange

AIR = {"lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter")}}


def test_the_one_time_secret_must_be_changed_and_works_once(daemon):
    house = daemon(AIR)
    secret = house.secret
    refused = house.sign_in("administrator", secret)
    assert (refused.status, refused.kind) == (403, "password-change-required")
    for weak in ("", "short", secret, "administrator", "password"):
        assert house.sign_in("administrator", secret, weak).status in (403, 422), weak
    answer = house.sign_in("administrator", secret, PASSWORD)
    assert answer.status == 200 and answer.json()["role"] == "administrator"
    assert house.sign_in("administrator", secret).kind == "sign-in-refused"
    assert house.sign_in("administrator", PASSWORD).status == 200
    house.stop()
    house.start()
    assert "one-time secret" not in house.log
    assert house.sign_in("administrator", PASSWORD).status == 200


def test_a_secret_that_was_never_used_is_still_good_after_a_restart(daemon):
    """It is printed once; whoever noted it must not be locked out by a restart."""
    house = daemon(AIR)
    secret = house.secret
    house.stop()
    house.start()
    again = re.findall(r"one-time secret (\S+)", house.log)
    assert house.sign_in("administrator", again[0] if again else secret, PASSWORD).status == 200


def test_wrong_passwords_are_slowed_down_per_source_and_the_owner_gets_in(daemon):
    """Ten guesses from one address: told to wait, with Retry-After; another address signs in meanwhile."""
    house = daemon({**AIR, "web": {"listen": "127.0.0.1"}})
    house.session()
    kinds = []
    for number in range(8):
        answer = house.sign_in("administrator", f"wrong {number}")
        kinds.append(answer.kind)
        if answer.status == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert kinds[0] == "sign-in-refused" and kinds[-1] == "too-many-attempts"
    assert house.sign_in("administrator", PASSWORD).status == 429, "the right password from there must wait too"
    told = house.get("/users")[0]["locked_until"]
    assert told is not None and 0 < seconds_of(told) - time.time() < 61
    other = http.client.HTTPConnection("127.0.0.1", house.http, timeout=10, source_address=("127.0.0.2", 0))
    deadline = time.monotonic() + 15
    while (answer := exchange(other, "POST", "/api/v1/session",
                              {"user": "administrator", "password": PASSWORD}, None)).status == 429:
        assert time.monotonic() < deadline, "the owner is locked out from another address"
        time.sleep(0.3)
        other = http.client.HTTPConnection("127.0.0.1", house.http, timeout=10, source_address=("127.0.0.2", 0))
    assert answer.status == 200


def computed(house):
    """Nanoseconds for which the daemon's threads have had a processor: unlike time on the wall they do not depend on
    what else the machine does."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{house.process.pid}/task").iterdir())


def test_an_unknown_user_is_refused_like_a_wrong_password(daemon):
    """Same answer after about the same work: nobody learns which users there are."""
    house = daemon(AIR)
    house.session()
    work = {}
    for user in ("administrator", "nobody"):
        before = computed(house)
        answer = house.sign_in(user, "wrong password 1")
        work[user] = computed(house) - before
        assert (answer.status, answer.kind) == (403, "sign-in-refused")
    assert 0.4 < work["nobody"] / work["administrator"] < 2.5, work


@pytest.fixture
def people(daemon):
    """A house with one user of each role, and the headers of each."""
    house = daemon({**AIR, "access": {"view": "password"}})
    administrator = house.session()
    headers = {"administrator": administrator, "nobody": {}}
    for role in ("view", "control"):
        answer = house.ask("POST", "/api/v1/users", {"name": f"u-{role}", "role": role, "password": PASSWORD},
                           administrator)
        assert answer.status == 201, answer.body
        headers[role] = house.session(f"u-{role}", PASSWORD)
    return house, headers


def test_what_each_role_may_read(people):
    house, headers = people
    expected = {  # path: roles that may read it
        "/health": {"nobody", "view", "control", "administrator"},
        "/openapi.json": {"nobody", "view", "control", "administrator"},
        "/session": {"nobody", "view", "control", "administrator"},
        "/points": {"view", "control", "administrator"}, "/site": {"view", "control", "administrator"},
        "/points/m/total/voltage": {"view", "control", "administrator"},
        "/history?path=m/total/voltage": {"view", "control", "administrator"},
        "/history.csv?path=m/total/voltage": {"view", "control", "administrator"},
        "/lines": {"view", "control", "administrator"}, "/profiles": {"view", "control", "administrator"},
        "/logging": {"view", "control", "administrator"}, "/settings/schema": {"view", "control", "administrator"},
        "/settings": {"administrator"}, "/settings/site.name": {"administrator"},
        "/users": {"administrator"}, "/tokens": {"administrator"},
    }
    for path, roles in expected.items():
        for role, who in headers.items():
            status = house.ask("GET", "/api/v1" + path, headers=who).status
            wanted = 200 if role in roles else 401 if role == "nobody" else 403
            assert status == wanted, (path, role, status)
    live = house.ask("GET", "/api/v1/live")
    assert live.status == 401


def test_what_each_role_may_change(people):
    house, headers = people
    changes = [("PUT", "/settings/site.name", {"value": "x"}), ("PUT", "/settings", {"site.name": "x"}),
               ("DELETE", "/settings/site.name", None), ("POST", "/users", {"name": "y", "role": "view", "password": PASSWORD}),
               ("PUT", "/users/u-view", {"role": "administrator"}), ("DELETE", "/users/u-view", None),
               ("POST", "/tokens", {"name": "t", "role": "view"}), ("DELETE", "/tokens/x", None)]
    for method, path, body in changes:
        for role in ("nobody", "view", "control"):
            answer = house.ask(method, "/api/v1" + path, body, headers[role])
            assert answer.status == (401 if role == "nobody" else 403), (method, path, role, answer.status)
    assert house.get("/site")["name"] == "busbar"
    assert {user["name"] for user in house.get("/users")} == {"administrator", "u-control", "u-view"}


def test_a_change_without_the_csrf_token_is_refused(people):
    house, headers = people
    cookie = {"Cookie": headers["administrator"]["Cookie"]}
    for extra in ({}, {"X-CSRF-Token": "0" * 32}, {"X-CSRF-Token": headers["view"]["X-CSRF-Token"]}):
        answer = house.ask("PUT", "/api/v1/settings/site.name", {"value": "x"}, {**cookie, **extra})
        assert (answer.status, answer.kind) == (403, "csrf")
    assert house.ask("PUT", "/api/v1/settings/site.name", {"value": "x"}, headers["administrator"]).status == 200


def test_signing_out_ends_the_session(people):
    house, headers = people
    assert house.ask("GET", "/api/v1/points", headers=headers["view"]).status == 200
    assert house.ask("DELETE", "/api/v1/session", headers=headers["view"]).status == 204
    assert house.ask("GET", "/api/v1/points", headers=headers["view"]).status == 401


def test_a_new_password_or_role_ends_the_sessions_of_that_user(people):
    house, headers = people
    assert house.ask("PUT", "/api/v1/users/u-view", {"password": PASSWORD + "!"}, headers["administrator"]).status == 204
    assert house.ask("GET", "/api/v1/points", headers=headers["view"]).status == 401
    assert house.ask("DELETE", "/api/v1/users/u-control", headers=headers["administrator"]).status == 204
    assert house.ask("GET", "/api/v1/points", headers=headers["control"]).status == 401


@pytest.mark.long
@pytest.mark.slow
def test_a_stream_ends_with_the_right_to_see_it(people):
    """Whoever is removed must not go on reading over the connection that is already open: it is looked at again with
    each heartbeat, every 15 s."""
    house, headers = people
    with socket.create_connection(("127.0.0.1", house.http), timeout=10) as link:
        link.sendall("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n"
                     f"Cookie: {headers['view']['Cookie']}\r\n\r\n".encode())
        assert b"200" in link.recv(4096)
        assert house.ask("DELETE", "/api/v1/users/u-view", headers=headers["administrator"]).status == 204
        deadline, tail = time.monotonic() + 17, b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):  # the last chunk
            assert time.monotonic() < deadline, "the stream goes on"
            tail = (tail + link.recv(65536))[-100:]


def test_tokens_are_shown_once_have_a_role_and_can_be_taken_back(people):
    house, headers = people
    made = house.ask("POST", "/api/v1/tokens", {"name": "script", "role": "view"}, headers["administrator"])
    assert made.status == 201
    token, identity = made.json()["token"], made.json()["id"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert house.ask("GET", "/api/v1/points", headers=bearer).status == 200
    assert house.ask("GET", "/api/v1/users", headers=bearer).status == 403
    assert token not in house.ask("GET", "/api/v1/tokens", headers=headers["administrator"]).body.decode()
    house.stop()
    house.start()
    assert house.ask("GET", "/api/v1/points", headers=bearer).status == 200, "tokens live through a restart"
    assert house.ask("GET", "/api/v1/points", headers={"Authorization": f"Bearer {token}x"}).status == 401
    assert house.local("DELETE", f"/api/v1/tokens/{identity}").status == 204
    assert house.ask("GET", "/api/v1/points", headers=bearer).status == 401


def test_sessions_do_not_live_through_a_restart(people):
    house, headers = people
    house.stop()
    house.start()
    assert house.ask("GET", "/api/v1/points", headers=headers["administrator"]).status == 401


def test_view_open_shows_values_and_nothing_else(daemon):
    house = daemon(AIR)
    for path in ("/points", "/site", "/lines", "/history?path=m/total/voltage"):
        assert house.ask("GET", "/api/v1" + path).status == 200, path
    for path in ("/settings", "/users", "/tokens"):
        assert house.ask("GET", "/api/v1" + path).status == 401, path
    assert house.ask("PUT", "/api/v1/settings/site.name", {"value": "x"}).status in (401, 403)


def test_nothing_is_changed_without_signing_in(daemon):
    """Demand 44: every operation that the unit itself lists, with viewing open, and the forms of the plain pages."""
    house = daemon(AIR)
    before = house.local("GET", "/api/v1/settings").json()
    paths = house.ask("GET", "/api/v1/openapi.json").json()["paths"]
    tried = 0
    for path, operations in paths.items():
        for method in {"post", "put", "delete", "patch"} & set(operations):
            if path == "/session":
                continue  # signing in and out
            tried += 1
            answer = house.ask(method.upper(), "/api/v1" + re.sub(r"\{[^}]*\}", "m", path), {})
            assert (answer.status, answer.kind) == (401, "sign-in-required"), (method, path)
    assert tried > 40
    for path in ("/m/command", "/m/alarm", "/m/cancel"):
        answer = house.ask("POST", path, "target=m&action=off", {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (303, 401, 403) and "/m/sign-in" in answer.headers.get("Location", "/m/sign-in"), path
    assert house.local("GET", "/api/v1/settings").json() == before
    assert [user["name"] for user in house.get("/users")] == ["administrator"]
    assert house.get("/commands") == []


def test_view_can_be_closed_at_run_time(daemon):
    """access.view is a live setting: from the next request on a password is needed, on open streams too."""
    site = {**AIR, "access": {"view": "open"}}
    house = daemon(site)
    assert house.ask("GET", "/api/v1/points").status == 200
    house.reload({**AIR, "access": {"view": "password"}})
    assert house.ask("GET", "/api/v1/points").status == 401


def test_clients_that_leave_in_the_middle_give_their_connection_back(daemon):
    """Half a request and away, more often than one address may have connections: within seconds all are free."""
    house = daemon({**AIR, "web": {"connections_per_address": 40}})
    descriptors = pathlib.Path(f"/proc/{house.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for beginning in (b"GET /api", b"\x16\x03\x01\x02\x00nonsense", b"POST /api/v1/session HTTP/1.1\r\n",
                      b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"):
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", house.http), timeout=5) as link:
                link.sendall(beginning)
        # An answer says that the daemon has taken all connections that came before it.
        wait_for(lambda: house.answers() and len(list(descriptors.iterdir())) <= before + 1, 3 * SLOW,
                 "connections to be given back")
    assert house.ask("GET", "/api/v1/health").status == 200


# ---- the command line --------------------------------------------------------------------------------


def test_users_by_command_line(daemon):
    house = daemon({**AIR, "access": {"view": "password"}})
    assert house.cli("users", "add", "eve", "view", stdin=PASSWORD + "\n").returncode == 0
    assert re.search(r"^eve\s+view", house.cli("users").stdout, re.MULTILINE)
    session = house.session("eve", PASSWORD)
    assert house.ask("GET", "/api/v1/points", headers=session).status == 200
    assert house.cli("users", "role", "eve", "control").returncode == 0
    assert re.search(r"^eve\s+control", house.cli("users", "list").stdout, re.MULTILINE)
    assert house.cli("users", "password", "eve", stdin=PASSWORD + "?\n").returncode == 0
    assert house.sign_in("eve", PASSWORD + "?").status == 200
    assert house.cli("users", "remove", "eve").returncode == 0
    assert "eve" not in house.cli("users").stdout
    for words, said in ((("add", "eve", "king"), "king"), (("role", "nobody", "view"), "nobody"),
                        (("remove", "administrator"), "administrator"), (("add", "x y", "view"), "x y")):
        result = house.cli("users", *words, stdin=PASSWORD + "\n")
        assert result.returncode == 1 and lines_of(result.stderr), (words, result)
    weak = house.cli("users", "add", "eve", "view", stdin="1234\n")
    assert weak.returncode == 1 and "password" in weak.stderr.lower()
    assert house.cli("users", "frobnicate").returncode == 2


def test_a_forgotten_password_is_set_by_the_owner_of_the_machine(daemon):
    """Over the unix socket of the state folder, without the old one."""
    house = daemon(AIR)
    house.session()
    assert house.cli("users", "password", "administrator", stdin="another pass phrase 8\n").returncode == 0
    assert house.sign_in("administrator", "another pass phrase 8").status in (200, 403)
    assert house.sign_in("administrator", PASSWORD).status in (403, 429)


def test_tokens_by_command_line(daemon):
    house = daemon({**AIR, "access": {"view": "password"}})
    token = house.cli("tokens", "add", "script", "view").stdout.strip()
    assert len(token) >= 32
    listed = house.cli("tokens").stdout
    assert "script" in listed and token not in listed
    url = f"http://127.0.0.1:{house.http}"
    house.wait_good("m/total/voltage")
    assert run("get", "--url", url, "m/total/voltage").returncode == 1
    result = run("get", "--url", url, "m/total/voltage", env={"BUSBAR_TOKEN": token})
    assert result.returncode == 0 and "V" in result.stdout, result.stderr
    identity = re.search(r"^(\S+)\s+script", listed, re.MULTILINE).group(1)
    assert house.cli("tokens", "remove", identity).returncode == 0
    assert run("get", "--url", url, "m/total/voltage", env={"BUSBAR_TOKEN": token}).returncode == 1
    expired = house.cli("tokens", "add", "old", "view", "--expires", "2020-01-01T00:00:00Z")
    assert expired.returncode == 1 or run("get", "--url", url, env={"BUSBAR_TOKEN": expired.stdout.strip()}).returncode == 1


def test_no_secret_is_in_the_log_or_readable_by_others(daemon):
    """Passwords, tokens and cookies of a busy day; and the modes of the files that hold their hashes."""
    house = daemon({**AIR, "log": {"level": "debug"}})
    session = house.session()
    token = house.ask("POST", "/api/v1/tokens", {"name": "t", "role": "control"}, session).json()["token"]
    house.sign_in("administrator", "my secret typing mistake")
    house.sign_in("my secret in the wrong field", "x")
    house.ask("GET", "/api/v1/points", headers={"Authorization": f"Bearer {token}"})
    house.ask("GET", f"/api/v1/points?token={token}")
    secret = house.secret
    text = house.log.replace(secret, "", 1)  # the one line that is meant for the person who starts it
    for hidden in (secret, PASSWORD, token, "my secret typing mistake", session["Cookie"].split("=")[1],
                   session["X-CSRF-Token"]):
        assert hidden not in text
    stored = (house.state / "access.json").read_text()
    for hidden in (secret, PASSWORD, token):
        assert hidden not in stored
    assert "argon2id" in stored
    assert house.state.stat().st_mode & 0o007 == 0
    for path in house.state.iterdir():
        wanted = 0o077 if path.name in ("access.json", "busbar.sock", "tls.key", "overlay.json") else 0o007
        assert path.stat().st_mode & wanted == 0, (path.name, oct(path.stat().st_mode))


def test_the_own_certificate_serves_https(daemon):
    house = daemon(AIR, https=True)
    link = http.client.HTTPSConnection("127.0.0.1", house.https, timeout=10, context=ssl._create_unverified_context())
    answer = exchange(link, "GET", "/api/v1/health", None, None)
    assert answer.status == 200
    certificate = (house.state / "tls.crt").read_bytes()
    assert (house.state / "tls.key").stat().st_mode & 0o077 == 0
    url = f"https://127.0.0.1:{house.https}"
    wait_for(lambda: house.point("m/total/voltage")["value"], 5 * SLOW, "a value")
    assert run("get", "--url", url, "m/total/voltage").returncode == 1, "an unknown certificate is refused"
    assert run("get", "--url", url, "--insecure", "m/total/voltage").returncode == 0
    house.stop()
    house.start()
    assert (house.state / "tls.crt").read_bytes() == certificate, "a new certificate at each start"
