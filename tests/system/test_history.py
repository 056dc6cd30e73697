"""What is recorded: every second, in right buckets, through kill -9, full disks and read-only folders.

The meter is a pymodbus server whose register follows a list of numbers, so that every bucket can be worked out by
other arithmetic than the program's.
"""

import collections
import csv
import io
import math
import os
import pathlib
import random
import statistics
import subprocess
import threading
import time
import urllib.parse

import pytest

from daemon_client import ROOT, SLOW, Daemon, lines_of, seconds_of, tcp_line, unit, wait_for
from field_devices import Server, Unit

PATH = "m/phase-a/voltage"


class Changing:
    """Puts another number into the register ten times a second, and remembers when."""

    def __init__(self, meter, numbers):
        self.meter, self.numbers, self.put = meter, numbers, []
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        turn = 0
        while self.running:
            number = self.numbers[turn % len(self.numbers)]
            self.meter.put_float(0, number)
            self.put.append((time.time(), number))
            turn += 1
            time.sleep(0.25)

    def stop(self):
        self.running = False
        self.thread.join()


def house_with(daemon, server, **options):
    return daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="100 ms")},
                   "history": {"every": "1 s"}}, **options)


def rows(house, step="raw", path=PATH, **more):
    query = urllib.parse.urlencode({"path": path, "step": step, "from": "-10m", **more})
    answer = house.get(f"/history?{query}")
    return answer["series"][0]["rows"]


def wait_rows(house, count, seconds=15):
    return wait_for(lambda: (r := rows(house)) and len(r) >= count and r, seconds * SLOW,
                    lambda: f"{count} rows: {rows(house)} {house.get('/logging')}", 0.1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A dozen seconds of a changing meter: (house, what was put in); three tests look at it."""
    meter = Unit.sdm630()
    server = Server({1: meter})
    changing = Changing(meter, [230.5, 229.5, 240, 221, 235.5, 228, 233, 219.5, 250])
    house = house_with(lambda site: Daemon(tmp_path_factory.mktemp("recorded"), site), server)
    wait_rows(house, 8)
    changing.stop()
    yield house, changing.put
    house.close()
    server.stop()


@pytest.mark.long
def test_raw_rows_are_what_the_meter_showed_on_every_second(recorded):
    """One row a second, on the second, with a number that the register held just before it."""
    house, put = recorded
    found = [row for row in rows(house) if seconds_of(row[0]) < put[-1][0]]
    moments = [seconds_of(row[0]) for row in found]
    assert len(found) >= 7
    assert all(abs(moment - round(moment)) < 0.06 * SLOW for moment in moments), found
    assert [b - a for a, b in zip(moments, moments[1:])] == pytest.approx([1] * (len(moments) - 1), abs=0.1)
    for moment, row in zip(moments, found):
        assert row[1] == row[2] == row[3] == row[4] and row[5] == 1
        possible = {number for (at, number), (until, _) in zip(put, put[1:])
                    if at <= moment + 0.05 and until >= moment - 0.35 * SLOW}
        assert row[4] in possible, (row, possible)
    logging = house.get("/logging")
    assert logging["every_s"] == 1 and logging["ticks_lost"] == 0 and logging["ok"]


@pytest.mark.parametrize("step", [2, 3, 5])
def test_buckets_agree_with_arithmetic_over_the_raw_rows(recorded, step):
    """min, avg, max, last and count of each bucket, from the raw rows by Python's statistics."""
    house, put = recorded
    last = math.floor(put[-1][0])
    window = {"from": str(last - 7), "to": str(last)}
    raw, buckets = rows(house, "raw", **window), rows(house, step, **window)
    groups = collections.OrderedDict()
    for moment, *_, number, _ in raw:
        groups.setdefault(math.floor(seconds_of(moment) / step) * step, []).append(number)
    assert len(buckets) == len(groups) >= 2
    for (start, numbers), bucket in zip(groups.items(), buckets):
        moment, low, average, high, final, count = bucket
        assert seconds_of(moment) == start
        assert (low, high, final, count) == (min(numbers), max(numbers), numbers[-1], len(numbers))
        assert average == pytest.approx(statistics.fmean(numbers), abs=0.051)


def test_the_csv_is_what_pythons_csv_reader_expects(recorded):
    house, _ = recorded
    until = seconds_of(rows(house)[-1][0])
    span = [("from", "-10m"), ("to", str(until + 0.5))]
    raw = rows(house, **dict(span))
    query = urllib.parse.urlencode([("path", PATH), ("path", "m/total/energy"), ("step", "raw"), *span])
    answer = house.local("GET", f"/api/v1/history.csv?{query}")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert len(table) == len(raw)
    names = list(table[0])
    assert names[0] == "time" and len(names) == 1 + 2 * 5
    assert any(PATH in name and "[V]" in name for name in names)
    assert any("m/total/energy" in name and "[kWh]" in name for name in names)
    last, = [name for name in names if PATH in name and "last" in name]
    assert [(row["time"], float(row[last])) for row in table] == [(row[0], row[4]) for row in raw]
    german = house.local("GET", f"/api/v1/history.csv?{query}&separator=%3B&decimal=%2C&columns=last")
    table = list(csv.reader(io.StringIO(german.body.decode("utf-8-sig")), delimiter=";"))
    assert len(table[0]) == 3
    assert [float(row[1].replace(",", ".")) for row in table[1:]] == [row[4] for row in raw]


def test_a_gap_is_a_gap(daemon, serve):
    """While the meter is silent nothing is recorded of it, and nothing is made up afterwards."""
    meter = Unit.sdm630()
    server = serve({1: meter})
    house = daemon({"lines": {"gw": tcp_line(server.port, timeout_ms=100)},
                    "devices": {"m": unit("gw", 1, every="100 ms", good_for="1 s")}, "history": {"every": "1 s"}})
    wait_rows(house, 2)
    server.stop()
    time.sleep(3.2)
    server.start()
    back = time.time()
    house.wait_good(PATH)
    found = wait_for(lambda: (r := rows(house)) and seconds_of(r[-1][0]) > back and r, 10, "rows after the gap")
    moments = [seconds_of(row[0]) for row in found]
    assert max(b - a for a, b in zip(moments, moments[1:])) >= 2, moments


def test_history_goes_on_through_a_restart_and_ends_in_two_seconds(daemon, serve):
    """[28] SIGTERM: exit in under 2 s with code 0, and what was recorded is there afterwards."""
    server = serve({1: Unit.sdm630()})
    house = house_with(daemon, server)
    before = wait_rows(house, 3)
    begin = time.monotonic()
    house.stop(within=2)
    assert time.monotonic() - begin < 2 * SLOW
    house.start()
    after = wait_for(lambda: (r := rows(house)) and len(r) > len(before) and r, 10, "new rows")
    assert after[:len(before)] == before


@pytest.mark.long
@pytest.mark.slow
def test_kill_9_twenty_times_loses_no_row_that_was_shown(daemon, serve, clean):
    """[1] Killed at random moments while recording every second: every row that the API had shown before a kill is
    there after it, unchanged, once; every start takes under a second."""
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    chance = random.Random(seed)
    meter = Unit.sdm630()
    server = serve({1: meter})
    changing = Changing(meter, [200 + n for n in range(50)])
    clean.callback(changing.stop)
    house = house_with(daemon, server)
    wait_rows(house, 2)
    shown, turn = {}, 0
    while turn < 20 or len(shown) < 8:  # on a busy machine more turns, so that rows were shown at all
        turn += 1
        deadline = time.monotonic() + chance.uniform(0.2, 0.8)
        while time.monotonic() < deadline:
            for row in rows(house):
                assert shown.setdefault(row[0], row) == row, f"a row changed (seed {seed})"
            time.sleep(0.03)
        house.kill()
        begin = time.monotonic()
        house.start()
        assert time.monotonic() - begin < SLOW, f"start {turn} took too long"
        found = rows(house)
        moments = [row[0] for row in found]
        assert moments == sorted(set(moments)), f"doubled rows (seed {seed})"
        missing = set(shown) - set(moments)
        assert not missing, f"lost after kill {turn}: {sorted(missing)} (seed {seed})"
        assert all(shown[row[0]] == row for row in found if row[0] in shown)
    assert house.get("/health")["status"] == "ok", house.problems()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB; skipped where this user may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system for this test")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_stops_the_recording_and_nothing_else(daemon, serve, small_disk):
    """[3] Health names it, values and pages go on, and rows come again by themselves when there is space."""
    server = serve({1: Unit.sdm630()})
    house = house_with(daemon, server, state=small_disk / "state")
    before = wait_rows(house, 2)
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    wait_for(lambda: house.problems(), 60, "health to name the full disk", 0.2)
    full = time.time()
    assert house.get("/health")["status"] == "degraded"
    assert "space" in house.problems()[0].lower() or "full" in house.problems()[0].lower(), house.problems()
    assert house.point(PATH)["quality"] == "good" and house.point(PATH)["age_ms"] < 1000
    assert house.ask("GET", "/api/v1/points").status == 200
    begin = time.monotonic()
    house.get("/health")
    assert time.monotonic() - begin < 1
    answer = house.put("site.name", "Lab")  # cannot be saved: refused, and not in force
    assert answer.status >= 400 and house.get("/site")["name"] == "busbar" or answer.status == 200
    filler.unlink()
    after = wait_for(lambda: (r := rows(house)) and seconds_of(r[-1][0]) > full + 1 and r, 20, "rows after the flood")
    assert after[:len(before)] == before
    wait_for(lambda: house.get("/health")["status"] == "ok", 10, house.problems, 0.2)
    house.stop()


def test_a_state_folder_on_a_read_only_disk(daemon, serve, small_disk):
    """[8] The file system came up read-only, as after an error of the disk: it is measured and shown all the same,
    and health says that nothing is recorded. After the next start all is well and the earlier rows are there."""
    server = serve({1: Unit.sdm630()})
    house = house_with(daemon, server, state=small_disk / "state")
    before = wait_rows(house, 2)
    house.stop()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    house.start()
    wait_for(lambda: house.ask("GET", f"/api/v1/points/{PATH}").json()["quality"] == "good", 10, house.log)
    health = house.ask("GET", "/api/v1/health").json()
    assert health["status"] == "degraded" and any("recorded" in text or "history" in text.lower() or "read-only" in
                                                  text.lower() for text in health["problems"]), health
    house.stop()
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    house.start()
    assert rows(house)[:len(before)] == before
    assert house.get("/health")["status"] == "ok"


def test_a_state_folder_that_cannot_be_made_is_told(daemon, tmp_path):
    """[8] A file in its place; and a folder on a file system where nothing can be made."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", "/proc/busbar-state"):
        house = daemon({}, state=pathlib.Path(place), ready=False)
        assert house.process.wait(10) == 1
        assert str(place) in house.log, house.log
        house.process.returncode = 0


def test_two_daemons_on_one_state_folder(daemon, serve):
    """The second says in one sentence what is wrong, and does not harm the first."""
    server = serve({1: Unit.sdm630()})
    first = house_with(daemon, server)
    before = wait_rows(first, 2)
    second = house_with(daemon, server, state=first.state, ready=False)
    time.sleep(1)
    told = [line for line in lines_of(second.log) if str(first.state) in line]
    assert any("in use" in line or "another" in line or "already" in line for line in told), second.log
    assert second.process.poll() == 1, f"a second daemon on the same state folder goes on:\n{second.log}"
    second.process.returncode = 0
    assert first.get("/health")["status"] == "ok"
    assert first.cli("get", PATH).returncode == 0, "the first one's socket was taken away"
    wait_for(lambda: len(rows(first)) > len(before) + 1, 10, "the first to go on recording")


@pytest.mark.parametrize("name,text", [("counters.json", "{\"m/total"), ("access.json", "[1, 2"),
                                       ("access.json", "")])
def test_a_damaged_file_of_the_state_folder_is_named(daemon, name, text):
    """Counts and users are never silently begun anew: the start fails with the file's name and what to do."""
    house = daemon({})
    house.stop()
    (house.state / name).write_text(text)
    house.start(ready=False)
    assert house.process.wait(10) == 1
    assert name in house.log, house.log
    house.process.returncode = 0


def test_a_damaged_history_does_not_keep_the_daemon_from_measuring(daemon, serve):
    """[6] Garbage over the file of recent readings: values are there, health or the log names the file, and new rows
    are recorded."""
    server = serve({1: Unit.sdm630()})
    house = house_with(daemon, server)
    wait_rows(house, 2)
    house.stop()
    files = sorted(house.state.glob("history*"))
    assert files
    for path in files:
        if path.suffix == ".db":
            size = max(path.stat().st_size, 4096)
            path.write_bytes(random.Random(7).randbytes(size))
    house.start()
    house.wait_good(PATH)
    wait_for(lambda: house.problems() or "history" in house.log, 5, "the damage to be told")
    broken = time.time()
    wait_for(lambda: (r := rows(house)) and seconds_of(r[-1][0]) > broken, 15, lambda: f"new rows:\n{house.log}", 0.2)


@pytest.mark.long
def test_the_clock_may_jump_while_it_records(daemon, serve, tmp_path):
    """[9] The wall clock is set an hour ahead, back, and an hour behind: polling and recording go on at their pace,
    rows are in the order of their times, none is lost, and ages do not jump."""
    source, shift = ROOT / "tests/system/wall_shift.c", tmp_path / "shift"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", tmp_path / "wall_shift.so", source, "-ldl"], check=True)
    shift.write_text("0")
    server = serve({1: Unit.sdm630()})
    house = house_with(daemon, server,
                       env={"LD_PRELOAD": str(tmp_path / "wall_shift.so"), "WALL_SHIFT": str(shift)})
    wait_rows(house, 2)
    for offset in (3600, 0, -3600):
        shift.write_text(str(offset))
        rounds = house.units()["m"]["rounds"]
        written = house.get("/logging")["ticks_written"]
        time.sleep(2.1)
        assert house.units()["m"]["rounds"] - rounds >= 14 / SLOW, f"polls stopped at {offset}"
        assert house.get("/logging")["ticks_written"] - written >= 1, f"recording stopped at {offset}"
        value = house.point(PATH)
        assert value["age_ms"] < 1000 * SLOW and value["quality"] == "good"
        assert abs(seconds_of(value["time"]) - time.time() - offset) < 2 * SLOW
    now = time.time()
    query = urllib.parse.urlencode({"path": PATH, "step": "raw", "from": str(int(now) - 7200),
                                    "to": str(int(now) + 7200)})
    found = house.get(f"/history?{query}")["series"][0]["rows"]
    moments = [seconds_of(row[0]) for row in found]
    assert moments == sorted(moments), "rows out of order"
    for low, high in ((-3700, -3500), (-100, 100), (3500, 3700)):
        assert any(low < moment - now < high for moment in moments), (low, high, moments)
    assert house.get("/logging")["ticks_lost"] == 0
