"""Site files, reloads, and settings changed over the API: mistakes are named, nothing happens by halves."""

import json
import pathlib
import random
import re
import socket
import subprocess
import time

import pytest
import yaml

from daemon_client import PROFILES, PROGRAM, ROOT, SLOW, run, tcp_line, unit, wait_for
from field_devices import Unit

GOLDEN = ROOT / "tests/golden/check"

# The file that the project promises to accept as it stands.
README_SITE = (GOLDEN / "readme.yaml").read_text()


# ---- busbar check -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_check_names_every_mistake_with_its_place_and_the_nearest_word(name):
    """The golden texts were compared by hand with the mistakes that were written into the files."""
    result = subprocess.run([PROGRAM, "check", "--profiles", PROFILES, f"{name}.yaml"], cwd=GOLDEN,
                            capture_output=True, text=True, timeout=20)
    told = result.stdout + result.stderr + f"exit {result.returncode}\n"
    assert told == (GOLDEN / f"{name}.txt").read_text()
    for line in result.stderr.splitlines():
        place = re.match(rf"{name}\.yaml:(\d+):(\d+): ", line)
        if place:  # and it is a place in the file
            text = (GOLDEN / f"{name}.yaml").read_text().splitlines()[int(place[1]) - 1]
            assert 1 <= int(place[2]) <= len(text) + 1


@pytest.mark.parametrize("name,word,column_of", [
    ("words", "eastron-sdm630", "eastron-sdm603"), ("words", "modbus-rtu", "modbus-rut"),
    ("words", "baud", "baudrate"), ("values", "9600", "9601"), ("profile", "current", "phase-a/curent"),
])
def test_the_place_is_where_the_wrong_word_stands(name, word, column_of):
    lines = (GOLDEN / f"{name}.yaml").read_text().splitlines()
    row, = [number for number, text in enumerate(lines, 1) if column_of in text]
    column = lines[row - 1].index(column_of) + 1
    assert re.search(rf':{row}:{column}: .*did you mean "{word}"', (GOLDEN / f"{name}.txt").read_text())


def test_every_shipped_site_file_is_sound(tmp_path):
    paths = [ROOT / "deploy/demo/busbar.yaml", ROOT / "deploy/busbar.yaml.example",
             ROOT / "deploy/examples/dc-supply-alarms.yaml", ROOT / "deploy/examples/pulse-meters.yaml"]
    for path in paths:
        target = tmp_path / "site.yaml"
        target.write_text(path.read_text())
        result = run("check", "--profiles", PROFILES, target)
        assert result.returncode == 0 and "sound" in result.stdout, result.stderr


def test_every_shipped_profile_is_sound():
    paths = sorted(PROFILES.glob("modbus/*.yaml"))
    assert len(paths) > 20
    result = run("check", "--profiles", PROFILES, *paths)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == len(paths)


def test_a_file_that_is_not_there_or_is_not_text(tmp_path):
    result = run("check", tmp_path / "none.yaml")
    assert result.returncode == 1 and "none.yaml" in result.stderr and "No such file" in result.stderr
    (tmp_path / "folder.yaml").mkdir()
    assert run("check", tmp_path / "folder.yaml").returncode == 1
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)) * 20)
    assert run("check", tmp_path / "binary.yaml").returncode == 1
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 100_000)
    assert run("check", tmp_path / "deep.yaml").returncode == 1
    (tmp_path / "bomb.yaml").write_text(
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [" + ",".join([f"*{chr(97 + i)}"] * 10)
                                                  + "]\n" for i in range(9)))
    assert run("check", tmp_path / "bomb.yaml").returncode == 1


@pytest.mark.slow
def test_damaged_site_files_are_refused_with_a_sentence(tmp_path):
    """[21] Random damage to a good file: sound or refused with a place, never a crash, never silence."""
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    chance = random.Random(seed)
    good = (ROOT / "deploy/demo/busbar.yaml").read_bytes()
    files = []
    for number in range(150):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            kind = chance.randrange(4)
            if kind == 0:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at:at + chance.randint(1, 200)]
            elif kind == 2:
                data[at:at] = bytes(chance.choice(b"{}[]:,-#&*!|>'\"%@` \t\n\0") for _ in range(chance.randint(1, 9)))
            else:
                del data[at:]
            if not data:
                data = bytearray(b"\0")
        path = tmp_path / f"{number}.yaml"
        path.write_bytes(data)
        files.append(path)
    for path in files:
        result = run("check", "--profiles", PROFILES, path)
        assert result.returncode in (0, 1), (path.read_bytes(), result.stderr)
        assert result.returncode == 0 or path.name in result.stderr, (seed, path.name)


# ---- starting ---------------------------------------------------------------------------------------


def test_the_site_file_of_the_readme_starts_as_it_stands(daemon):
    """Only the ports are ours: the real ones may be taken on this machine."""
    house = daemon({**yaml.safe_load(README_SITE), "web": {}})
    assert {device["name"]: device["profile"] for device in house.get("/site")["devices"]} == {
        "meter-1": "eastron-sdm630", "meter-2": "legrand-emdx3-412045"}
    assert house.get("/site")["name"] == "Lab" and house.get("/site")["time_zone"] == "Europe/Rome"
    assert house.ask("GET", "/api/v1/points").status == 200  # view: open
    wait_for(lambda: house.device("meter-2")["state"] == "silent", 5, "the missing serial port to be noticed")
    assert "/dev/ttyUSB0" in house.device("meter-2")["reason"]


def test_a_broken_site_file_at_the_start_is_told_and_nothing_starts(daemon):
    house = daemon((GOLDEN / "words.yaml").read_text(), ready=False)
    assert house.process.wait(10) == 1
    expected = (GOLDEN / "words.txt").read_text().splitlines()[:-1]
    told = [line.split("site.yaml:", 1)[1] for line in house.log.splitlines() if "site.yaml:" in line]
    assert told == [line.split("words.yaml:", 1)[1] for line in expected]
    house.process.returncode = 0  # as it should be, for the end of the test


def test_without_a_site_file_it_runs_on_settings_from_pages(daemon):
    """The demo of a person who clicks first: everything over the API."""
    house = daemon({})
    assert house.get("/site")["devices"] == []
    answer = house.local("PUT", "/api/v1/settings", {"lines.air.kind": "sim", "devices.a.line": "air",
                                                     "devices.a.profile": "sim-meter"})
    assert answer.status == 200, answer.body
    house.wait_good("a/total/real-power")


# ---- reload -----------------------------------------------------------------------------------------


def two_meters(server, **more):
    return {"lines": {"gw": tcp_line(server.port)},
            "devices": {"a": unit("gw", 1), "b": unit("gw", 2)}, **more}


def test_a_broken_file_changes_nothing_and_health_says_so(daemon, serve):
    server = serve({1: Unit.sdm630(), 2: Unit.sdm630()})
    site = two_meters(server)
    house = daemon(site)
    house.wait_good("a/total/energy")
    before = house.get("/settings")
    broken = {**house.complete(site), "site": {"name": "New name"}}
    broken["devices"] = {**site["devices"], "c": unit("gw", 3, profile="eastron-sdm603")}
    text = house.reload(yaml.safe_dump(broken, sort_keys=False))
    assert 'did you mean "eastron-sdm630"' in text
    assert house.get("/settings") == before
    assert house.get("/site")["name"] == "busbar"
    assert [device["name"] for device in house.get("/site")["devices"]] == ["a", "b"]
    assert house.device("a")["state"] == "online"
    health = house.get("/health")
    assert health["status"] == "degraded" and "eastron-sdm603" in health["problems"][0]
    broken["devices"]["c"]["profile"] = "eastron-sdm630"
    house.reload(yaml.safe_dump(broken, sort_keys=False))
    assert house.get("/health")["status"] == "ok" and house.get("/site")["name"] == "New name"


def test_a_setting_that_is_changed_while_the_file_is_broken_is_refused(daemon):
    """The file is read again for every change: with a mistake in it nothing is saved."""
    house = daemon({})
    good = house.site_file.read_text()
    house.site_file.write_text(good + "devices: {a: {line: nowhere}}\n")
    answer = house.put("site.name", "Lab")
    assert answer.status in (422, 409, 500) and b"nowhere" in answer.body, answer.body
    assert house.get("/site")["name"] == "busbar"
    house.site_file.write_text(good)
    assert house.put("site.name", "Lab").status == 200


def test_health_forgets_a_mended_mistake_when_a_setting_is_changed(daemon):
    """Broken file and SIGHUP, then mended and a change over the API: the file is in force, so the problem is over."""
    house = daemon({})
    good = house.site_file.read_text()
    house.reload(good + "devices: {a: {line: nowhere}}\n")
    assert house.problems()
    house.site_file.write_text(good)
    assert house.put("site.name", "Lab").status == 200
    assert house.problems() == []


def test_unchanged_devices_keep_connection_and_values_through_a_reload(daemon, serve, simulate):
    meter, other = Unit.sdm630(), Unit.sdm630()
    server, sim = serve({1: meter, 2: other}), simulate("--tcp", "127.0.0.1:0", "--meter", "sdm630@1-2")
    site = two_meters(server)
    site["lines"]["sim"] = tcp_line(sim.port)
    site["devices"]["kept"] = unit("sim", 1, every="10 s")
    house = daemon(site)
    kept = house.wait_good("kept/phase-a/voltage")
    house.wait_good("b/total/energy")
    connections, requests = sim.count("connections"), sim.count("requests")
    site["devices"]["b"]["every"] = "2 s"
    del site["devices"]["a"]
    site["devices"]["new"] = unit("gw", 1)
    site["site"] = {"name": "Changed"}
    house.reload(site)
    assert [device["name"] for device in house.get("/site")["devices"]] == ["b", "kept", "new"]
    now = house.point("kept/phase-a/voltage")
    assert (now["value"], now["time"], now["quality"]) == (kept["value"], kept["time"], "good")
    assert house.device("kept")["state"] == "online"
    house.wait_good("new/total/energy")
    assert house.device("b")["every_ms"] == 2000
    # A changed device goes on with what it knew.
    assert house.point("b/total/energy")["value"] is not None
    assert house.local("GET", "/api/v1/points/a/total/energy").status == 404
    assert (sim.count("connections"), sim.count("requests")) == (connections, requests)


def test_a_live_stream_is_told_of_a_changed_site(daemon):
    site = {"lines": {"air": {"kind": "sim"}}, "devices": {"a": unit("air", 1, "sim-meter")}}
    house = daemon(site)
    stream = house.live()
    stream.event()
    site["devices"]["b"] = unit("air", 2, "sim-meter")
    house.reload(site)
    deadline = time.monotonic() + 5
    while (event := stream.arrives(deadline - time.monotonic()))[1] != "site":
        assert time.monotonic() < deadline
    assert event
    stream.close()


def test_a_hundred_reloads_lose_nothing(daemon, serve):
    """Devices come and go; the one that stays is polled all the time, and nothing leaks a descriptor."""
    server = serve({1: Unit.sdm630(), 2: Unit.sdm630()})
    site = two_meters(server)
    site["devices"]["a"]["every"] = "100 ms"
    house = daemon(site)
    house.wait_good("a/total/energy")
    descriptors = pathlib.Path(f"/proc/{house.process.pid}/fd")
    count = len(list(descriptors.iterdir()))

    def rate(what):
        """Rounds a second meanwhile."""
        rounds, begin = house.units()["a"]["rounds"], time.monotonic()
        what()
        return (house.units()["a"]["rounds"] - rounds) / (time.monotonic() - begin)

    def reload_often():
        for turn in range(60):
            site["devices"].pop(f"x{turn - 1}", None)
            site["devices"][f"x{turn}"] = unit("gw", 2)
            house.reload(site)

    site["devices"].pop("b")  # the unit that the others will be
    usual = rate(lambda: time.sleep(1.5))  # of this machine, with what else it does
    assert rate(reload_often) >= (0.7 if SLOW == 1 else 0.4) * usual  # sanitizers make a reload long
    wait_for(lambda: len(list(descriptors.iterdir())) <= count + 2, 3, "descriptors to be given back")
    house.wait_good("x59/total/energy")


# ---- settings over the API --------------------------------------------------------------------------


def test_put_and_delete_change_a_setting_at_once(daemon):
    house = daemon({})
    assert house.get("/settings/site.name") == {"key": "site.name", "value": "busbar", "default": "busbar",
                                                "source": "default", "place": None}
    answer = house.put("site.name", "Lab")
    assert answer.status == 200 and answer.json()["applied"] == ["site.name"] and answer.json()["restart"] == []
    assert house.get("/settings/site.name")["source"] == "page"
    assert house.get("/site")["name"] == "Lab"
    assert house.local("DELETE", "/api/v1/settings/site.name").status in (200, 204)
    assert house.get("/site")["name"] == "busbar"


def test_what_takes_a_restart_is_told_and_takes_it(daemon):
    house = daemon({})
    answer = house.local("PUT", "/api/v1/settings", {"site.time_zone": "Asia/Tokyo", "history.every": "2 s"})
    assert answer.json()["applied"] == ["history.every"] and answer.json()["restart"] == ["site.time_zone"]
    assert house.get("/logging")["every_s"] == 2
    house.stop()
    house.start()
    assert house.get("/logging")["every_s"] == 2
    assert house.get("/site?time=local")["time"].endswith("+09:00")


def test_a_key_of_the_site_file_is_fixed_and_says_where(daemon):
    house = daemon({"site": {"name": "Fixed"}})
    row = house.site_file.read_text().splitlines().index("  name: Fixed") + 1
    for answer in (house.put("site.name", "Lab"), house.local("DELETE", "/api/v1/settings/site.name")):
        assert (answer.status, answer.kind) == (409, "fixed-in-file")
        assert f"site.yaml:{row}:" in answer.json()["detail"]
    assert f"site.yaml:{row}:" in house.get("/settings/site.name")["place"]
    # Together with one that is free: neither.
    answer = house.local("PUT", "/api/v1/settings", {"site.location": "Cellar", "site.name": "Lab"})
    assert answer.status == 409
    assert house.get("/site")["location"] == ""


def test_of_two_people_the_second_is_told_that_the_first_was_quicker(daemon):
    house = daemon({})
    revision = house.get("/settings")["revision"]
    first = house.local("PUT", "/api/v1/settings", {"site.name": "One"}, {"If-Match": f'"{revision}"'})
    second = house.local("PUT", "/api/v1/settings", {"site.name": "Two"}, {"If-Match": f'"{revision}"'})
    assert (first.status, second.status, second.kind) == (200, 412, "changed-meanwhile")
    assert house.get("/site")["name"] == "One"


def test_a_wrong_value_is_refused_with_every_mistake(daemon):
    house = daemon({})
    answer = house.local("PUT", "/api/v1/settings", {"site.name": "Lab", "history.every": "1 parsec",
                                                     "log.level": "loud"})
    assert (answer.status, answer.kind) == (422, "bad-setting")
    text = "\n".join(answer.json()["errors"])
    assert "history.every" in text and "parsec" in text and "log.level" in text and "loud" in text
    answer = house.local("PUT", "/api/v1/settings", {"site.name": "Lab", "histry.every": "1 s"})
    assert (answer.status, answer.kind) == (422, "bad-setting")
    assert "histry" in answer.json()["detail"] and "history" in answer.json()["detail"]
    assert house.get("/site")["name"] == "busbar"
    answer = house.put("sit.name", "x")
    assert answer.status == 404 and "site" in answer.json()["detail"]


def test_the_overlay_survives_and_the_site_file_wins(daemon):
    house = daemon({})
    house.local("PUT", "/api/v1/settings", {"site.name": "From page", "site.location": "Page"})
    house.stop()
    house.write_site({"site": {"name": "From file"}})
    house.start()
    assert (house.get("/site")["name"], house.get("/site")["location"]) == ("From file", "Page")


@pytest.mark.parametrize("text,word", [
    ("{\"site.name\": ", "overlay.json:1:"), ("[]", "object"), ("{\"site.nam\": \"x\"}", "site.name"),
    ("{\"history.every\": \"1 parsec\"}", "history.every"), ("\0\0\0", "overlay.json"), ("", "overlay.json"),
])
def test_a_broken_overlay_is_named_at_the_start(daemon, text, word):
    house = daemon({})
    house.stop()
    (house.state / "overlay.json").write_text(text)
    house.start(ready=False)
    assert house.process.wait(10) == 1
    assert word in house.log and "overlay.json" in house.log, house.log
    house.process.returncode = 0


@pytest.mark.slow
def test_kill_9_during_a_change_of_settings_gives_the_old_or_the_new(daemon):
    """[21] Ten devices are added or removed at once and the daemon is killed at a random moment: all or none."""
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    chance = random.Random(seed)
    house = daemon({"lines": {"air": {"kind": "sim"}}})
    # Through the plain door of a program that writes a token's request and does not wait for the answer.
    token = house.local("POST", "/api/v1/tokens", {"name": "t", "role": "administrator"}).json()["token"]
    state, outcomes = False, []
    for turn in range(20):
        wish = not state
        body = json.dumps({f"devices.d{n}{key}": value if wish else None for n in range(10)
                           for key, value in ([(".line", "air"), (".profile", "sim-supply")] if wish else [("", None)])})
        with socket.create_connection(("127.0.0.1", house.http)) as link:
            link.sendall(f"PUT /api/v1/settings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            time.sleep(chance.uniform(0, 0.012))
            house.kill()
        house.start()
        there = len(house.get("/site")["devices"])
        assert there in (0, 10), f"{there} of 10 devices after kill -9 (seed {seed})"
        outcomes.append((there == 10) == wish)
        state = there == 10
    print(f"{sum(outcomes)} of {len(outcomes)} changes took effect")


def test_a_change_that_cannot_be_saved_is_refused_and_not_in_force(daemon):
    """The state folder's overlay cannot be replaced: 500 not-saved, and the old value stays in force."""
    house = daemon({})
    (house.state / "overlay.json").mkdir()
    answer = house.put("site.name", "Lab")
    assert answer.status >= 400, answer.body
    assert house.get("/site")["name"] == "busbar"
    (house.state / "overlay.json").rmdir()
    assert house.put("site.name", "Lab").status == 200


def test_a_profile_for_the_wrong_kind_of_line_never_shows_values(daemon):
    """A meter of Modbus registers on a line that is only simulated, and the other way round."""
    house = daemon({"lines": {"air": {"kind": "sim"}, "gw": tcp_line(1)},
                    "devices": {"m": unit("air", 1, every="100 ms"), "s": unit("gw", 1, "sim-meter")}})
    time.sleep(0.5)
    for name, profile in (("m", "eastron-sdm630"), ("s", "sim-meter")):
        assert not [path for path, value in house.points(f"{name}/*").items() if value["value"] is not None]
        assert house.device(name)["state"] == "silent"
        assert profile in house.device(name)["reason"] and "line is for" in house.device(name)["reason"]


def test_own_profiles_stand_beside_the_shipped_ones(daemon, serve, tmp_path):
    """A file in STATE/profiles/modbus: a meter that busbar does not know yet."""
    meter = Unit()
    meter.setValues(3, 10, [2305])
    server = serve({1: meter})
    state = tmp_path / "state"
    (state / "profiles/modbus").mkdir(parents=True)
    (state / "profiles/modbus/my-meter.yaml").write_text(
        "profile: my-meter\nvendor: Me\nmodel: M\ntitle: My meter\nrole: meter\nsources: [own measurement]\n"
        "points:\n  total/voltage: {holding: 10, type: uint16, scale: 0.1}\n")
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, "my-meter")}}, state=state)
    assert house.wait_good("m/total/voltage")["value"] == 230.5
