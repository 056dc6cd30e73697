"""What an installer does on the settings page, over the API: lines and devices added, renamed and removed, units searched."""

import pytest

from daemon_client import tcp_line, unit, wait_for
from field_devices import Unit

SCAN = "/api/v1/scan"


@pytest.fixture
def house(daemon, serve):
    """One device in the site file, unit 2 waiting on the same line."""
    server = serve({1: Unit.sdm630(), 2: Unit.sdm630()})
    one = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"a": unit("gw", 1)}})
    one.server = server
    return one


def settings(house, body, revision=None):
    headers = {"If-Match": f'"{revision}"'} if revision is not None else {}
    return house.local("PUT", "/api/v1/settings", body, headers)


def keys(house):
    return {one["key"] for one in house.get("/settings")["values"]}


NEW = {"devices.b.line": "gw", "devices.b.unit": 2, "devices.b.profile": "eastron-sdm630"}


def test_a_device_is_added_changed_and_removed_as_a_whole(house):
    assert settings(house, NEW).status == 200
    house.wait_good("b/phase-a/voltage")
    assert settings(house, {"devices.b.label": "Laundry"}).status == 200
    assert house.device("b")["label"] == "Laundry"
    answer = house.local("DELETE", "/api/v1/settings/devices.b")
    assert answer.status == 200 and "devices.b.line" in answer.json()["applied"]
    assert not any(key.startswith("devices.b.") for key in keys(house))
    assert [device["name"] for device in house.get("/site")["devices"]] == ["a"]
    assert house.local("DELETE", "/api/v1/settings/devices.b").kind == "not-found"


def test_a_removal_among_other_changes_is_a_rename(house):
    """All or nothing, so that a device is never there twice or not at all."""
    assert settings(house, NEW).status == 200
    renamed = {**{key.replace(".b.", ".c."): value for key, value in NEW.items()}, "devices.b": None}
    assert settings(house, {**renamed, "devices.c.unit": 999}).status == 422
    assert "devices.b.line" in keys(house)
    assert settings(house, renamed).status == 200
    assert "devices.b.line" not in keys(house)
    house.wait_good("c/phase-a/voltage")


def test_what_the_site_file_names_stays(house):
    for answer in (house.local("DELETE", "/api/v1/settings/devices.a"), settings(house, {"devices.a": None})):
        assert (answer.status, answer.kind) == (409, "fixed-in-file")
        assert "site.yaml:" in answer.json()["detail"]
    assert house.device("a")["state"]


def test_a_line_that_is_in_use_is_not_removed(house):
    assert settings(house, {"lines.more.kind": "sim"}).status == 200
    assert settings(house, {"devices.s.line": "more", "devices.s.profile": "sim-meter"}).status == 200
    answer = house.local("DELETE", "/api/v1/settings/lines.more")
    assert answer.status == 422 and any("devices.s.line" in error for error in answer.json()["errors"])
    assert settings(house, {"lines.more": None, "devices.s": None}).status == 200


def test_two_people_neither_change_is_lost(house):
    revision = house.get("/settings")["revision"]
    assert settings(house, NEW, revision).status == 200
    late = settings(house, {"devices.b.line": "gw", "devices.b.profile": "sunspec"}, revision)
    assert (late.status, late.kind) == (412, "changed-meanwhile")
    assert house.get("/settings/devices.b.profile")["value"] == "eastron-sdm630"


# ---- searching ----------------------------------------------------------------------------------------


def scan(house, **body):
    return house.local("POST", SCAN, body)


def finished(house):
    wait_for(lambda: house.get("/scan")["state"] != "running", 20, "the end of the search")
    return house.get("/scan")


def test_a_search_finds_units_and_what_they_are_while_polling_goes_on(house):
    house.wait_good("a/phase-a/voltage")
    assert house.get("/scan")["state"] == "none"
    before = house.units()["a"]["answers"] if isinstance(house.units(), dict) else None
    answer = scan(house, line="gw", first=1, last=4)
    assert answer.status == 200 and answer.json()["state"] == "running"
    told = finished(house)
    assert (told["state"], told["line"], told["asked"], told["problem"]) == ("done", "gw", 4, None)
    assert [one["unit"] for one in told["found"]] == [1, 2]
    assert all("eastron-sdm630" in [profile["name"] for profile in one["profiles"]] for one in told["found"])
    assert house.device("a")["state"] == "online"
    if before is not None:
        wait_for(lambda: house.units()["a"]["answers"] > before, 5, "polling to go on")


def test_one_search_at_a_time_and_it_can_be_stopped(house):
    assert scan(house, line="gw", first=3, last=247).status == 200  # nobody there: each costs its time-out
    again = scan(house, line="gw")
    assert (again.status, again.kind) == (409, "conflict") and "gw" in again.json()["detail"]
    assert house.local("DELETE", SCAN).status == 204
    assert house.get("/scan")["state"] == "stopped"
    assert scan(house, line="gw", first=1, last=1).status == 200
    assert [one["unit"] for one in finished(house)["found"]] == [1]


def test_a_line_that_changes_under_a_search_ends_it(daemon, serve):
    server = serve({1: Unit.sdm630()})
    house = daemon({"devices": {}})
    assert settings(house, {"lines.gw.kind": "modbus-tcp", "lines.gw.host": "127.0.0.1", "lines.gw.port": str(server.port)}).status == 200
    assert scan(house, line="gw", first=2, last=247).status == 200
    assert settings(house, {"lines.gw.timeout_ms": 350}).status == 200
    told = finished(house)
    assert told["state"] == "failed" and told["problem"]
    assert scan(house, line="gw", first=2, last=247).status == 200
    assert settings(house, {"lines.gw": None}).status == 200
    assert finished(house)["state"] == "failed"
    assert scan(house, line="gw").status == 422  # and the next one says why


@pytest.mark.parametrize("body,status,word", [
    ({"line": "nowhere"}, 422, "nowhere"), ({"line": "air"}, 422, "sim line"), ({"line": "off"}, 422, "switched off"),
    ({}, 400, "line"), ({"line": "gw", "first": 0}, 400, "first"), ({"line": "gw", "last": 248}, 400, "last"),
    ({"line": "gw", "first": 9, "last": 8}, 422, "order"), ({"line": "gw", "first": "1"}, 400, "first"), ({"lines": "gw"}, 400, "line"),
])
def test_searches_that_cannot_be(house, body, status, word):
    assert settings(house, {"lines.air.kind": "sim", "lines.off.kind": "modbus-tcp", "lines.off.host": "127.0.0.1",
                            "lines.off.enabled": False}).status == 200
    answer = scan(house, **body)
    assert answer.status == status and word in answer.json()["detail"], answer.body


def test_the_daemon_stops_in_the_middle_of_a_search(house):
    assert scan(house, line="gw", first=3, last=247).status == 200
    house.stop()


def test_serial_ports_are_listed(house):
    for port in house.get("/ports"):
        assert port["path"].startswith("/dev/") and port["device"].startswith("/dev/")
