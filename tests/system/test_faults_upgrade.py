"""A history that goes on under another program: the same questions get the same answers, byte for byte, after the
program was ended and begun anew, killed, and after a backup was put back elsewhere. (How a file of the first format is
read stands in the unit tests; what happens with one of a newer program in test_history_file.)"""

import time
import urllib.parse

import pytest

from daemon_client import run
from test_history_questions import BEGIN, END, ENERGY, VOLTAGE, house_of, put, some_readings, text_of

QUESTIONS = [("json", {"step": step}) for step in ("raw", "3600", "1d", "1w", "1mo")] + [
    ("csv", {"step": "1d", "columns": "min,avg,max,last,count,rise"}), ("csv", {"step": "raw"})]


def answers(house):
    found = []
    for form, more in QUESTIONS:
        query = urllib.parse.urlencode([("path", VOLTAGE), ("path", ENERGY), ("from", text_of(BEGIN)), ("to", text_of(END)),
                                        *more.items()])
        answer = house.local("GET", f"/api/v1/history{'.csv' if form == 'csv' else ''}?{query}")
        assert answer.status == 200, answer.body
        found.append(answer.body)
    return found


@pytest.mark.slow
@pytest.mark.long
def test_the_same_questions_have_the_same_answers(tmp_path, clean):
    seed = int(time.time())
    print(f"TEST_SEED={seed}")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = house_of(tmp_path / "first", "Europe/Berlin")
    clean.callback(first.close)
    readings = some_readings(seed)
    put(first, [(at, path, float(value)) for path, list_ in readings.items() for at, value in list_])
    wanted = answers(first)
    assert sum(map(len, wanted)) > 1_000_000  # a year is in it
    first.stop()
    first.start()
    assert answers(first) == wanted
    first.kill()
    first.start()
    assert answers(first) == wanted
    copy = tmp_path / "copy.db"
    saved = run("history", "backup", copy, "--state", first.state)
    assert saved.returncode == 0, saved.stderr
    second = house_of(tmp_path / "second", "Europe/Berlin")
    clean.callback(second.close)
    second.stop()
    restored = run("history", "restore", copy, "--state", second.state)
    assert restored.returncode == 0, restored.stderr
    second.start()
    assert answers(second) == wanted
