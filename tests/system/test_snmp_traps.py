"""Traps and informs of every version, to Debian's snmptrapd."""

import json
import re
import socket
import subprocess
import time

import pytest

from daemon_client import ROOT as ROOT_FOLDER, SLOW, wait_for
from snmp_tools import SNMPTRAPD, Trapd, tool, udp_port

pytestmark = pytest.mark.skipif(not SNMPTRAPD, reason="no snmptrapd")

ENGINE = "80007ed905feedc0de0123456789abcdef"
ROOT = ".1.3.6.1.4.1.32473.1"
NOTICE = ROOT + ".1.8.{}.0"
TRAP_OID = ".1.3.6.1.6.3.1.1.4.1.0"
COLD_OR_WARM = (".1.3.6.1.6.3.1.1.5.1", ".1.3.6.1.6.3.1.1.5.2")
AUTHENTICATION_FAILURE = ".1.3.6.1.6.3.1.1.5.5"
AUTHS = {"md5": "MD5", "sha-1": "SHA", "sha-224": "SHA-224", "sha-256": "SHA-256", "sha-384": "SHA-384",
         "sha-512": "SHA-512"}
PRIVACIES = {"none": "", "des": "DES", "aes-128": "AES", "aes-192": "AES-192", "aes-256": "AES-256",
             "aes-192-c": "AES-192-C", "aes-256-c": "AES-256-C"}
# no history; that a receiver cannot be reached is told at once
QUIET = {"history": {"enabled": False}, "notices": {"tell_after": "0 s"}}


def trap(port, version="v2c", **more):
    return {"kind": "trap", "host": "127.0.0.1", "port": port, "version": version, "community": "public", "boot": True,
            "least": "info", **more}


def user(auth, privacy, **more):
    secrets = {"auth": auth, "privacy": privacy}
    if auth != "none":
        secrets["auth_password"] = f"{auth} password"
    if privacy != "none":
        secrets["privacy_password"] = f"{privacy} password"
    return {"user": f"u-{auth}-{privacy}", **secrets, **more}


def create_user(auth, privacy, engine=None):
    words = ["createUser", *(["-e", "0x" + engine] if engine else []), f"u-{auth}-{privacy}"]
    if auth != "none":
        words += [AUTHS[auth], f'"{auth} password"']
    if privacy != "none":
        words += [PRIVACIES[privacy], f'"{privacy} password"']
    return " ".join(words)


def allow(auth, privacy):
    return f"authUser log u-{auth}-{privacy} {'noauth' if auth == 'none' else 'auth' if privacy == 'none' else 'priv'}"


def known_engine(tmp_path):
    """A state folder whose engine is known beforehand: receivers of v3 traps must know it."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "snmp.json").write_text(json.dumps({"engine": ENGINE, "boots": 41, "last": 0, "devices": {}}))
    return state


def event_texts(house, kind):
    return [event["text"] for event in house.get("/events?limit=200")["events"] if event["kind"] == kind]


def is_start(one):
    return one["variables"].get(TRAP_OID) in COLD_OR_WARM


@pytest.mark.parametrize("pairs", [
    [("none", "none"), *[(auth, privacy) for auth in AUTHS for privacy in list(PRIVACIES)[:5]]],
    [(auth, privacy) for auth in AUTHS for privacy in list(PRIVACIES)[5:]]], ids=["usual", "others"])
def test_every_version_reaches_snmptrapd(daemon, clean, tmp_path, pairs):
    """A start is told by v1, v2c, and v3 with every pair of digest and cipher, as trap and as inform; and again after
    a restart, which a receiver only believes of a higher count of starts."""
    trapd = Trapd(tmp_path, ["authCommunity log public", *[create_user(*pair, ENGINE) for pair in pairs],
                             *[create_user(*pair) for pair in pairs], *[allow(*pair) for pair in pairs]], udp_port())
    clean.callback(trapd.stop)
    them = {"one": trap(trapd.port, "v1"), "informed": trap(trapd.port, inform=True)}
    for auth, privacy in pairs:
        them[f"t-{auth}-{privacy}"] = trap(trapd.port, "v3", **user(auth, privacy))
        them[f"i-{auth}-{privacy}"] = trap(trapd.port, "v3", **user(auth, privacy, inform=True))
    house = daemon({**QUIET, "recipients": them}, state=known_engine(tmp_path))

    def counts():
        """How often each user was heard, and the communities."""
        heard = {}
        for one in trapd.traps():
            name = re.search(r"user ([\w-]+)|community (\w+)", one["who"])
            heard[name.group(1) or name.group(2)] = heard.get(name.group(1) or name.group(2), 0) + 1
        return heard

    wanted = {"public": 2, **{f"u-{auth}-{privacy}": 2 for auth, privacy in pairs}}
    wait_for(lambda: counts() == wanted, 20 * SLOW, lambda: f"{counts()}\n{trapd.log[-1500:]}")
    traps = trapd.traps()
    first = next(one for one in traps if "SNMP v1" in one["who"])
    assert first["v1"][0] == ".1.3.6.1.6.3.1.1.5" and first["v1"][1:] in (("0", "0"), ("1", "0")), first
    others = [one for one in traps if "SNMP v1" not in one["who"]]
    assert all(is_start(one) for one in others)
    assert all(one["variables"][NOTICE.format(8)] == "start" for one in traps)
    assert all("has started for the first time" in one["variables"][NOTICE.format(7)] for one in traps)
    assert len({one["variables"][NOTICE.format(1)] for one in traps}) == len(traps)  # each has its own
    assert event_texts(house, "notices-delayed") == []
    house.stop(within=10)
    house.start()
    wait_for(lambda: counts() == {name: 2 * count for name, count in wanted.items()}, 20 * SLOW,
             lambda: f"after a restart: {counts()}\n{trapd.log[-1500:]}")


def test_alarms_with_all_they_carry(daemon, clean, tmp_path):
    trapd = Trapd(tmp_path, ["authCommunity log public"], udp_port())
    clean.callback(trapd.stop)
    house = daemon({
        **QUIET,
        "lines": {"air": {"kind": "sim"}},
        "devices": {"pdu-a": {"line": "air", "profile": "sim-pdu-24", "every": "1 s"}},
        "alarms": {"dark": {"label": "Web server is dark", "points": "pdu-a/outlet-3/state", "when": "equals",
                            "limit": "off", "severity": "critical"}},
        "recipients": {"two": trap(trapd.port, alarms=True, cleared=True, control=True),
                       "one": trap(trapd.port, "v1", alarms=True, cleared=True)}})
    session = house.session()

    def switch(action):
        body = {"action": action, "targets": ["pdu-a/outlet-3"]}
        assert house.ask("POST", "/api/v1/commands", body, session).status in (200, 202)

    def came(number):
        return lambda one: one["variables"].get(TRAP_OID) == f"{ROOT}.0.{number}"

    wait_for(lambda: house.point("pdu-a/outlet-3/state")["quality"] == "good", 10 * SLOW, "the outlet's state")
    switch("off")
    raised = trapd.wait(came(1), "the alarm")["variables"]
    assert raised[NOTICE.format(3)] == "3" and raised[NOTICE.format(4)] == "pdu-a"
    assert raised[NOTICE.format(5)] == "pdu-a/outlet-3/state"
    assert raised[NOTICE.format(6)] == "Web server is dark" and raised[NOTICE.format(8)] == "dark"
    assert raised[NOTICE.format(11)] == "0" and raised[NOTICE.format(14)] == "2"
    names = subprocess.run(["snmptranslate", "-M", f"{ROOT_FOLDER}/tests/mib:{ROOT_FOLDER}/mib", "-m", "BUSBAR-MIB",
                            raised[TRAP_OID], *[oid for oid in raised if oid.startswith(ROOT)]],
                           capture_output=True, text=True, timeout=30).stdout.split()
    assert names[:3] == ["BUSBAR-MIB::busbarAlarmRaised", "BUSBAR-MIB::busbarNoticeId.0", "BUSBAR-MIB::busbarNoticeTime.0"]
    assert len(names) == 16 and all(name.startswith("BUSBAR-MIB::busbarNotice") for name in names[1:]), names
    trapd.wait(came(5), "that it was switched")
    alarm = int(raised[NOTICE.format(15)])
    answer = house.local("POST", f"/api/v1/alarms/{alarm}/acknowledge", {})
    assert answer.status in (200, 204), answer.body
    seen = trapd.wait(came(4), "that somebody has seen it")["variables"]
    assert seen[NOTICE.format(14)] == "3" and seen[NOTICE.format(15)] == str(alarm)
    assert seen[NOTICE.format(9)] == "local"
    switch("on")
    cleared = trapd.wait(came(2), "that it is over")["variables"]
    assert cleared[NOTICE.format(15)] == raised[NOTICE.format(15)] and cleared[NOTICE.format(14)] == "1"
    assert cleared[NOTICE.format(1)] != raised[NOTICE.format(1)]
    trapd.wait(lambda one: one["v1"] == (ROOT, "6", ".1"), "the alarm by v1")
    trapd.wait(lambda one: one["v1"] == (ROOT, "6", ".2"), "its end by v1")
    answer = house.local("POST", "/api/v1/recipients/two/test", {})
    assert answer.status == 200, answer.body
    trapd.wait(came(7), "the test")


@pytest.mark.parametrize("door", ["page", "agent"])
def test_who_guesses_is_an_authentication_failure(daemon, clean, tmp_path, door):
    trapd = Trapd(tmp_path, ["authCommunity log public"], udp_port())
    clean.callback(trapd.stop)
    agent = udp_port()
    house = daemon({**QUIET, "snmp": {"enabled": True, "port": agent, "listen": "127.0.0.1"},
                    "communities": {"read": {"community": "only-looks"}},
                    "recipients": {"noc": trap(trapd.port, sign_in=True)}})
    if door == "page":
        assert house.sign_in(password="wrong").status in (401, 403)
    else:
        with pytest.raises(RuntimeError, match="Timeout"):
            tool("snmpget", TRAP_OID, port=agent, community="guessed", retries=0)
    refused = trapd.wait(lambda one: one["variables"].get(TRAP_OID) == AUTHENTICATION_FAILURE, "the refusal")
    assert refused["variables"][NOTICE.format(10)] == "127.0.0.1"
    assert ("community" if door == "agent" else "administrator") in refused["variables"][NOTICE.format(7)]


def test_what_a_dead_receiver_of_informs_missed_comes_after_its_return(daemon, clean, tmp_path):
    """Nobody waits for it meanwhile; the order stays; after its return it has other boots, and is asked again."""
    pair = ("sha-256", "aes-128")
    lines = ["authCommunity log public", create_user(*pair), allow(*pair)]
    trapd = Trapd(tmp_path, lines, udp_port())
    clean.callback(trapd.stop)
    house = daemon({**QUIET,
                    "recipients": {"nms": trap(trapd.port, "v3", events=True, **user(*pair, inform=True))}})
    trapd.wait(is_start, "the start")
    trapd.stop()
    house.session()
    began = time.monotonic()
    for label in ("one", "two", "three"):
        assert house.put("site.name", label).status == 200
    assert time.monotonic() - began < 5 * SLOW
    reason = wait_for(lambda: event_texts(house, "notices-delayed"), 20 * SLOW, "that they wait")[0]
    assert re.search("nobody listens|no answer", reason), reason
    trapd.start()
    house.local("POST", "/api/v1/recipients/nms/test", {})  # who asks for a test wants it tried now

    def places():
        texts = [one["variables"].get(NOTICE.format(7), "") for one in trapd.traps()]
        return [next((i for i, text in enumerate(texts) if f'to \\"{word}' in text), None)
                for word in ("one", "two", "three")]

    wait_for(lambda: None not in places(), 60 * SLOW, lambda: f"what it missed: {trapd.log[-2000:]}")
    assert places() == sorted(places())


def test_one_receiver_does_not_wait_for_another(daemon, clean, tmp_path):
    """A name that nobody has, a port at which nobody is, and one that takes and never answers."""
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    clean.callback(mute.close)
    mute.bind(("127.0.0.1", 0))
    trapd = Trapd(tmp_path, ["authCommunity log public"], udp_port())
    clean.callback(trapd.stop)
    house = daemon({**QUIET, "recipients": {
        "nameless": trap(162, host="nobody.invalid"), "closed": trap(udp_port(), inform=True),
        "mute": trap(mute.getsockname()[1], inform=True), "live": trap(trapd.port, inform=True)}})
    trapd.wait(is_start, "the start")
    reasons = wait_for(lambda: len(found := event_texts(house, "notices-delayed")) == 3 and found, 60 * SLOW,
                       lambda: f"three reasons: {event_texts(house, 'notices-delayed')}")
    for reason in ("cannot be found", "nobody listens", "no answer"):
        assert any(reason in text for text in reasons), reasons


def test_what_waits_goes_to_the_new_address(daemon, clean, tmp_path):
    """Settings that change while an inform is on its way: it is ended there, and goes where it should."""
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    clean.callback(mute.close)
    mute.bind(("127.0.0.1", 0))
    mute.settimeout(20 * SLOW)
    trapd = Trapd(tmp_path, ["authCommunity log public"], udp_port())
    clean.callback(trapd.stop)
    house = daemon({**QUIET, "recipients": {"nms": trap(mute.getsockname()[1], inform=True)}})
    assert mute.recv(5000)
    house.reload({**QUIET, "recipients": {"nms": trap(trapd.port, inform=True)}})
    trapd.wait(is_start, "the start")


@pytest.mark.parametrize("wrong,reason", [
    ({"auth_password": "another password"}, "authentication failed"),
    ({"user": "nobody"}, "does not know this user"),
    ({"privacy_password": "another password"}, "cipher|no answer"),
])
def test_a_wrong_key_is_told_and_nothing_arrives(daemon, clean, tmp_path, wrong, reason):
    pair = ("sha-256", "aes-128")
    trapd = Trapd(tmp_path, [create_user(*pair), allow(*pair)], udp_port())
    clean.callback(trapd.stop)
    house = daemon({**QUIET, "recipients": {"nms": trap(trapd.port, "v3", **{**user(*pair, inform=True), **wrong})}})
    text = wait_for(lambda: event_texts(house, "notices-delayed"), 20 * SLOW, "that it waits")[0]
    assert re.search(reason, text), text
    assert trapd.traps() == []
