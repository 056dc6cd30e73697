"""Settings and users on a disk that takes seconds, or fails: nobody waits for it but the one who changes something,
and what could not be saved has not happened. Row 8 of the list of fault tests in docs/coverage.md."""

import concurrent.futures
import contextlib
import http.client
import signal
import socket
import subprocess
import time

import pytest

from daemon_client import ROOT, SLOW, tcp_line, unit, wait_for
from field_devices import Unit

SYNC = 1  # seconds of each fsync; a change needs two: the new file, the folder
EVERY = 0.2
USER = {"name": "dora", "role": "view", "password": "kitchen table 9"}


class Disk:
    """What the shim reads."""

    def __init__(self, folder):
        self.library, self.control, self.state = folder / "slow_disk.so", folder / "disk", folder / "house-0/state"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, ROOT / "tests/system/slow_disk.c", "-ldl"],
                       check=True)
        self.control.write_text("")

    def become(self, what):
        self.control.write_text(f"{self.state} {what}" if what else "")

    @property
    def env(self):
        return {"LD_PRELOAD": str(self.library), "SLOW_DISK": str(self.control)}


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


@pytest.fixture
def house(daemon, serve, disk):
    server = serve({1: Unit.sdm630()})
    house = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every=f"{EVERY} s")}},
                   env=disk.env)
    house.wait_good("m/total/energy")
    yield house
    disk.become("")


def setting(house, key="site.name"):
    return house.get(f"/settings/{key}")["value"]


@contextlib.contextmanager
def at_once(count):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        yield pool


def test_a_slow_disk_delays_only_the_answer_that_speaks_of_it(house, disk):
    """While two changes of settings and one of users wait for the disk, polling keeps its period, /health and the
    readings are answered, everybody sees the old settings, and the answers come when the new ones are durable."""
    before = setting(house)
    disk.become(SYNC)
    rounds, began = house.units()["m"]["rounds"], time.monotonic()

    def timed(method, path, body):
        answer = house.local(method, path, body)
        return answer, time.monotonic() - began

    with at_once(3) as pool:
        first = pool.submit(timed, "PUT", "/api/v1/settings/site.name", {"value": "slow"})
        time.sleep(0.1)
        second = pool.submit(timed, "PUT", "/api/v1/settings/site.contact", {"value": "late"})
        user = pool.submit(timed, "POST", "/api/v1/users", USER)
        waits = []
        while not first.done():
            asked = time.monotonic()
            assert house.get("/health")["status"] in ("ok", "degraded", "problem")
            assert house.point("m/phase-a/voltage")["age_ms"] < 1000 * SLOW
            waits.append(time.monotonic() - asked)
            if time.monotonic() - began < SYNC:
                assert setting(house) == before, "in force before it was on disk"
                assert [one["name"] for one in house.get("/users")] == ["administrator"]
            time.sleep(0.05)
        took, polled = time.monotonic() - began, house.units()["m"]["rounds"] - rounds
        answers = [future.result(60 * SLOW) for future in (first, second, user)]
    assert max(waits) < 1 * SLOW, waits
    assert polled >= 0.8 * took / EVERY / SLOW, (polled, took)
    assert [answer.status for answer, _ in answers] == [200, 200, 201], [answer.body for answer, _ in answers]
    assert all(after >= SYNC for _, after in answers), answers
    assert answers[1][1] > answers[0][1], "the second change overtook the first"
    assert answers[0][0].json()["applied"] == ["site.name"]
    assert answers[1][0].json()["revision"] == answers[0][0].json()["revision"] + 1
    assert (setting(house), setting(house, "site.contact")) == ("slow", "late")
    disk.become("")
    house.stop()
    house.start()
    assert (setting(house), setting(house, "site.contact")) == ("slow", "late")
    assert [one["name"] for one in house.get("/users")] == ["administrator", "dora"]


def test_of_two_changes_with_the_same_revision_one_is_refused(house, disk):
    """Both were thought out for what was in force when they came; the second one waited while the first was saved."""
    revision = house.local("GET", "/api/v1/settings").headers["ETag"]
    disk.become(SYNC / 4)
    with at_once(2) as pool:
        answers = [pool.submit(house.local, "PUT", "/api/v1/settings/site.name", {"value": name}, {"If-Match": revision})
                   for name in ("one", "two")]
        answers = [future.result(60 * SLOW) for future in answers]
    assert sorted(answer.status for answer in answers) == [200, 412], [answer.body for answer in answers]
    assert setting(house) == ("one" if answers[0].status == 200 else "two")


def test_what_cannot_be_saved_has_not_happened(house, disk):
    """Every fsync fails: a problem answer that names file and reason, the old in force, now and after a restart."""
    assert house.put("site.name", "kept").status == 200
    revision = house.get("/settings")["revision"]
    disk.become("fail")
    answer = house.put("site.name", "lost")
    assert answer.status == 500 and answer.json()["type"] == "/problems/not-saved", answer.body
    assert "overlay.json" in answer.json()["detail"] and "Input/output error" in answer.json()["detail"]
    for method, path, body in (("POST", "/users", USER), ("POST", "/tokens", {"name": "t", "role": "view"}),
                               ("PUT", "/users/administrator", {"password": "kitchen table 9"})):
        answer = house.local(method, "/api/v1" + path, body)
        assert answer.status == 500 and answer.json()["type"] == "/problems/not-saved", (path, answer.body)
        assert "access.json" in answer.json()["detail"]
    assert setting(house) == "kept" and house.get("/settings")["revision"] == revision
    assert [one["name"] for one in house.get("/users")] == ["administrator"] and house.get("/tokens") == []
    assert house.sign_in("administrator", house.secret).json()["type"] == "/problems/password-change-required"
    disk.become("")
    left = sorted(path.name for path in disk.state.glob("*") if path.suffix in (".new", ".old"))
    assert left == [], left
    house.stop()
    house.start()
    assert setting(house) == "kept"
    assert [one["name"] for one in house.get("/users")] == ["administrator"]
    assert house.put("site.name", "again").status == 200
    assert house.local("POST", "/api/v1/users", USER).status == 201


def test_stopping_waits_for_what_is_on_its_way_to_the_disk(house, disk):
    disk.become(SYNC)
    with at_once(1) as pool:
        answer = pool.submit(house.put, "site.name", "in time")
        wait_for(lambda: (disk.state / "overlay.json.new").exists(), 5 * SLOW, "the new file")
        house.process.send_signal(signal.SIGTERM)
        assert answer.result(30 * SLOW).status == 200
    disk.become("")
    house.process.wait(15 * SLOW)
    house.stop()
    house.start()
    assert setting(house) == "in time"


def test_a_client_that_leaves_does_not_take_its_change_along(house, disk):
    """The change was asked for; that its answer cannot be delivered is no reason to leave it half done."""
    disk.become(SYNC / 4)
    link = http.client.HTTPConnection("localhost", timeout=20)
    link.sock = socket.socket(socket.AF_UNIX)
    link.sock.connect(str(disk.state / "busbar.sock"))
    link.request("PUT", "/api/v1/settings/site.name", '{"value": "gone"}', {"Content-Type": "application/json"})
    wait_for(lambda: (disk.state / "overlay.json.new").exists(), 5 * SLOW, "the new file")
    link.close()
    wait_for(lambda: setting(house) == "gone", 10 * SLOW, "the change")
    assert house.put("site.name", "next").status == 200
