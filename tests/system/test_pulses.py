"""Pulse inputs of a concentrator, described by a profile of one's own: counts become cubic metres and kilowatt hours, the reading of a
meter's display is set and kept. Pulses that busbar counts itself: scenario/pulses, and tests/qemu on a kernel."""

from daemon_client import SLOW, tcp_line, unit, wait_for
from field_devices import Unit

PROFILE = """profile: box-4
vendor: Me
model: Box
title: Pulse concentrator
role: meter
sources: [own measurement]
points:
  pulse-1..4/count: {holding: 100, type: uint32}
"""


def test_a_concentrator_counts_water_and_energy(daemon, serve, tmp_path):
    box = Unit()
    box.setValues(3, 100, [0, 100, 1, 0, 0, 7, 0, 0])  # 100; 65536; 7; 0
    server = serve({1: box})
    state = tmp_path / "state"
    (state / "profiles/modbus").mkdir(parents=True)
    (state / "profiles/modbus/box-4.yaml").write_text(PROFILE)
    site = {"lines": {"gw": tcp_line(server.port)},
            "devices": {"box": unit("gw", 1, "box-4", every="100 ms")},
            "pulses": {"box/pulse-1": {"name": "Water, cellar", "medium": "water", "weight": 10, "unit": "l"},
                       "box/pulse-2": {"weight": 800, "multiplier": 40}}}
    house = daemon(site, state=state)

    def reads(path, value, within=30):
        wait_for(lambda: house.point(path)["value"] == value, within * SLOW, f"{path} to be {value}")

    reads("box/pulse-1/volume", 1.0)
    reads("box/pulse-2/energy", 65536 / 800 * 40)
    assert "box/pulse-3/energy" not in house.points("box/pulse-3/*")  # nobody said what it is worth
    box.setValues(3, 100, [0, 103])
    reads("box/pulse-1/volume", 1.03)

    # What the display says is set by an administrator, is no consumption, and stands in the event log.
    assert house.ask("PUT", "/api/v1/pulses/box/pulse-1", {"reading": 815.2}).status == 401
    assert house.local("PUT", "/api/v1/pulses/box/pulse-1", {"reading": 815.2}).status == 202
    reads("box/pulse-1/volume-reading", 815.2)
    box.setValues(3, 100, [0, 104])
    reads("box/pulse-1/volume-reading", 815.21)
    assert house.point("box/pulse-1/volume")["value"] == 1.04
    events = house.get("/events?kind=meter-set")["events"]
    assert len(events) == 1 and "box/pulse-1 reads 815.200 m³" in events[0]["text"]
    for path, body, status in (("box/pulse-3", {"reading": 1}, 404), ("box/total", {"reading": 1}, 404),
                               ("box/pulse-1", {"reading": -1}, 422), ("box/pulse-1", {"reading": "1"}, 400),
                               ("box/pulse-1", {}, 400), ("box/pulse-1", {"reading": 1, "unit": "l"}, 400)):
        assert house.local("PUT", f"/api/v1/pulses/{path}", body).status == status, (path, body)

    # Another weight counts from now on; a kill takes nothing back.
    site["pulses"]["box/pulse-1"]["weight"] = 100
    house.reload(site)
    box.setValues(3, 100, [0, 105])
    wait_for(lambda: house.point("box/pulse-1/volume")["value"] in (1.05, 1.14), 30 * SLOW, "one pulse more")
    before = house.point("box/pulse-1/volume")["value"]
    house.kill()
    box.setValues(3, 100, [0, 106])
    house.start()
    reads("box/pulse-1/volume", round(before + 0.1, 3))
    assert house.point("box/pulse-1/volume-reading")["value"] > 815.21
