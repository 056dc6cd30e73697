"""What was used, what it cost: against arithmetic by Python's zoneinfo and fractions over the same readings.

Readings of fourteen months are imported: both changes of the clock, gaps of hours and days, exchanged meters, a tariff
that changes within a month. What an answer must be is worked out reading by reading.
"""

import csv
import datetime
import fractions
import io
import random
import time
import zoneinfo

import pytest

from daemon_client import Daemon, run, unit, wait_for
from mail_servers import Sink

BASE = "/api/v1"
ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
HOUR = 3600
METERS = {"main": "mains", "sub": "main", "other": "mains"}
#: The tariffs, once for the daemon and once for the test: (first day, price, windows, CO2, standing a month)
TARIFFS = {
    "first": ("2025-01-01", "0.30", [("sat sun", "00:00-24:00", "0.19"), ("mon-fri", "22:00-06:00", "0.21")],
              "0.38", "12.5"),
    "second": ("2025-05-15", "0.3345", [("daily", "{from}-{to}", "0.2599")], "0.351", "13"),
}
DAYS = {"sat sun": {5, 6}, "mon-fri": set(range(5)), "daily": set(range(7))}


def moment(*date):
    return int(datetime.datetime(*date, tzinfo=ZONE).timestamp())


BEGIN, END = moment(2025, 1, 1), moment(2026, 3, 1)


def readings_of(chance):
    """[(seconds, thousandths of a kWh)], now and then a meter of another one, now and then nothing for days."""
    at, count, found = BEGIN + chance.randrange(1800), chance.randrange(10**8), []
    while at < END:
        found.append((at, count))
        dice = chance.random()
        count = chance.randrange(50) if dice < 0.0003 else count + chance.randrange(900)
        at += chance.randrange(3 * HOUR, 5 * 24 * HOUR) if 0.5 < dice < 0.5015 else chance.choice([1500, 1800, 2000])
    return found


def site_of(windows):
    def text(rows):
        return ", ".join(f"{days} {hours.format(**windows)} {price}" for days, hours, price in rows)
    return {
        "site": {"time_zone": "Europe/Berlin"}, "lines": {"air": {"kind": "sim"}},
        "devices": {name: unit("air", i + 1, "sim-meter", every="1 h", fed_by=fed)
                    for i, (name, fed) in enumerate(METERS.items())},
        "history": {"enabled": False},
        "tariffs": {name: {"from": first, "price": float(price), "windows": text(rows), "co2": float(co2),
                           "standing": float(standing)}
                    for name, (first, price, rows, co2, standing) in TARIFFS.items()},
        "energy": {"all": {"members": "main, sub, other"}, "rest": {"members": "main, -sub"},
                   "both": {"members": "sub, other", "label": "Both of them"}},
    }


@pytest.fixture(scope="module")
def readings():
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    chance = random.Random(seed)
    return {name: readings_of(chance) for name in METERS}


@pytest.fixture(scope="module")
def house(tmp_path_factory, readings):
    house = Daemon(tmp_path_factory.mktemp("energy"), site_of({"from": "01:00", "to": "05:00"}))
    rows = sorted((at, f"{name}/total/energy", count) for name, list_ in readings.items() for at, count in list_)
    for start in range(0, len(rows), 4500):
        body = "time,path,value\n" + "".join(f"{at},{path},{count // 1000}.{count % 1000:03}\n"
                                             for at, path, count in rows[start:start + 4500])
        answer = house.local("POST", BASE + "/history/import", body, {"Content-Type": "text/csv"})
        assert answer.status == 200 and answer.json()["refused"] == 0, answer.body
    yield house
    house.close()


# ---- what must come out -------------------------------------------------------------------------------------------


def price_at(at, windows):
    """(price, CO2) at a moment, from the clock on the wall alone; what is shown twice belongs to its first showing."""
    local = datetime.datetime.fromtimestamp(at, ZONE)
    name = max((name for name in TARIFFS if TARIFFS[name][0] <= local.date().isoformat()),
               key=lambda name: TARIFFS[name][0])
    _, price, rows, co2, _ = TARIFFS[name]
    for days, hours, other in rows:
        first, last = (int(part[:2]) * 60 + int(part[3:]) for part in hours.format(**windows).split("-"))
        for back in (0, 1):
            day = local.date() - datetime.timedelta(days=back)
            if day.weekday() in DAYS[days]:
                midnight = datetime.datetime.combine(day, datetime.time(), ZONE)
                begin, end = (int((midnight + datetime.timedelta(minutes=minutes)).timestamp())
                              for minutes in (first, last if last > first else last + 1440))
                if begin <= at < end:
                    return fractions.Fraction(other), fractions.Fraction(co2)
    return fractions.Fraction(price), fractions.Fraction(co2)


def slots_of(list_, grain, windows, prices):
    """[(begin of the slot, thousandths, price or None, CO2, covered seconds from, to)]"""
    def price(at):
        if at not in prices:
            prices[at] = price_at(at, windows)
        return prices[at]

    found, before = {}, None
    for at, count in list_:
        slot = at - at % grain
        rise = 0 if before is None else count - before if count >= before else count
        found[slot] = found.get(slot, 0) + rise
        before = count
    result, done = [], None
    for slot, rise in sorted(found.items()):
        since = slot if done is None or rise == 0 else done
        kinds = {price(at) for at in range(since, slot + grain, grain)}
        first = done if done is not None and slot - done <= HOUR else slot
        result.append((slot, rise, *(kinds.pop() if len(kinds) == 1 else (None, None)), first, slot + grain))
        done = slot + grain
    return result


def sum_of(slots, begin, end, asked=None):
    """{"used", "cost", "co2_kg", "covered"} of a stretch; readings after the end of what is asked are not looked at."""
    inside = [slot for slot in slots if begin <= slot[0] < end]
    covered = sum(min(last, end) - max(first, begin) for slot, *_, first, last in slots
                  if first < end and last > begin and slot < (asked or end))
    known = [slot for slot in inside if slot[2] is not None]
    return {"used": fractions.Fraction(sum(slot[1] for slot in inside), 1000) if inside else None,
            "cost": sum(slot[1] * slot[2] for slot in known) / 1000 if known else None,
            "co2_kg": sum(slot[1] * slot[3] for slot in known) / 1000 if known else None,
            "covered": covered / (end - begin)}


def same(found, expected):
    if expected is None or found is None:
        return found is None and expected is None
    return abs(fractions.Fraction(found).limit_denominator(10**7) - expected) <= fractions.Fraction(1, 10**6)


def check(row, expected, what):
    for key in ("used", "cost", "co2_kg"):
        assert same(row[key], expected[key]), (what, key, row[key], expected[key] and float(expected[key]))
    assert abs(row["covered"] - expected["covered"]) < 2e-6, (what, row["covered"], expected["covered"])


def period_of(name, year, month=1, day=1):
    """(begin, end, steps) by the calendar; the week of the day."""
    date = datetime.date(year, month, day)
    if name == "week":
        date -= datetime.timedelta(days=date.weekday())
    date = {"month": date.replace(day=1), "year": date.replace(day=1, month=1)}.get(name, date)
    length = {"day": 1, "week": 7}.get(name)
    end = date + datetime.timedelta(days=length) if length else \
        datetime.date(year + (name == "year" or month == 12), 1 if name == "year" or month == 12 else month + 1, 1)

    def at(day):
        return moment(day.year, day.month, day.day)
    if name == "day":
        steps = list(range(at(date), at(end), HOUR))
    elif name == "year":
        steps = [moment(year, month, 1) for month in range(1, 13)]
    else:
        steps = [at(date + datetime.timedelta(days=i)) for i in range((end - date).days)]
    return at(date), at(end), steps + [at(end)]


def ask(house, path="energy", **query):
    return house.get(f"/{path}?" + "&".join(f"{key}={value}" for key, value in query.items()))


PERIODS = [("day", 2025, 3, 30), ("day", 2025, 10, 26), ("day", 2025, 7, 1), ("week", 2025, 3, 28), ("week", 2025, 12, 31),
           ("month", 2025, 3, 9), ("month", 2025, 5, 1), ("month", 2025, 10, 31), ("year", 2025, 6, 6)]


def check_periods(house, readings, windows, grain, periods):
    prices = {}
    slots = {name: slots_of(list_, grain, windows, prices) for name, list_ in readings.items()}
    for period, *date in periods:
        begin, end, steps = period_of(period, *date)
        answer = ask(house, period=period, at="{}-{:02}-{:02}".format(*date))
        what = (period, *date)
        assert (answer["from"], answer["to"]) == (begin, end), what
        assert [step["from"] for step in answer["steps"]] == steps[:-1], what
        assert [row["id"] for row in answer["rows"]] == list(METERS), what
        for i, row in enumerate(answer["rows"]):
            check(row, sum_of(slots[row["id"]], begin, end), (*what, row["id"]))
            before = sum_of(slots[row["id"]], answer["before_from"], begin)
            assert same(row["before_full"], before["used"]) and same(row["before"], before["used"]), (what, row)
            for step, first, last in zip(answer["steps"], steps, steps[1:]):
                expected = sum_of(slots[row["id"]], first, last)
                assert same(step["used"][i], expected["used"]) and same(step["cost"][i], expected["cost"]), (what, step)
    return slots


def test_periods_cost_and_gaps(house, readings):
    slots = check_periods(house, readings, {"from": "01:00", "to": "05:00"}, HOUR, PERIODS)
    # A year by days is the same energy again.
    days = ask(house, "energy/calendar", of="main", year=2025)["days"]
    assert len(days) == 365
    for day in days:
        first = datetime.date.fromisoformat(day["date"])
        last = first + datetime.timedelta(days=1)
        check({**day, "co2_kg": None}, {**sum_of(slots["main"], moment(first.year, first.month, first.day),
                                                 moment(last.year, last.month, last.day), moment(2026, 1, 1)),
                                        "co2_kg": None}, day)


def test_steps_add_up_to_their_totals_and_shares(house):
    for query in ({"period": "year", "at": "2025-07-07"}, {"period": "month", "at": "2025-10-07"}):
        answer = ask(house, **query)
        names = [row["id"] for row in answer["rows"]]
        span = answer["to"] - answer["from"]
        for step in answer["steps"]:
            used = dict(zip(names, step["used"]))
            # What main feeds is in main.
            tops = [used[name] for name in ("main", "other") if used[name] is not None]
            total, = step["totals"]
            assert total is None if not tops else abs(total - sum(tops)) < 2e-3, step
        for i, row in enumerate(answer["rows"]):
            shares = sum(step["covered"][i] * (step["to"] - step["from"]) for step in answer["steps"])
            assert abs(shares / span - row["covered"]) < 1e-5, row
        shares = sum(step["totals_covered"][0] * (step["to"] - step["from"]) for step in answer["steps"])
        assert abs(shares / span - answer["totals"][0]["covered"]) < 1e-5
        assert ask(house, period=query["period"], at=datetime.date.fromtimestamp(answer["before_from"] + 86400))["totals"][0]["covered"] == \
            answer["totals"][0]["before_covered"]


def test_groups_are_the_sums_of_their_members(house):
    for query in ({"period": "year", "at": "2025-07-07"}, {"period": "month", "at": "2025-10-07"}):
        meters = {row["id"]: row for row in ask(house, **query)["rows"]}
        groups = {row["id"]: row for row in ask(house, by="group", **query)["rows"]}
        medium, = ask(house, by="medium", **query)["rows"]
        totals, = ask(house, **query)["totals"]
        assert {name: row["within"] for name, row in meters.items()} == {"main": None, "sub": "main", "other": None}
        assert groups["rest"]["members"] == ["main", "-sub"] and groups["both"]["name"] == "Both of them"
        for key in ("used", "cost", "co2_kg"):
            def of(name):
                return fractions.Fraction(meters[name][key]).limit_denominator(10**7)
            # What main feeds is in main: it is not counted twice, where both are added.
            for row, value in ((groups["all"], of("main") + of("other")), (groups["rest"], of("main") - of("sub")),
                               (groups["both"], of("sub") + of("other")), (medium, of("main") + of("other")),
                               (totals, of("main") + of("other"))):
                assert abs(fractions.Fraction(row[key]).limit_denominator(10**7) - value) <= fractions.Fraction(3, 10**6), key
        members = ask(house, group="rest", **query)
        assert [row["id"] for row in members["rows"]] == ["main", "sub"]
        assert members["totals"][0]["used"] == groups["rest"]["used"]


def test_days_make_months_and_months_the_year(house):
    year = ask(house, period="year", at="2025-07-07")
    days = ask(house, "energy/calendar", of="other", year=2025)["days"]
    for i, step in enumerate(year["steps"]):
        month = ask(house, period="month", at=f"2025-{i + 1:02}-15")
        assert same(step["used"][2], fractions.Fraction(str(month["rows"][2]["used"])))
        here = [fractions.Fraction(str(day["used"])) for day in days
                if int(day["date"][5:7]) == i + 1 and day["used"] is not None]
        assert same(step["used"][2], sum(here))
    assert same(year["rows"][2]["used"], sum(fractions.Fraction(str(step["used"][2])) for step in year["steps"]))


def test_standing_charge(house):
    def standing(**query):
        return ask(house, **query)["totals"][0]["standing"]
    assert standing(period="month", at="2025-02-02") == 12.5
    assert standing(period="day", at="2025-02-02") == pytest.approx(12.5 / 28, abs=1e-6)
    assert standing(period="month", at="2025-05-02") == pytest.approx(12.5 * 14 / 31 + 13 * 17 / 31, abs=2e-6)
    assert standing(period="year", at="2025-05-02") == pytest.approx(
        12.5 * 4 + 12.5 * 14 / 31 + 13 * 17 / 31 + 13 * 7, abs=1e-4)


def test_table_and_command_line(house):
    query = "period=week&at=2025-06-04&by=group"
    answer = house.get(f"/energy?{query}")
    text = house.ask("GET", f"{BASE}/energy.csv?{query}&separator=;&decimal=,").body.decode()
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["id"] for row in rows] == [name for name in ("all", "rest", "both") for _ in range(7)]
    assert rows[0]["from"] == "2025-06-02 00:00:00" and rows[0]["to"] == "2025-06-03 00:00:00"
    for i in range(3):
        for row, step in zip(rows[7 * i:], answer["steps"]):
            assert (float(row["used"].replace(",", ".")) if row["used"] else None) == step["used"][i]
            assert (float(row["cost"].replace(",", ".")) if row["cost"] else None) == step["cost"][i]
    shown = house.cli("energy", "--period", "week", "--at", "2025-06-04", "--by", "group").stdout
    assert "Both of them" in shown and f"{answer['rows'][2]['used']:.3f}" in shown and "EUR" in shown


def test_windows_within_an_hour(house, readings):
    windows = {"from": "12:30", "to": "13:45"}
    house.reload(site_of(windows))
    near = {name: [one for one in list_ if moment(2025, 8, 20) <= one[0] < moment(2025, 11, 2)]
            for name, list_ in readings.items()}
    check_periods(house, near, windows, 900, [("day", 2025, 9, 3), ("month", 2025, 10, 31)])
    house.reload(site_of({"from": "01:00", "to": "05:00"}))


def test_what_is_refused(house):
    for path, status in (("energy?period=decade", 400), ("energy?by=colour", 400), ("energy?at=yesterday", 400),
                         ("energy?medium=beer", 400), ("energy?group=nobody", 404), ("energy/calendar", 400),
                         ("energy/calendar?of=nobody", 404), ("energy/calendar?of=main&year=26", 400),
                         ("energy.csv?separator=x", 400)):
        answer = house.ask("GET", f"{BASE}/{path}")
        assert answer.status == status, (path, answer.status, answer.body)
    site = site_of({"from": "01:00", "to": "05:00"})
    for change, word in (({"windows": "mon-fri 22:00 0.2"}, "windows"), ({"from": "2025-02-30"}, "from"),
                         ({"currency": "CHF"}, "currency"), ({"windows": "tonight 22:00-06:00 0.2"}, "windows")):
        wrong = {**site, "tariffs": {**site["tariffs"], "second": {**site["tariffs"]["second"], **change}}}
        house.write_site(wrong)
        checked = run("check", str(house.site_file))
        assert checked.returncode == 1 and f"tariffs.second.{word}" in checked.stderr + checked.stdout, checked
    house.write_site(site)


def test_meters_that_are_not_there(daemon):
    """Nothing recorded: unknown, not zero."""
    house = daemon(site_of({"from": "01:00", "to": "05:00"}))
    answer = ask(house, period="month", at="2025-02-02")
    assert [(row["used"], row["cost"], row["quality"], row["covered"]) for row in answer["rows"]] == \
        [(None, None, "missing", 0)] * 3
    wait_for(lambda: ask(house)["rows"], 30, "the meters of now")


def test_a_report_carries_energy(daemon, clean):
    """An hour ago and now: what was used since is in the mail with its price, in both forms."""
    server = Sink()
    clean.callback(server.stop)
    mail = {"server": "127.0.0.1", "port": server.port, "security": "none", "from": "busbar@example.org"}
    house = daemon({**site_of({"from": "01:00", "to": "05:00"}), "mail": mail,
                    "tariffs": {"flat": {"price": 0.5, "co2": 0.25}},
                    "recipients": {"ops": {"kind": "mail", "address": "ops@example.org"}},
                    "reports": {"morning": {"at": "07:00", "recipients": "ops"},
                                "short": {"at": "07:00", "recipients": "ops", "energy": False}}})
    # All of it in this hour, so in this week and month; but at an hour's begin both may lie in the one before.
    now = int(time.time())
    rows = "".join(f"{at},main/total/energy,{count}\n" for at, count in ((now - 3, 100), (now - 1, 104.5)))
    assert house.local("POST", BASE + "/history/import", "time,path,value\n" + rows, {"Content-Type": "text/csv"}).status == 200
    wait_for(lambda: ask(house)["rows"][0]["used"] == 4.5, 30, "the energy of now")
    assert house.local("POST", BASE + "/reports/short/send").status == 204
    assert "Energy\n" not in server.wait().text
    assert house.local("POST", BASE + "/reports/morning/send").status == 204
    text = " ".join(server.wait(2).text.split())
    assert "This month, electricity 4.500 kWh, 2.25 EUR, 1.1 kg of CO2" in text, text
    assert "This week, all 4.500 kWh" in text and "This month, Both of them not known" in text, text


# ---- demand -------------------------------------------------------------------------------------------------------


def test_demand_and_extremes_of_a_running_house(daemon):
    house = daemon({"lines": {"air": {"kind": "sim"}}, "devices": {"m": unit("air", 1, "sim-meter")},
                    "demand": {"power": {"points": "m/total/real-power", "window": "1 min"},
                               "volts": {"points": "m/phase-*/voltage", "kind": "extremes"}}})

    def one(source):
        return next(row for row in house.get("/energy/demand") if row["source"] == source)
    house.wait_good("m/total/real-power")
    wait_for(lambda: one("m/phase-a/voltage")["peak"], 30, "a highest voltage")
    volts = one("m/phase-a/voltage")
    assert volts["least"] <= volts["peak"] and volts["peak_point"] == "m/phase-a/voltage-max"
    assert abs(house.point("m/phase-a/voltage-max")["value"] - volts["peak"]) < 1
    power = one("m/total/real-power")
    assert power["window_s"] == 60 and power["peak_point"] == "m/total/real-power-demand-peak"
    wait_for(lambda: one("m/total/real-power")["ends"], 30, "a window")
    assert one("m/total/real-power")["ends"] % 60 == 0
    # A restart keeps the extremes; a reset by somebody who may is in the event log.
    since = volts["since"]
    house.stop(within=30)
    house.start()
    volts = wait_for(lambda: one("m/phase-a/voltage"), 30, "the extremes after a restart")
    assert volts["since"] == since and volts["peak"]
    assert house.ask("DELETE", f"{BASE}/energy/demand/m/phase-a/voltage").status in (401, 403)
    assert house.local("DELETE", f"{BASE}/energy/demand/m/phase-a/nothing").status == 404
    time.sleep(1.1)  # it is told in seconds
    assert house.local("DELETE", f"{BASE}/energy/demand/m/phase-a/voltage").status == 204
    assert one("m/phase-a/voltage")["since"] > since
    event = wait_for(lambda: house.get("/events?kind=demand-reset")["events"], 30, "the event")[0]
    assert event["object"] == "m/phase-a/voltage"
