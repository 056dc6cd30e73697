"""The event log of a running daemon: who did what, found again by time, kind, actor and object, as CSV and on the command
line, live, over kill -9, and not to be changed unnoticed."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest

from daemon_client import PASSWORD, PROGRAM, SLOW, run, wait_for

SITE = {"lines": {"air": {"kind": "sim"}}, "devices": {"m": {"line": "air", "profile": "sim-meter", "every": "1 s"}}}
BASE = "/api/v1"


@pytest.fixture
def house(daemon):
    return daemon(SITE)


def events(house, **wish):
    query = "&".join(f"{key}={value}" for key, value in wish.items())
    return house.get(f"/events?{query}")["events"]


def name_site(house, name):
    assert house.put("site.name", name).status == 200


def wait_event(house, **wish):
    return wait_for(lambda: events(house, **wish), 5 * SLOW, lambda: f"an event {wish}: {events(house)}")[0]


def test_who_did_what_from_where_and_from_what_to_what(house):
    person = house.session()
    person_put = house.ask("PUT", "/api/v1/settings/site.name", {"value": "Rack 7"}, person)
    assert person_put.status == 200, person_put.body
    event = wait_event(house, kind="setting-changed")
    assert (event["actor"], event["origin"], event["object"]) == ("administrator", "127.0.0.1", "site.name")
    assert "Rack 7" in event["text"] and event["detail"]["to"] == "Rack 7"
    name_site(house, "Rack 8")
    event = wait_event(house, kind="setting-changed", text="Rack%208")
    assert event["detail"]["from"] == "Rack 7" and event["origin"] == "local"
    assert house.sign_in(password="not it").kind == "sign-in-refused"
    event = wait_event(house, kind="sign-in-refused")
    assert event["severity"] == "warning" and event["origin"] == "127.0.0.1" and "not it" not in json.dumps(event)
    assert PASSWORD not in json.dumps(events(house, limit=1000))


def test_found_by_time_kind_actor_object_text_and_severity(house):
    person = house.session()
    for name in ("one", "two"):
        assert house.ask("PUT", "/api/v1/settings/site.name", {"value": name}, person).status == 200
    assert house.put("site.location", "cellar").status == 200
    wait_event(house, text="cellar")
    everything = events(house, limit=1000)
    ids = [event["id"] for event in everything]
    assert ids == sorted(ids, reverse=True) and ids[-1] == 1 and len(ids) == len(set(ids))

    def like(**wish):
        return [event["id"] for event in events(house, limit=1000, **wish)]

    def those(condition):
        return [event["id"] for event in everything if condition(event)]

    assert like(kind="setting-changed") == those(lambda event: event["kind"] == "setting-changed")
    assert like(actor="administrator") == those(lambda event: event["actor"] == "administrator") != []
    assert like(object="site.") == those(lambda event: (event["object"] or "").startswith("site."))
    assert like(text="CELLAR") == those(lambda event: "cellar" in event["text"]) != []
    assert like(severity="warning") == those(lambda event: event["severity"] in ("warning", "error"))
    middle = everything[len(everything) // 2]["time"]
    assert like(**{"from": middle}) == those(lambda event: event["time"] >= middle)
    assert like(to=middle) == those(lambda event: event["time"] < middle)
    assert house.local("GET", "/api/v1/events?kind=nothing").status == 400


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"),
                    reason="a network of its own needs root, ip and nsenter")
def test_a_changed_address_is_told(daemon):
    probe = subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this machine gives no network of its own")
    house = daemon(SITE, prefix=("unshare", "--net"), ready=False)

    def answers():
        with contextlib.suppress(OSError):
            return house.local("GET", BASE + "/health").status == 200

    wait_for(answers, 20 * SLOW, "the daemon without a network")

    def inside(*words):
        subprocess.run(["nsenter", "-t", str(house.process.pid), "-n", "ip", *words], check=True)

    inside("link", "set", "lo", "up")
    inside("address", "add", "192.0.2.7/24", "dev", "lo")
    told = wait_for(lambda: events(house, kind="network-change"), 15 * SLOW, "the new address")
    assert told[0]["text"] == "lo has the address 192.0.2.7/24" and told[0]["object"] == "lo"
    inside("address", "del", "192.0.2.7/24", "dev", "lo")
    told = wait_for(lambda: events(house, kind="network-change")[:-1], 15 * SLOW, "the address that went")
    assert told[0]["text"] == "lo no longer has the address 192.0.2.7/24"
    assert told[0]["detail"] == {"address": "192.0.2.7/24", "gone": True}


def test_only_the_administrator_sees_what_people_do(house):
    name_site(house, "x")
    wait_event(house, kind="setting-changed")
    seen = {event["kind"] for event in house.ask("GET", "/api/v1/events?limit=1000").json()["events"]}
    assert "start" in seen and "setting-changed" not in seen
    table = house.ask("GET", "/api/v1/events.csv").body.decode()
    assert "setting-changed" not in table and ",start," in table
    assert "setting-changed" not in house.ask("GET", "/api/v1/events/kinds").body.decode()


def test_csv_is_what_the_list_says_and_no_formula_for_a_spreadsheet(house):
    name_site(house, '=cmd|"a, b"')
    assert house.sign_in(user="=HYPERLINK(1)", password="x").kind == "sign-in-refused"
    wait_event(house, kind="sign-in-refused")
    answer = house.local("GET", "/api/v1/events.csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))
    listed = events(house, limit=1000)
    assert [(int(row["id"]), row["time"], row["kind"], row["text"].lstrip("'")) for row in rows] == \
        [(event["id"], event["time"], event["kind"], event["text"]) for event in listed]
    assert not any(cell and cell[0] in "=+-@" for row in rows for cell in row.values())


def test_the_live_stream_tells_of_each(house):
    with contextlib.closing(house.live("?device=-")) as stream:
        name_site(house, "told")
        deadline = time.monotonic() + 5 * SLOW
        while time.monotonic() < deadline:
            arrived = stream.arrives(1)
            if arrived and arrived[1] == "events":
                break
        else:
            raise AssertionError("no news of events")
    assert "told" in wait_event(house, kind="setting-changed")["text"]


def changed(house, count):
    for i in range(count):
        name_site(house, f"n{i}")


def test_the_command_prints_all_of_them_page_by_page(house):
    changed(house, 1100)
    wait_event(house, text="n1099")
    lines = house.cli("events", "--kind", "setting-changed", "--since", "-1h", "--json").stdout.splitlines()
    names = [json.loads(line)["detail"]["to"] for line in lines]
    assert names == [f"n{i}" for i in range(1100)]  # oldest first, none lost at a page's edge
    assert len(house.cli("events").stdout.splitlines()) == 100
    assert len(house.cli("events", "--limit", "1050").stdout.splitlines()) == 1050
    table = list(csv.DictReader(io.StringIO(house.cli("events", "--csv", "--kind", "setting-changed").stdout, newline="")))
    assert len(table) == 1100
    assert len(list(csv.reader(io.StringIO(house.cli("events", "--csv", "--limit", "7").stdout, newline="")))) == 8
    assert house.cli("events", "--limit", "none").returncode == 2


def test_follow_misses_none(house):
    reader = subprocess.Popen([PROGRAM, "events", "--socket", house.state / "busbar.sock", "--follow", "--json", "--since", "now",
                               "--kind", "setting-changed"], stdout=subprocess.PIPE, text=True)
    lines = []
    thread = threading.Thread(target=lambda: lines.extend(reader.stdout), daemon=True)
    thread.start()
    try:
        time.sleep(0.5)  # so that it is there before the first
        changed(house, 60)
        wait_for(lambda: len(lines) >= 60, 10 * SLOW, lambda: f"60 lines: {len(lines)}")
        assert [json.loads(line)["detail"]["to"] for line in lines] == [f"n{i}" for i in range(60)]
    finally:
        reader.terminate()
        reader.wait()
        thread.join(5)


# ---- what cannot be undone ----------------------------------------------------------------------------


def verify(state, *words):
    return run("journal", "verify", "--state", state, *words)


def test_acknowledged_events_outlive_kill_9_and_the_next_start_says_so(house):
    name_site(house, "before the end")
    before = wait_event(house, text="before%20the%20end")
    house.kill()
    told = verify(house.state)
    assert told.returncode == 0 and told.stdout.startswith("ok: All "), told
    house.start()
    assert events(house, text="before%20the%20end")[0] == before
    start = events(house, kind="start", limit=1)[0]
    assert start["severity"] == "warning" or "without" in start["text"], start
    house.stop()
    house.start()
    assert [event["kind"] for event in events(house, limit=2)] == ["start", "stop"]


def tamper(state, *statements):
    with contextlib.closing(sqlite3.connect(state / "events.db")) as base:
        for trigger in [name for name, in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            base.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            base.execute(statement)
        base.commit()


@pytest.mark.parametrize("statement,word", [
    ("UPDATE event SET text = 'nothing happened' WHERE id = 4", "4"), ("DELETE FROM event WHERE id = 4", "4"),
    ("UPDATE event SET actor = 'else' WHERE id = 3", "3"), ("DELETE FROM event WHERE id < 3", "before number 3")])
def test_a_change_by_hand_is_found(house, statement, word):
    changed(house, 5)
    wait_event(house, text="n4")
    house.stop()
    assert verify(house.state).returncode == 0
    with contextlib.closing(sqlite3.connect(house.state / "events.db")) as base, pytest.raises(sqlite3.DatabaseError):
        base.execute("UPDATE event SET text = 'x' WHERE id = 4")  # not even by accident
    tamper(house.state, statement)
    told = verify(house.state)
    assert told.returncode == 1 and told.stdout.startswith("NOT AS IT WAS WRITTEN:") and word in told.stdout, told


def test_a_noted_hash_finds_a_log_that_was_cut_at_its_end(house):
    changed(house, 3)
    wait_event(house, text="n2")
    noted = re.search(r"--known (\S+)", house.cli("journal", "verify").stdout)[1]
    assert house.cli("journal", "verify", "--known", noted).returncode == 0
    house.stop()
    assert verify(house.state, "--known", noted).returncode == 0
    tamper(house.state, "DELETE FROM event WHERE id >= (SELECT max(id) - 2 FROM event)")
    assert verify(house.state).returncode == 0  # the chain alone cannot know
    told = verify(house.state, "--known", noted)
    assert told.returncode == 1 and "newest events are missing" in told.stdout, told
    assert verify(house.state, "--known", "4:zz").returncode == 2
