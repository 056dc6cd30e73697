"""What is recorded by rule, at once and no more: the daemon end to end, through files, API and command line."""

import time

import pytest

from daemon_client import ROOT, run, tcp_line, unit, wait_for
from field_devices import Server, Unit

SITE = {"lines": {"air": {"kind": "sim"}},
        "devices": {"m": unit("air", 1, "sim-meter"), "p": unit("air", 2, "sim-pdu-24")},
        "history": {"every": "60 min"},
        "history_rules": {"fast": {"points": "m/phase-a/voltage", "mode": "average", "every": "1 s"},
                          "never": {"points": "p/*/*", "every": "off"},
                          "lost": {"points": "x-*/total/*", "on_alarm": True}}}
BASE = "/api/v1"


def rows(house, path):
    return house.get(f"/history?path={path}&step=raw&from=-1h")["series"][0]["rows"]


def test_rules_say_how_often_and_as_what(daemon):
    house = daemon(SITE)
    wait_for(lambda: len(rows(house, "m/phase-a/voltage")) >= 5, 30, "five averages")
    # Each on its second, but for the first ones: one comes soon after points have come, and those may come in two steps.
    wait_for(lambda: all(row[0].endswith(".000Z") for row in rows(house, "m/phase-a/voltage")[-3:]), 30, "three averages on their second")
    assert len(rows(house, "m/phase-b/voltage")) <= 2
    assert rows(house, "p/outlet-1/current") == []


def test_append_now_and_what_it_refuses(daemon):
    house = daemon(SITE)
    house.wait_good("m/phase-b/voltage")
    before = len(rows(house, "m/phase-b/voltage"))
    answer = house.local("POST", BASE + "/history/append?path=m/phase-b")
    assert answer.status == 200 and answer.json()["points"] > 1 and answer.json()["problem"] is None
    wait_for(lambda: len(rows(house, "m/phase-b/voltage")) > before, 30, "the appended reading")
    assert house.local("POST", BASE + "/history/append?path=p").status == 404
    assert house.local("POST", BASE + "/history/append?path=nobody").status == 404


def test_a_forecast_changes_nothing(daemon):
    house = daemon(SITE)
    house.wait_good("m/phase-b/voltage")
    settings = house.local("GET", BASE + "/settings").json()
    rule = {"points": "m/*/voltage", "every": "10 s", "mode": "highest"}
    slow = house.local("POST", BASE + "/history/forecast", {"every": "60 min", "space": 100, "rules": {}}).json()
    fast = house.local("POST", BASE + "/history/forecast", {"every": "60 min", "space": 100, "rules": {"a": rule}}).json()
    assert slow["points"] == fast["points"] and slow["budget"] == fast["budget"] == 100_000_000
    voltages = fast["rules"][0]["counts"]
    assert voltages == fast["rules"][0]["fits"] > 2
    assert fast["readings_per_day"] - slow["readings_per_day"] == voltages * (8640 - 24)
    assert fast["lasts_days"] < slow["lasts_days"]
    wrong = house.local("POST", BASE + "/history/forecast", {"every": "2 h", "rules": {"a": {"points": "m/total"}}}).json()
    assert [one["key"] for one in wrong["mistakes"]] == ["history_rules.a.points", "history.every"]
    assert house.local("GET", BASE + "/settings").json() == settings


def test_loss_of_contact_is_recorded_at_once(daemon):
    server = Server({1: Unit.sdm630()})
    try:
        house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
                        "history": {"every": "60 min"},
                        "history_rules": {"a": {"points": "m/*/*", "every": "off", "on_alarm": True}}})
        house.wait_good("m/phase-a/voltage")
        assert house.get("/logging")["ticks_written"] == 0
        server.stop()
        wait_for(lambda: house.get("/logging")["ticks_written"] == 1, 60, "the tick of the loss")
    finally:
        server.stop()


def test_clear_takes_what_is_named_and_no_more(daemon):
    house = daemon(SITE)
    house.wait_good("m/phase-a/voltage")
    house.local("POST", BASE + "/history/append")
    wait_for(lambda: rows(house, "m/phase-b/voltage") and rows(house, "m/phase-a/voltage"), 30, "readings")
    assert house.ask("DELETE", BASE + "/history?path=m/phase-b").status in (401, 403)
    assert house.local("DELETE", BASE + "/history?path=nobody").status == 404
    assert house.local("DELETE", BASE + "/history?path=m/phase-b").status == 204
    assert rows(house, "m/phase-b/voltage") == []
    assert rows(house, "m/phase-a/voltage")
    house.local("POST", BASE + "/history/append?path=m/phase-b")  # it goes on
    wait_for(lambda: rows(house, "m/phase-b/voltage"), 30, "readings after clearing")
    assert house.local("DELETE", BASE + "/history").status == 204
    assert rows(house, "m/phase-b/voltage") == []
    told = wait_for(lambda: (events := house.get("/events?kind=history-cleared")["events"])[1:] and events, 30, "both events")  # newest first
    assert [(one["actor"], one["object"]) for one in told] == [("local", "history"), ("local", "m/phase-b")], told
    assert "all points" in told[0]["text"] and "m/phase-b" in told[1]["text"]


def test_a_reset_of_energy_is_recorded_and_loses_nothing(daemon, serve):
    """The count begins anew, for the administrator only; what was used before and after stays in the sums."""
    meter = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(meter.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
                    "history": {"every": "1 s"}})
    path = "m/total/energy"
    house.wait_good(path)
    before = house.point(path)["value"]
    assert before > 0
    wait_for(lambda: len(rows(house, path)) >= 2, 30, "readings before the reset")
    wish = {"action": "reset-energy", "targets": ["m"]}
    assert house.ask("POST", BASE + "/commands", wish).status in (401, 403)
    assert house.local("POST", BASE + "/commands", wish).json()["state"] == "done"
    wait_for(lambda: rows(house, path)[-1][4] < before, 30, "readings after the reset")
    told = house.get("/events?kind=energy-reset")["events"]
    assert [(one["actor"], one["object"]) for one in told] == [("local", "m")], told
    house.kill()
    house.start()
    house.wait_good(path)
    assert house.point(path)["value"] < before  # the reset outlives kill -9
    values = [row[4] for row in rows(house, path)]
    rise = sum(b - a if b >= a else b for a, b in zip(values, values[1:]))
    for step in (60, "1h", "1d"):
        buckets = house.get(f"/history?path={path}&step={step}&from=-1h")["series"][0]["rows"]
        assert sum(bucket[6] for bucket in buckets) == pytest.approx(rise, abs=0.0015), (step, values)


def test_a_reload_puts_rules_into_force(daemon):
    house = daemon(SITE)
    house.wait_good("m/phase-c/voltage")
    key = "history_rules.c"
    changed = house.local("PUT", BASE + "/settings", {f"{key}.points": "m/phase-c/voltage", f"{key}.every": "1 s"})
    assert changed.status == 200, changed.json()
    wait_for(lambda: len(rows(house, "m/phase-c/voltage")) >= 4, 30, "readings each second")
    assert house.local("PUT", BASE + "/settings", {f"{key}.every": "61 min"}).status == 422
    assert house.local("PUT", BASE + "/settings", {key: None}).status == 200
    time.sleep(1.2)
    count = len(rows(house, "m/phase-c/voltage"))
    time.sleep(2.5)
    assert len(rows(house, "m/phase-c/voltage")) <= count + 1


@pytest.mark.parametrize("line, words", [
    ("points: m/totl/energy", ":3:13: history_rules.a.points: \"totl\" is no component; did you mean \"total\"?"),
    ("points: m/total", ":3:13: history_rules.a.points: must have three parts"),
    ("points: m/*/energy\n    every: 2 h", ":4:12: history_rules.a.every: must be a time from 1 s to 60 min"),
])
def test_check_names_the_place(tmp_path, line, words):
    site = tmp_path / "site.yaml"
    site.write_text(f"history_rules:\n  a:\n    {line}\n")
    result = run("check", site, "--profiles", ROOT / "profiles")
    assert result.returncode == 1 and words in result.stderr, result.stderr


def test_check_hints_at_rules_for_nobody(tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text("history_rules:\n  a:\n    points: m/*/*\n")
    result = run("check", site, "--profiles", ROOT / "profiles")
    assert result.returncode == 0 and ":3:13: hint: history_rules.a.points: \"m/*/*\" fits no device" in result.stdout
