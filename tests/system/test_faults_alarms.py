"""Alarms when things go wrong: storms, kills in the middle of an alarm, a machine without time for us, settings that
change under it."""

import contextlib
import http.server
import json
import os
import signal
import threading
import time

import pytest

from daemon_client import SLOW, tcp_line, unit, wait_for
from field_devices import Server, Unit

BASE = "/api/v1"
AMPS = "m/phase-a/current"
REGISTER = 6  # of it in the SDM630, see field_devices
OVER = {"points": AMPS, "when": "over", "limit": 16, "recover": 15, "severity": "critical"}


class Hook(http.server.ThreadingHTTPServer):
    """Takes what is posted to it and answers with a status of choice."""

    def __init__(self):
        self.bodies, self.status = [], 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                self.bodies.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
                handler.send_response(self.status)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def count(self, change):
        """Notices of alarms that say so."""
        return sum(one.get("change") == change for body in self.bodies for one in body.get("notices", [body]))

    def close(self):
        self.shutdown()
        self.server_close()


@pytest.fixture
def hook(clean):
    one = Hook()
    clean.callback(one.close)
    return one


def metered(daemon, clean, every="200 ms", **more):
    """A daemon and the meter whose current is to be driven: (house, set the current)."""
    meter = Unit.sdm630()
    server = Server({1: meter})
    clean.callback(server.stop)

    def set_current(amperes):
        meter.put_float(REGISTER, amperes)

    set_current(1)
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every=every)},
                    "alarms": {"amps": OVER}, "history": {"enabled": False}, **more})
    house.wait_good(AMPS)
    return house, set_current


def alarm(house, path=AMPS):
    one, = house.get(f"/alarms?path={path}")["alarms"]
    return one


def wait_alarm(house, state, seconds=10):
    return wait_for(lambda: (one := alarm(house))["state"] == state and one, seconds * SLOW,
                    lambda: f"{state}: {alarm(house)}\n{house.log}")


def events(house, kind):
    return house.get(f"/events?kind={kind}&limit=1000")["events"]


# ---- a storm ----------------------------------------------------------------------------------------------------------


def racks(count, limit):
    return {"lines": {"air": {"kind": "sim"}}, "history": {"enabled": False},
            "devices": {f"pdu-{n}": unit("air", n + 1, "sim-pdu-24", every="1 s") for n in range(count)},
            "alarms": {"storm": {"points": "*/*/*", "when": "over", "limit": limit}}}


@pytest.mark.slow
@pytest.mark.long
def test_thousands_at_once_are_all_there_and_the_web_is_alive(daemon):
    """Every figure of fifty PDUs, more than ten thousand, goes over its limit in one moment, back, and over again."""
    house = daemon(racks(50, 1e9))
    for n in range(50):
        house.wait_good(f"pdu-{n}/outlet-24/current", 30)
    wanted = {path for path, value in house.points("*").items()
              if value["quality"] == "good" and not isinstance(value["value"], str)}
    assert len(wanted) > 10_000
    stream = house.live("?path=pdu-0/total/frequency")
    slowest, more = 0, False
    for limit, tripped in ((-1e9, len(wanted)), (1e9, 0), (-1e9, len(wanted))):
        house.reload(racks(50, limit))

        def arrived():
            nonlocal slowest
            began = time.monotonic()
            counts = house.get("/health")["alarms"]
            slowest = max(slowest, time.monotonic() - began)
            return counts["warning"] == tripped
        wait_for(arrived, 20 * SLOW, lambda: house.get("/alarms?limit=1"))
        while (news := stream.arrives(0)) is not None:
            more |= news[1] == "alarm" and news[2]["more"]
    print(f"{len(wanted)} alarms, slowest answer {slowest * 1000:.0f} ms")
    assert slowest < 2 * SLOW, f"the web took {slowest:.2f} s"
    assert more, "a storm is more than a stream tells one by one"
    listed = []
    while True:
        page = house.get(f"/alarms?active=true&limit=1000&offset={len(listed)}")
        listed += [one["path"] for one in page["alarms"]]
        if not page["more"]:
            break
    assert len(listed) == len(wanted) and set(listed) == wanted
    stream.close()


# ---- a restart in an alarm --------------------------------------------------------------------------------------------


def test_a_kill_in_an_alarm_tells_nothing_twice_and_loses_no_end(daemon, clean, hook):
    house, set_current = metered(daemon, clean, recipients={"hook": {"kind": "webhook", "url": hook.url}})
    set_current(20)
    first = wait_alarm(house, "tripped")
    wait_for(lambda: hook.count("raised") == 1, 10 * SLOW, lambda: hook.bodies)
    assert house.local("POST", f"{BASE}/alarms/{first['id']}/acknowledge", {}).status == 200
    kept = house.state / "alarms.json"
    wait_for(lambda: kept.exists() and AMPS in kept.read_text() and house.get("/notices")[0]["waiting"] == 0,
             10 * SLOW, "the state on the disk")
    wait_for(lambda: len(events(house, "alarm-raised")) == 1, 10 * SLOW, "the event")
    time.sleep(0.3 * SLOW)  # what follows a notice to the disk
    for _ in range(2):  # it still holds
        house.kill()
        house.start()
        house.wait_good(AMPS)
        again = wait_alarm(house, "acknowledged")
        assert (again["id"], again["times"], again["raised"]) == (first["id"], first["times"], first["raised"])
    house.kill()
    set_current(2)  # it ends while nobody looks
    house.start()
    house.wait_good(AMPS)
    wait_alarm(house, "normal")
    wait_for(lambda: hook.count("cleared") == 1, 10 * SLOW, lambda: hook.bodies)
    assert hook.count("raised") == 1, hook.bodies
    wait_for(lambda: len(events(house, "alarm-cleared")) == 1, 5 * SLOW, lambda: events(house, "alarm-cleared"))
    assert len(events(house, "alarm-raised")) == 1


# ---- no time for us -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def starved(process, share=0.1, period=0.1):
    """The process runs for a tenth of the time, as in a group that may not have more."""
    ended = threading.Event()

    def beat():
        while not ended.is_set():
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(period * (1 - share))
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(period * share)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        os.kill(process.pid, signal.SIGCONT)


def test_with_a_tenth_of_a_processor_an_alarm_takes_less_than_three_seconds(daemon, clean):
    house, set_current = metered(daemon, clean, every="1 s")
    stream = house.live("?path=" + AMPS)
    took = []
    with starved(house.process):
        for amperes, change in ((20, "raised"), (1, "cleared"), (20, "raised")):
            began = time.monotonic()
            set_current(amperes)
            while True:
                news = stream.arrives(30 * SLOW)
                assert news, f"no alarm {change} in 30 s"
                if news[1] == "alarm" and any(one["change"] == change for one in news[2]["alarms"]):
                    break
            took.append(news[0] - began)
    print(f"took {took} s")
    # What else this machine does in the meantime is not ours: the best of three counts.
    assert min(took) < 3 * SLOW, took
    stream.close()


# ---- settings that change -------------------------------------------------------------------------------------------------


def test_a_reload_names_each_key_and_it_holds_at_once(daemon, clean, hook):
    house, set_current = metered(daemon, clean, recipients={
        "hook": {"kind": "webhook", "url": hook.url, "key": "first secret"}, "gone": {"kind": "webhook", "url": hook.url}})
    set_current(12)
    wait_for(lambda: house.point(AMPS)["value"] == 12, 5 * SLOW, "the reading")
    assert alarm(house)["state"] == "normal"
    seen = max((one["id"] for one in house.get("/events?limit=1")["events"]), default=0)
    site = {"lines": {"gw": tcp_line(house.get("/settings/lines.gw.port")["value"])},
            "devices": {"m": unit("gw", 1, every="200 ms")}, "history": {"enabled": False},
            "alarms": {"amps": {**OVER, "limit": 10, "recover": 9},
                       "volts": {"points": "m/phase-a/voltage", "when": "under", "limit": 1}},
            "recipients": {"hook": {"kind": "webhook", "url": hook.url + "other", "key": "second secret"}}}
    house.reload(site)
    wait_alarm(house, "tripped")  # the limit holds at once
    told = wait_for(lambda: (rows := house.get(f"/events?after={seen}&kind=setting-changed&limit=1000")["events"])
                    and len(rows) >= 6 and rows, 5 * SLOW, lambda: events(house, "setting-changed"))
    objects = {row["object"] for row in told}
    assert {"alarms.amps.limit", "alarms.amps.recover", "recipients.hook.url", "recipients.hook.key"} <= objects
    assert any(key.startswith("alarms.volts") for key in objects) and any(key.startswith("recipients.gone") for key in objects)
    limit = next(row for row in told if row["object"] == "alarms.amps.limit")
    assert "16" in limit["text"] and "10" in limit["text"] and "restart" not in limit["text"]
    assert not any(secret in json.dumps(told) for secret in ("first secret", "second secret"))
    made = house.local("PUT", BASE + "/settings", {"recipients.new.kind": "webhook", "recipients.new.url": hook.url,
                                                   "alarms.hertz.points": "m/total/frequency", "alarms.hertz.when": "over",
                                                   "alarms.hertz.limit": 1})
    assert made.status == 200, made.body
    applied = made.json()["applied"]
    assert made.json()["restart"] == [] and {"recipients.new.url", "alarms.hertz.limit"} <= set(applied)
