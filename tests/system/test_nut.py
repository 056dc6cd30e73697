"""The NUT server against clients that are not ours (Debian's upsc, upscmd, upsrw, upsmon, python3-nut) and clients that
misbehave. Row numbers are those of the list of demands in docs/coverage.md."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from daemon_client import PASSWORD, SLOW, free_port, unit, wait_for
from field_devices import Unit

UPSMON = pathlib.Path("/lib/nut/upsmon")  # Debian's wrapper in /sbin asks /etc/nut first

# One upsmon is all that root may run, by its file in /run/nut: each gets one of its own there.
DENIED = re.compile("ccess denied|ACCESS-DENIED")
ALONE = () if os.geteuid() else ("unshare", "-m", "sh", "-c",
                                 'mkdir -p /run/nut && mount -t tmpfs none /run/nut && exec "$@"', "sh")

# A supply of our own: mains, battery volts and amperes, charge, seconds left.
SUPPLY = """\
profile: test-supply
vendor: Acme
model: DC 48
title: Supply of this test
role: supply
confirmed: 1
sources: [this test]
points:
  mains/voltage:   {holding: 0, type: uint16}
  battery/voltage: {holding: 1, type: uint16, scale: 0.1}
  battery/current: {holding: 2, type: int16, scale: 0.1}
  battery/charge:  {holding: 3, type: uint16}
  battery/runtime: {holding: 4, type: uint16}
"""


class Supply:
    """Its registers, and what they say."""

    def __init__(self, serve):
        self.unit = Unit()
        self.set(230, 90)
        self.server = serve({1: self.unit})

    def set(self, mains, charge, runtime=3600):
        self.unit.setValues(3, 0, [mains, 540, 5 if mains else 0xFFF6, charge, runtime])


def site_of(port, nut, supply=None, contacts="", **more):
    site = {
        "lines": {"air": {"kind": "sim", "port": str(contacts)}},
        "devices": {"pdu": unit("air", 1, "sim-pdu-24", fed_by="ups-1" if supply else "")},
        "outlets": {"pdu/outlet-1": {"critical": True}, "pdu/outlet-2": {"lock": True},
                    "pdu/outlet-5": {"reboot_hold": "1 s"}, "pdu/outlet-6": {"reboot_hold": "1 s"}},
        "groups": {"rack-a": {"label": "Rack A", "members": "pdu/outlet-5, pdu/outlet-6"},
                   "rack-b": {"label": "Rack B", "members": "pdu/outlet-7, pdu/outlet-8", "users": "bob"}},
        "nut": {"port": port, "listen": "127.0.0.1", **nut},
        **more,
    }
    if supply:
        site["lines"]["bus"] = {"kind": "modbus-tcp", "host": "127.0.0.1", "port": supply.server.port, "timeout_ms": 300}
        site["devices"] = {"ups-1": unit("bus", 1, "test-supply", every="200 ms"), **site["devices"]}
    return site


@pytest.fixture
def house(daemon, tmp_path, serve):
    """house(nut={}, supply=True, ...): a daemon with users carl (control), vera (view); `.nut` is the port."""
    def start(nut=None, supply=False, https=False, **more):
        port, source = free_port(), Supply(serve) if supply else None
        state = tmp_path / "state"
        (state / "profiles/modbus").mkdir(parents=True)
        (state / "profiles/modbus/test-supply.yaml").write_text(SUPPLY)
        one = daemon(site_of(port, nut or {}, source, **more), state=state, https=https)
        one.nut, one.supply = port, source
        for name, role in (("carl", "control"), ("vera", "view")):
            assert one.local("POST", "/api/v1/users", {"name": name, "role": role, "password": PASSWORD}).status == 201
        one.wait_good("pdu/outlet-24/state")
        if source:
            one.wait_good("ups-1/battery/charge")
        return one
    return start


def tool(*words, stdin=None, ok=True):
    result = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True, timeout=20 * SLOW)
    assert not ok or result.returncode == 0, (words, result.stdout, result.stderr)
    return result.stdout + ("" if ok else result.stderr)


def variables(house, ups):
    return dict(line.split(": ", 1) for line in tool("upsc", f"{ups}@localhost:{house.nut}").splitlines() if ": " in line)


class Talk:
    """A connection by hand."""

    def __init__(self, house, clean=None):
        self.socket = socket.create_connection(("127.0.0.1", house.nut), timeout=10 * SLOW)
        self.file = self.socket.makefile("rb")
        if clean:
            clean.callback(self.close)

    def close(self):
        self.file.close()
        self.socket.close()

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\n")
        return self.line()

    def line(self):
        return self.file.readline().decode().rstrip("\n")

    def sign_in(self, user, password=PASSWORD):
        self.ask(f"USERNAME {user}")
        return self.ask(f'PASSWORD "{password}"')

    def secure(self, context, name):
        assert self.ask("STARTTLS") == "OK STARTTLS"
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")


@pytest.fixture
def talk(clean):
    return lambda house: Talk(house, clean)


# ---- reading -------------------------------------------------------------------------------------


def test_what_is_measured_under_nuts_names(house):
    """Row 9: outlets' states can be read; names as other programs expect them."""
    one = house(supply=True)
    assert tool("upsc", "-l", f"localhost:{one.nut}").split() == ["ups-1", "pdu", "rack-a", "rack-b"]
    assert "rack-a: Rack A" in tool("upsc", "-L", f"localhost:{one.nut}")
    supply = variables(one, "ups-1")
    assert supply["ups.status"] == "OL CHRG" and supply["device.type"] == "ups" and supply["device.mfr"] == "Acme"
    assert float(supply["input.voltage"]) == 230 and float(supply["battery.voltage"]) == 54
    assert float(supply["battery.charge"]) == 90 and float(supply["battery.runtime"]) == 3600
    strip = variables(one, "pdu")
    assert strip["outlet.count"] == "24" and strip["outlet.5.status"] == "on" and strip["outlet.5.switchable"] == "yes"
    assert strip["ups.status"] == "OL CHRG" and strip["device.type"] == "pdu"
    for path, name in (("outlet-5/current", "outlet.5.current"), ("phase-a/voltage", "input.L1-N.voltage")):
        assert abs(float(strip[name]) - one.point(f"pdu/{path}")["value"]) < 3
    # row 8: a ups per group of outlets: only its own, under numbers of their own
    rack = variables(one, "rack-a")
    assert rack["outlet.count"] == "2" and rack["outlet.1.desc"] == "pdu/outlet-5" and "outlet.3.status" not in rack
    assert rack["battery.charge"] == supply["battery.charge"] and rack["ups.status"] == "OL CHRG"


def test_the_library_for_python_reads_the_same(house):
    """python3-nut, which runs the whole conversation by itself."""
    nut = pytest.importorskip("PyNUT")
    one = house()
    client = nut.PyNUTClient(host="127.0.0.1", port=one.nut, login="carl", password=PASSWORD)
    assert client.GetUPSList()[b"rack-a"] == b"Rack A"
    assert client.GetUPSVars("rack-a")[b"outlet.1.status"] == b"on"
    assert b"load.off" in client.GetUPSCommands("rack-a")
    client.RunUPSCommand("rack-a", "outlet.1.load.off")
    wait_for(lambda: one.point("pdu/outlet-5/state")["text"] == "off", 5 * SLOW, "the outlet to go off")


def test_lost_contact_is_stale_and_no_power_failure(house, talk):
    """Rows 1 and 3: nothing old is told as new, and a silent supply is neither on battery nor forced down."""
    one = house(supply=True, nut_ups={"rack-a": {"low_after": "1 s", "fsd_after": "1 s"}})
    link = talk(one)
    assert link.ask("GET VAR rack-a ups.status") == 'VAR rack-a ups.status "OL CHRG"'
    one.supply.server.stop()
    one.wait_state("ups-1", "silent", 10 * SLOW)
    assert link.ask("GET VAR ups-1 battery.charge") == "ERR DATA-STALE"
    assert link.ask("LIST VAR rack-a") == "ERR DATA-STALE"
    assert "stale" in tool("upsc", f"ups-1@localhost:{one.nut}", ok=False)
    assert link.ask("GET VAR pdu outlet.5.status") == 'VAR pdu outlet.5.status "on"'
    assert link.ask("GET VAR pdu ups.status") == 'VAR pdu ups.status ""'  # nobody knows
    assert not any(ups["forced"] or ups["low"] for ups in one.get("/nut")["ups"])
    assert link.ask("GET VAR nobody ups.status") == "ERR UNKNOWN-UPS"
    assert link.ask("GET VAR pdu no.such") == "ERR VAR-NOT-SUPPORTED"


def test_who_may_read_and_equipment_with_a_fixed_name(house, talk):
    """Rows 44 and 52: nothing without the right to look; an alias and a poor password open nothing but reading."""
    one = house(access={"view": "password"}, nut_ups={"qnapups": {"shows": "pdu", "label": "For the NAS"}},
                nut_users={"admin": {"password": "123456", "networks": "127.0.0.0/8", "ups": "qnapups"},
                           "far": {"password": "123456", "networks": "192.0.2.0/24"}})
    link = talk(one)
    assert link.ask("LIST UPS") == "ERR USERNAME-REQUIRED"
    assert link.ask("VER").startswith("busbar") and link.ask("PROTVER") == "1.3"
    assert link.sign_in("far", "123456") == "ERR ACCESS-DENIED"
    assert link.sign_in("admin", "123457") == "ERR ACCESS-DENIED"
    assert link.sign_in("admin", "123456") == "OK"
    assert link.ask("LIST UPS") == "BEGIN LIST UPS"
    assert [link.line(), link.line()] == ['UPS qnapups "For the NAS"', "END LIST UPS"]
    assert link.ask("LOGIN pdu") == "ERR UNKNOWN-UPS" and link.ask("LOGIN qnapups") == "OK"
    assert link.ask("GET NUMLOGINS qnapups") == "NUMLOGINS qnapups 1"
    for refused in ("PRIMARY qnapups", "MASTER qnapups", "FSD qnapups", "INSTCMD qnapups outlet.3.load.off"):
        assert link.ask(refused) == "ERR ACCESS-DENIED"
    events = wait_for(lambda: one.get("/events?kind=sign-in-refused")["events"], 5 * SLOW, "the event")
    assert events[0]["origin"] == "127.0.0.1" and one.get("/nut")["counts"]["sign_ins_refused"] == 2


# ---- switching -----------------------------------------------------------------------------------


def test_commands_need_a_user_with_the_right(house):
    """Rows 8, 44 and 53: through the one door, with the user's own rights, recorded with the reason of a refusal."""
    one = house()
    where = f"rack-a@localhost:{one.nut}"
    assert "outlet.2.load.off" in tool("upscmd", "-l", where)
    wrong = tool("upscmd", "-u", "carl", "-p", "wrong password", where, "load.off", ok=False)
    assert DENIED.search(wrong)
    assert DENIED.search(tool("upscmd", "-u", "vera", "-p", PASSWORD, where, "load.off", ok=False))
    assert one.point("pdu/outlet-5/state")["text"] == "on"
    assert "SUCCESS" in tool("upscmd", "-w", "-u", "carl", "-p", PASSWORD, where, "load.off", ok=False)
    assert [one.point(f"pdu/outlet-{i}/state")["text"] for i in (5, 6, 7)] == ["off", "off", "on"]
    tool("upscmd", "-u", "carl", "-p", PASSWORD, where, "outlet.1.load.on", ok=False)
    wait_for(lambda: one.point("pdu/outlet-5/state")["text"] == "on", 5 * SLOW, "the outlet to go on")
    done = wait_for(lambda: one.get("/events?kind=control-accepted&actor=carl")["events"], 5 * SLOW, "events")
    assert "NUT: rack-a" in done[0]["text"] and done[0]["origin"] == "127.0.0.1"
    # the group's users, a lock, a critical outlet
    assert DENIED.search(tool("upscmd", "-u", "carl", "-p", PASSWORD, f"rack-b@localhost:{one.nut}", "load.off", ok=False))
    for outlet, why in ((1, "critical"), (2, "lock")):
        tool("upscmd", "-u", "carl", "-p", PASSWORD, f"pdu@localhost:{one.nut}", f"outlet.{outlet}.load.off", ok=False)
        wait_for(lambda why=why: why in str(one.get("/events?kind=control-refused")["events"]), 5 * SLOW, why)
        assert one.point(f"pdu/outlet-{outlet}/state")["text"] == "on"
    assert not tool("upsrw", where).strip()  # nothing can be set
    counts = one.get("/nut")["counts"]
    assert counts["commands"] == 2 and counts["commands_refused"] == 3 and counts["sign_ins_refused"] == 1


def test_a_role_taken_away_counts_at_once(house, talk):
    one = house()
    link = talk(one)
    assert link.ask("INSTCMD rack-a load.off") == "ERR USERNAME-REQUIRED"
    assert link.sign_in("carl") == "OK"
    assert link.ask("INSTCMD rack-a outlet.9.load.off") == "ERR CMD-NOT-SUPPORTED"
    assert link.ask("INSTCMD rack-a outlet.1.load.off -5") == "ERR INVALID-ARGUMENT"
    assert link.ask('SET VAR rack-a outlet.1.desc "x"') == "ERR READONLY"
    assert link.ask("PRIMARY rack-b").startswith('ERR ACCESS-DENIED "')
    assert link.ask("PRIMARY rack-a") == "OK PRIMARY-GRANTED"
    assert one.local("PUT", "/api/v1/users/carl", {"role": "view"}).status < 300
    assert link.ask("INSTCMD rack-a load.off") == "ERR ACCESS-DENIED"
    assert link.ask("FSD rack-a") == "ERR ACCESS-DENIED"


def test_a_changed_password_counts_on_open_connections(house, talk):
    """A connection may last for months: what it was opened with opens nothing more once it was changed."""
    one = house(access={"view": "password"}, nut_users={"nas": {"password": "123456", "networks": "127.0.0.0/8"}})
    link, nas = talk(one), talk(one)
    assert link.sign_in("carl") == "OK" and nas.sign_in("nas", "123456") == "OK"
    assert link.ask("PRIMARY rack-a") == "OK PRIMARY-GRANTED"
    assert nas.ask("GET NUMLOGINS pdu") == "NUMLOGINS pdu 0"
    assert one.local("PUT", "/api/v1/users/carl", {"password": PASSWORD + " anew"}).status < 300
    for refused in ("INSTCMD rack-a load.off", "FSD rack-a", "GET VAR pdu ups.status"):
        assert link.ask(refused) == "ERR ACCESS-DENIED"
    assert nas.ask("GET NUMLOGINS pdu") == "NUMLOGINS pdu 0"
    again = talk(one)
    assert again.sign_in("carl", PASSWORD + " anew") == "OK" and again.ask("PRIMARY rack-a") == "OK PRIMARY-GRANTED"
    site = site_of(one.nut, {}, access={"view": "password"}, nut_users={"nas": {"password": "1234567", "networks": "127.0.0.0/8"}})
    one.write_site(site)
    one.reload()
    assert nas.ask("GET NUMLOGINS pdu") == "ERR ACCESS-DENIED"
    assert again.ask("PRIMARY rack-a") == "OK PRIMARY-GRANTED"


def test_guessing_is_slowed_down_and_recorded(house, talk):
    one = house()
    link = talk(one)
    for _ in range(5):
        assert link.sign_in("carl", "no") == "ERR ACCESS-DENIED"
    assert link.sign_in("carl") == "ERR ACCESS-DENIED"  # right, but too soon
    texts = lambda: [event["text"] for event in one.get("/events?kind=sign-in-refused")["events"]]
    wait_for(lambda: any("too many" in text for text in texts()), 5 * SLOW, texts)


# ---- hosts that shut down ------------------------------------------------------------------------


class Host:
    """A host with upsmon; its shutdown is a file."""

    def __init__(self, folder, name, monitor, user="vera", kind="secondary", extra=""):
        self.folder = folder / name
        self.folder.mkdir()
        self.down = self.folder / "down"
        conf = self.folder / "upsmon.conf"
        conf.write_text(f'MONITOR {monitor} 1 {user} "{PASSWORD}" {kind}\nMINSUPPLIES 1\nSHUTDOWNCMD "touch {self.down}"\n'
                        f"POLLFREQ 1\nPOLLFREQALERT 1\nHOSTSYNC 30\nDEADTIME 60\nFINALDELAY 0\nNOTIFYFLAG ONLINE SYSLOG\n"
                        f"POWERDOWNFLAG {self.folder}/killpower\n{extra}")
        conf.chmod(0o600)
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([*ALONE, UPSMON, "-D", "-D", "-p"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={**os.environ, "NUT_CONFPATH": str(self.folder), "NUT_STATEPATH": str(self.folder)})

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def said(self):
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture
def host(tmp_path, clean):
    def start(name, *words, **more):
        one = Host(tmp_path, name, *words, **more)
        clean.callback(one.stop)
        return one
    return start


def ups_of(house, name):
    return next(ups for ups in house.get("/nut")["ups"] if ups["name"] == name)


def test_only_the_segment_shuts_down_and_comes_back(house, host):
    """Rows 4 to 8: a threshold of one group shuts down its hosts, primary last, and no others; its outlets go off after
    that and come back with the mains; what was forced ends by itself."""
    one = house(supply=True, nut_ups={"rack-a": {"low_charge": 50, "fsd_hold": "1 s", "off_after": "3 s"},
                                      "rack-b": {"low_charge": 20}})
    at = f"@localhost:{one.nut}"
    primary = host("primary", "rack-a" + at, user="carl", kind="primary")
    second, other = host("second", "rack-a" + at), host("other", "rack-b" + at)
    wait_for(lambda: [ups_of(one, name)["attached"] for name in ("rack-a", "rack-b")] == [2, 1], 30 * SLOW,
             lambda: f"all to attach: {one.get('/nut')}\n{primary.said()}", 0.2)
    one.supply.set(0, 60)
    wait_for(lambda: ups_of(one, "rack-a")["status"] == "OB DISCHRG", 10 * SLOW, "on battery")
    one.supply.set(0, 45)  # below the threshold of rack-a, above that of rack-b
    wait_for(lambda: second.down.exists() and primary.down.exists(), 30 * SLOW,
             lambda: f"two hosts to go down\n{primary.said()}\n{second.said()}", 0.1)
    assert second.down.stat().st_mtime <= primary.down.stat().st_mtime
    assert ups_of(one, "rack-a")["forced"] and "FSD" in ups_of(one, "rack-a")["status"]
    assert not other.down.exists() and ups_of(one, "rack-b")["status"] == "OB DISCHRG"
    one.supply.set(230, 46)  # the mains are back while the hosts go down: they would stay off for ever
    switched = lambda i: [event["text"].split(" of ")[0] for event in
                          one.get(f"/events?kind=control-done&object=pdu/outlet-{i}")["events"]]  # newest first
    wait_for(lambda: switched(5) == switched(6) == ["On Delayed", "Off"], 30 * SLOW, lambda: f"rack-a to go off and on\n{one.log}")
    assert switched(7) == switched(8) == []
    wait_for(lambda: ups_of(one, "rack-a")["status"] == "OL CHRG", 10 * SLOW, lambda: ups_of(one, "rack-a"))
    assert not other.down.exists() and other.process.poll() is None
    kinds = [event["kind"] for event in one.get("/events?object=rack-a")["events"]]
    assert kinds.count("shutdown-forced") == 1 and kinds.count("shutdown-over") == 1


def test_forced_by_a_person_and_kept_over_a_restart(house, talk):
    """Row 4: an operator begins and ends it; a restart of busbar does neither."""
    one = house(supply=True, nut_ups={"rack-a": {"fsd_clear": "operator"}})
    assert "rack-a" in one.cli("nut").stdout
    assert one.cli("nut", "shutdown", "rack-a").returncode == 0
    assert one.cli("nut", "shutdown", "rack-a").returncode == 1
    assert "did you mean rack-a" in one.cli("nut", "shutdown", "rock-a").stderr
    assert talk(one).ask("GET VAR rack-a ups.status") == 'VAR rack-a ups.status "FSD OL CHRG"'
    assert talk(one).ask("GET VAR rack-b ups.status") == 'VAR rack-b ups.status "OL CHRG"'
    one.supply.server.stop()  # busbar's own word is told also of a silent supply
    one.wait_state("ups-1", "silent", 10 * SLOW)
    assert talk(one).ask("GET VAR rack-a ups.status") == 'VAR rack-a ups.status "FSD"'
    one.stop()
    one.start()
    wait_for(lambda: ups_of(one, "rack-a")["forced"], 10 * SLOW, lambda: one.get("/nut"))
    assert one.cli("nut", "end", "rack-a").returncode == 0
    assert not ups_of(one, "rack-a")["forced"] and one.cli("nut", "end", "rack-a").returncode == 1


def test_outlets_come_back_after_a_restart(house, tmp_path):
    """Row 6: what was off when busbar ended is brought back by the next one, only when its own condition holds."""
    one = house(supply=True, contacts=tmp_path / "contacts", nut_ups={"rack-a": {"off_after": "1 s", "fsd_hold": "1 s"}})
    one.put("outlets.pdu/outlet-6.power_up_when", "ups-1/battery/charge >= 95")
    assert one.cli("outlet", "off", "pdu/outlet-5").returncode == 0  # somebody wants this one off
    states = lambda: [one.point(f"pdu/outlet-{i}/state")["text"] for i in (5, 6)]
    assert one.cli("nut", "shutdown", "rack-a").returncode == 0
    wait_for(lambda: states() == ["off", "off"], 10 * SLOW, states, 0.05)
    wait_for(lambda: not ups_of(one, "rack-a")["forced"], 10 * SLOW, "the shutdown to be over")
    one.stop()
    one.start()
    one.wait_good("pdu/outlet-6/state")
    assert ups_of(one, "rack-a")["outlets_off"]
    one.supply.set(230, 96)
    wait_for(lambda: states()[1] == "on" and not ups_of(one, "rack-a")["outlets_off"], 20 * SLOW, states)
    assert states() == ["off", "on"]


def test_settings_change_while_hosts_are_attached(house, talk):
    """Row 41: what is offered, who may connect and the port change at once; who is not concerned stays connected."""
    one = house()
    first, second = talk(one), talk(one)
    for link, ups in ((first, "rack-a"), (second, "pdu")):
        assert link.sign_in("vera") == "OK" and link.ask(f"LOGIN {ups}") == "OK"
    assert one.put("nut_ups.rack.shows", "group/rack-a").status == 200
    assert first.ask("GET VAR rack outlet.2.desc") == 'VAR rack outlet.2.desc "pdu/outlet-6"'
    assert one.put("nut.offer", "listed").status == 200  # neither of theirs is offered any more
    for link in (first, second):
        with contextlib.suppress(OSError):
            assert link.ask("VER") == ""
    assert tool("upsc", "-l", f"localhost:{one.nut}").split() == ["rack"]
    assert one.put("nut.networks", "192.0.2.0/24").status == 200
    assert talk(one).line() == "" and one.get("/nut")["turned_away"] >= 1
    assert one.put("nut.port", 0).status in (200, 409)  # it stands in the site file


# ---- encryption ----------------------------------------------------------------------------------


def test_no_password_before_tls_when_it_is_required(house, talk, tmp_path):
    """Row 42: the certificate can be checked before anything is said, and a failed handshake ends the connection."""
    one = house({"tls": "required"})
    link = talk(one)
    assert link.ask("USERNAME carl") == 'ERR ACCESS-DENIED "STARTTLS first"'
    authority = tmp_path / "ca.pem"
    authority.write_text((one.state / "tls.crt").read_text())
    link.secure(ssl.create_default_context(cafile=str(authority)), "localhost")
    assert link.sign_in("carl") == "OK" and link.ask("LOGIN rack-a") == "OK"
    assert link.ask("STARTTLS") == "ERR ALREADY-SSL-MODE"
    assert one.get("/nut")["clients"][0]["encrypted"]
    with pytest.raises(ssl.SSLCertVerificationError):  # nobody vouches for it
        talk(one).secure(ssl.create_default_context(), "localhost")
    bad = talk(one)
    assert bad.ask("STARTTLS") == "OK STARTTLS"
    bad.socket.sendall(b"LIST UPS\n")  # in the clear
    with contextlib.suppress(OSError):
        assert b"BEGIN" not in bad.socket.recv(100) + bad.socket.recv(100)
    early = talk(one)
    early.socket.sendall(b"STARTTLS\nUSERNAME carl\n")  # put there by somebody between
    early.line()
    with contextlib.suppress(OSError):
        assert early.line() == ""


@pytest.mark.skipif(not shutil.which("certutil"), reason="no certutil (libnss3-tools)")
def test_upsmon_checks_the_certificate(house, host, tmp_path):
    """Row 42, Debian's own client: FORCESSL and CERTVERIFY with a certificate database."""
    one = house({"tls": "required"})
    store = tmp_path / "nss"
    store.mkdir()
    tool("certutil", "-N", "-d", store, "--empty-password")
    empty = tmp_path / "empty"
    shutil.copytree(store, empty)
    tool("certutil", "-A", "-d", store, "-n", "busbar", "-t", "CP,,", "-i", one.state / "tls.crt")
    where = f"rack-a@localhost:{one.nut}"
    options = 'CERTPATH {}\nCERTVERIFY 1\nFORCESSL 1\n'
    stranger = host("stranger", where, extra=options.format(empty))
    friend = host("friend", where, extra=options.format(store))
    wait_for(lambda: ups_of(one, "rack-a")["attached"] == 1, 20 * SLOW, lambda: friend.said(), 0.2)
    clients = [client for client in one.get("/nut")["clients"] if client["attached"]]
    assert len(clients) == 1 and clients[0]["encrypted"]
    wait_for(lambda: re.search("ertificate|SSL", stranger.said()), 10 * SLOW, stranger.said)


# ---- clients that misbehave ----------------------------------------------------------------------


def test_bad_clients_cost_nobody_else(house, talk):
    """Caps, half lines, long lines, those who do not read, those who say nothing."""
    one = house({"clients": 4, "idle": "8 s"})
    good = talk(one)
    assert good.sign_in("carl") == "OK" and good.ask("LOGIN rack-a") == "OK"
    long = talk(one)
    long.socket.sendall(b"X" * 513)
    assert long.line() == "ERR TOO-LONG" and long.line() == ""
    half = talk(one)
    half.socket.sendall(b"LIST U")
    crowd = [talk(one) for _ in range(8)]  # the oldest quiet ones make room
    assert crowd[-1].ask("VER") and good.ask("GET NUMLOGINS rack-a") == "NUMLOGINS rack-a 1"
    for line in ("", "NONSENSE", 'GET VAR "x', "GET", "LIST VAR", "GET VAR pdu ups.status more", "LIST \x01", "SET TRACKING MAYBE"):
        assert good.ask(line).startswith("ERR "), line
    reader = talk(one)
    reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    with contextlib.suppress(OSError):  # never reads an answer
        reader.socket.settimeout(1)
        for _ in range(2000):
            reader.socket.sendall(b"LIST VAR pdu\n" * 20)

    def closed():
        assert good.ask("VER")
        return one.get("/nut")["clients_connected"] == 1
    wait_for(closed, 40 * SLOW, lambda: f"the others to be closed: {one.get('/nut')['clients']}", 0.5)
    assert one.get("/nut")["slow"] >= 2
