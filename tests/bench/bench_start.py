"""Figures of the demo site: how soon its first page is there, what it costs when nobody looks."""

import pathlib
import re
import shutil
import socket
import tempfile
import time

from bench_rig import ROOT, Daemon, Simulator, Unmeasured, free_ports, median, require, runs_text, tls_context

DEMO = ROOT / "deploy/demo"


def meters():
    """The simulator's meters as the demo has them, from the script that starts it."""
    words = (ROOT / "tools/run_demo.sh").read_text().replace("$feeder", str(DEMO / "feeder.csv"))
    found = re.findall(r'--meter "?([^"\s\\]+)', words)
    if not found:
        raise Unmeasured("tools/run_demo.sh starts no meters")
    return found


def demo_site(rig):
    """The demo as it is, on ports and a pseudo-terminal of our own."""
    pty = rig.folder / "rs485"
    simulator = rig.start(Simulator, meters(), 1, ["--pty", str(pty), "--baud", "19200"])
    site = (DEMO / "busbar.yaml").read_text()
    for old, new in (("port: 15020", f"port: {simulator.first}"), ("port: /tmp/busbar-demo-rs485", f"port: {pty}"),
                     ("port: /tmp/busbar-demo-contacts", f"port: {rig.folder / 'contacts'}"),
                     ("web: {https: 8443, http: 8080}", "web: {https: @HTTPS@, http: @HTTP@, listen: 127.0.0.1}")):
        require(old in site, f"deploy/demo/busbar.yaml has no \"{old}\"")
        site = site.replace(old, new)
    return site


def first_page(daemon):
    """Milliseconds from exec to the last byte of the first page, and how many bytes that were."""
    while True:
        require(daemon.process.poll() is None, f"busbar did not start: {daemon.last_words()}")
        try:
            raw = socket.create_connection(("127.0.0.1", daemon.https), timeout=5)
            break
        except ConnectionRefusedError:
            time.sleep(0.0005)
    with CONTEXT.wrap_socket(raw) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := client.recv(65536):
            answer += part
    taken = 1000 * (time.monotonic() - daemon.began)
    require(answer.startswith(b"HTTP/1.1 200") and b"<html" in answer.lower(), f"no page: {answer[:80]}")
    return taken


CONTEXT = tls_context()


def start(rig):
    """start.first_page_ms"""
    site = demo_site(rig)
    first, again = [], []

    def once(state, to):
        daemon = Daemon(rig, site, state=state, wait=False)
        rig.open.append(daemon)
        to.append(first_page(daemon))
        time.sleep(1)
        daemon.close()
        rig.open.remove(daemon)

    for _ in range(rig.runs):
        state = pathlib.Path(tempfile.mkdtemp(dir=rig.folder, prefix="state-"))
        once(state, first)  # makes certificate, secret and history
        shutil.copytree(state, fresh := state.with_name(state.name + "-fresh"))
        for name in fresh.iterdir():  # the certificate and the users stay, all that was measured goes
            if name.name not in ("tls.crt", "tls.key", "access.json"):
                name.unlink() if not name.is_dir() else shutil.rmtree(name)
        once(fresh, again)
    yield ("start.first_page_ms", median(first),
           f"the demo site, from exec to the last byte of / over TLS, very first start: certificate, users and history are made; "
           f"compared: with certificate and users there {median(again):.0f} ms; " + runs_text(first, "{:.0f}"))


def idle(rig):
    """idle.rss_mb and idle.cpu_percent"""
    daemon = rig.start(Daemon, demo_site(rig))
    daemon.wait_until_online()
    time.sleep(rig.seconds(20))
    cpu, memory = [], []
    for _ in range(rig.runs):
        cpu.append(daemon.cpu_percent(rig.seconds(10)))
        memory.append(daemon.memory_mb())
    units = daemon.units()
    require(all(unit["answers"] > 0 for unit in units.values()), "a meter of the demo did not answer")
    own, points = daemon.memory_mb("RssAnon"), len(daemon.json("/points"))
    yield ("idle.rss_mb", median(memory),
           f"the demo, {len(units)} devices and {points} points, nobody looks; {own:.1f} MB of it are its own, the rest are files "
           f"(program, libraries); peak {daemon.memory_mb('VmHWM'):.1f} MB; " + runs_text(memory, "{:.1f}"))
    yield ("idle.cpu_percent", median(cpu), "the same, history each 5 s; " + runs_text(cpu))
