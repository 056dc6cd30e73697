"""Figures of the web face: answers against nginx, side by side; many live streams."""

import re
import shutil
import subprocess
import time

from bench_rig import Counter, Daemon, Process, Simulator, Stream, flat_site, free_ports, median, require, runs_text

CONNECTIONS = 64

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  sendfile on;
  open_file_cache max=16;
  client_body_temp_path {folder}/nginx-body;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {state}/tls.crt;
    ssl_certificate_key {state}/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    default_type application/json;
    root {folder}/files;
  }}
}}
"""


def start_nginx(rig, daemon):
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    require(program, "nginx is not installed")
    (rig.folder / "files").mkdir(exist_ok=True)
    rig.folder.chmod(0o755)  # its worker reads the files as another user
    port = free_ports(1)
    (rig.folder / "nginx.conf").write_text(NGINX.format(folder=rig.folder, port=port, state=daemon.state))
    nginx = rig.start(Process, [program, "-c", rig.folder / "nginx.conf"])
    time.sleep(0.5)
    require(nginx.process.poll() is None, f"nginx did not start: {nginx.last_words()}")
    return nginx, port


def transferred(text, pattern):
    number, unit = re.search(pattern, text).groups()
    return float(number) * {"": 1, "K": 1024, "M": 1024 ** 2, "G": 1024 ** 3}[unit]


def load(url, seconds, size):
    """Requests a second that wrk gets; not one may fail or be shorter than it should."""
    text = subprocess.run(["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "10s", url],
                          capture_output=True, text=True, check=True).stdout
    failed = re.search(r"(Non-2xx.*|Socket errors.*)", text)
    require(not failed, f"wrk on {url}: {failed and failed[1]}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    each = transferred(text, r"Transfer/sec:\s+([\d.]+)([KMG]?)B") / rate
    require(each > 0.97 * size, f"wrk on {url}: {each:.0f} bytes an answer, {size} were due")
    return rate


def web_site(rig):
    """About 1,000 points that change each second, some of them on units of about 2 KB."""
    simulator = rig.start(Simulator, ["flat@1"], 30)
    small = simulator.first + 28
    site = flat_site(simulator.first, 30, history="1 min")
    for port in (small, small + 1):
        site = site.replace(f"p-{port}, unit: 1, profile: bench-flat", f"p-{port}, unit: 1, profile: bench-small")
    daemon = rig.start(Daemon, site)
    daemon.wait_until_online()
    time.sleep(1.5)
    return daemon, f"u-{small}-1"


def rest_ratio(rig, which):
    """Ours against theirs, side by side; who goes first changes from run to run."""
    daemon, small = web_site(rig)
    path = {"points": "/api/v1/points", "small": f"/api/v1/points?device={small}"}[which]
    body = daemon.get(path)
    _, port = start_nginx(rig, daemon)
    (rig.folder / "files" / which).write_bytes(body)
    ours, theirs = f"https://127.0.0.1:{daemon.https}{path}", f"https://127.0.0.1:{port}/{which}"
    seconds = round(rig.seconds(4))
    rates, cores = [], []
    for run in range(rig.runs):
        if run % 2:
            other = load(theirs, seconds, len(body))
        used = daemon.cpu_seconds()
        own = load(ours, seconds, len(body))
        cores.append(100 * (daemon.cpu_seconds() - used) / seconds)
        if not run % 2:
            other = load(theirs, seconds, len(body))
        rates.append((own, other))
    points = body.count(b'"path"')
    ratios = [own / other for own, other in rates]
    yield (f"rest.{which}_ratio_nginx", median(ratios),
           f"{points} points, {len(body)} bytes of JSON, values change each second; TLS, keep-alive, "
           f"{CONNECTIONS} connections: {median([own for own, _ in rates]):.0f} requests/s with {median(cores):.0f} % of a core; "
           f"compared: nginx, one worker, the same bytes from a file: {median([other for _, other in rates]):.0f} requests/s; "
           + runs_text(ratios))


def rest_points(rig):
    """rest.points_ratio_nginx"""
    yield from rest_ratio(rig, "points")


def rest_small(rig):
    """rest.small_ratio_nginx"""
    yield from rest_ratio(rig, "small")


def streams_500(rig):
    """live.cpu_percent_500_streams: wrk keeps 500 endless answers open and reads them."""
    streams, units = 500, 28
    simulator = rig.start(Simulator, ["flat@1"], units)
    daemon = rig.start(Daemon, flat_site(simulator.first, units, history="1 min"))
    daemon.wait_until_online()
    own = Stream(daemon)
    own.pump(3)
    alone = daemon.cpu_percent(2, own.pump)
    seconds = rig.seconds(8)
    whole = 6 + rig.runs * (seconds + 0.5)
    wrk = rig.start(Process, ["wrk", "-t1", f"-c{streams}", f"-d{whole:.0f}s", "--timeout", "600s",
                              f"https://127.0.0.1:{daemon.https}/api/v1/live"], stdout=subprocess.PIPE)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        own.pump(0.5)
    counter = Counter(own)
    values = rig.repeat(lambda: daemon.cpu_percent(seconds, counter.listen))
    require(wrk.process.poll() is None, "wrk ended early")
    memory = daemon.memory_mb()
    text = wrk.process.communicate(timeout=60)[0].decode()
    received = transferred(text, r"([\d.]+)([KMG]?)B read") / whole / streams
    require(received > 0.85 * counter.bytes_per_s(),
            f"wrk got {received:.0f} bytes/s on a stream, {counter.bytes_per_s():.0f} were due: {text}")
    yield ("live.cpu_percent_500_streams", median(values),
           f"{streams} + 1 TLS streams of all points, {counter.changes_per_s():.0f} changes/s on each, "
           f"{streams * received / 1e6:.0f} MB/s in all; {memory:.0f} MB resident; compared: the same with 1 stream "
           f"{alone:.1f} %; " + runs_text(values))
