"""What stands in a meter's registers stands at /points, over every kind of line."""

import re
import subprocess
import time

import pytest

from daemon_client import SLOW, seconds_of, tcp_line, unit, wait_for
from field_devices import SDM630_IMAGE, Unit

UNITS = {"voltage": "V", "current": "A", "real-power": "W", "frequency": "Hz", "energy": "kWh",
         "energy-export": "kWh", "power-factor": ""}


def decimals_of(house, device):
    """How many decimals the API gives, per point."""
    return {point["path"]: point["decimals"] for part in house.device(device)["components"]
            for point in part["points"]}


def check_image(house, device):
    """Every value that was put in has come out, in its unit."""
    house.wait_good(f"{device}/phase-c/energy-export")
    values, decimals = house.points(f"{device}/*"), decimals_of(house, device)
    for path, (_, number) in SDM630_IMAGE.items():
        value = values[f"{device}/{path}"]
        assert abs(value["value"] - number) <= 0.501 * 10 ** -decimals[f"{device}/{path}"], path
        assert value["quality"] == "good" and value["reason"] is None
        quantity = path.split("/")[1]
        assert (value["quantity"], value["unit"]) == (quantity, UNITS[quantity])


def test_values_over_modbus_tcp_are_what_pymodbus_serves(daemon, serve):
    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1)}})
    check_image(house, "m")


def test_values_over_a_serial_line_are_what_pymodbus_serves(daemon, serve, cable):
    serve({7: Unit.sdm630()}, serial=cable.ends[1])
    house = daemon({"lines": {"bus": {"kind": "modbus-rtu", "port": str(cable.ends[0]), "baud": 19200}},
                    "devices": {"m": unit("bus", 7)}})
    check_image(house, "m")
    counts = house.units()["m"]
    assert counts["crc_errors"] == counts["timeouts"] == counts["mismatches"] == 0


def test_values_over_rtu_in_tcp_are_what_pymodbus_serves(daemon, serve):
    server = serve({3: Unit.sdm630()}, rtu=True)
    house = daemon({"lines": {"gw": {**tcp_line(server.port), "kind": "rtu-over-tcp"}},
                    "devices": {"m": unit("gw", 3)}})
    check_image(house, "m")


def test_many_units_and_profiles_on_one_serial_line(daemon, simulate, tmp_path):
    line = tmp_path / "rs485"
    sim = simulate("--pty", line, "--meter", "sdm630@1", "--meter", "emdx3@5", "--meter", "pro380@6",
                   "--meter", "abb-b23@7", "--meter", "em340@8")
    profiles = {1: "eastron-sdm630", 5: "legrand-emdx3-412045", 6: "inepro-pro380", 7: "abb-b23",
                8: "carlo-gavazzi-em340"}
    for number in profiles:
        sim.ok(f"set {number} total/real-power {1000 + number * 10}")
    house = daemon({"lines": {"bus": {"kind": "modbus-rtu", "port": str(line)}},
                    "devices": {f"m{number}": unit("bus", number, profile)
                                for number, profile in profiles.items()}})
    for number in profiles:
        value = house.wait_good(f"m{number}/total/real-power")
        assert value["value"] == pytest.approx(1000 + number * 10, abs=0.1), profiles[number]
        assert value["unit"] == "W"


def test_a_device_that_describes_itself_by_sunspec(daemon, simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sunspec-203@4")
    sim.ok("set 4 total/real-power -2345")
    sim.ok("set 4 phase-b/voltage 231.5")
    house = daemon({"lines": {"gw": tcp_line(sim.port)}, "devices": {"roof": unit("gw", 4, "sunspec")}})
    house.wait_state("roof", "online")  # before that it has no points
    assert house.wait_good("roof/total/real-power")["value"] == pytest.approx(-2345, abs=1)
    assert house.wait_good("roof/phase-b/voltage")["value"] == pytest.approx(231.5, abs=0.1)
    assert "SunSpec meter 203" in house.device("roof")["model"]


def test_a_sunspec_device_keeps_its_points_over_a_reload(daemon, simulate):
    """Its points come from the device itself; while that does not answer, the old ones stay."""
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sunspec-203@4")
    sim.ok("set 4 total/real-power 1875")
    site = {"lines": {"gw": tcp_line(sim.port)}, "devices": {"roof": unit("gw", 4, "sunspec")}}
    house = daemon(site)
    house.wait_state("roof", "online")
    before = house.wait_good("roof/total/real-power")
    serial = house.device("roof")["serial"]
    sim.ok("silence 4")
    site["devices"]["roof"]["label"] = "Roof"
    house.reload(site)
    device = house.device("roof")
    assert device["label"] == "Roof" and device["serial"] == serial and device["role"] == "meter"
    after = house.point("roof/total/real-power")
    assert after["value"] == before["value"] == pytest.approx(1875, abs=1)


def mbpoll(port, number, address, count):
    """Registers as mbpoll reads them: input registers, 32-bit floats, most significant word first."""
    result = subprocess.run(
        ["mbpoll", "-m", "tcp", "-p", str(port), "-a", str(number), "-0", "-r", str(address), "-c", str(count),
         "-t", "3:float", "-B", "-1", "-q", "127.0.0.1"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stdout + result.stderr
    return [float(text) for text in re.findall(r"^\[\d+\]:\s+(\S+)", result.stdout, re.MULTILINE)]


def test_mbpoll_and_busbar_read_the_same_meter_alike(daemon, simulate):
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@9")
    held = {"phase-a/voltage": 233.5, "phase-b/voltage": 228.5, "phase-c/voltage": 231.0,
            "phase-a/current": 11.5, "phase-b/current": 0.75, "phase-c/current": 31.125}
    for path, number in held.items():
        sim.ok(f"set 9 {path} {number}")
    house = daemon({"lines": {"gw": tcp_line(sim.port)}, "devices": {"m": unit("gw", 9)}})
    seen = mbpoll(sim.port, 9, 0, 6)
    assert seen == list(held.values())
    house.wait_good("m/phase-a/voltage")
    values = house.points("m/*")
    assert [values[f"m/{path}"]["value"] for path in held] == seen


def test_a_change_is_on_the_live_stream_within_a_poll(daemon, serve):
    """One poll of 500 ms and 50 ms for everything else, as a test machine allows."""
    meter = Unit.sdm630()
    server = serve({1: meter})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="500 ms")}})
    house.wait_good("m/phase-a/voltage")
    stream = house.live("?path=m/phase-a/voltage")
    assert stream.event()[0] == "snapshot"
    delays = []
    for step in range(6):
        time.sleep(0.137)  # drift through the poll's phase
        number = 220.5 + step
        meter.put_float(0, number)
        changed = time.monotonic()
        while True:
            moment, _, values = stream.arrives(5)
            if values[0]["value"] == number:
                break
        delays.append(moment - changed)
    stream.close()
    delays.sort()
    assert delays[-1] < 0.55 * SLOW + 0.05, delays
    # They are spread over the poll: if it were hung up somewhere, all would take the same.
    assert delays[0] < 0.5 * SLOW


def test_the_time_of_a_value_is_when_the_device_was_asked(daemon, serve):
    """A meter that thinks for 150 ms: the value is as old as the question, not as the answer."""
    meter = Unit.sdm630()
    meter.delay = 0.15
    server = serve({1: meter})
    house = daemon({"lines": {"gw": tcp_line(server.port, timeout_ms=2000)},
                    "devices": {"m": unit("gw", 1, every="1 s")}})
    house.wait_good("m/phase-a/voltage")
    for _ in range(3):
        time.sleep(0.4)
        value = house.point("m/phase-a/voltage")
        moment, now = seconds_of(value["time"]), time.time()
        asked = [at for at, _, address, _ in meter.asked if address == 0]
        # The server notes each question as it arrives; the value's time is just before one of them.
        assert min(abs(at - moment) for at in asked) < 0.1, (moment, asked)
        assert all(not at < moment < at + 0.15 for at in asked if moment - at > 0.005)
        assert value["age_ms"] == pytest.approx((now - moment) * 1000, abs=60 * SLOW)


def test_values_have_time_and_age_that_grow_when_nobody_answers(daemon, serve):
    meter = Unit.sdm630()
    server = serve({1: meter})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")}})
    first = house.wait_good("m/phase-a/voltage")
    wait_for(lambda: house.point("m/phase-a/voltage")["time"] > first["time"], 5, "a newer time")
    server.stop()
    time.sleep(0.3)
    one = house.point("m/phase-a/voltage")
    time.sleep(0.5)
    two = house.point("m/phase-a/voltage")
    assert two["time"] == one["time"] and two["value"] == one["value"]
    assert two["age_ms"] - one["age_ms"] == pytest.approx(500, abs=100 * SLOW)


def test_what_a_device_does_not_measure_is_absent_not_zero(daemon, simulate):
    """The single-phase ABB says "not measured" with all bits set in the registers of phases 2 and 3."""
    sim = simulate("--tcp", "127.0.0.1:0", "--meter", "abb-b23@1,phases=1")
    house = daemon({"lines": {"gw": tcp_line(sim.port)}, "devices": {"m": unit("gw", 1, "abb-b23")}})
    house.wait_good("m/phase-a/voltage")
    value = house.point("m/phase-b/voltage")
    assert value["value"] is None and value["quality"] == "absent"
    assert "not measured" in value["reason"]


def test_times_are_told_in_utc_or_in_the_zone_of_the_site(daemon, serve):
    server = serve({1: Unit.sdm630()})
    house = daemon({"site": {"time_zone": "Asia/Kolkata"}, "lines": {"gw": tcp_line(server.port)},
                    "devices": {"m": unit("gw", 1)}})
    house.wait_good("m/phase-a/voltage")
    local = house.get("/points/m/phase-a/voltage?time=local")["time"]
    number = house.get("/points/m/phase-a/voltage?time=unix")["time"]
    assert local.endswith("+05:30")
    assert abs(number / 1000 - time.time()) < 5
    assert abs(seconds_of(house.point("m/phase-a/voltage")["time"]) - time.time()) < 5
