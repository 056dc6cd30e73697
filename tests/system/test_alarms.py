"""Alarms through the whole program: the API, the live stream, the command line, the pages without scripts, and what a
rule would have done with what was recorded. A meter's registers are driven over the limits; what the preview must say
is worked out from the readings that the history gives."""

import json
import math
import random
import re
import time
import urllib.parse

import jsonschema
import pytest

from daemon_client import PASSWORD, ROOT, SLOW, Daemon, free_port, lines_of, seconds_of, tcp_line, unit, wait_for
from field_devices import Server, Unit
from test_faults_alarms import Hook
from test_plain import Visitor, xml_of

BASE = "/api/v1"
# Each test trips what it needs; one that trips often flaps, and is not told any more.
AMPS, AMPS_B, AMPS_C, VOLTS = "m/phase-a/current", "m/phase-b/current", "m/phase-c/current", "m/phase-a/voltage"
REGISTERS = {AMPS: 6, AMPS_B: 8, AMPS_C: 10, VOLTS: 0}  # of the SDM630, see field_devices
CALM = {AMPS: 5.5, AMPS_B: 1, AMPS_C: 2, VOLTS: 230.5}
SCHEMAS = json.loads((ROOT / "openapi/busbar.json").read_text())["components"]["schemas"]
RULES = {
    "amps": {"label": "Phase <current>", "points": "m/phase-*/current", "when": "over", "limit": 16, "recover": 15,
             "severity": "critical", "recipients": "none"},
    "volts": {"points": VOLTS, "when": "under", "limit": 200, "latch": True, "severity": "info", "recipients": "none"},
}


def site(port, **more):
    return {"lines": {"gw": tcp_line(port)}, "devices": {"m": unit("gw", 1, every="200 ms")}, "alarms": RULES,
            "history": {"enabled": False}, **more}


class House:
    """A daemon with a meter whose registers can be set."""

    def __init__(self, folder, **more):
        self.unit = Unit.sdm630()
        self.server = Server({1: self.unit})
        self.calm()
        self.daemon = Daemon(folder, site(self.server.port, **more))
        for path in REGISTERS:
            self.daemon.wait_good(path)

    def __getattr__(self, name):
        return getattr(self.daemon, name)

    def set(self, path, value):
        self.unit.put_float(REGISTERS[path], value)

    def calm(self):
        for path, value in CALM.items():
            self.set(path, value)

    def alarm(self, path, rule=None):
        found = [one for one in self.get(f"/alarms?path={path}")["alarms"] if rule in (None, one["rule"])]
        assert len(found) == 1, found
        return found[0]

    def wait(self, path, state, **more):
        """The alarm at a path once it stands so."""
        def there():
            one = self.alarm(path)
            return one if one["state"] == state and all(one[key] == value for key, value in more.items()) else None
        return wait_for(there, 10 * SLOW, lambda: f"{path} {state}: {self.alarm(path)}\n{self.log}")

    def do(self, one, deed, who=None, **body):
        path = f"{BASE}/alarms/{one['id']}/{deed}"
        return self.ask("POST", path, body, who) if who else self.local("POST", path, body)

    def back_to_normal(self):
        self.calm()
        for path in CALM:
            wait_for(lambda path=path: (one := self.alarm(path))["latched"] or one["state"] in ("normal", "acknowledged"),
                     10 * SLOW, lambda path=path: self.alarm(path))
            one = self.alarm(path)
            if one["shelved_until"]:
                self.do(one, "unshelve")
            if one["latched"]:
                self.do(one, "clear")
            self.wait(path, "normal")

    def close(self):
        self.daemon.close()
        self.server.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    one = House(tmp_path_factory.mktemp("alarms"))
    for name, role in (("carl", "control"), ("vera", "view")):
        assert one.local("POST", BASE + "/users", {"name": name, "role": role, "password": PASSWORD}).status == 201
        setattr(one, name, one.session(name))
    yield one
    one.close()


@pytest.fixture
def house(shared):
    """One for all; each test finds it calm."""
    shared.back_to_normal()
    return shared


def check(name, value):
    """Against the published schema."""
    document = {"components": {"schemas": SCHEMAS}}
    resolver = jsonschema.RefResolver("", document)
    jsonschema.Draft202012Validator(SCHEMAS[name], resolver=resolver).validate(value)


# ---- raised, seen, over ----------------------------------------------------------------------------------------


def test_raised_acknowledged_and_over(house):
    quiet = house.alarm(AMPS)
    check("Alarm", quiet)
    assert (quiet["state"], quiet["raised"], quiet["recipients"]) == ("normal", None, ["none"])
    house.set(AMPS, 17.25)
    one = house.wait(AMPS, "tripped")
    assert one["id"] == quiet["id"] and one["rule"] == "amps" and one["label"] == "Phase <current>"
    assert (one["severity"], one["value"], one["limit"], one["unit"]) == ("critical", 17.25, 16, "A")
    assert one["times"] == quiet["times"] + 1 and not one["silent"] and not one["latched"]
    assert abs(seconds_of(one["raised"]) - time.time()) < 10 * SLOW and 0 <= one["since_ms"] < 10_000 * SLOW
    assert "Phase <current>" in one["text"] and "17.25 A" in one["text"] and "16 A" in one["text"]
    listed = house.get("/alarms?active=true")
    check("Alarms", listed)
    assert [row["id"] for row in listed["alarms"]] == [one["id"]] and listed["counts"]["critical"] == 1
    assert house.get("/health")["alarms"] == listed["counts"]
    point = house.point(AMPS)
    check("Value", point)
    assert point["alarm"] == {"id": one["id"], "severity": "critical", "state": "tripped", "silent": False}
    assert "alarm" not in house.point(AMPS_B)

    seen = house.do(one, "acknowledge", house.carl, reason="on my way")
    assert seen.status == 200 and seen.json()["state"] == "acknowledged" and seen.json()["by"] == "carl"
    check("Alarm", seen.json())
    assert house.point(AMPS)["alarm"]["state"] == "acknowledged"
    assert house.get("/alarms")["counts"]["acknowledged"] == 1
    assert house.do(one, "acknowledge").kind == "conflict"
    told = wait_for(lambda: [row for row in house.get("/events?limit=50")["events"] if "on my way" in row["text"]],
                    5 * SLOW, "the event")
    assert "carl" in told[0]["text"] and told[0]["actor"] == "carl"

    house.set(AMPS, 15.5)  # below the limit, not recovered
    wait_for(lambda: house.point(AMPS)["value"] == 15.5, 5 * SLOW, "the reading")
    assert house.alarm(AMPS)["state"] == "acknowledged"
    house.set(AMPS, 14)
    over = house.wait(AMPS, "normal")
    assert over["raised"] == one["raised"] and over["times"] == one["times"]
    assert house.get("/alarms?active=true")["alarms"] == [] and "alarm" not in house.point(AMPS)


def test_what_is_latched_waits_for_a_person(house):
    house.set(VOLTS, 180)
    one = house.wait(VOLTS, "tripped")
    refused = house.do(one, "clear")
    assert refused.status == 409, refused.body  # it holds
    house.set(VOLTS, 230)
    one = house.wait(VOLTS, "tripped", latched=True)
    cleared = house.do(one, "clear", house.carl)
    assert cleared.status == 200 and cleared.json()["state"] == "normal", cleared.body
    assert house.do(one, "clear").kind == "conflict"


def test_shelved_for_a_time(house):
    house.set(AMPS_B, 20)
    one = house.wait(AMPS_B, "tripped")
    shelved = house.do(one, "shelve", house.carl, duration="30 min", reason="known")
    assert shelved.status == 200, shelved.body
    told = shelved.json()
    assert told["silent"] and told["by"] == "carl"
    assert abs(seconds_of(told["shelved_until"]) - time.time() - 1800) < 60 * SLOW
    counts = house.get("/alarms")["counts"]
    assert (counts["critical"], counts["silent"]) == (0, 1)
    assert house.do(one, "shelve", duration=7200).status == 200  # anew, for longer
    assert abs(seconds_of(house.alarm(AMPS_B)["shelved_until"]) - time.time() - 7200) < 60 * SLOW
    back = house.do(one, "unshelve")
    assert back.status == 200 and not back.json()["silent"] and back.json()["shelved_until"] is None
    assert house.do(one, "unshelve").kind == "conflict"
    for duration, kind in ((5, "bad-wish"), ("31 d", "bad-wish"), ("soon", "bad-member"), (True, "bad-member"),
                           (None, "bad-member"), (-1, "bad-member")):
        assert house.do(one, "shelve", duration=duration).kind == kind, duration
    assert house.do(one, "shelve").kind == "missing-member"


def test_who_may(house):
    one = house.alarm(AMPS)
    path = f"{BASE}/alarms/{one['id']}/shelve"
    body = {"duration": 600}
    assert house.ask("POST", path, body).kind == "sign-in-required"
    assert house.ask("POST", path, body, house.vera).kind == "forbidden"
    bare = {"Cookie": house.carl["Cookie"]}
    assert house.ask("POST", path, body, bare).kind == "csrf"
    assert house.ask("GET", BASE + "/alarms", None, house.vera).status == 200
    assert house.ask("GET", BASE + "/alarm-rules", None, house.vera).status == 200
    for closed in ("/recipients", "/reports"):
        assert house.ask("GET", BASE + closed, None, house.carl).kind == "forbidden"
    assert house.ask("GET", BASE + "/notices", None, house.vera).kind == "forbidden"
    assert house.ask("PUT", BASE + "/alarm-rules/amps", {"limit": 1}, house.carl).kind == "forbidden"
    assert not house.alarm(AMPS)["silent"]


def test_where_viewing_is_not_open_strangers_hear_nothing(daemon):
    one = daemon({"lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter")}}, view="password")
    told = one.ask("GET", BASE + "/health")
    assert told.status == 200 and "alarms" not in told.json()
    check("AlarmCounts", one.get("/health")["alarms"])
    for path in ("/alarms", "/alarms/1", "/alarm-rules", "/notices", "/recipients"):
        assert one.ask("GET", BASE + path).kind == "sign-in-required", path
    assert one.ask("GET", "/m/alarms").status == 303


def test_what_there_is_not(house):
    for word in ("4294967295", "4294967296", "99999999999999999999", "-1", "x", "1x", "%20"):
        assert house.local("GET", f"{BASE}/alarms/{word}").kind == "not-found", word
        assert house.local("POST", f"{BASE}/alarms/{word}/clear", {}).kind == "not-found", word
    one = house.alarm(AMPS)
    assert house.do(one, "acknowledge").kind == "conflict"  # it is normal
    assert house.do(one, "acknowledge", raeson="x").kind == "unknown-member"
    assert house.do(one, "acknowledge", reason=7).kind == "bad-member"
    assert house.do(one, "acknowledge", reason="x" * 200).kind == "bad-member"
    nothing = house.local("POST", f"{BASE}/alarms/{one['id']}/acknowledge")
    assert nothing.kind == "conflict"  # no body is as good as an empty one


def test_filters(house):
    house.set(AMPS, 17)
    house.set(AMPS_B, 18)
    house.set(VOLTS, 190)
    for path in (AMPS, AMPS_B, VOLTS):
        house.wait(path, "tripped")
    everything = house.get("/alarms")
    ours = [row for row in everything["alarms"] if row["rule"] in RULES]
    assert everything["total"] >= 4 and len(ours) == 4  # phase c too

    def paths(query):
        return [row["path"] for row in house.get("/alarms?" + query)["alarms"]]

    worst_first = paths("active=true")
    assert set(worst_first[:2]) == {AMPS, AMPS_B} and worst_first[2] == VOLTS
    assert paths("active=true&severity=critical") == worst_first[:2]
    assert paths("severity=warning&rule=volts") == []
    assert paths("rule=volts") == [VOLTS]
    assert paths("state=tripped&state=normal&rule=amps") == worst_first[:2] + [AMPS_C]
    assert set(paths("state=tripped&path=m/phase-a/*")) == {AMPS, VOLTS}
    assert paths("device=m&active=true") == worst_first and paths("device=mm") == []
    first = house.get("/alarms?active=true&limit=2")
    assert first["more"] and [row["path"] for row in first["alarms"]] == worst_first[:2]
    rest = house.get("/alarms?active=true&limit=2&offset=2")
    assert not rest["more"] and [row["path"] for row in rest["alarms"]] == worst_first[2:]
    for query in ("state=bad", "severity=worse", "limit=0", "limit=1001", "offset=-1", "active=maybe", "time=x"):
        assert house.local("GET", f"{BASE}/alarms?{query}").kind == "bad-parameter", query
    local = house.get(f"/alarms/{house.alarm(AMPS)['id']}?time=unix")
    assert abs(local["since"] / 1000 - time.time()) < 60 * SLOW


def test_the_live_stream_tells_of_it(house):
    stream = house.live("?path=" + VOLTS)  # of other points it tells too: alarms are for all
    assert stream.event()[0] == "snapshot"

    def change(wanted):
        for _ in range(400):
            name, _, data = stream.event()
            if name != "alarm":
                continue
            for one in data["alarms"]:
                check("Alarm", one)
                if one["path"] == AMPS_C and one["change"] == wanted:
                    check("AlarmCounts", data["counts"])
                    assert data["more"] is False
                    return one, data["counts"]
        raise AssertionError(f"no alarm {wanted}")

    house.set(AMPS_C, 30)
    raised, counts = change("raised")
    assert raised["state"] == "tripped" and raised["value"] == 30 and counts["critical"] == 1
    house.do(raised, "acknowledge")
    seen, counts = change("seen")
    assert seen["by"] == "local" and (counts["critical"], counts["acknowledged"]) == (0, 1)
    house.set(AMPS_C, 1)
    cleared, counts = change("cleared")
    assert cleared["state"] == "normal" and not any(counts.values())
    stream.close()


# ---- rules ---------------------------------------------------------------------------------------------------------


def test_rules_are_records(house):
    rule = {"points": "m/total/frequency", "when": "over", "limit": 1, "severity": "info", "recipients": "none"}
    made = house.local("PUT", BASE + "/alarm-rules/hertz", rule)
    assert made.status == 200, made.body
    listed = {row["name"]: row for row in house.get("/alarm-rules")}
    check("Records", list(listed.values()))
    assert listed["hertz"]["fixed"] is None and "site.yaml" in listed["amps"]["fixed"]
    assert listed["hertz"]["values"]["points"] == "m/total/frequency"
    one = house.wait("m/total/frequency", "tripped")
    wrong = house.local("PUT", BASE + "/alarm-rules/hertz", {"limit": "many"})
    assert wrong.status == 422 and "limit" in wrong.json()["errors"][0]
    fixed = house.local("PUT", BASE + "/alarm-rules/amps", {"limit": 1})
    assert fixed.status == 409, fixed.body
    stream = house.live("?path=" + VOLTS)
    gone = house.local("DELETE", BASE + "/alarm-rules/hertz")
    assert gone.status == 200, gone.body
    assert house.local("GET", f"{BASE}/alarms/{one['id']}").kind == "not-found"
    assert house.get("/alarms?rule=hertz")["alarms"] == []
    # Who looks at the list hears that it is another one.
    told = next(data for name, _, data in iter(stream.event, None) if name == "alarm")
    assert told["more"] and not any(told["counts"].values())
    stream.close()


# ---- other faces ---------------------------------------------------------------------------------------------------


def test_the_command_line(house):
    house.set(AMPS_C, 17)
    one = house.wait(AMPS_C, "tripped")
    listed = house.cli("alarm")
    assert listed.returncode == 0 and len(lines_of(listed.stdout)) == 1
    assert listed.stdout.split()[:3] == [str(one["id"]), "critical", "tripped"] and AMPS_C in listed.stdout
    assert len(lines_of(house.cli("alarm", "list", "--all").stdout)) >= 4
    assert house.cli("alarm", "list", "--severity", "critical", "--device", "mm").stdout == ""
    rows = [json.loads(line) for line in lines_of(house.cli("alarm", "list", "--json").stdout)]
    assert [row["id"] for row in rows] == [one["id"]]
    shown = house.cli("alarm", "show", one["id"])
    assert shown.returncode == 0 and json.loads(shown.stdout)["path"] == AMPS_C
    seen = house.cli("alarm", "ack", "m/*", "--reason", "by hand")
    assert seen.returncode == 0 and "acknowledged" in seen.stdout, seen.stderr
    assert house.alarm(AMPS_C)["state"] == "acknowledged"
    again = house.cli("alarm", "ack", one["id"])
    assert again.returncode == 1 and str(one["id"]) in again.stderr and again.stdout == ""
    none = house.cli("alarm", "ack", AMPS_C)
    assert none.returncode == 1 and AMPS_C in none.stderr
    shelved = house.cli("alarm", "shelve", AMPS_C, "--for", "1 h")
    assert shelved.returncode == 0 and "shelved until" in shelved.stdout, shelved.stderr
    assert house.cli("alarm", "unshelve", AMPS_C).returncode == 0
    rules = house.cli("alarm", "rules")
    assert rules.returncode == 0 and re.search(r"^volts: .*points=m/phase-a/voltage", rules.stdout, re.MULTILINE)
    for words, sentence in ((["alarm", "akc", "1"], "did you mean \"ack\""), (["alarm", "shelve", "1"], "--for"),
                            (["alarm", "ack"], "at least one"), (["alarm", "list", "x"], "no names"),
                            (["notices", "x"], "unexpected")):
        wrong = house.cli(*words)
        assert wrong.returncode == 2 and sentence in wrong.stderr, wrong.stderr
    assert house.cli("alarm", "show", "7777777").returncode == 1
    assert house.cli("alarm", "--help").stdout.startswith("usage: busbar alarm")


def test_pages_without_scripts(house):
    visitor = Visitor(house.daemon)
    assert "No alarm holds" in visitor.open("/m/alarms").text
    house.set(AMPS_C, 17)
    house.wait(AMPS_C, "tripped")
    assert "Alarms: 1 critical" in visitor.open("/m").text
    page = visitor.open("/m/alarms")
    assert "Phase <current>" in page.text and "Acknowledge" not in page.text  # nobody is signed in
    visitor.sign_in("carl")
    page = visitor.open("/m/alarms")
    button = re.search(r'<button name="acknowledge" value="(\d+)">', page.body).group(1)
    form = page.form("/m/alarm")
    form["fields"].append(("acknowledge", button))  # which button it was is a field too
    done = visitor.submit(form)
    assert "critical acknowledged" in done.text and "by carl" in done.text and "<button name=\"ack" not in done.body
    assert house.alarm(AMPS_C)["state"] == "acknowledged"
    forged = {"action": "/m/alarm", "fields": [("acknowledge", button)]}
    assert visitor.submit(forged).status == 403  # without the token
    text = house.ask("GET", "/pda").body.decode()
    assert "critical acknowledged: Phase <current>" in text
    tree = xml_of(house.ask("GET", "/data.xml"))
    alarm, = tree.find("alarms")
    assert alarm.get("path") == AMPS_C and alarm.get("state") == "acknowledged" and "<current>" in alarm.get("text")


def test_states_outlast_a_restart(tmp_path, clean):
    one = House(tmp_path)
    clean.callback(one.close)
    one.set(AMPS, 17)
    one.set(VOLTS, 190)
    first, second = one.wait(AMPS, "tripped"), one.wait(VOLTS, "tripped")
    assert one.do(first, "acknowledge").status == 200 and one.do(second, "shelve", duration="1 h").status == 200
    until = one.alarm(VOLTS)["shelved_until"]
    one.daemon.stop()
    one.daemon.start()
    one.wait_good(AMPS)
    again = one.wait(AMPS, "acknowledged")
    assert again["id"] == first["id"] and again["raised"] == first["raised"] and again["times"] == first["times"]
    other = one.wait(VOLTS, "tripped")
    assert other["silent"] and abs(seconds_of(other["shelved_until"]) - seconds_of(until)) < 5
    assert other["id"] == second["id"] and other["times"] == second["times"]


# ---- who is told ---------------------------------------------------------------------------------------------------


def test_recipients_are_tried_and_the_queue_is_shown(daemon, clean):
    hook = Hook()
    clean.callback(hook.close)
    one = daemon({"lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter")},
                  "recipients": {"hook": {"kind": "webhook", "url": hook.url, "key": "s3cret"},
                                 "off": {"kind": "webhook", "url": hook.url, "enabled": False},
                                 "dead": {"kind": "webhook", "url": f"http://127.0.0.1:{free_port()}/"}}})

    def attempt(name):
        answer = one.local("POST", f"{BASE}/recipients/{name}/test", {})
        if answer.status == 200:
            check("RecipientTest", answer.json())
        return answer

    good = attempt("hook").json()
    assert good["delivered"] and "200" in good["words"], good
    assert "test" in json.dumps(hook.bodies[-1])
    hook.status = 503
    bad = attempt("hook").json()
    assert not bad["delivered"] and "503" in bad["words"], bad
    dead = attempt("dead").json()
    assert not dead["delivered"] and dead["words"], dead
    assert attempt("nobody").kind == "not-found" and attempt("off").kind == "conflict"
    listed = {row["name"]: row for row in one.get("/recipients")}
    assert listed["hook"]["values"]["key"] is None and listed["hook"]["values"]["url"] == hook.url
    queue = {row["recipient"]: row for row in one.get("/notices")}
    check("Notices", list(queue.values()))
    assert queue["hook"]["kind"] == "webhook" and queue["hook"]["delivered"] >= 1 and queue["hook"]["last"]
    told = one.cli("alarm", "test", "dead")
    assert told.returncode == 1 and re.search("^dead: ", told.stdout, re.MULTILINE), (told.stdout, told.stderr)
    hook.status = 200
    again = one.cli("alarm", "test", "hook")
    assert again.returncode == 0, (again.stdout, again.stderr)
    shown = one.cli("notices")
    assert shown.returncode == 0 and re.search(r"^hook +webhook +waiting \d+ +delivered \d+", shown.stdout, re.MULTILINE)
    assert one.cli("alarm", "test", "nobody").returncode == 1


# ---- what a rule would have done --------------------------------------------------------------------------------------


def put(house, rows):
    body = "time,path,value\n" + "".join(
        f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))},{path},{value}\n" for at, path, value in rows)
    answer = house.local("POST", BASE + "/history/import", body, {"Content-Type": "text/csv"})
    assert answer.status == 200 and answer.json()["refused"] == 0, answer.body


def raw(house, path, start, end):
    """All readings that are recorded: [(seconds, number)]."""
    found = []
    while start < end:
        query = urllib.parse.urlencode({"path": path, "from": start, "to": end, "step": "raw", "time": "unix"})
        answer = house.get("/history?" + query)
        rows = answer["series"][0]["rows"]
        found += [(row[0] / 1000, row[4]) for row in rows]
        start = answer["next"] / 1000 if answer["next"] else end
    return found


def trips(readings, end, limit, recover, hold):
    """[(from, to or None)] of an alarm over a limit, reading by reading: a reading holds until the next one."""
    found, since, beyond = [], None, None
    for index, (at, number) in enumerate(readings):
        until = readings[index + 1][0] if index + 1 < len(readings) else end
        if since is None:
            beyond = (at if beyond is None else beyond) if number > limit else None
            if beyond is not None and beyond + hold < until:
                since = beyond + hold
        elif number <= recover:
            found.append((since, at))
            since = beyond = None
    return found + ([(since, None)] if since is not None else [])


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A simulated meter that is polled once an hour, and eight hours of readings every ten seconds."""
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    chance = random.Random(seed)
    house = Daemon(tmp_path_factory.mktemp("past"), {
        "lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter", every="1 h")},
        "history": {"every": "60 min"}})
    end = int(time.time()) // 60 * 60 - 7200
    begin = end - 30_000
    # to and fro each half an hour, so that every rule below trips often, and noise, so that it also chatters
    rows = [(at, VOLTS, round(225 + 12 * math.sin(math.tau * at / 1800) + chance.choice([-3, -2, -1, 0, 0, 1, 2, 3])))
            for at in range(begin, end, 10)]
    for start in range(0, len(rows), 4500):
        put(house, rows[start:start + 4500])
    yield house, begin, end
    house.close()


@pytest.mark.parametrize("limit,recover,hold", [(225, 225, 0), (228, 222, 0), (225, 224, 45), (1000, 1000, 0)])
def test_a_preview_counts_what_the_readings_say(past, limit, recover, hold):
    house, begin, end = past
    readings = raw(house, VOLTS, begin, end)
    assert len(readings) == 3000
    wanted = trips(readings, end, limit, recover, hold)
    answer = house.local("POST", BASE + "/alarm-rules/preview", {
        "points": VOLTS, "when": "over", "limit": limit, "recover": recover, "for": hold and f"{hold} s" or "0 s",
        "from": str(begin), "to": str(end)})
    assert answer.status == 200, answer.body
    told = answer.json()
    check("AlarmPreview", told)
    point, = told["points"]
    assert told["count"] == point["count"] == len(wanted) and (len(wanted) > 5 or limit == 1000)
    assert [(seconds_of(span["from"]), span["to"] and seconds_of(span["to"])) for span in point["spans"]] == wanted[-100:]
    held = sum((to or end) - since for since, to in wanted)
    assert abs(point["held_s"] - held) < 0.01 and abs(point["covered_s"] - (end - begin)) < 0.01
    assert abs(told["share"] - held / (end - begin)) < 1e-5
    assert (point["resolution_s"], point["buckets"], told["mistakes"]) == (10, False, [])
    for span in point["spans"]:
        within = [number for at, number in readings if seconds_of(span["from"]) <= at
                  and (not span["to"] or at < seconds_of(span["to"]))]
        assert not within or span["worst"] >= max(within)


def test_a_preview_of_what_is_no_rule_yet(past):
    house, begin, end = past

    def ask(**rule):
        return house.local("POST", BASE + "/alarm-rules/preview", {"from": str(begin), "to": str(end), **rule})

    empty = ask()
    check("AlarmPreview", empty.json())
    assert empty.status == 200 and {one["key"] for one in empty.json()["mistakes"]} == {"points", "when"}
    wrong = ask(points=VOLTS, when="over", limit="many").json()
    assert [one["key"] for one in wrong["mistakes"]] == ["limit"] and wrong["count"] is None
    nowhere = ask(points="q/total/current", when="over", limit=1).json()
    assert nowhere["mistakes"] == [] and nowhere["points"] == [] and "no point" in nowhere["notes"][0]
    many = ask(points="m/*/*", when="over", limit=1e6).json()
    assert many["count"] == 0 and len(many["points"]) > 5 and any("nothing was recorded" in note for note in many["notes"])
    assert ask(points=VOLTS, when="over", limit=1, sev=1).kind == "unknown-member"
    assert house.local("POST", BASE + "/alarm-rules/preview", {"from": "now", "to": "-1h"}).kind == "bad-member"
    assert house.local("POST", BASE + "/alarm-rules/preview", {"from": "yesterday"}).kind == "bad-member"
