"""Switching by the real daemon through ends of all kinds."""

from daemon_client import wait_for

SITE = {
    "lines": {"s": {"kind": "sim"}},
    "devices": {"pdu-a": {"line": "s", "profile": "sim-pdu-24"}},
    "outlets": {"pdu-a/outlet-3": {"name": "Web", "reboot_hold": "3 s", "on_delay": "4 s"}},
}


def command(server, action):
    answer = server.local("POST", "/api/v1/commands", {"targets": ["pdu-a/outlet-3"], "action": action}).json()
    return answer["id"]


def state(server, identifier):
    return server.local("GET", f"/api/v1/commands/{identifier}").json()["steps"][0]["state"]


def test_a_reboot_outlives_kill_9(daemon):
    """Killed while the power is away: the next start brings it back, under the same id."""
    server = daemon(SITE)
    server.wait_good("pdu-a/outlet-3/state")
    identifier = command(server, "reboot")
    kept = server.state / "switching.json"
    wait_for(lambda: kept.exists() and '"phase":1' in kept.read_text(), 5, "the outlet to be off, and that to be kept")
    assert server.point("pdu-a/outlet-3/state")["value"] == 0
    server.kill()
    server.start()
    wait_for(lambda: state(server, identifier) == "confirmed", 20, lambda: state(server, identifier))
    assert server.point("pdu-a/outlet-3/state")["value"] == 1
    assert "Reboot of pdu-a/outlet-3 (Web): confirmed" in server.log


def test_what_is_pending_outlives_an_orderly_end(daemon):
    server = daemon(SITE)
    server.wait_good("pdu-a/outlet-3/state")
    identifier = command(server, "on-delayed")
    assert state(server, identifier) == "pending"
    server.stop()
    server.start()
    assert state(server, identifier) in ("pending", "confirmed")
    wait_for(lambda: state(server, identifier) == "confirmed", 20, lambda: state(server, identifier))


def wait_until_kept(server, last):
    """What was read last is written beside the loop: a kill before that would be told as a change without a command."""
    kept = server.state / "switching.json"
    wait_for(lambda: f'"pdu-a/outlet-3":{{"last":{last}' in (kept.read_text() if kept.exists() else ""), 5, "that to be kept")


def test_a_simulated_board_keeps_its_contacts_through_kill_9(daemon, tmp_path):
    """As hardware does: what was off is off after the restart, what was on is on, and nobody calls that a change."""
    kept = tmp_path / "contacts"
    server = daemon(SITE | {"lines": {"s": {"kind": "sim", "port": str(kept)}}})
    server.wait_good("pdu-a/outlet-3/state")
    identifier = command(server, "off")
    wait_for(lambda: state(server, identifier) == "confirmed", 10, lambda: state(server, identifier))
    wait_until_kept(server, 0)
    for restart in (server.kill, server.stop):
        restart()
        server.start()
        server.wait_good("pdu-a/outlet-3/state")
        assert server.point("pdu-a/outlet-3/state")["value"] == 0
        assert server.point("pdu-a/outlet-4/state")["value"] == 1
        assert "without a command" not in server.log
    identifier = command(server, "on")
    wait_for(lambda: state(server, identifier) == "confirmed", 10, lambda: state(server, identifier))
    wait_until_kept(server, 1)
    server.kill()
    server.start()
    server.wait_good("pdu-a/outlet-3/state")
    assert server.point("pdu-a/outlet-3/state")["value"] == 1


def test_a_circuit_and_an_outlet_begin_anew_each_for_itself(daemon):
    """Reset kWh of a circuit leaves its outlets alone, and the other way round; a restart takes nothing of it back."""
    server = daemon(SITE)
    counters = [f"pdu-a/{part}/energy" for part in ("circuit-1", "outlet-3", "outlet-4")]
    for path in counters:
        server.wait_good(path)
    before = [server.point(path)["value"] for path in counters]
    assert min(before) > 1  # kWh
    for part, fresh in (("circuit-1", (True, False, False)), ("outlet-3", (True, True, False))):
        wish = {"targets": [f"pdu-a/{part}"], "action": "reset-energy"}
        answer = server.local("POST", "/api/v1/commands", wish).json()
        assert [step["state"] for step in answer["steps"]] == ["confirmed"]
        wait_for(lambda: [server.point(path)["value"] < 1 for path in counters] == list(fresh), 10, f"{part} to begin anew")
    server.kill()
    server.start()
    for path in counters:
        server.wait_good(path)
    assert [server.point(path)["value"] < 1 for path in counters] == [True, True, False]
    assert server.point(counters[2])["value"] >= before[2]
