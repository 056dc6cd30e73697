"""Signing in by PIN: counted over restarts and kills, unblocked by PUK, telling nobody who exists."""

import http.client
import re
import time

import pytest

from daemon_client import PASSWORD, lines_of, unit, wait_for
from web_client import exchange

AIR = {"lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter")}}
WRONG = "102947"


class Visitors:
    """Each from an address of its own. After three failures for a name everybody waits, so that nobody does here the
    daemon is killed and started again: it keeps what counts, and forgets only who has to wait."""

    def __init__(self, house):
        self.house, self.number = house, 1

    def show(self, user, **shown):
        self.number += 1
        link = http.client.HTTPConnection("127.0.0.1", self.house.http, timeout=30,
                                          source_address=(f"127.0.1.{self.number}", 0))
        return exchange(link, "POST", "/api/v1/session", {"user": user, **shown}, None)

    def refused(self, user, tries):
        for number, shown in enumerate(tries):
            assert self.show(user, **shown).kind == "sign-in-refused", (user, shown)
            if number % 3 == 2:
                self.again()

    def fail(self, user, times):
        self.refused(user, [{"pin": WRONG}] * times)
        self.again()

    def again(self):
        self.house.kill()
        self.house.start()


@pytest.fixture
def house(daemon):
    return daemon({**AIR, "web": {"listen": "127.0.0.1"}, "access": {"view": "password"}})


def add(house, name, role="view", **more):
    answer = house.local("POST", "/api/v1/users", {"name": name, "role": role, "pin": "", **more})
    assert answer.status == 201
    return answer.json()["codes"]


def pin_of(house, name):
    return next(user["pin"] for user in house.get("/users") if user["name"] == name)


def one_event(house, kind):
    """Its sentence, when it is on the disk."""
    wait_for(lambda: house.get(f"/events?kind={kind}")["events"], 30, kind)
    events = house.get(f"/events?kind={kind}")["events"]
    assert len(events) == 1
    return events[0]["text"]


def other_pin(pin):
    """Six digits that are not those, and that nobody would refuse."""
    return "583917" if pin != "583917" else "583916"


def test_the_first_start_has_no_pins_and_those_of_manuals_open_nothing(house):
    """Demand 45: neither a password nor a PIN that is printed somewhere works on a new unit."""
    session = house.ask("GET", "/api/v1/session").json()
    assert (session["pin_sign_in"], session["names"], session["first_start"]) == (False, [], True)
    visitors = Visitors(house)
    users = ("administrator", "installer", "user", "super", "root")
    for kind, codes in (("pin", ("99999", "55555", "11111")), ("password", ("admin", "super", "99999")),
                        ("puk", ("00000999900000", "00000555500000", "00000111100000"))):
        more = {"new_pin": "583917"} if kind == "puk" else {}
        for user in users:
            for code in codes:
                assert visitors.show(user, **{kind: code}, **more).kind == "sign-in-refused", (user, code)
        visitors.again()


def test_a_pin_signs_in_with_its_role_and_home(house):
    codes = add(house, "ina", "installer", home="events")
    assert re.fullmatch(r"\d{6}", codes["pin"]) and re.fullmatch(r"\d{8}", codes["puk"])
    visitors = Visitors(house)
    answer = visitors.show("ina", pin=codes["pin"])
    assert answer.status == 200
    who = answer.json()
    assert (who["user"], who["role"], who["home"]) == ("ina", "installer", "events")
    assert house.local("PUT", "/api/v1/users/ina", {"home": ""}).status == 204
    assert visitors.show("ina", pin=codes["pin"]).json()["home"] == "diagnostics"
    house.put("web.home_installer", "control")
    assert visitors.show("ina", pin=codes["pin"]).json()["home"] == "control"
    assert house.local("PUT", "/api/v1/users/ina", {"home": "cellar"}).kind == "bad-user"
    # one of the three, and no more
    for body in ({}, {"pin": codes["pin"], "password": PASSWORD}, {"pin": codes["pin"], "puk": codes["puk"]}):
        assert visitors.show("ina", **body).status == 400
    assert visitors.show("ina", password=codes["pin"]).kind == "sign-in-refused"


def test_an_installer_sets_up_lines_and_devices_and_nothing_else(house):
    codes = add(house, "ina", "installer")
    answer = Visitors(house).show("ina", pin=codes["pin"])
    headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json()["csrf"]}
    keys = [entry["key"] for entry in house.ask("GET", "/api/v1/settings", headers=headers).json()["values"]]
    assert keys and {key.split(".")[0] for key in keys} == {"lines", "devices"}
    added = {"lines.bench.kind": "sim", "devices.m2.line": "bench", "devices.m2.unit": 2, "devices.m2.profile": "sim-meter"}
    assert house.ask("PUT", "/api/v1/settings", added, headers).status == 200
    house.wait_good("m2/total/voltage")
    assert house.ask("DELETE", "/api/v1/settings/devices.m2", headers=headers).status == 200
    assert house.ask("GET", "/api/v1/ports", headers=headers).status == 200
    for method, path, body in (("GET", "/users", None), ("GET", "/tokens", None), ("GET", "/certificate", None),
                               ("GET", "/settings/web.http", None), ("PUT", "/settings/web.menu", {"value": "top"}),
                               ("PUT", "/settings", {"lines.b.kind": "sim", "web.menu": "top"}),
                               ("PUT", "/users/ina/pin", {}), ("POST", "/users/ina/puk", {}), ("DELETE", "/users/ina/pin", None),
                               ("POST", "/users", {"name": "eve", "role": "administrator", "pin": ""})):
        assert house.ask(method, "/api/v1" + path, body, headers).kind == "forbidden", (method, path)


def test_wrong_pins_are_counted_over_restarts_and_kills(house):
    """Whatever is done to the daemon right after an answer, the try is spent."""
    codes = add(house, "pia", password=PASSWORD)
    visitors = Visitors(house)
    for end in (house.kill, house.stop, house.kill):
        visitors.refused("pia", [{"pin": WRONG}])
        end()
        house.start()
    visitors.fail("pia", 1)
    assert pin_of(house, "pia") == "set"
    visitors.refused("pia", [{"pin": WRONG}])
    assert "pia" in one_event(house, "pin-blocked")
    visitors.again()
    assert pin_of(house, "pia") == "blocked"
    assert visitors.show("pia", pin=codes["pin"]).kind == "sign-in-refused"
    assert visitors.show("pia", password=PASSWORD).status == 200, "a password is not touched by that"

    fresh = other_pin(codes["pin"])
    assert visitors.show("pia", puk=codes["puk"], new_pin="999999").kind == "weak-password"
    assert visitors.show("pia", puk=codes["puk"]).kind == "weak-password", "a PUK comes with a new PIN"
    assert visitors.show("pia", puk=codes["puk"], new_pin=fresh).status == 200
    assert "used the PUK" in one_event(house, "pin-unblocked")
    house.kill()
    house.start()
    assert visitors.show("pia", pin=codes["pin"]).kind == "sign-in-refused"
    assert visitors.show("pia", pin=fresh).status == 200
    for hidden in (codes["pin"], codes["puk"], fresh, PASSWORD):
        assert hidden not in house.log
        assert hidden not in (house.state / "access.json").read_text()
        assert hidden not in str(house.get("/events?limit=500")["events"])


def test_wrong_puks_leave_only_the_administrator(house):
    codes = add(house, "pia")
    visitors = Visitors(house)
    wrong = "70316482" if codes["puk"] != "70316482" else "70316483"
    visitors.refused("pia", [{"puk": wrong, "new_pin": "583917"}] * 9)
    assert pin_of(house, "pia") == "set"
    visitors.refused("pia", [{"puk": wrong, "new_pin": "583917"}])
    assert pin_of(house, "pia") == "puk-blocked"
    assert visitors.show("pia", puk=codes["puk"], new_pin="583917").kind == "sign-in-refused"
    assert visitors.show("pia", pin=codes["pin"]).kind == "sign-in-refused"
    result = house.cli("users", "pin", "pia")
    pin, puk = re.fullmatch(r"PIN (\d{6})\nPUK (\d{8})\n", result.stdout).groups()
    assert puk != codes["puk"]
    assert visitors.show("pia", pin=pin).status == 200


def test_nothing_tells_who_exists(house):
    """Unknown names, users without a PIN, blocked ones, wrong PINs: the same answer, at the same cost."""
    for name in ("pia", "pit"):
        add(house, name)
    assert house.local("POST", "/api/v1/users", {"name": "bert", "role": "view", "password": PASSWORD}).status == 201
    visitors = Visitors(house)
    visitors.fail("pit", 5)
    names, bodies, times = ("pia", "pit", "bert", "nobody"), set(), {}
    for _ in range(3):
        for name in names:
            begun = time.monotonic()
            answer = visitors.show(name, pin=WRONG)
            times.setdefault(name, []).append(time.monotonic() - begun)
            bodies.add((answer.status, answer.body, tuple(sorted(set(answer.headers) - {"Date"}))))
    assert len(bodies) == 1, bodies
    least = {name: min(took) for name, took in times.items()}
    assert max(least.values()) < 4 * min(least.values()), least
    session = house.ask("GET", "/api/v1/session").json()
    assert (session["pin_sign_in"], session["names"]) == (True, []), "names are not told unless the site wants it"
    house.put("access.list_names", True)
    assert house.ask("GET", "/api/v1/session").json()["names"] == ["pia", "pit"]
    assert visitors.show("pit", pin=WRONG).kind == "pin-blocked"


def test_guessers_wait(house):
    add(house, "pia")
    kinds = [house.ask("POST", "/api/v1/session", {"user": "pia", "pin": WRONG}).kind for _ in range(7)]
    assert kinds[0] == "sign-in-refused" and kinds[-1] == "too-many-attempts"


def test_pins_by_command_line(house):
    made = house.cli("users", "add", "pia", "control", "--pin")
    first = re.fullmatch(r"PIN (\d{6})\nPUK (\d{8})\n", made.stdout).groups()
    visitors = Visitors(house)
    assert visitors.show("pia", pin=first[0]).status == 200
    chosen = house.cli("users", "pin", "pia", "--choose", stdin="583917\n")
    assert re.fullmatch(r"PUK \d{8}\n", chosen.stdout), "a PIN that was chosen is not said back"
    assert visitors.show("pia", pin="583917").status == 200
    for weak in ("99999", "123456", "12", "abcdef"):
        refused = house.cli("users", "pin", "pia", "--choose", stdin=weak + "\n")
        assert refused.returncode == 1 and "PIN" in refused.stderr, weak
    visitors.fail("pia", 5)
    assert re.search(r"^pia\s.*\bblocked\b", house.cli("users").stdout, re.MULTILINE)
    puk = re.fullmatch(r"PUK (\d{8})\n", house.cli("users", "puk", "pia").stdout).group(1)
    assert pin_of(house, "pia") == "blocked", "a new PUK unblocks nothing by itself"
    assert visitors.show("pia", puk=puk, new_pin="583917").status == 200
    refused = house.cli("users", "no-pin", "pia")
    assert refused.returncode == 1 and "no password" in refused.stderr
    assert house.cli("users", "password", "pia", stdin=PASSWORD + "\n").returncode == 0
    assert house.cli("users", "no-pin", "pia").returncode == 0
    assert pin_of(house, "pia") == "none"
    assert house.cli("users", "home", "pia", "graphs").returncode == 0
    assert house.cli("users", "home", "pia", "cellar").returncode == 1
    assert [user["home"] for user in house.get("/users") if user["name"] == "pia"] == ["graphs"]
    for words in (("pin", "nobody"), ("puk", "administrator"), ("no-pin", "administrator")):
        result = house.cli("users", *words)
        assert result.returncode == 1 and lines_of(result.stderr), words


def test_the_plain_page_takes_a_pin(house):
    codes = add(house, "pia")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = house.ask("POST", "/m/sign-in", f"user=pia&password={codes['pin']}", form)
    assert answer.status == 303 and "busbar_session=" in answer.headers["Set-Cookie"]
    answer = house.ask("POST", "/m/sign-in", f"user=pia&password={WRONG}", form)
    assert answer.status == 403 and b"PIN" in answer.body


def test_a_pin_of_ones_own_on_the_plain_page(house):
    """Who is no administrator changes their PIN, or their password, without one."""
    codes, form = add(house, "pia"), {"Content-Type": "application/x-www-form-urlencoded"}
    page = house.ask("GET", "/m/password")
    assert page.status == 200 and b'name="repeat"' in page.body and b'action="/m/sign-in"' in page.body

    def change(now, new, repeat=None):
        return house.ask("POST", "/m/sign-in", f"user=pia&password={now}&new_password={new}&repeat={repeat or new}", form)

    for wrong, sentence in ((change(codes["pin"], "480172", "480173"), b"not the same"), (change(codes["pin"], "a+password+of+words"), b"digits"),
                            (change(codes["pin"], "111111"), b"first that are tried")):
        assert wrong.status in (400, 422) and sentence in wrong.body, wrong.body
    answer = change(codes["pin"], "480172")
    assert answer.status == 303 and "busbar_session=" in answer.headers["Set-Cookie"]
    assert house.ask("POST", "/m/sign-in", f"user=pia&password={codes['pin']}", form).status == 403
    assert house.ask("POST", "/m/sign-in", "user=pia&password=480172", form).status == 303
    assert house.local("POST", "/api/v1/users", {"name": "paul", "role": "view", "password": PASSWORD}).status == 201
    answer = house.ask("POST", "/m/sign-in", f"user=paul&password={PASSWORD}&new_password={PASSWORD}+2&repeat={PASSWORD}+2", form)
    assert answer.status == 303
    assert house.ask("POST", "/m/sign-in", f"user=paul&password={PASSWORD}", form).status in (403, 429)
