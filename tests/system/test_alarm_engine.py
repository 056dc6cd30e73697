"""The alarm engine through the whole program: a power cut in the middle of an alarm, what it drives, what is recorded of it."""

import json
import re

import pytest

from daemon_client import PROFILES, SLOW, run, tcp_line, unit, wait_for
from field_devices import Server, Unit
from test_plain import Visitor

CURRENT, OUTLET, HORN = "m/phase-a/current", "pdu/outlet-7", "pdu/outlet-8"
REGISTER = 6  # of the current of phase a, see field_devices


def site(port, **more):
    hot = {"points": CURRENT, "when": "over", "limit": 16, "recover": 14, "outputs_off": OUTLET}
    return {"lines": {"gw": tcp_line(port), "air": {"kind": "sim"}},
            "devices": {"m": unit("gw", 1, every="200 ms"), "pdu": unit("air", 1, "sim-pdu-24", every="200 ms")},
            "history": {"every": "60 min"},
            "history_rules": {"now": {"points": CURRENT, "every": "off", "on_alarm": True}},
            "alarms": {"hot": hot}, **more}


@pytest.fixture
def meter():
    one = Unit.sdm630()
    one.put_float(REGISTER, 5)
    server = Server({1: one})
    yield one, server.port
    server.stop()


def state(house):
    return house.get(f"/alarms?path={CURRENT}")["alarms"][0]["state"]


def wait_state(house, wanted):
    wait_for(lambda: state(house) == wanted, 10 * SLOW, lambda: f"{wanted}, not {state(house)}\n{house.log}")


def wait_outlet(house, wanted):
    wait_for(lambda: house.point(OUTLET + "/state")["text"] == wanted, 10 * SLOW, lambda: house.log)


def told(house):
    """Raised and cleared in the logs of all runs."""
    return re.findall(r"alarm-(raised|cleared): hot", house.log_file.read_text())


def test_a_power_cut_in_an_alarm_tells_nobody_twice(daemon, meter):
    one, port = meter
    house = daemon(site(port))
    house.wait_good(CURRENT)
    wait_outlet(house, "on")
    one.put_float(REGISTER, 17)
    wait_state(house, "tripped")
    wait_outlet(house, "off")
    raised = house.get(f"/alarms?path={CURRENT}")["alarms"][0]
    kept = house.state / "alarms.json"
    wait_for(lambda: kept.exists() and '"told":true' in kept.read_text() and OUTLET in kept.read_text(), 10 * SLOW, house.log)
    house.kill()
    house.start()
    house.wait_good(CURRENT)
    assert state(house) == "tripped" and told(house) == ["raised"]
    again = house.get(f"/alarms?path={CURRENT}")["alarms"][0]
    assert (again["id"], again["since"], again["times"]) == (raised["id"], raised["since"], 1)
    one.put_float(REGISTER, 15)  # in the band: it holds
    wait_for(lambda: house.point(CURRENT)["value"] == 15, 10 * SLOW, house.log)
    assert state(house) == "tripped"
    # Cleared while nobody ran: it is told when somebody does.
    house.kill()
    one.put_float(REGISTER, 5)
    house.start()
    wait_state(house, "normal")
    wait_outlet(house, "on")
    assert told(house) == ["raised", "cleared"]


def test_its_begin_and_end_are_recorded_and_written_down(daemon, meter):
    one, port = meter
    house = daemon(site(port))
    house.wait_good(CURRENT)
    one.put_float(REGISTER, 17.5)
    wait_state(house, "tripped")
    one.put_float(REGISTER, 3.5)
    wait_state(house, "normal")

    def recorded():
        series, = house.get(f"/history?path={CURRENT}&step=raw&from=-1h")["series"]
        return [row[1] for row in series["rows"]]

    wait_for(lambda: recorded() == [17.5, 3.5], 10 * SLOW, recorded)

    def events():
        return [one for one in house.get("/events?kind=alarm-raised&kind=alarm-cleared")["events"] if one["object"] == CURRENT]

    wait_for(lambda: len(events()) == 2, 10 * SLOW, events)
    first = next(one for one in events() if one["kind"] == "alarm-raised")
    assert first["severity"] == "warning" and "17.5 A, over 16 A" in first["text"]
    detail = first["detail"] if isinstance(first["detail"], dict) else json.loads(first["detail"])
    assert detail["rule"] == "hot" and detail["number"] == 17.5


def test_a_reload_with_another_limit_counts_at_once(daemon, meter):
    one, port = meter
    house = daemon(site(port))
    house.wait_good(CURRENT)
    one.put_float(REGISTER, 17)
    wait_state(house, "tripped")
    other = site(port)
    other["alarms"]["hot"]["limit"] = 20
    house.reload(other)
    wait_state(house, "normal")
    assert told(house) == ["raised", "cleared"]
    other["alarms"]["hot"]["recover"] = 21  # a mistake: nothing changes
    house.reload(other)
    assert "an alarm at 20 cannot recover at 21" in house.log and state(house) == "normal"


def test_check_hints_at_points_of_nobody(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text("alarms:\n  gone: {points: \"meter-1, m-*\", when: lost}\n")
    result = run("check", "--profiles", PROFILES, path)
    assert result.returncode == 0, result.stderr
    assert ":2:19: hint: alarms.gone.points: \"meter-1\" fits no device" in result.stdout and "\"m-*\" fits" in result.stdout


def test_a_board_that_was_away_is_driven_when_it_is_back(daemon, meter):
    """It refuses in the turn in which the alarm is raised; coil 0 of a Waveshare board is its first relay."""
    board = Unit()
    relays = Server({1: board})
    lamp = {"points": CURRENT, "when": "over", "limit": 16, "outputs": "board/outlet-1"}
    one = site(meter[1], alarms={"lamp": lamp})
    one["lines"]["relays"] = tcp_line(relays.port)
    one["devices"]["board"] = unit("relays", 1, "waveshare-modbus-rtu-relay", every="200 ms")
    house = daemon(one)
    house.wait_good("board/outlet-1/state")
    relays.stop()
    wait_for(lambda: house.point("board/outlet-1/state")["quality"] != "good", 30 * SLOW, house.log)
    meter[0].put_float(REGISTER, 20)
    wait_for(lambda: "board/outlet-1 is not driven" in house.log, 30 * SLOW, lambda: house.log)
    assert not board.getValues(1, 0, 1)[0]
    relays.start()
    wait_for(lambda: board.getValues(1, 0, 1)[0], 30 * SLOW, lambda: house.log)
    meter[0].put_float(REGISTER, 5)
    wait_for(lambda: not board.getValues(1, 0, 1)[0], 30 * SLOW, lambda: house.log)
    relays.stop()


def wait_horn(house, on):
    wait_for(lambda: house.point(HORN + "/state")["text"] == ("on" if on else "off"), 10 * SLOW, lambda: house.log)


def mute_by_form(house):
    visitor = Visitor(house)
    visitor.sign_in()
    page = visitor.open("/m/alarms")
    form = page.form("/m/alarm")
    form["fields"].append(("mute", re.search(r'<button name="mute" value="(\d+)">', page.body).group(1)))
    assert "muted" in visitor.submit(form).text


def test_a_horn_is_muted_and_the_alarm_stays(daemon, meter):
    """By the command line, by API and by the page without scripts; each trip sounds anew."""
    horn = {"points": CURRENT, "when": "over", "limit": 16, "recover": 14, "sounders": HORN}
    house = daemon({**site(meter[1]), "alarms": {"hot": horn}})
    house.wait_good(HORN + "/state")
    house.session()
    assert house.local("POST", "/api/v1/commands", {"action": "off", "targets": [HORN]}).status in (200, 202)
    wait_horn(house, False)
    mutes = [lambda one: house.cli("alarm", "mute", CURRENT),
             lambda one: house.local("POST", f"/api/v1/alarms/{one['id']}/mute", {"reason": "we know"}),
             lambda one: mute_by_form(house)]
    for mute in mutes:
        meter[0].put_float(REGISTER, 20)
        wait_state(house, "tripped")
        wait_horn(house, True)
        one = house.get(f"/alarms?path={CURRENT}")["alarms"][0]
        assert one["sounding"] and not one["muted"]
        mute(one)
        wait_horn(house, False)
        one = house.get(f"/alarms?path={CURRENT}")["alarms"][0]
        assert one["state"] == "tripped" and one["muted"] and not one["sounding"] and not one["silent"], one
        assert house.local("POST", f"/api/v1/alarms/{one['id']}/mute", {}).status == 409
        meter[0].put_float(REGISTER, 5)
        wait_state(house, "normal")
    told = wait_for(lambda: len(found := house.get("/events?kind=alarm-muted")["events"]) == 3 and found, 10 * SLOW, house.log)
    assert sum("muted the alarm hot" in one["text"] for one in told) == 3 and any("we know" in one["text"] for one in told)
