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
