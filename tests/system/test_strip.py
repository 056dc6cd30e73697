"""A metered strip that is switched over Modbus TCP, behind a breaker of another device, and the demo that shows it."""

import os
import re
import signal
import subprocess

from daemon_client import BUILD, PROFILES, ROOT, SLOW, run, tcp_line, unit, wait_for
from field_devices import Simulator

OUTLETS = [f"strip/outlet-{n}" for n in range(1, 5)]


def command(server, action, *targets, **more):
    answer = server.local("POST", "/api/v1/commands", {"targets": targets, "action": action, **more})
    assert answer.status == 202, answer.body
    path = f"/commands/{answer.json()['id']}"
    return wait_for(lambda: (now := server.get(path))["state"] != "running" and now, 15 * SLOW, lambda: server.get(path))


def value(server, path):
    return server.point(path)["value"]


def test_a_metered_strip_is_switched_over_the_wire(daemon, clean, tmp_path):
    """Each outlet's current follows its relay, the inlet is their sum, and an off is confirmed by the current as well."""
    simulator = Simulator(tmp_path, "--tcp", "127.0.0.1:0", "--meter", "netio-4c@7,relays=15", "--meter", "waveshare-8@8,relays=1")
    clean.callback(simulator.stop)
    site = {
        "lines": {"lan": tcp_line(simulator.port)},
        "devices": {"strip": unit("lan", 7, "netio-powerpdu-4c", every="300 ms"),
                    "feed": unit("lan", 8, "waveshare-modbus-rtu-relay", every="300 ms")},
        "outlets": {"strip/outlet-2": {"name": "Oscilloscope", "min_current": 0.2, "fed_by": "feed/outlet-1"}},
    }
    server = daemon(site)
    for path in OUTLETS:
        server.wait_good(f"{path}/current")
    # what the simulator's list says hangs on them, within its slow wave of 7 %
    for path, watts in zip(OUTLETS, (182, 96, 240, 61)):
        assert abs(value(server, f"{path}/real-power") - watts) <= 0.08 * watts + 1
    done = command(server, "off", "strip/outlet-2")
    step, = done["steps"]
    assert (done["state"], step["before_text"], step["after_text"]) == ("done", "on", "off")
    assert value(server, "strip/outlet-2/current") == 0, "the current was read as well"
    wait_for(lambda: abs(value(server, "strip/total/real-power") - 483) <= 40, 5 * SLOW, "the inlet to be the sum of three")
    before = value(server, "strip/outlet-2/energy")
    assert command(server, "on", "strip/outlet-2")["state"] == "done"
    assert value(server, "strip/outlet-2/current") > 0.3 and value(server, "strip/outlet-2/energy") >= before
    # the relays forget nothing while busbar is away
    command(server, "off", "strip/outlet-4")
    server.stop()
    server.start()
    server.wait_good("strip/outlet-4/state")
    assert [value(server, f"{path}/state") for path in OUTLETS] == [1, 1, 1, 0]


def outlet(server, path):
    return next(one for one in server.get("/outlets") if one["path"] == path)


def test_an_outlet_behind_an_open_breaker_is_said_to_be_without_power(daemon, clean, tmp_path):
    simulator = Simulator(tmp_path, "--tcp", "127.0.0.1:0", "--meter", "waveshare-8@7,relays=3", "--meter", "waveshare-8@8,relays=1")
    clean.callback(simulator.stop)
    board = "waveshare-modbus-rtu-relay"
    server = daemon({
        "lines": {"lan": tcp_line(simulator.port)},
        "devices": {"rack": unit("lan", 7, board, every="300 ms"), "feed": unit("lan", 8, board, every="300 ms")},
        "outlets": {"rack/outlet-1": {"name": "Router", "fed_by": "feed/outlet-1"}},
    })
    server.wait_good("rack/outlet-1/state")
    server.wait_good("feed/outlet-1/state")
    one = outlet(server, "rack/outlet-1")
    assert (one["powered"], one["powered_reason"]) == (None, "nothing on the way to it measures a voltage")
    assert command(server, "off", "feed/outlet-1")["state"] == "done"
    one = outlet(server, "rack/outlet-1")
    assert (one["state"]["text"], one["powered"], one["powered_reason"]) == ("on", False, "feed/outlet-1 is off")
    assert outlet(server, "rack/outlet-2")["powered"] is None, "the other one is not behind it"
    shown = run("outlet", "list", "--socket", server.state / "busbar.sock").stdout
    assert re.search(r"rack/outlet-1 +on +Router +no power: feed/outlet-1 is off", shown), shown
    page = server.local("GET", "/m/switch").body
    assert "no power: feed/outlet-1 is off" in (page.decode() if isinstance(page, bytes) else page)


def start_demo(folder, clean):
    """The script as a person starts it; its site file when it needed one of its own."""
    log = open(folder.with_suffix(".log"), "w+")
    demo = subprocess.Popen([ROOT / "tools/run_demo.sh", "--state", folder, "--profiles", PROFILES], stdout=log, stderr=log,
                            stdin=subprocess.DEVNULL, env={**os.environ, "BUSBAR_BUILD": str(BUILD)}, start_new_session=True)

    def end():
        os.killpg(demo.pid, signal.SIGTERM)
        demo.wait(20 * SLOW)
        log.close()
    clean.callback(end)

    def said():
        assert demo.poll() is None, folder.with_suffix(".log").read_text()
        return re.search(r"listening: https (\d+), http (\d+)", folder.with_suffix(".log").read_text())
    return wait_for(said, 30 * SLOW, lambda: folder.with_suffix(".log").read_text()).group(2)


def test_two_demos_run_side_by_side(clean, tmp_path):
    """Each with ports, contacts and meters of its own: what is switched in one stays as it was in the other."""
    folders = [tmp_path / name for name in ("first", "second")]
    ports = [start_demo(folder, clean) for folder in folders]
    assert ports[0] != ports[1]
    own = (folders[1] / "demo.yaml").read_text()
    assert f"{folders[1]}/rs485" in own and f"{folders[1]}/contacts" in own and "/tmp/busbar-demo" not in own

    def strip(folder):
        shown = run("outlet", "list", "--socket", folder / "busbar.sock").stdout
        return re.findall(r"^pdu-b/outlet-\d +(\S+)", shown, re.M)
    for folder in folders:
        wait_for(lambda: strip(folder) == ["on"] * 4, 20 * SLOW, lambda: str(strip(folder)))
    done = run("outlet", "off", "pdu-b/outlet-4", "--socket", folders[1] / "busbar.sock")
    assert done.returncode == 0, done.stderr
    assert strip(folders[1]) == ["on", "on", "on", "off"]
    assert strip(folders[0]) == ["on"] * 4
