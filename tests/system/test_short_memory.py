"""Memory that cannot be had for a while: the daemon goes on measuring, refuses what it cannot do, and is all there again
when memory is. Row 7 of the list of fault tests in docs/coverage.md."""

import http.client
import os
import subprocess
import time

import pytest

from daemon_client import BUILD, ROOT, SLOW, tcp_line, unit, wait_for
from field_devices import Unit


@pytest.mark.skipif("asan" in BUILD.name or "tsan" in BUILD.name, reason="a sanitizer has the allocator to itself")
def test_polling_and_web_survive_without_memory(daemon, serve, tmp_path):
    library, control = tmp_path / "short_memory.so", tmp_path / "memory"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, ROOT / "tests/system/short_memory.c"], check=True)
    control.write_bytes(b"0")
    switch = open(control, "r+b", buffering=0)  # in place: the daemon has the byte mapped

    def short(yes):
        os.pwrite(switch.fileno(), b"1" if yes else b"0", 0)

    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
                    "alarms": {"volts": {"points": "m/phase-*/voltage", "when": "over", "limit": 1}}},
                   env={"LD_PRELOAD": str(library), "SHORT_MEMORY": str(control)})
    house.wait_good("m/total/energy")
    tripped = wait_for(lambda: house.get("/alarms?state=tripped")["alarms"], 5 * SLOW, "an alarm")
    alarm = f"/api/v1/alarms/{tripped[0]['id']}"
    rounds, began, refused = house.units()["m"]["rounds"], time.monotonic(), 0
    requests = [("GET", "/api/v1/points", None), ("GET", "/api/v1/health", None), ("GET", "/api/v1/settings", None),
                ("GET", "/api/v1/history?path=m/*", None), ("GET", "/api/v1/lines", None),
                ("PUT", "/api/v1/settings/site.name", {"value": "x"}), ("POST", "/api/v1/tokens", {"name": "t", "role": "view"}),
                ("GET", "/api/v1/alarms", None), ("POST", alarm + "/shelve", {"duration": 60}),
                ("POST", alarm + "/unshelve", {}), ("POST", alarm + "/acknowledge", {"reason": "seen"}),
                ("POST", "/api/v1/alarm-rules/preview", {"points": "m/*/voltage", "when": "over", "limit": 1}),
                ("GET", "/m/alarms", None), ("GET", "/", None), ("POST", "/api/v1/session", {"user": "a", "password": "b"})]
    try:
        for turn in range(4):
            for method, path, body in requests:
                short(True)
                try:
                    refused += house.local(method, path, body).status >= 500
                except (OSError, http.client.HTTPException):
                    refused += 1
                assert house.process.poll() is None, f"ended with {house.process.returncode} at {method} {path}:\n{house.log}"
                short(False)
                time.sleep(0.05 if turn % 2 else 0)
    finally:
        short(False)
    assert refused > 0, "nothing was ever refused: the test has no hold of the memory"
    polled = house.units()["m"]["rounds"] - rounds
    assert polled >= 0.7 * (time.monotonic() - began) / 0.2 / SLOW, polled
    wait_for(lambda: house.put("site.name", "there again").status == 200, 5 * SLOW, "a change of settings")
    assert house.get("/settings/site.name")["value"] == "there again"
    assert house.local("POST", "/api/v1/tokens", {"name": "t", "role": "view"}).status == 201
    assert house.point("m/total/energy")["quality"] == "good"
