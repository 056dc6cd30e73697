"""Fixtures of the tests that run the real daemon. Everything that a test starts ends with it."""

import contextlib

import pytest

from daemon_client import Daemon, free_port
from field_devices import Cable, Script, Server, Simulator


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds; left out under sanitizers")


@pytest.fixture
def clean():
    """Things with close() or stop(), ended in the opposite order, every one of them."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def daemon(tmp_path, clean):
    """daemon(site, ...) starts one; the next one of the same test gets a folder of its own."""
    started = []

    def start(site, **options):
        folder = tmp_path / f"house-{len(started)}"
        folder.mkdir()
        one = Daemon(folder, site, **options)
        started.append(one)
        clean.callback(one.close)
        return one

    return start


@pytest.fixture
def simulate(tmp_path, clean):
    started = []

    def start(*arguments):
        one = Simulator(tmp_path, *arguments, name=f"sim-{len(started)}")
        started.append(one)
        clean.callback(one.stop)
        return one

    return start


@pytest.fixture
def serve(clean):
    """serve({unit: Unit}) starts a pymodbus server."""
    def start(units, **options):
        one = Server(units, **options)
        clean.callback(one.stop)
        return one

    return start


@pytest.fixture
def script(clean):
    def start(answer, **options):
        one = Script(answer, **options)
        clean.callback(one.close)
        return one

    return start


@pytest.fixture
def cable(tmp_path, clean):
    one = Cable(tmp_path)
    clean.callback(one.close)
    return one


@pytest.fixture
def port():
    return free_port()
