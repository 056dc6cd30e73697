"""What a SET over SNMP does: outlets, alarms, what is refused, and a lost answer, with Net-SNMP's programs."""

import re
import threading

import pytest

from daemon_client import SLOW, wait_for
from snmp_house import ACT, Asker, IN_PACKETS, KIM, LOOK, OBJECTS, Relay, SITE, SYS_NAME, asker, house, house_of, outlet, read_one


@pytest.mark.parametrize("who", [["-v1", "-c", "may-switch"], ACT, KIM], ids=["v1", "v2c", "v3"])
def test_set_switches(house, asker, who):
    action, state = outlet(asker, "pdu/outlet-7", 6), outlet(asker, "pdu/outlet-7", 4)
    for number, now in (("2", "2"), ("1", "1")):
        assert asker.set(who, action, "i", number).returncode == 0
        wait_for(lambda: read_one(asker, LOOK, state) == now, 10 * SLOW, f"state {now}")
    last = house.get("/commands?target=pdu/outlet-7&limit=1")[0]
    assert last["actor"] == ("kim" if who is KIM else "act") and last["origin"] == "127.0.0.1"


def test_set_refused(house, asker):
    action, state = outlet(asker, "pdu/outlet-8", 6), outlet(asker, "pdu/outlet-8", 4)
    assert "noAccess" in asker.set(LOOK, action, "i", "2").stderr
    assert "noSuchName" in asker.set(["-v1", "-c", "only-looks"], action, "i", "2").stderr
    assert "wrongValue" in asker.set(ACT, action, "i", "77").stderr
    assert "wrongType" in asker.set(ACT, action, "s", "off").stderr
    assert "notWritable" in asker.set(ACT, state, "i", "2").stderr
    assert "noAccess" in asker.set(ACT, outlet(asker, "pdu/outlet-3", 6), "i", "2").stderr
    assert read_one(asker, LOOK, state) == "1"


def test_critical_outlet_is_confirmed(asker):
    action, confirm = outlet(asker, "pdu/outlet-2", 6), outlet(asker, "pdu/outlet-2", 9)
    for words in (["s", "no code"], ["i", "5"], ["a", "127.0.0.1"]):  # of another type than the one before
        assert asker.set(ACT, action, "i", "2", confirm, *words).returncode, words
    assert "inconsistentValue" in asker.set(ACT, action, "i", "2").stderr
    code = read_one(asker, ACT, confirm)
    assert re.fullmatch(r"\d{6}", code) and code in read_one(asker, ACT, outlet(asker, "pdu/outlet-2", 12))
    assert read_one(asker, LOOK, confirm) == "", "codes are for who asked"
    assert asker.set(ACT, action, "i", "2", confirm, "s", code).returncode == 0
    wait_for(lambda: read_one(asker, LOOK, outlet(asker, "pdu/outlet-2", 4)) == "2", 10 * SLOW, "off")
    assert asker.set(ACT, action, "i", "1").returncode == 0


def test_alarms_are_listed_and_acknowledged(daemon):
    """Only what is not normal is there; a SET acknowledges, shelves with its time, and refuses what makes no sense."""
    rules = {"low": {"label": "Too low", "points": "m/phase-a/voltage", "when": "under", "limit": 1000, "severity": "critical"},
             "well": {"points": "m/phase-b/voltage", "when": "over", "limit": 1000}}
    house = house_of(daemon, {**SITE, "alarms": rules})
    alarm = f"{OBJECTS}.6.1"
    listed = wait_for(lambda: house.asker.walk(LOOK, f"{alarm}.2"), 15 * SLOW, house.log)
    (oid, rule), = listed.items()
    number = oid.rsplit(".", 1)[1]
    assert rule == "low" and int(number) == house.get("/alarms?active=true")["alarms"][0]["id"]
    column = lambda index: f"{alarm}.{index}.{number}"
    wait_for(lambda: read_one(house.asker, LOOK, column(6)) == "3", 10 * SLOW, "tripped")
    read = house.asker.get(LOOK, *(column(index) for index in (3, 4, 5, 12)))
    assert list(read.values()) == ["Too low", "m/phase-a/voltage", "3", "1000.0 V"]
    assert read_one(house.asker, LOOK, f"{OBJECTS}.7.10.0") == "1"
    assert "noAccess" in house.asker.set(LOOK, column(15), "i", "1").stderr
    assert "inconsistentValue" in house.asker.set(ACT, column(15), "i", "2").stderr, "for how long?"
    assert house.asker.set(ACT, column(15), "i", "1").returncode == 0
    assert list(house.asker.get(LOOK, column(6), column(13)).values()) == ["4", "act"]
    assert "inconsistentValue" in house.asker.set(ACT, column(15), "i", "1").stderr, "twice"
    assert house.asker.set(ACT, column(15), "i", "2", column(16), "u", "120").returncode == 0
    assert len(bytes.fromhex(read_one(house.asker, LOOK, column(14)))) == 11
    assert "noCreation" in house.asker.set(ACT, f"{alarm}.15.{int(number) + 1}", "i", "1").stderr


def test_what_is_no_request_is_not_answered(asker):
    """Traps and informs, of whom we know and whom we do not."""
    for who in (LOOK, KIM, ["-v3", "-u", "kim", "-l", "noAuthNoPriv"]):
        before = int(read_one(asker, LOOK, IN_PACKETS))
        result = asker.tool("snmpinform", who, "", ".1.3.6.1.6.3.1.1.5.1", patience=0.3)
        assert result.returncode and "Timeout" in result.stderr, result.stderr
        assert int(read_one(asker, LOOK, IN_PACKETS)) > before + 1


def test_lost_answer_switches_once(house, asker):
    """The manager asks again: the reboot is done once."""
    relay = Relay(asker.port)
    through = Asker(house.folder, relay.port)
    action = outlet(asker, "pdu/outlet-10", 6)
    for who in (ACT, KIM):
        before = len(house.get("/commands?target=pdu/outlet-10"))
        through.get(who, SYS_NAME)
        if who is KIM:
            through.env["SNMP_PERSISTENT_DIR"] = str(house.folder)
        relay.asked.clear()
        relay.lose = 0
        results = []
        # version 3 finds out about the engine first: lose the answer to the SET itself
        thread = threading.Thread(target=lambda: results.append(
            through.set(who, action, "i", "1", options=["-r", "5"], patience=1)))
        known = 0 if who is ACT else 1
        relay_answers = len(relay.answered)
        relay.lose = 1 if who is ACT else 0
        thread.start()
        if who is KIM:
            wait_for(lambda: len(relay.answered) > relay_answers + known - 1, 5 * SLOW, "the engine's answer", 0.001)
            relay.lose = 1
        thread.join(30 * SLOW)
        assert results[0].returncode == 0, results[0].stderr
        assert len(house.get("/commands?target=pdu/outlet-10")) == before + 1
