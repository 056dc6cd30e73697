"""Figures of energy: a year of 40 meters against the one before, with a tariff of two prices, as the page asks for it."""

import random
import subprocess
import time

from bench_rig import Daemon, median, require, runs_text

METERS, HOUR = 40, 3600
SITE = """
site: {time_zone: Europe/Berlin}
web: {https: @HTTPS@, http: @HTTP@, listen: 127.0.0.1}
access: {view: open}
lines: {air: {kind: sim}}
history: {enabled: false}
tariffs: {t: {price: 0.3, windows: "mon-fri 22:00-06:00 0.2", co2: 0.38, standing: 10}}
devices:
"""


def years(rig):
    """Milliseconds at the client and processor time of one question, whose answer has 40 rows and 12 steps."""
    site = SITE + "".join(f"  m{i}: {{line: air, unit: {i + 1}, profile: sim-meter, every: 1 h}}\n" for i in range(METERS))
    daemon = rig.start(Daemon, site)
    end = int(time.time())
    begin = end - 2 * 366 * 24 * HOUR
    table = rig.folder / "energy.csv"
    with open(table, "w", encoding="ascii") as file:
        file.write("time,path,value\n")
        for i in range(METERS):
            count = 0
            for at in range(begin, end, HOUR):
                count += random.randrange(1000)
                file.write(f"{at},m{i}/total/energy,{count / 1000:.3f}\n")
    done = subprocess.run([rig.build / "busbar", "import", "--socket", daemon.state / "busbar.sock", table],
                          capture_output=True, text=True, check=False, timeout=900)
    require(done.returncode == 0, f"busbar import: {done.stderr.strip()[-200:]}")
    client, took, used = daemon.client(), [], []
    for _ in range(12):
        cpu, began = daemon.cpu_seconds(), time.monotonic()
        client.request("GET", "/api/v1/energy?period=year")
        answer = client.getresponse()
        body = answer.read()
        took.append((time.monotonic() - began) * 1000)
        used.append((daemon.cpu_seconds() - cpu) * 1000)
        require(answer.status == 200 and body.count(b'"id"') == METERS, f"GET /energy: {answer.status}")
    what = f"{METERS} meters, two years of hours each, over TLS"
    yield "energy.year_40_meters_ms", median(took[2:]), f"{what}; runs {runs_text(took[2:])}; the first one {took[0]:.3g}"
    yield "energy.year_40_meters_cpu_ms", median(used[2:]), f"{what}; two threads read"
