"""A short run under valgrind: no invalid access, nothing left unfreed."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

from daemon_client import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUSBAR_BUILD", "build") / "busbar"

SITE = """
access: {view: open}
lines: {made-up: {kind: sim}}
devices:
  pdu-a: {line: made-up, profile: sim-pdu-24}
  dc-1: {line: made-up, profile: sim-supply}
history: {every: 1 s}
web: {https: 0, http: %d}
"""


def wait_for(address, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read()
        except OSError:
            assert time.monotonic() < end, f"{address} did not answer within {seconds} s"
            time.sleep(0.2)


@pytest.mark.slow
def test_a_short_run_under_valgrind_is_clean(tmp_path):
    if b"__asan_init" in PROGRAM.read_bytes():
        pytest.skip("a sanitizer does the same work and cannot run under valgrind")
    assert shutil.which("valgrind"), "valgrind is missing; ./dev test installs it"
    port = free_port()
    (tmp_path / "site.yaml").write_text(SITE % port)
    with open(tmp_path / "log", "w") as log:
        daemon = subprocess.Popen(
            ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=all", "--error-exitcode=9", PROGRAM, "run",
             "--site", tmp_path / "site.yaml", "--state", tmp_path / "state"], stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/v1/health", 60)
            for path in ("/", "/api/v1/site", "/api/v1/points", "/api/v1/history?path=pdu-a/total/real-power", "/api/v1/lines",
                         "/api/v1/openapi.json"):
                assert wait_for(f"http://127.0.0.1:{port}{path}", 20)
            daemon.send_signal(signal.SIGHUP)
            time.sleep(3)
        finally:
            daemon.send_signal(signal.SIGTERM)
            status = daemon.wait(30)
    assert status == 0, (tmp_path / "log").read_text()
