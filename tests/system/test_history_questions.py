"""Questions about the past: calendar steps, at most N buckets, pages, what counters rose by, and how many at once.

Readings of most of a year are imported; what an answer must be is worked out from them by Python's zoneinfo and
fractions, reading by reading.
"""

import csv
import datetime
import fractions
import io
import itertools
import pathlib
import random
import socket
import sqlite3
import time
import urllib.parse
import zoneinfo

import pytest

from daemon_client import SLOW, Daemon, seconds_of, unit, wait_for

BASE = "/api/v1"
VOLTAGE, ENERGY = "m/phase-a/voltage", "m/total/energy"
UTC = datetime.timezone.utc
# Both changes of the clock lie in it, in Europe and in America.
BEGIN, END, *SUMMER = (int(datetime.datetime(2026, *date, tzinfo=UTC).timestamp())
                       for date in ((3, 1), (11, 5), (4, 5), (9, 30)))
UNITS = ["1h", "1d", "1w", "1mo", "3mo", "1y"]


def text_of(moment):
    return datetime.datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(house, rows, size=4500):
    """Readings (seconds, path, text of the value) into the history."""
    for start in range(0, len(rows), size):
        body = "time,path,value\n" + "".join(f"{text_of(at)},{path},{value}\n" for at, path, value in
                                             rows[start:start + size])
        answer = house.local("POST", BASE + "/history/import", body, {"Content-Type": "text/csv"})
        assert answer.status == 200 and answer.json()["refused"] == 0, answer.body


def some_readings(seed):
    """Voltages and a counter that is exchanged now and then, with gaps of minutes to days: {path: [(seconds, value)]}."""
    chance = random.Random(seed)
    found = {VOLTAGE: [], ENERGY: []}
    for path, list_ in found.items():
        at, count = BEGIN + chance.randrange(3600), chance.randrange(100_000)
        while at < END:
            if path == ENERGY:
                count = 0 if chance.random() < 0.0005 else count + chance.randrange(30)
                list_.append((at, fractions.Fraction(count, 10)))
            else:
                list_.append((at, fractions.Fraction(chance.randrange(2100, 2500), 10)))
            # Long gaps only in summer, so that every day of 23 and 25 hours is there.
            gap = chance.random() < 0.003 and SUMMER[0] < at < SUMMER[1]
            at += chance.randrange(200_000) if gap else chance.choice([600, 1800, 1800, 1800, 2017])
    return found


def house_of(folder, zone, **site):
    return Daemon(folder, {"site": {"time_zone": zone}, "lines": {"air": {"kind": "sim"}},
                           "devices": {"m": unit("air", 1, "sim-meter", every="1 h")}, "history": {"enabled": False},
                           **site})


@pytest.fixture(scope="module", params=["Europe/Berlin", "America/St_Johns"])
def year(request, tmp_path_factory):
    """(house, its zone, readings)"""
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    house = house_of(tmp_path_factory.mktemp("year"), request.param)
    readings = some_readings(seed)
    put(house, [(at, path, float(value)) for path, list_ in readings.items() for at, value in list_])
    # Answers come from rows of hours to years where they can, from readings elsewhere: both must be there
    # (docs/history-format.md: the level is the key's first byte).
    store = sqlite3.connect(f"file:{house.state}/history.db?mode=ro", uri=True)
    assert {key >> 56 for key, in store.execute("SELECT key FROM piece")} >= {0, 2, 3, 4, 5}
    store.close()
    yield house, zoneinfo.ZoneInfo(request.param), readings
    house.close()


def ask(house, *paths, start=BEGIN, end=END, **more):
    query = urllib.parse.urlencode([*(("path", path) for path in paths), ("from", text_of(start)), ("to", text_of(end)),
                                    *more.items()])
    return house.get("/history?" + query)


def begin_of(moment, step, zone):
    """Where the bucket begins that a moment lies in, seconds since 1970."""
    if isinstance(step, int):
        return moment // step * step
    local = datetime.datetime.fromtimestamp(moment, zone)
    if step == "1h":
        past = local.minute * 60 + local.second
        return moment - past
    day = local.date()
    if step == "1w":
        day -= datetime.timedelta(days=day.weekday())
    elif step == "1mo":
        day = day.replace(day=1)
    elif step == "3mo":
        day = day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    elif step == "1y":
        day = day.replace(day=1, month=1)
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def expected(readings, step, zone, counter):
    """[(begin, min, average, max, last, count, rise or None)]"""
    rows, before = [], None
    for begin, group in itertools.groupby(readings, key=lambda one: begin_of(one[0], step, zone)):
        values = [value for _, value in group]
        rise = 0
        for value in values:
            if before is not None:
                rise += value - before if value >= before else value
            before = value
        rows.append((begin, min(values), sum(values) / len(values), max(values), values[-1], len(values),
                     rise if counter else None))
    return rows


def assert_same(found, wanted, decimals):
    assert [seconds_of(row[0]) for row in found] == [row[0] for row in wanted]
    for got, want in zip(found, wanted):
        rise = want[6]
        assert len(got) == (6 if rise is None else 7)
        assert got[5] == want[5], (got, want)
        for index in (1, 3, 4) if rise is None else (1, 3, 4, 6):
            assert got[index] == pytest.approx(float(want[index]), abs=1e-6), (index, got, want)
        assert got[2] == pytest.approx(float(want[2]), abs=0.51 * 10 ** -(decimals + 2)), (got, want)


@pytest.mark.parametrize("step", [*UNITS, 60, 7200, 86400])
def test_buckets_are_what_zoneinfo_and_fractions_say(year, step):
    """Days of 23 and 25 hours, weeks from Monday, and all larger rows against the single readings."""
    house, zone, readings = year
    answer = ask(house, VOLTAGE, ENERGY, step=step)
    series = {one["path"]: one for one in answer["series"]}
    assert answer["step"] == str(step) and answer["step_s"] == (step if isinstance(step, int) else answer["step_s"])
    for path in (VOLTAGE, ENERGY):
        wanted = expected(readings[path], step, zone, path == ENERGY)
        if answer["next"]:
            until = seconds_of(answer["next"])
            wanted = [row for row in wanted if row[0] < until]
            assert len(wanted) >= 1000
        assert_same(series[path]["rows"], wanted, series[path]["decimals"])
    if step == "1d":
        local = ask(house, VOLTAGE, step=step, time="local")["series"][0]["rows"]
        assert all(row[0][10:23] == "T00:00:00.000" for row in local)
        begins = {row[0] for row in expected(readings[VOLTAGE], "1d", zone, False)}
        assert {later - begin for begin in begins for later in begins if 0 < later - begin < 30 * 3600} == {
            23 * 3600, 24 * 3600, 25 * 3600}


def test_raw_is_every_reading(year):
    house, _, readings = year
    rows = ask(house, VOLTAGE, step="raw")["series"][0]["rows"]
    assert [(seconds_of(row[0]), row[4]) for row in rows] == [(at, float(value)) for at, value in readings[VOLTAGE]]
    assert all(row[1] == row[2] == row[3] == row[4] and row[5] == 1 for row in rows)


@pytest.mark.parametrize("points", [1, 2, 3, 7, 31, 100, 300, 600, 5000])
def test_at_most_so_many_buckets(year, points):
    house, zone, readings = year
    answer = ask(house, VOLTAGE, points=points)
    rows, step = answer["series"][0]["rows"], answer["step"]
    assert 1 <= len(rows) <= points and answer["next"] is None
    assert sum(row[5] for row in rows) == len(readings[VOLTAGE])
    assert_same(rows, expected(readings[VOLTAGE], int(step) if step.isdigit() else step, zone, False), 1)
    if points == 300:
        assert step == "1d"  # 249 days


def in_pages(house, paths, step):
    """All rows of the first two paths, page after page, and how many pages that took."""
    rows, start, pages = ([], []), text_of(BEGIN), 0
    while start:
        query = urllib.parse.urlencode([*(("path", path) for path in paths), ("from", start), ("to", text_of(END)),
                                        ("step", step)])
        answer = house.get("/history?" + query)
        for list_, series in zip(rows, answer["series"]):
            list_ += series["rows"]
        assert answer["next"] is None or answer["next"] > start
        start, pages = answer["next"], pages + 1
    return rows, pages


@pytest.mark.parametrize("step", ["1h", "7200", "1d", "raw"])
def test_pages_make_the_same_whole(year, step):
    """128 points leave room for 390 buckets of each in a page; what counters rose by goes on across the seams."""
    house, zone, readings = year
    paths = [VOLTAGE, ENERGY, *(f"nobody-{number}/phase-a/voltage" for number in range(126))]
    (volts, energy), pages = in_pages(house, paths, step)
    assert pages == 1 if step == "1d" else pages > 5
    if step == "raw":
        assert [(seconds_of(row[0]), row[4]) for row in energy] == [(at, float(value)) for at, value in readings[ENERGY]]
        return
    key = int(step) if step.isdigit() else step
    assert_same(volts, expected(readings[VOLTAGE], key, zone, False), 1)
    wanted = expected(readings[ENERGY], key, zone, True)
    assert [(seconds_of(row[0]), row[5]) for row in energy] == [(row[0], row[5]) for row in wanted]
    # Over a seam within a gap of more than a day nothing is known of before.
    differ = [index for index, (got, want) in enumerate(zip(energy, wanted)) if abs(got[6] - float(want[6])) > 1e-6]
    assert all(wanted[index][0] - wanted[index - 1][0] > 86400 for index in differ), differ
    assert len(differ) <= pages


@pytest.mark.parametrize("step", ["raw", "1h"])
def test_a_table_goes_on_through_all_pages(year, step):
    house, _, readings = year
    paths = [VOLTAGE, ENERGY, *(f"nobody-{number}/phase-a/voltage" for number in range(126))]
    query = urllib.parse.urlencode([*(("path", path) for path in paths), ("from", text_of(BEGIN)), ("to", text_of(END)),
                                    ("step", step), ("columns", "last,count,rise")])
    answer = house.local("GET", f"{BASE}/history.csv?{query}")
    assert answer.status == 200
    table = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    for path, where in ((VOLTAGE, "V"), (ENERGY, "kWh")):
        counts = [int(row[f"{path} count"]) for row in table if row[f"{path} count"]]
        assert sum(counts) == len(readings[path])
        lasts = [float(row[f"{path} [{where}] last"]) for row in table if row[f"{path} [{where}] last"]]
        assert lasts[-1] == float(readings[path][-1][1])
    assert f"{VOLTAGE} [V] rise" not in table[0] and f"{ENERGY} [kWh] rise" in table[0]
    moments = [row["time"] for row in table]
    assert moments == sorted(set(moments))


@pytest.mark.parametrize("query,word", [
    ("step=2d", "1mo"), ("step=-1", "step"), ("step=0", "step"), ("step=31622401", "366"), ("points=0", "points"),
    ("points=20001", "20000"), ("points=abc", "points"), ("from=now&to=-1h", "before"), ("from=yesterday", "from"),
    ("time=noon", "time"), ("columns=avgg", None), ("&".join(["path=a/b/c"] * 128), "128")])
def test_what_cannot_be_asked_is_told(year, query, word):
    house, _, _ = year
    answer = house.local("GET", f"{BASE}/history{'.csv' if 'columns' in query else ''}?path={VOLTAGE}&{query}")
    assert answer.status == 400 and answer.json()["type"] == "/problems/bad-parameter", answer.body
    assert word is None or word in answer.json()["detail"], answer.body


def test_what_is_cleared_is_gone_from_days_and_months_too(tmp_path):
    """Readings and the rows made of them, after a restart as well; the other point keeps its own."""
    house = house_of(tmp_path, "Europe/Berlin")
    readings = some_readings(5)
    put(house, [(at, path, float(value)) for path, list_ in readings.items() for at, value in list_])
    assert len(ask(house, VOLTAGE, step="1mo")["series"][0]["rows"]) == 9
    assert house.local("DELETE", f"{BASE}/history?path=m/phase-a").status == 204
    for _ in range(2):
        for step in ("raw", "1h", "1d", "1mo", "1y"):
            assert ask(house, VOLTAGE, step=step)["series"][0]["rows"] == [], step
            assert sum(row[5] for row in ask(house, ENERGY, step=step)["series"][0]["rows"]) == len(readings[ENERGY])
        house.stop()
        house.start()
    house.close()


# ---- much at once ---------------------------------------------------------------------------------

SECONDS = 50_000
START = 1_788_000_000  # 2026-08-29


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """Four points each second for half a day: 200,000 readings, a table of 9 MB."""
    house = house_of(tmp_path_factory.mktemp("dense"), "Etc/UTC")
    chance = random.Random(7)
    for phase in "abc":
        put(house, [(START + at, f"m/phase-{phase}/voltage", chance.randrange(2200, 2400) / 10) for at in range(SECONDS)])
    put(house, [(START + at, "m/phase-a/current", chance.randrange(900) / 10) for at in range(SECONDS)])
    yield house
    house.close()


def table_path(*paths):
    paths = paths or ("m/phase-a/voltage", "m/phase-b/voltage", "m/phase-c/voltage", "m/phase-a/current")
    return f"{BASE}/history.csv?" + urllib.parse.urlencode(
        [*(("path", path) for path in paths), ("from", START), ("to", START + SECONDS), ("step", "raw")])


def peak_mb(house, reset=False):
    place = pathlib.Path(f"/proc/{house.process.pid}")
    if reset:
        (place / "clear_refs").write_text("5")
    line, = [line for line in (place / "status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def test_a_long_table_needs_little_memory(dense):
    """200,000 readings in one table of about 7 MB; the answer as a whole took 20 MB when it was made at once."""
    dense.local("GET", table_path("m/phase-a/current"))
    before = peak_mb(dense, reset=True)
    answer = dense.local("GET", table_path())
    after = peak_mb(dense)
    rows = answer.body.splitlines()
    assert len(rows) == SECONDS + 1 and len(answer.body) > 5_000_000
    assert all(row.count(b",") == 20 for row in rows)
    print(f"{len(answer.body)} bytes, {after - before:.1f} MB more")
    if SLOW == 1:
        assert after - before < 10, f"{after - before:.1f} MB more"


class Stuck:
    """A client that asks for a long table and takes nothing of it."""

    def __init__(self, house):
        self.link = socket.socket()
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.link.settimeout(20)
        self.link.connect(("127.0.0.1", house.http))
        self.link.sendall(f"GET {table_path()} HTTP/1.1\r\nHost: 127.0.0.1:{house.http}\r\nConnection: close\r\n\r\n".encode())
        self.head = self.link.recv(12)

    def rest(self):
        """All that still comes."""
        parts = []
        try:
            while part := self.link.recv(1 << 20):
                parts.append(part)
        except ConnectionError:
            pass
        return self.head + b"".join(parts)


def test_one_client_cannot_take_the_place_of_all(dense):
    """Six answers at once; the seventh is told to wait, somebody else is served, and who leaves makes room."""
    stuck = [Stuck(dense) for _ in range(6)]
    assert all(one.head == b"HTTP/1.1 200" for one in stuck)
    refused = dense.ask("GET", f"{BASE}/history?path=m/phase-a/voltage")
    assert refused.status == 429 and refused.json()["type"] == "/problems/too-many-questions", refused.body
    assert int(refused.headers["Retry-After"]) > 0
    assert dense.local("GET", f"{BASE}/history?path=m/phase-a/voltage").status == 200
    stuck.pop().link.close()
    wait_for(lambda: dense.ask("GET", f"{BASE}/history?path=m/phase-a/voltage").status == 200, 20 * SLOW,
             "room after one left")
    assert stuck[0].rest().endswith(b"0\r\n\r\n"), "a slow client got no whole table"
    for one in stuck:
        one.link.close()
    wait_for(lambda: dense.ask("GET", table_path()).status == 200, 20 * SLOW, "a whole table afterwards")


def test_a_table_that_breaks_off_is_seen_to(tmp_path):
    """The program ends while a client is in the middle of a table: at once, and the client cannot take it for whole."""
    house = house_of(tmp_path, "Etc/UTC")
    put(house, [(START + at, f"m/phase-{phase}/voltage", 230.5) for phase in "abc" for at in range(SECONDS)])
    stuck = Stuck(house)
    assert stuck.head == b"HTTP/1.1 200"
    house.stop(within=5)
    assert not stuck.rest().endswith(b"0\r\n\r\n")
    house.close()
