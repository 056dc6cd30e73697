"""The file of the history as a person cares for it: check, backup, restore, repair; and one of a newer busbar.

What is recorded is counted over the API; the commands work on the file, while the daemon records or not.
"""

import re
import sqlite3

import pytest

from daemon_client import lines_of, run, tcp_line, unit, wait_for
from field_devices import Unit
from test_history import rows

SITE_HISTORY = {"every": "1 s"}


@pytest.fixture
def house(daemon, serve):
    server = serve({1: Unit.sdm630()})
    one = daemon({"lines": {"gw": tcp_line(server.port)}, "devices": {"m": unit("gw", 1, every="200 ms")},
                  "history": SITE_HISTORY})
    wait_for(lambda: len(rows(one)) >= 3, 20, lambda: f"three rows: {rows(one)}", 0.2)
    return one


def counted(result):
    assert result.returncode == 0, result.stdout + result.stderr
    return int(re.search(r"(\d+) readings", result.stdout)[1])


def state_of(house):
    return house.state / "history.db"


def test_check_and_backup_while_it_records(house, tmp_path):
    before = len(rows(house))
    copy = tmp_path / "copy.db"
    result = run("history", "backup", copy, "--state", house.state)
    points = len(house.get("/points"))
    assert counted(result) >= before, result.stdout
    checked = run("history", "check", "--state", house.state)
    assert counted(checked) >= counted(result) and "all of it is whole" in checked.stdout
    assert run("history", "backup", copy, "--state", house.state).returncode == 1  # never over a file that is there
    refused = run("history", "restore", copy, "--state", house.state)
    assert refused.returncode == 1 and "in use by another busbar" in refused.stderr
    refused = run("history", "repair", state_of(house))
    assert refused.returncode == 1 and "in use by another busbar" in refused.stderr
    wait_for(lambda: len(rows(house)) > before + 1, 10, "recording to go on", 0.2)
    assert points and house.get("/health")["status"] == "ok", house.problems()


def test_a_backup_is_put_back_and_the_former_one_kept(house, tmp_path):
    copy = tmp_path / "copy.db"
    saved = counted(run("history", "backup", copy, "--state", house.state))
    wait_for(lambda: counted(run("history", "check", "--state", house.state)) > saved, 10, "more to be recorded", 0.2)
    house.stop()
    result = run("history", "restore", copy, "--state", house.state)
    assert result.returncode == 0, result.stderr
    former = state_of(house).with_name("history.db.before-1")
    assert str(former) in result.stdout
    assert counted(run("history", "check", "--state", house.state)) == saved
    assert counted(run("history", "check", former)) > saved
    house.start()
    assert rows(house)


def test_what_was_set_aside_is_repaired_and_merged(house, tmp_path):
    """The head of the file is destroyed: the daemon sets it aside and goes on; nothing of it is lost in the end."""
    house.stop()
    whole = counted(run("history", "check", "--state", house.state))
    file = state_of(house)
    base = sqlite3.connect(file)
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the log may hold the page that is hit
    base.close()
    file.write_bytes(b"\xa5" * 100 + file.read_bytes()[100:])
    checked = run("history", "check", file)
    assert checked.returncode == 1 and "busbar history repair" in checked.stdout + checked.stderr, checked
    house.start()
    aside = file.with_name("history.db.damaged-1")
    wait_for(aside.exists, 5, "the damaged file to be set aside", 0.1)
    wait_for(lambda: rows(house), 10, "recording to go on", 0.2)
    damaged = aside.read_bytes()
    repaired = run("history", "repair", aside)
    assert repaired.returncode == 0 and "lost: 0 blobs" in repaired.stdout, repaired
    assert counted(run("history", "check", f"{aside}.repaired")) == whole
    house.stop()
    since = counted(run("history", "check", "--state", house.state))
    merged = run("history", "repair", aside, "--into", house.state)
    assert merged.returncode == 0, merged.stderr
    assert counted(run("history", "check", "--state", house.state)) == whole + since
    assert aside.read_bytes() == damaged
    house.start()
    assert len(rows(house)) >= 3


def test_a_history_of_a_newer_busbar_is_left_alone(house):
    """It measures and shows without history, and says so; the file is not touched."""
    house.stop()
    file = state_of(house)
    base = sqlite3.connect(file)
    base.execute("PRAGMA journal_mode = DELETE")
    base.execute("PRAGMA user_version = 99")
    base.close()
    before = file.read_bytes()
    house.start()
    house.wait_good("m/phase-a/voltage")
    health = house.get("/health")
    assert health["status"] == "degraded" and any("newer busbar" in text for text in health["problems"]), health
    # what every page says at its head, and whoever asks for the past: the reason and the way out
    assert "nothing is recorded" in health["history_problem"] and "newer busbar" in health["history_problem"], health
    assert "install that version again or move the file away" in health["history_problem"]
    assert "newer busbar" in house.get("/logging")["problem"]
    refused = house.ask("GET", "/api/v1/history?path=m/phase-a/voltage")
    assert refused.status == 503 and "newer busbar" in refused.json()["detail"]
    assert run("history", "check", file).returncode == 1
    house.stop()
    assert file.read_bytes() == before
    assert not list(house.state.glob("history.db.damaged*"))


def test_wrong_use_is_told(tmp_path):
    assert run("history", "backup").returncode == 2
    assert run("history", "repair", "a", "b").returncode == 2
    result = run("history", "check", tmp_path / "none.db")
    assert result.returncode == 1 and "none.db" in result.stderr
    text = lines_of(run("history", "check", "--help").stdout)
    assert any("Exit status 1" in line for line in text)
