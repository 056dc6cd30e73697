"""The program's commands, as a person types them."""

import csv
import io
import json
import re
import signal
import subprocess
import time

import pytest

from daemon_client import PROFILES, PROGRAM, ROOT, SLOW, lines_of, run, tcp_line, unit, wait_for
from field_devices import Unit

COMMANDS = ["run", "check", "scan", "profiles", "get", "watch", "history", "users", "tokens", "settings", "openapi"]


@pytest.fixture
def house(daemon, serve):
    server = serve({1: Unit.sdm630()})
    one = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
                  "history": {"every": "1 s"}})
    one.meter = server.units[1]
    one.wait_good("m/total/energy")
    return one


def test_get_prints_path_value_unit_and_age(house):
    result = house.cli("get", "m/phase-a/voltage")
    assert re.fullmatch(r"m/phase-a/voltage\s+230\.5 V\s+\d\.\d s\s*\n", result.stdout), result.stdout
    many = lines_of(house.cli("get", "m/phase-a/*", "m/total/energy").stdout)
    assert {line.split()[0] for line in many} >= {"m/phase-a/voltage", "m/phase-a/current", "m/total/energy"}
    assert all(line.startswith(("m/phase-a/", "m/total/energy")) for line in many)
    values = json.loads(house.cli("get", "--json", "m/total/energy").stdout)
    assert values[0]["value"] == 123456.5 and values[0]["unit"] == "kWh"
    assert len(lines_of(house.cli("get").stdout)) == len(house.get("/points"))


def test_get_of_nothing_fails_with_a_sentence(house):
    result = house.cli("get", "m/phase-a/voltige")
    assert result.returncode == 1 and "no such point" in result.stderr.lower()


def test_without_a_daemon_the_socket_is_named(tmp_path):
    result = run("get", "--socket", tmp_path / "none.sock")
    assert result.returncode == 1 and "none.sock" in result.stderr
    result = run("get", "--url", "http://127.0.0.1:1")
    assert result.returncode == 1 and "127.0.0.1" in result.stderr


def test_watch_prints_changes_as_they_come(house):
    watch = subprocess.Popen([PROGRAM, "watch", "--socket", house.state / "busbar.sock", "m/phase-a/voltage"],
                             stdout=subprocess.PIPE, text=True)
    try:
        assert "230.5 V" in watch.stdout.readline()
        house.meter.put_float(0, 241.5)
        begin = time.monotonic()
        while "241.5 V" not in (line := watch.stdout.readline()):
            assert line and time.monotonic() - begin < 3 * SLOW
        assert re.match(r"\d{4}-\d\d-\d\dT\S+Z m/phase-a/voltage 241\.5 V$", line)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(5) in (0, -signal.SIGINT, 130)
    finally:
        watch.kill()
        watch.wait()
        watch.stdout.close()


def test_watch_ends_when_the_daemon_does(house):
    watch = subprocess.Popen([PROGRAM, "watch", "--socket", house.state / "busbar.sock", "m/*"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(0.3)
    house.stop(within=2)
    assert watch.wait(5) in (0, 1)
    watch.stderr.close()


def test_history_as_table_csv_and_json(house):
    path = "m/phase-a/voltage"
    wait_for(lambda: house.get("/logging")["ticks_written"] >= 3, 10 * SLOW, "three readings", 0.1)
    table = house.cli("history", path, "--from", "-10m", "--step", "raw").stdout.splitlines()
    assert table[0] == f"{path} [V]" and table[1].split() == ["time", "min", "avg", "max", "last", "count"]
    assert len(table) >= 5 and table[2].split()[1:] == ["230.5"] * 4 + ["1"]
    rows = list(csv.reader(io.StringIO(house.cli("history", path, "--from", "-10m", "--step", "raw", "--csv").stdout)))
    assert rows[0][0].lstrip("\ufeff") == "time" and len(rows) >= 4
    document = json.loads(house.cli("history", path, "--from", "-10m", "--step", "raw", "--json").stdout)
    assert document["series"][0]["path"] == path
    nothing = house.cli("history", "m/no/such", "--from", "-10m")
    assert nothing.returncode == 1 and "nothing is recorded of m/no/such" in nothing.stderr
    assert house.cli("history", path, "--from", "yesterday").returncode == 1
    assert run("history").returncode == 2


# ---- scan --------------------------------------------------------------------------------------------

KINDS = {1: ("sdm630", "eastron-sdm630"), 2: ("abb-b23", "abb-b23"), 3: ("em340", "carlo-gavazzi-em3"),
         4: ("sunspec-203", "sunspec"), 5: ("emdx3", "legrand-emdx3-412045"), 6: ("pro380", "inepro-pro380")}


def found_units(result):
    """unit -> the profiles named for it."""
    return {int(match[1]): re.findall(r"(?:profile|or) (\S+) \(", match[0])
            for match in re.finditer(r"^unit (\d+) .*$", result.stdout, re.MULTILINE)}


def check_found(result):
    units = found_units(result)
    assert sorted(units) == sorted(KINDS), result.stdout + result.stderr
    for number, (_, profile) in KINDS.items():
        if profile == "abb-b23":
            profile = "abb-b2"  # B21, B23 and B24 have one register list
        assert any(name.startswith(profile) for name in units[number]), (number, result.stdout)


def meters():
    return [word for number, (kind, _) in KINDS.items() for word in ("--meter", f"{kind}@{number}")]


def test_scan_of_a_gateway_finds_all_units_and_names_their_profiles(simulate):
    sim = simulate("--tcp", "127.0.0.1:0", *meters())
    check_found(run("scan", "--host", "127.0.0.1", "--port", sim.port, "--units", "1-8", "--timeout", "100",
                    "--profiles", PROFILES))


def test_scan_of_a_serial_line_finds_all_units(simulate, tmp_path):
    path = tmp_path / "rs485"
    simulate("--pty", path, *meters())
    check_found(run("scan", "--port", path, "--baud", "115200", "--units", "1-8", "--timeout", "100",
                    "--profiles", PROFILES))


def test_scan_of_rtu_over_tcp_and_of_a_line_of_the_site_file(simulate, tmp_path):
    sim = simulate("--rtu-tcp", "127.0.0.1:0", "--meter", "pro380@3")
    words = ("--units", "2-4", "--timeout", "80", "--profiles", PROFILES)
    result = run("scan", "--host", "127.0.0.1", "--port", sim.port, "--rtu-over-tcp", *words)
    assert list(found_units(result)) == [3] and "inepro-pro380" in found_units(result)[3], result.stdout
    site = tmp_path / "site.yaml"
    site.write_text(f"lines: {{gw: {{kind: rtu-over-tcp, host: 127.0.0.1, port: {sim.port}}}}}\n")
    assert found_units(run("scan", "--site", site, "--line", "gw", *words)) == found_units(result)
    result = run("scan", "--site", site, "--line", "gv", *words)
    assert result.returncode == 1 and "gv" in result.stderr


def test_scan_of_an_empty_or_absent_line_says_what_to_check(simulate, tmp_path):
    path = tmp_path / "rs485"
    sim = simulate("--pty", path, "--meter", "sdm630@200")
    result = run("scan", "--port", path, "--units", "1-3", "--timeout", "30", "--profiles", PROFILES)
    assert result.returncode == 1 and "nothing answered" in result.stderr
    result = run("scan", "--port", tmp_path / "none", "--units", "1-3", "--profiles", PROFILES)
    assert result.returncode == 1 and "none" in result.stderr
    assert run("scan").returncode == 2
    assert run("scan", "--port", path, "--units", "9-3").returncode == 2
    assert sim.count("crc-errors") == 0


# ---- documents ---------------------------------------------------------------------------------------


def test_profiles_lists_every_shipped_profile_and_finds_words():
    listed = run("profiles", "--profiles", PROFILES).stdout
    names = {line.split()[0] for line in lines_of(listed)}
    assert names >= {path.stem for path in PROFILES.glob("modbus/*.yaml")}
    assert names >= {"sunspec", "sim-meter", "sim-pdu-24", "sim-supply"}
    some = lines_of(run("profiles", "eastron", "--profiles", PROFILES).stdout)
    assert some and all("eastron" in line.lower() for line in some)


def test_the_settings_reference_is_the_committed_one():
    """`build/busbar settings > docs/settings.md` after a change of a setting."""
    assert run("settings").stdout == (ROOT / "docs/settings.md").read_text()


def test_the_api_description_is_the_committed_and_the_served_one(house):
    """`build/busbar openapi > openapi/busbar.json` after a change of the API."""
    printed = run("openapi").stdout
    assert json.loads(printed) == json.loads((ROOT / "openapi/busbar.json").read_text())
    assert json.loads(printed) == house.get("/openapi.json")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command):
    result = run(command, "--help")
    assert result.returncode == 0 and result.stdout.startswith(f"usage: busbar {command}")
    assert command in run("help").stdout
    wrong = run(command, "--frobnicate")
    assert wrong.returncode == 2 and "frobnicate" in wrong.stderr


def test_misspelt_commands_and_options_name_the_nearest():
    result = run("chek", "x.yaml")
    assert result.returncode == 2 and 'did you mean "check"' in result.stderr
    assert run().returncode == 2 and "usage" in run().stderr
    assert re.fullmatch(r"busbar \d+\.\d+\.\d+\n", run("--version").stdout)
    result = run("run", "site.yaml")
    assert result.returncode == 2 and "--site site.yaml" in result.stderr
    result = run("run", "--stat", "x")
    assert result.returncode == 2 and "--state" in result.stderr, result.stderr
