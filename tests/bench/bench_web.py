"""Figures of the web face: answers against nginx, side by side; many live streams."""

import re
import shutil
import subprocess
import time

from bench_rig import Daemon, Process, Simulator, Stream, Unmeasured, flat_site, free_ports, median, require, runs_text

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
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        raise Unmeasured("nginx is not installed")
    (rig.folder / "files").mkdir(exist_ok=True)
    rig.folder.chmod(0o755)  # its worker reads the files as another user
    port = free_ports(1)
    text = NGINX.format(folder=rig.folder, port=port, state=daemon.state)
    (rig.folder / "nginx.conf").write_text(text)
    nginx = rig.start(NginxProcess)
    return nginx, port


class NginxProcess(Process):
    def __init__(self, rig):
        super().__init__(["/usr/sbin/nginx", "-c", rig.folder / "nginx.conf"], rig.folder / "nginx.err")
        time.sleep(0.5)
        require(self.process.poll() is None, f"nginx did not start: {self.last_words()}")


def load(url, seconds, connections=CONNECTIONS):
    """Requests and bytes a second that wrk gets; not one may fail."""
    text = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", url],
                          capture_output=True, text=True, check=True).stdout
    failed = re.search(r"(Non-2xx.*|Socket errors.*)", text)
    require(not failed, f"wrk on {url}: {failed and failed[1]}")
    transfer = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", text)
    factor = {"": 1, "K": 1024, "M": 1024 ** 2, "G": 1024 ** 3}[transfer[2]]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), float(transfer[1]) * factor


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


def ratio(rig, daemon, path, name):
    """(ratio, ours, theirs, bytes, points) for each run; who goes first changes from run to run."""
    body = daemon.get(path)
    nginx, port = start_nginx(rig, daemon)
    (rig.folder / "files" / name).write_bytes(body)
    ours, theirs = f"https://127.0.0.1:{daemon.https}{path}", f"https://127.0.0.1:{port}/{name}"
    seconds = round(rig.seconds(4))
    rates = []
    for run in range(rig.runs):
        order = [ours, theirs] if run % 2 else [theirs, ours]
        got = {url: load(url, seconds)[0] for url in order}
        rates.append((got[ours], got[theirs]))
    nginx.close()
    return rates, len(body), body.count(b'"path"')


def report(rates, size, points):
    ratios = [own / other for own, other in rates]
    note = (f"{points} points, {size} bytes of JSON, values change each second; TLS, keep-alive, {CONNECTIONS} connections: "
            f"{median([own for own, _ in rates]):.0f} requests/s; compared: nginx, one worker, the same bytes from a file: "
            f"{median([other for _, other in rates]):.0f}; " + runs_text(ratios))
    return median(ratios), note


def rest_ratios(rig, which):
    daemon, small = web_site(rig)
    path = {"points": "/api/v1/points", "small": f"/api/v1/points?device={small}"}[which]
    yield (f"rest.{which}_ratio_nginx", *report(*ratio(rig, daemon, path, which)))


def rest_points(rig):
    """rest.points_ratio_nginx"""
    yield from rest_ratios(rig, "points")


def rest_small(rig):
    """rest.small_ratio_nginx"""
    yield from rest_ratios(rig, "small")


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
                              f"https://127.0.0.1:{daemon.https}/api/v1/live"], rig.folder / "wrk.err",
                    stdout=subprocess.PIPE)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        own.pump(0.5)
    changes, own.bytes = 0, 0

    def listen(seconds):
        nonlocal changes
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            changes += sum(data.count(b'"path"') for _, name, data in own.pump(left) if name == "points")

    values = rig.repeat(lambda: daemon.cpu_percent(seconds, listen))
    rate, per_stream = changes / (rig.runs * seconds), own.bytes / (rig.runs * seconds)
    require(wrk.process.poll() is None, "wrk ended early")
    memory = daemon.memory_mb()
    text = wrk.process.communicate(timeout=60)[0].decode()
    total = re.search(r"([\d.]+)([KMG]?)B read", text)
    received = float(total[1]) * {"": 1, "K": 1024, "M": 1024 ** 2, "G": 1024 ** 3}[total[2]]
    expected = streams * per_stream * whole
    require(received > 0.85 * expected, f"wrk received {received / 1e6:.0f} MB where {expected / 1e6:.0f} were due: {text}")
    yield ("live.cpu_percent_500_streams", median(values),
           f"{streams} + 1 TLS streams of all points, {rate:.0f} changes/s on each ({streams * per_stream / 1e6:.0f} MB/s in all); "
           f"{memory:.0f} MB resident; compared: the same with 1 stream {alone:.1f} %; " + runs_text(values))
